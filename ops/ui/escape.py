"""One rule for everything that reaches a terminal: what is not printable is shown as an escape.

Control characters, bidirectional controls, zero-width characters and lone surrogates are all "not printable"
to Python; `é` and `日本` are. JSON is not touched by this rule: there, the same characters become JSON's own
escapes, which read back as what they were.
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
    """Escape text that may have lines and tabs of its own, such as a zone file."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in "\n\t" else escaped(c) for c in text)


def json_text(value: Any, indent: int | None = None) -> str:
    """Return *value* as JSON that holds no unprintable character, and reads back as the same value.

    Lone surrogates survive as escapes. NaN is refused (ValueError): it is not JSON.
    """
    text = _COMPACT(value) if indent is None else _indented(value, indent)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _json_escape(c) for c in text)


# Made once: a million items would otherwise make a million encoders.
_COMPACT = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


def _indented(value: Any, indent: int) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent, separators=(",", ": "))


def _json_escape(character: str) -> str:
    return json.dumps(character)[1:-1]
