"""CloudWatch Logs' filter patterns, as far as people type them: terms, phrases, `?either`, `-not`,
and comparisons of JSON fields joined by `&&`."""

import json
import re
from collections.abc import Callable
from typing import Any

from front.errors import Refusal

Matcher = Callable[[str], bool]

_TERM = re.compile(r'([?-]?)(?:"((?:[^"\\]|\\.)*)"|(\S+))')
_COMPARISON = re.compile(r'\s*\$\.([\w.]+)\s*(>=|<=|!=|=|>|<)\s*(?:"([^"]*)"|(\S+))\s*')


def compiled(pattern: str) -> Matcher:
    """A pattern as a test of messages; everything passes an empty one."""
    pattern = pattern.strip()
    if pattern.startswith("{"):
        return _json_matcher(pattern)
    terms: dict[str, list[str]] = {"": [], "?": [], "-": []}
    for sign, quoted, bare in _TERM.findall(pattern):
        terms[sign].append(quoted.replace('\\"', '"') if quoted else bare)

    def matches(message: str) -> bool:
        return (
            all(term in message for term in terms[""])
            and (not terms["?"] or any(term in message for term in terms["?"]))
            and not any(term in message for term in terms["-"])
        )

    return matches


def _json_matcher(pattern: str) -> Matcher:
    if not pattern.endswith("}"):
        raise _bad(pattern)
    tests = []
    for part in pattern[1:-1].split("&&"):
        found = _COMPARISON.fullmatch(part)
        if not found:
            raise _bad(pattern)
        path, operator, quoted, bare = found.groups()
        tests.append((path.split("."), operator, bare if quoted is None else quoted))

    def matches(message: str) -> bool:
        try:
            event = json.loads(message)
        except ValueError:
            return False
        return all(_compare(_field(event, path), operator, wanted) for path, operator, wanted in tests)

    return matches


def _field(event: Any, path: list[str]) -> Any:
    for name in path:
        event = event.get(name) if isinstance(event, dict) else None
    return event


def _compare(value: Any, operator: str, wanted: str) -> bool:
    if value is None:
        return False
    if operator == "=":
        return str(value) == wanted
    if operator == "!=":
        return str(value) != wanted
    try:
        left, right = float(value), float(wanted)
    except (TypeError, ValueError):
        return False
    return {">": left > right, "<": left < right, ">=": left >= right, "<=": left <= right}[operator]


def _bad(pattern: str) -> Refusal:
    return Refusal("InvalidParameterException", f"Invalid filter pattern: {pattern}")
