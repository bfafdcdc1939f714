r"""The text of TXT records: what it says, however it is quoted.

`v=spf1 -all`, `"v=spf1 -all"` and `"v=spf1" " -all"` say the same. In quotes a backslash takes the next
character as it is, and `\DDD` stands for a byte; without quotes nothing is special.
"""

from __future__ import annotations

import re

from ops.errors import ValidationError

MOST_CHARACTERS = 2048
# RFC 1035: a character string holds at most 255 bytes.
STRING = 255
_STRINGS = re.compile(r'\s*"((?:[^"\\]|\\.)*)"(?=\s|"|$)', re.DOTALL)
_ESCAPE = re.compile(rb"\\(\d{3}|.)", re.DOTALL)


def said(content: str) -> bytes:
    """Give the bytes that a TXT content stands for. Raises ValidationError where its quotes do not close."""
    if not content.lstrip().startswith('"'):
        return content.encode("utf-8", "surrogatepass")
    pieces, end = [], 0
    while match := _STRINGS.match(content, end):
        pieces.append(_plain(match[1]))
        end = match.end()
    if content[end:].strip():
        raise ValidationError(
            f"the text {content!r} begins with a quote, and its quotes do not pair",
            hint=r"leave the quotes away, or write each string in its own, with \" for a quote within",
        )
    return b"".join(pieces)


def _plain(piece: str) -> bytes:
    return _ESCAPE.sub(_byte, piece.encode("utf-8", "surrogatepass"))


def _byte(match: re.Match[bytes]) -> bytes:
    escaped = match[1]
    if len(escaped) == 1:
        return escaped
    if int(escaped) > 255:
        raise ValidationError(f"\\{escaped.decode()} is no byte", hint=r"\000 to \255")
    return bytes((int(escaped),))


def sendable(content: str) -> str:
    """Give *content* so that the API cannot take it for anything else.

    Text with quotes or backslashes of its own is quoted; the rest stays as it is written. Raises
    ValidationError where it is empty, has a line break or more than 2,048 characters.
    """
    text = said(content)
    length = len(text.decode("utf-8", "replace"))
    if not 0 < length <= MOST_CHARACTERS:
        raise ValidationError(
            f"the text has {length:,} characters", hint=f"a TXT record holds 1 to {MOST_CHARACTERS:,}"
        )
    if "\n" in content or "\r" in content:
        raise ValidationError(
            "the text has a line break", hint=r"a TXT record is one line; \010 in quotes stands for a break"
        )
    if content.lstrip().startswith('"'):
        return content.strip()
    return quoted(text) if '"' in content or "\\" in content else content


def quoted(text: bytes) -> str:
    """Give *text* as quoted strings of up to 255 bytes, none cut within a character."""
    return " ".join(f'"{_escaped(piece)}"' for piece in _pieces(text))


def _pieces(text: bytes) -> list[bytes]:
    pieces = []
    while text:
        end = min(STRING, len(text))
        while end < len(text) and end > STRING - 4 and text[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(text[:end])
        text = text[end:]
    return pieces or [b""]


def _escaped(piece: bytes) -> str:
    readable = piece.decode("utf-8", "surrogateescape")
    return "".join(_character(one) for one in readable)


def _character(one: str) -> str:
    if one in '"\\':
        return "\\" + one
    if one.isprintable():
        return one
    return "".join(f"\\{byte:03}" for byte in one.encode("utf-8", "surrogateescape"))
