"""Cuts whole results into pages. Answers and moto give everything; no answer pages by itself."""

import base64
import binascii
from dataclasses import dataclass
from functools import cache
from typing import Any

import botocore.session

from front import limits
from front.errors import Refusal, invalid


@dataclass(frozen=True)
class Keys:
    """Names of parameters and results that have to do with pages."""

    size: str
    token_in: str
    token_out: str
    lists: tuple[str, ...]


@dataclass(frozen=True)
class Cut:
    """Which part of a result was asked for."""

    keys: Keys
    operation: str
    offset: int
    size: int

    def apply(self, result: dict[str, Any]) -> dict[str, Any]:
        """The page, with a token if more follows."""
        items = [(name, item) for name in self.keys.lists for item in result.get(name) or []]
        end = self.offset + self.size
        page = dict(result)
        for name in self.keys.lists:
            page[name] = [item for owner, item in items[self.offset : end] if owner == name]
        page.pop(self.keys.token_out, None)
        if end < len(items):
            page[self.keys.token_out] = _token(self.operation, end)
        return page


def cut(boto_name: str, service: str, operation: str, params: dict[str, Any], cap: int) -> Cut | None:
    """Takes size and token out of the parameters; `None` for an operation without pages."""
    if (service, operation) not in limits.PAGES:
        return None
    keys = _keys(boto_name, service, operation)
    asked = params.pop(keys.size, None)
    size = limits.page_size(service, operation, asked)
    token = params.pop(keys.token_in, None)
    offset = _offset(service, operation, token) if token else 0
    # Cost Explorer is asked about once a second, since it bills each page: cut small, a bill would take
    # minutes to read.
    if cap and service != "ce":
        # CloudWatch Logs gives empty pages with a token, and clients must go on.
        size = 0 if operation == "FilterLogEvents" and not token else min(size, cap)
    return Cut(keys, operation, offset, size)


@cache
def _keys(boto_name: str, service: str, operation: str) -> Keys:
    own = limits.OWN_KEYS.get((service, operation))
    if own:
        size, token_in, token_out, lists = own
        return Keys(size, token_in, token_out, tuple(lists))
    paginators = botocore.session.get_session().get_paginator_model(boto_name)
    model = paginators.get_paginator(operation)
    lists = model["result_key"]
    lists = [lists] if isinstance(lists, str) else lists
    return Keys(model.get("limit_key", ""), model["input_token"], model["output_token"], tuple(lists))


def _token(operation: str, offset: int) -> str:
    return base64.urlsafe_b64encode(f"{operation}:{offset}".encode()).decode()


def _offset(service: str, operation: str, token: str) -> int:
    try:
        owner, _, offset = base64.urlsafe_b64decode(token).decode().partition(":")
        if owner == operation:
            return int(offset)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        pass
    if service == "autoscaling":
        raise Refusal("InvalidNextToken", "The token is not valid")
    raise invalid(service, "The token is not valid")
