"""Items: plain dicts exactly as the API sent them, and the values inside them."""

from __future__ import annotations

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
