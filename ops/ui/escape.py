"""One rule for everything printed on a terminal: unprintable characters become escapes.

For Python, control characters, bidirectional controls, zero-width characters and lone surrogates are not
printable; `é` and `日本` are. JSON uses its own escapes for the same characters, so that it reads back
unchanged.
"""

from __future__ import annotations

import json
from typing import Any


def printable(text: str, kept: str = "") -> str:
    r"""Return *text* with each unprintable character as `\xNN`, `\uNNNN` or `\UNNNNNNNN`, not those *kept*.

    Without any the text is one line; a zone file keeps its line breaks and tabs.
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else _escaped(ord(c)) for c in text)


def _escaped(code: int) -> str:
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


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
