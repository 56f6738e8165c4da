"""AWS's protocols, seen from the server: who is asked what, and how the answer is written.

The parsers and serializers of JSON, query and EC2 are moto's own, driven by botocore's models; CBOR
is ours, since moto has none.
"""

import json
import uuid
from dataclasses import dataclass, field
from typing import Any
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


def operation_model(wire: Wire) -> Any | None:
    """botocore's model of the operation; `None` for what it does not know, and for REST."""
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
                "url_params": {},
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
    return Answer(written["status_code"], headers, written["body"].encode())


def encode_error(wire: Wire, refusal: Refusal) -> Answer:
    """An error answer in the protocol of the request; XML where that is unknown."""
    code, message = refusal.code, refusal.message
    if wire.protocol == "cbor":
        headers = _cbor_headers(wire) | {"x-amzn-query-error": f"{code};Sender"}
        body = cbor.encode_error(f"com.amazonaws.{wire.service}#{code}", message)
    elif wire.protocol in ("json", "rest"):
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
        body = json.dumps({"__type": code, "message": message}).encode()
    else:
        error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        if wire.protocol == "ec2":
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
