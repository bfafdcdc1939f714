r"""Names: one canonical form for what people, files and the API write.

It is that of zone files (RFC 1035 section 5.1): A-labels in lower case, no final dot, and `\DDD` for an octet
that is not a plain printable character. A label may hold any octet (`srv+x`, `0/25`, `My\032Printer`).
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING

from ops.errors import UsageError, ValidationError
from ops.products.zones.api import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.items import Json

APEX = "@"
# RFC 1035: 255 octets on the wire, which is 253 characters of plain labels.
LONGEST = 253
LONGEST_LABEL = 63
_PLAIN = re.compile(r"(?:\*|[a-z0-9_-]{1,63})(?:\.[a-z0-9_-]{1,63})*")
_PIECE = re.compile(r"\\(\d{3})|\\(.)|(\.)|([^\\.]+)|(\\)", re.DOTALL)
# Unescaped, these are white space, comments, quotes or the origin of a zone file.
_SPECIAL = re.compile(r'[\x00-\x20\x7f"();@*]')
_DOTS = (".", "。", "．", "｡")  # noqa: RUF001 (IDNA takes these for dots as well)


def full_name(name: str, zone: str, *, exported: bool = False) -> str:
    """Return *name* with its zone, in canonical form.

    `@` is the zone itself; a name that neither ends with the zone nor with a dot is relative to it. An
    *exported* name is taken as the API wrote it. Raises ValidationError for a name of another zone, or one
    that DNS does not allow.
    """
    written = name.strip()
    if written in ("", APEX):
        return zone
    whole = canonical_name(written, wildcard=True, exported=exported)
    if whole == zone or whole.endswith(f".{zone}"):
        return whole
    if is_absolute(written):
        hint = "a name with a final dot is complete; without the dot it is relative to the zone"
        raise ValidationError(f"{name!r} is not in the zone {zone}", hint=hint)
    return canonical_name(f"{whole}.{zone}", wildcard=True, exported=exported)


def is_absolute(name: str) -> bool:
    """True if *name* ends with a dot, in any script, that is not escaped."""
    return name.endswith(_DOTS) and not re.search(r"(?:^|[^\\])(?:\\\\)*\\\.$", name)


def name_of(record: Json) -> str:
    """Return the canonical name of a record from the API; one that cannot be read keeps its spelling."""
    name = str(record.get("name", ""))
    try:
        return canonical_name(name, wildcard=True, exported=True)
    except ValidationError:
        return name.lower().removesuffix(".")


def host(text: str) -> str:
    """Return the target of a record in canonical form; `.`, for none, stays. Raises ValidationError."""
    if text == ".":
        return text
    name = canonical_name(text)
    try:
        ip_address(name)
    except ValueError:
        return name
    hint = "use an A or AAAA record for an address"
    raise ValidationError(f"{text!r} is an IP address, where a name is needed", hint=hint)


def absolute_host(text: str, zone: str) -> str:
    """Return a target as people write it: `@` is the zone. Raises ValidationError for a single label."""
    # The API takes `www` for a top-level domain, while people mean a name in the zone.
    if text == APEX:
        return zone
    if text and not is_absolute(text) and "." not in text:
        hint = f"`{text}.{zone}` for the name in the zone, `{text}.` for the top-level domain"
        raise ValidationError(f"a target is a complete name, and {text!r} is a single label", hint=hint)
    return text


def canonical_name(text: str, *, wildcard: bool = False, exported: bool = False) -> str:
    """Return *text* in canonical form; *wildcard* allows `*` first. Raises ValidationError."""
    if not text.isascii():
        try:
            text = canonical(text)
        except UsageError as error:
            raise ValidationError(error.message, hint="letters outside ASCII follow IDNA 2008") from None
    name = text.lower().removesuffix(".")
    if len(name) <= LONGEST and _PLAIN.fullmatch(name) and (wildcard or not name.startswith("*")):
        return name
    if "://" in text and not exported:
        raise ValidationError(f"{text!r} is a URL, where a name is needed", hint="use the host name in it")
    try:
        labels = list(_labels(text, exported, wildcard))
        longest, total = max(map(len, labels)), sum(len(label) + 1 for label in labels) - 1
        if not all(labels):
            raise ValueError("a label is empty")
        if longest > LONGEST_LABEL:
            raise ValueError(f"a label has {longest} characters, and at most {LONGEST_LABEL} are allowed")
        if total > LONGEST:
            raise ValueError(f"it has {total} characters, and at most {LONGEST} are allowed")
    except ValueError as error:
        raise ValidationError(
            f"{text!r} is not a domain name: {error}",
            hint=r"write a space or another special character in a label as \DDD, e.g. My\032Printer; "
            "`*` may be the first label of a record's name",
        ) from None
    return ".".join(map(escaped, labels))


def _labels(text: str, exported: bool, wildcard: bool) -> Iterator[bytes]:
    """Yield the octets of each label, in lower case; a final dot ends the name."""
    label, plain = bytearray(), True
    for match in _PIECE.finditer(text):
        number, character, dot, run, broken = match.groups()
        if dot:
            if match.end() < len(text):
                yield bytes(label).lower()
                label, plain = bytearray(), True
            continue
        if broken or (number and int(number) > 255):
            raise ValueError("its escapes are `\\DDD` up to \\255, or a backslash before a character")
        special = run and _SPECIAL.search(run)
        if special and not exported and not (wildcard and run == "*" and match.start() == 0):
            raise ValueError(f"{special[0]!r} is not allowed in a label")
        label += bytes((int(number),)) if number else (character or run).encode()
        wildcard, plain = wildcard and plain, False
    yield bytes(label).lower()


def escaped(label: bytes) -> str:
    """Return one label as text, with `\\DDD` for what a zone file gives a meaning of its own."""
    if label == b"*":
        return "*"
    return "".join(
        chr(octet) if 32 < octet < 127 and chr(octet) not in '.\\";()@$*' else f"\\{octet:03}"
        for octet in label
    )
