r"""The character strings of TXT records: what a content means, and how it is written.

`"a" "b"` is two strings, and `"ab"` is one: RFC 1035 section 3.3.14 keeps them apart, and so do DNS-SD and
others. Content without quotes is one string. In quotes a backslash takes the next character as it is, and
`\DDD` stands for a byte; without quotes nothing is special.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ops.errors import ValidationError

MOST_CHARACTERS = 2048
# RFC 1035: a character string holds at most 255 bytes.
STRING = 255
_STRINGS = re.compile(r'\s*"((?:[^"\\]|\\.)*)"(?=\s|"|$)', re.DOTALL)
_ESCAPE = re.compile(rb"\\(\d{3}|.)", re.DOTALL)
# What fits into one string: the rest, or else as much as ends with a character of UTF-8, if it is UTF-8.
_PIECES = re.compile(rb".{1,255}\Z|.{252,255}(?![\x80-\xbf])|.{251}", re.DOTALL)
# Their readers join the strings (RFC 7208 section 3.3, RFC 6376 section 3.6.2.2).
_JOINED = re.compile(rb"v=(?:spf1|dkim1|dmarc1)\b", re.IGNORECASE)


def strings_of(content: str) -> list[bytes]:
    """Return the strings that a TXT content means. Raises ValidationError where its quotes do not pair."""
    text = content.strip()
    if not text.startswith('"'):
        return [text.encode("utf-8", "surrogatepass")]
    found, end = [], 0
    while match := _STRINGS.match(text, end):
        found.append(_ESCAPE.sub(_byte, match[1].encode("utf-8", "surrogatepass")))
        end = match.end()
    if text[end:].strip():
        raise ValidationError(
            f"the text {content!r} begins with a quote, and its quotes do not pair",
            hint=r"leave the quotes out, or quote each string, with \" for a quote in it",
        )
    return found


def comparable_strings(content: str) -> tuple[bytes, ...]:
    """Return the strings of *content* in one form: SPF and DKIM joined, and what was cut for its length."""
    found: list[bytes] = []
    before = b""
    for string in strings_of(content):
        first = string[0] if string else 0
        width = 1 + (first >= 0xC0) + (first >= 0xE0) + (first >= 0xF0)
        # Where its first character did not fit into the string before, it continues that.
        if found and string and len(before) + width > STRING:
            found[-1] += string
        else:
            found.append(string)
        before = string
    joined = b"".join(found)
    return (joined,) if _JOINED.match(joined) else tuple(found)


def _byte(match: re.Match[bytes]) -> bytes:
    escape = match[1]
    if len(escape) == 1:
        return escape
    if int(escape) > 255:
        raise ValidationError(f"\\{escape.decode()} is not a byte", hint=r"\000 to \255")
    return bytes((int(escape),))


def sendable(content: str) -> str:
    """Return *content* in quotes where it has quotes or backslashes. Raises ValidationError."""
    strings, text = strings_of(content), content.strip()
    length = len(b"".join(strings).decode("utf-8", "replace"))
    if not 0 < length <= MOST_CHARACTERS:
        hint = f"a TXT record holds 1 to {MOST_CHARACTERS:,}"
        raise ValidationError(f"the text has {length:,} characters", hint=hint)
    if "\n" in text or "\r" in text:
        hint = r"a TXT record is one line; \010 in quotes stands for a break"
        raise ValidationError("the text has a line break", hint=hint)
    if text.startswith('"') or not ('"' in text or "\\" in text):
        return text
    return quoted(strings)


def quoted(strings: Iterable[bytes]) -> str:
    """Return *strings* in quotes, those of more than 255 bytes cut, but none within a character."""
    pieces = [piece for string in strings for piece in _PIECES.findall(string) or (b"",)]
    texts = [piece.decode("utf-8", "surrogateescape") for piece in pieces]
    return " ".join(f'"{"".join(map(_escaped, text))}"' for text in texts)


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return "".join(f"\\{byte:03}" for byte in character.encode("utf-8", "surrogateescape"))
