"""The lines of a snapshot's files: one item each, equal items as equal bytes."""

from __future__ import annotations

import json
from typing import Any

from ops.items import Json

_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def encode(value: Any) -> bytes:
    """Return *value* as one line of JSON, keys sorted, with its newline.

    A lone surrogate, which UTF-8 cannot carry, is written as the JSON escape that it came from.
    """
    return _ENCODER.encode(value).encode("utf-8", "backslashreplace") + b"\n"


def item_line(scope: str, item: Json) -> bytes:
    """Return the line of *item* in the file of its kind; *scope* is the id of its owner."""
    return encode({"item": item, "scope": scope})


def value_key(line: Json) -> tuple[str]:
    """Return what tells a line of stored values from others of its file: the key that it is stored under."""
    return (str(line["key"]),)


def decode(line: bytes) -> Json:
    """Return the object that a line holds; raises ValueError where it holds none."""
    value = json.loads(line)
    if not isinstance(value, dict):
        raise ValueError("a line of a snapshot is a JSON object")
    return value
