"""moto: in this process, on a port of its own, asked over HTTP or through boto3."""

import http.client
import threading
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError
from botocore.parsers import ResponseParserError
from moto.server import ThreadedMotoServer

from front.errors import Refusal

ACCOUNT = "123456789012"

# These say something about one hop only.
HOP_HEADERS = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}


def boto_client(endpoint: str, service: str, region: str) -> Any:
    """A client of any endpoint here, with the credentials that nobody checks and no retries."""
    return boto3.client(
        service,
        region_name=region,
        endpoint_url=endpoint,
        aws_access_key_id="front",
        aws_secret_access_key="front",
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )


class Upstream:
    """moto, running."""

    def __init__(self) -> None:
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        self.host, self.port = self.server.get_host_and_port()
        self._clients: dict[tuple[str, str], Any] = {}
        # boto3 builds clients from shared caches that are not made for threads.
        self._building = threading.Lock()

    def client(self, service: str, region: str) -> Any:
        with self._building:
            key = (service, region)
            if key not in self._clients:
                self._clients[key] = boto_client(f"http://{self.host}:{self.port}", service, region)
            return self._clients[key]

    def call(self, service: str, region: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """One operation, by its name in the API; moto's errors become refusals."""
        method = getattr(self.client(service, region), xform_name(operation))
        return _refusing(lambda: method(**params))

    def drain(self, service: str, region: str, operation: str, params: dict[str, Any]) -> dict[str, Any]:
        """All pages of an operation as one result."""
        client, method = self.client(service, region), xform_name(operation)
        if not client.can_paginate(method):
            return self.call(service, region, operation, params)
        pages = client.get_paginator(method).paginate(**params)
        return _refusing(pages.build_full_result)

    def forward(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """A request as it is. The answer's status, headers and body."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            kept = {k: v for k, v in response.getheaders() if k.lower() not in HOP_HEADERS}
            return response.status, kept, response.read()
        finally:
            connection.close()


def _refusing(ask: Any) -> dict[str, Any]:
    try:
        result = ask()
    except ClientError as error:
        status = error.response["ResponseMetadata"].get("HTTPStatusCode", 400)
        code = error.response["Error"].get("Code", "")
        if status == 500 or code in ("", "404"):
            raise unknown_operation() from error
        raise Refusal(code, error.response["Error"].get("Message", ""), status) from error
    except ResponseParserError as error:
        raise unknown_operation() from error
    except ParamValidationError as error:
        raise Refusal("ValidationException", str(error)) from error
    result.pop("ResponseMetadata", None)
    return result


def unknown_operation() -> Refusal:
    """moto answers what it lacks with a page of HTML and a 500, which clients repeat in vain."""
    return Refusal("UnknownOperationException", "moto and tests/support/front lack this operation")
