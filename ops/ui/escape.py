"""One rule for everything printed on a terminal: unprintable characters become escapes.

For Python, control characters, bidirectional controls, zero-width characters and lone surrogates are not
printable; `é` and `日本` are. JSON uses its own escapes for the same characters, so that it reads back
unchanged.
"""

from __future__ import annotations

import json
from typing import Any


def printable(text: str) -> str:
    r"""Return *text* with each unprintable character as `\xNN`, `\uNNNN` or `\UNNNNNNNN`: always one line."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else escaped(c) for c in text)


def escaped(character: str) -> str:
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def printable_lines(text: str) -> str:
    """Return *text* with escapes, but with its own line breaks and tabs, such as a zone file."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else escaped(c) for c in text)


def json_text(value: Any, indent: int | None = None) -> str:
    """Return *value* as JSON without unprintable characters, which reads back as the same value.

    Lone surrogates become escapes. Raises ValueError for NaN, which is not JSON.
    """
    if indent is None:
        text = _COMPACT(value)
    else:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=(",", ": "))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)


# Created once: otherwise a million items would create a million encoders.
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
