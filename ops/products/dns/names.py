"""Names of records: one canonical form for whatever people write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ops.errors import UsageError, ValidationError
from ops.products.zones.api import canonical

if TYPE_CHECKING:
    from ops.kinds.resource import Json

APEX = "@"
# RFC 1035 counts 255 octets on the wire: 253 characters without the dot at the end.
LONGEST = 253
LONGEST_LABEL = 63
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
_DOTS = (".", "。", "．", "｡")  # noqa: RUF001 (IDNA takes these for dots as well)


def full_name(name: str, zone: str) -> str:
    """Give *name* whole, in A-labels and lower case, without a dot at the end.

    `@` is the zone itself; a name that neither ends with the zone nor with a dot is relative to it. Raises
    ValidationError for what is no name, or lies in another zone.
    """
    written = name.strip()
    if written in ("", APEX):
        return zone
    whole = _canonical(written)
    if whole != zone and not whole.endswith(f".{zone}"):
        if written.endswith(_DOTS):
            raise ValidationError(
                f"{name!r} does not lie in the zone {zone}",
                hint="a name that ends with a dot is whole; without the dot it is relative to the zone",
            )
        whole = f"{whole}.{zone}"
    check_host(whole, name, wildcard=True)
    return whole


def name_of(record: Json) -> str:
    """Give the canonical name of a record as the API sent it, which keeps the case it was written in."""
    return canonical(str(record.get("name", "")))


def host(text: str) -> str:
    """Give the name a record points to in canonical form; `.` stays, for none. Raises ValidationError."""
    if text == ".":
        return text
    name = _canonical(text)
    check_host(name, text)
    return name


def absolute_host(text: str, zone: str) -> str:
    """Give what a person wrote as a target: `@` is the zone, a single label must end with a dot.

    The API takes `www` for a top-level domain, while people mean a name in the zone. Raises ValidationError.
    """
    if text == APEX:
        return zone
    if text and not text.endswith(_DOTS) and "." not in text:
        raise ValidationError(
            f"a target is a whole name, and {text!r} is a single label",
            hint=f"`{text}.{zone}` for the name in the zone, `{text}.` for the top-level domain",
        )
    return text


def _canonical(text: str) -> str:
    try:
        return canonical(text)
    except UsageError as error:
        raise ValidationError(error.message, hint="letters outside ASCII follow IDNA 2008") from None


def check_host(name: str, written: str, *, wildcard: bool = False) -> None:
    """Raise ValidationError where the canonical *name*, given as *written*, cannot be one of the DNS."""
    problem = _problem(name, wildcard)
    if problem:
        raise ValidationError(
            f"{written!r} is not a domain name: {problem}",
            hint="labels of letters, digits, `-` and `_`, up to 63 each; `*` may be a record's first",
        )


def _problem(name: str, wildcard: bool) -> str:
    if len(name) > LONGEST:
        return f"it has {len(name)} characters, and {LONGEST} are the most"
    labels = name.split(".")
    if wildcard and labels[0] == "*":
        labels = labels[1:]
    return next(filter(None, map(_label_problem, labels)), "")


def _label_problem(label: str) -> str:
    if not label:
        return "a label is empty"
    if len(label) > LONGEST_LABEL:
        return f"a label has {len(label)} characters"
    if not _LABEL.fullmatch(label):
        return f"{label!r} is not a label"
    return f"{label!r} is no Punycode" if label.startswith("xn--") and not _decodes(label) else ""


def _decodes(label: str) -> bool:
    try:
        return not label[4:].encode().decode("punycode").isascii()
    except UnicodeError:
        return False
