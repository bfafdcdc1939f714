"""The width of text in columns of a terminal, and shortening to a width."""

from __future__ import annotations

from unicodedata import category, east_asian_width

ELLIPSIS = "…"

# tabulate counts characters. Text of another width is laid out with placeholders from a private area, one for
# each column it takes, and replaced afterwards. Printable text has no private characters of its own.
_FIRST = 0xF0000
_FILLER = "\U0010fffd"


def width_of(text: str) -> int:
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(character: str) -> int:
    if character.isascii():
        return 1
    if category(character) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def shortened(text: str, width: int) -> str:
    """Return *text* in at most *width* columns, with `…` at the end if it was cut."""
    if width_of(text) <= width:
        return text
    kept, used = "", 0
    for character in text:
        used += _columns(character)
        if used >= width:
            break
        kept += character
    return kept + ELLIPSIS


class StandIns:
    """Placeholders whose length is the text's width, for a layout that counts characters."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    def put(self, text: str) -> str:
        """Return a placeholder with as many characters as *text* takes columns."""
        return text if text.isascii() else "".join(map(self._stand_in, clusters(text)))

    def _stand_in(self, cluster: str) -> str:
        width = width_of(cluster)
        if len(cluster) == width:
            return cluster
        mark = self._kept.setdefault(cluster, chr(_FIRST + len(self._kept)))
        return mark + _FILLER * (width - 1)

    def back(self, text: str) -> str:
        """Replace the placeholders by the original text."""
        if not self._kept:
            return text
        originals = {ord(mark): cluster for cluster, mark in self._kept.items()}
        return text.translate({**originals, ord(_FILLER): ""})


def clusters(text: str) -> list[str]:
    """Return the characters of *text*, each with its combining marks."""
    found: list[str] = []
    for character in text:
        if found and _columns(character) == 0:
            found[-1] += character
        else:
            found.append(character)
    return found
