"""Smithy's rpc-v2-cbor, the only protocol of CloudWatch's Rust client: results by their model."""

from typing import Any

import cbor2

from front.clock import aware, from_epoch


def decode(body: bytes) -> dict[str, Any]:
    return cbor2.loads(body) if body else {}


def encode(shape: Any, value: dict[str, Any]) -> bytes:
    """The bytes of a result. Clients are strict: a double must not travel as an integer."""
    typed = _typed(shape, value) if shape else {}
    return cbor2.dumps(typed, datetime_as_timestamp=True)


def encode_error(name: str, message: str) -> bytes:
    return cbor2.dumps({"__type": name, "message": message})


def _typed(shape: Any, value: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return {
            member: _typed(member_shape, value[member])
            for member, member_shape in shape.members.items()
            if value.get(member) is not None
        }
    if kind == "list":
        return [_typed(shape.member, item) for item in value]
    if kind == "map":
        return {key: _typed(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        return from_epoch(value) if isinstance(value, (int, float)) else aware(value)
    if kind in ("float", "double"):
        return float(value)
    if kind in ("integer", "long"):
        return int(value)
    return value
