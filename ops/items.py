"""Items: plain dicts exactly as the API sent them, and the values inside them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

Json = dict[str, Any]


def reach(item: Json, field: str) -> Any:
    """Return the value at *field* of *item*, a path with dots ("account.id"); None if it does not exist."""
    if "." not in field:
        return item.get(field) if isinstance(item, dict) else None
    value: Any = item
    for name in field.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
    return value


def texts(value: Any) -> Iterator[str]:
    """Yield every text in *value*, however deep; not the names of fields."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list | tuple):
        for held in value.values() if isinstance(value, dict) else value:
            yield from texts(held)


def without(item: Json, fields: Iterable[str]) -> Json:
    """Return a copy of *item* without *fields*."""
    kept = dict(item)
    for field in fields:
        first, dot, rest = field.partition(".")
        if not dot:
            kept.pop(first, None)
        elif isinstance(kept.get(first), dict):
            kept[first] = without(kept[first], (rest,))
    return kept


def equal(one: Any, other: Any) -> bool:
    """True if two values are the same as JSON; to Python, true is 1."""
    if bool(one != other):
        return False
    if isinstance(one, dict):
        return all(equal(value, other[name]) for name, value in one.items())
    if isinstance(one, list):
        return all(map(equal, one, other))
    return isinstance(one, bool) == isinstance(other, bool)


def timestamp(seconds: float) -> str:
    """Return a time in seconds since 1970 as the API writes it: 2026-11-23T06:10:02Z."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def seconds_of(text: object) -> float:
    """Return a time as the API writes it in seconds since 1970; 0 for anything else."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except (ValueError, OverflowError):
        return 0.0


def duration(seconds: float) -> str:
    """Return a duration in words: 42 s, 3 min, 2 h 5 min."""
    whole = max(1, round(seconds))
    if whole < 90:
        return f"{whole} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
