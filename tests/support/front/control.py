"""What a test does to the server: rules, the call log, settings, and changes of the world.

GET    /_front/calls       every call so far
POST   /_front/clear       forgets calls and rules
PUT    /_front/rules       replaces the rules (see front.faults)
PUT    /_front/settings    {"page_cap": 2}
PUT    /_front/hosts       {"region": "us-east-1", "hosts": {"i-…": "no-smi"}} (see front.host)
PUT    /_front/rollout     {"region", "cluster", "service"}: the service is steady again
POST   /_front/aws         {"region", "service", "operation", "params"}: calls AWS through boto3
GET    /_front/inventory   what boto3 finds, by region and kind
"""

import json
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from front import inventory
from front.host import KINDS
from front.protocol import Answer
from front.upstream import boto_client

if TYPE_CHECKING:
    from front.server import Front

PREFIX = "/_front/"

# boto3's own key, so that the call log can leave its calls out.
OWN_KEY = "front"


def answer(front: "Front", method: str, path: str, body: bytes) -> Answer:
    try:
        value = _handle(front, f"{method} {path.removeprefix(PREFIX)}", json.loads(body) if body else None)
        return _json(200, value)
    except (BotoCoreError, ClientError, KeyError, TypeError, ValueError) as error:
        return _json(400, {"error": f"{type(error).__name__}: {error}"})


def _handle(front: "Front", request: str, value: Any) -> Any:
    match request:
        case "GET calls":
            return [call for call in front.calls.all() if call["access_key"] != OWN_KEY]
        case "POST clear":
            front.calls.clear()
            front.rules.replace([])
        case "PUT rules":
            front.rules.replace(value)
        case "PUT settings":
            front.memory.settings.page_cap = int(value["page_cap"])
        case "PUT hosts":
            unknown = set(value["hosts"].values()) - set(KINDS)
            if unknown:
                raise ValueError(f"unknown kinds of hosts {unknown}, known are {sorted(KINDS)}")
            front.memory.regions[value["region"]].hosts.update(value["hosts"])
        case "PUT rollout":
            del front.memory.regions[value["region"]].rollouts[value["cluster"], value["service"]]
        case "POST aws":
            client = boto_client(front.endpoint, value["service"], value["region"])
            result = getattr(client, value["operation"])(**value.get("params", {}))
            result.pop("ResponseMetadata", None)
            return result
        case "GET inventory":
            return inventory.take(front.endpoint)
        case _:
            raise ValueError(f"no such control: {request}")
    return None


def _json(status: int, value: Any) -> Answer:
    body = json.dumps(value, ensure_ascii=False, default=str).encode()
    return Answer(status, {"Content-Type": "application/json"}, body)
