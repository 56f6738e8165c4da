"""AWS's protocols, seen from the server: who is asked what, and how the answer is written.

The parsers and serializers of JSON, query, EC2 and REST are moto's own, driven by botocore's models; CBOR
is ours, since moto has none.
"""

import json
import re
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from botocore.exceptions import UnknownServiceError
from botocore.model import OperationNotFoundError
from botocore.utils import parse_timestamp
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.serialize import SerializationContext, get_serializer_class
from moto.core.utils import get_service_model
from werkzeug.wrappers import Request

from front import cbor
from front.clock import aware
from front.errors import Refusal

# Names in signatures that differ from the IAM prefix, and IAM prefixes that differ from boto3's name.
SIGNED_AS = {"monitoring": "cloudwatch"}
BOTO_NAMES = {"elasticloadbalancing": "elbv2"}

# Answers whose root element moto names otherwise than AWS does.
ROOTS = {("s3", "GetBucketVersioning"): "VersioningConfiguration"}

QUERY_TYPE = "application/x-www-form-urlencoded"


@dataclass
class Wire:
    """A request as it came, with what its envelope tells."""

    method: str
    path: str
    headers: Any
    body: bytes
    service: str = ""
    operation: str = ""
    region: str = ""
    access_key: str = ""
    protocol: str = ""
    # What the path names, where the protocol is REST.
    labels: dict[str, str] = field(default_factory=dict)
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def boto_name(self) -> str:
        return BOTO_NAMES.get(self.service, self.service)


@dataclass
class Answer:
    """What goes back over the wire."""

    status: int
    headers: dict[str, str]
    body: bytes
    error: str | None = None


def identify(wire: Wire) -> None:
    """Fills in service, operation and region. Requests without a signature are refused, as AWS does."""
    wire.operation = f"{wire.method} {wire.path}"
    try:
        credential = wire.headers.get("Authorization", "").split("Credential=")[1].split(",")[0]
        wire.access_key, _, wire.region, signed_as, _ = credential.split("/")
    except (IndexError, ValueError):
        message = "Missing Authentication Token"
        raise Refusal("MissingAuthenticationToken", message, 403) from None
    wire.service = SIGNED_AS.get(signed_as, signed_as)
    target = wire.headers.get("X-Amz-Target")
    steps = wire.path.split("/")
    if wire.headers.get("Smithy-Protocol") == "rpc-v2-cbor" and len(steps) == 5:
        wire.protocol, wire.operation = "cbor", steps[4]
    elif target:
        wire.protocol, wire.operation = "json", target.rsplit(".", 1)[-1]
    elif wire.headers.get("Content-Type", "").startswith(QUERY_TYPE):
        wire.protocol = "ec2" if wire.service == "ec2" else "query"
        wire.operation = _request(wire).values.get("Action", wire.operation)
    else:
        wire.protocol = "rest"
        _route(wire)


@dataclass(frozen=True)
class Route:
    """A REST operation: its method, its path, and what else must be in the query."""

    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    query: frozenset[tuple[str, str]]
    operation: str


@cache
def _routes(boto_name: str) -> tuple[str, tuple[Route, ...]]:
    """The protocol of a REST service and its operations, the most particular first."""
    service = get_service_model(boto_name)
    found = []
    for name in service.operation_names:
        http = service.operation_model(name).http
        path, _, query = http["requestUri"].partition("?")
        labels = tuple(re.findall(r"{(\w+)\+?}", path))
        literal = re.sub(r"{\w+\+?}", "", path)
        pattern = re.escape(path.rstrip("/"))
        pattern = re.sub(r"\\{\w+\\\+\\}", "(.+)", pattern)
        pattern = re.sub(r"\\{\w+\\}", "([^/]+)", pattern)
        wanted = frozenset(
            (key, values[0]) for key, values in parse_qs(query, keep_blank_values=True).items()
        )
        route = Route(http["method"], re.compile(f"{pattern}/?"), labels, wanted, name)
        found.append((len(wanted), len(literal), route))
    found.sort(key=lambda one: one[:2], reverse=True)
    return service.protocol, tuple(route for _, _, route in found)


def _route(wire: Wire) -> None:
    """Fills in operation, protocol and labels of a REST call that botocore knows."""
    try:
        protocol, routes = _routes(wire.boto_name)
    except UnknownServiceError:
        return
    parts = urlsplit(wire.path)
    query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
    for route in routes:
        matched = route.path.fullmatch(parts.path)
        if matched and wire.method == route.method and route.query <= query.items():
            wire.protocol, wire.operation = protocol, route.operation
            labels = zip(route.labels, matched.groups(), strict=True)
            wire.labels = {name: unquote(value) for name, value in labels}
            return


def operation_model(wire: Wire) -> Any | None:
    """botocore's model of the operation; `None` for what it does not know."""
    try:
        return get_service_model(wire.boto_name).operation_model(wire.operation)
    except (UnknownServiceError, OperationNotFoundError):
        return None


def decode(wire: Wire, model: Any) -> dict[str, Any]:
    """The parameters, under the names of the API."""
    if wire.protocol == "cbor":
        return cbor.decode(wire.body)
    request = _request(wire)
    parser = PROTOCOL_PARSERS[wire.protocol](model, timestamp_parser=lambda v: aware(parse_timestamp(v)))
    return (
        parser.parse(
            {
                "method": wire.method,
                "values": request.values,
                "headers": request.headers,
                "body": wire.body,
                "url_path": wire.path,
                "url_params": wire.labels,
            }
        )
        or {}
    )


def encode(wire: Wire, model: Any, result: dict[str, Any]) -> Answer:
    if wire.protocol == "cbor":
        return Answer(200, _cbor_headers(wire), cbor.encode(model.output_shape, result))
    kind = get_serializer_class(wire.boto_name, wire.protocol)
    written = kind(model, SerializationContext(request_id=wire.request_id)).serialize(result)
    headers = {name: str(value) for name, value in written["headers"].items()}
    headers["x-amzn-RequestId"] = wire.request_id
    body = written["body"]
    root = ROOTS.get((wire.service, wire.operation))
    if root:
        body = body.replace(f"{wire.operation}Response", root)
    return Answer(written["status_code"], headers, body.encode())


def encode_error(wire: Wire, refusal: Refusal) -> Answer:
    """An error answer in the protocol of the request; XML where that is unknown."""
    code, message = refusal.code, refusal.message
    if wire.protocol == "cbor":
        headers = _cbor_headers(wire) | {"x-amzn-query-error": f"{code};Sender"}
        body = cbor.encode_error(f"com.amazonaws.{wire.service}#{code}", message)
    elif wire.protocol in ("json", "rest", "rest-json"):
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
        body = json.dumps({"__type": code, "message": message}).encode()
    else:
        error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        if wire.service == "s3":
            text = f"<Error>{error}<RequestId>{wire.request_id}</RequestId></Error>"
        elif wire.protocol == "ec2":
            errors = f"<Errors><Error>{error}</Error></Errors>"
            text = f"<Response>{errors}<RequestID>{wire.request_id}</RequestID></Response>"
        else:
            error = f"<Error><Type>Sender</Type>{error}</Error>"
            text = f"<ErrorResponse>{error}<RequestId>{wire.request_id}</RequestId></ErrorResponse>"
        headers, body = {"Content-Type": "text/xml"}, text.encode()
    return Answer(refusal.status, headers | {"x-amzn-RequestId": wire.request_id}, body, code)


def _request(wire: Wire) -> Request:
    return Request.from_values(
        method=wire.method, path=wire.path, data=wire.body, headers=list(wire.headers.items())
    )


def _cbor_headers(wire: Wire) -> dict[str, str]:
    return {
        "Content-Type": "application/cbor",
        "smithy-protocol": "rpc-v2-cbor",
        "x-amzn-RequestId": wire.request_id,
    }
