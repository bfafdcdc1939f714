"""Names: complete with the zone, Punycode, at most 255 characters."""

from __future__ import annotations

import re

_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_ZONE = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*\.)+[-a-zA-Z0-9]{2,20}")


def is_hostname(name: str) -> bool:
    """Tell whether *name* is a name a record may point to or have; a first label ``*`` is fine."""
    labels = (name[2:] if name.startswith("*.") else name).split(".")
    return 0 < len(name) <= 253 and all(_LABEL.fullmatch(label) for label in labels)


def is_zone_name(name: str) -> bool:
    """Tell whether *name* may be a zone's: two labels at least, Punycode."""
    return len(name) <= 253 and _ZONE.fullmatch(name) is not None and is_hostname(name)


def to_ascii(name: str) -> str:
    """Return a name in Punycode; what is ASCII keeps its case, what cannot be written so stays as it is."""
    if name.isascii():
        return name
    try:
        return ".".join(
            label if label.isascii() else label.encode("idna").decode() for label in name.split(".")
        )
    except UnicodeError:
        return name


def complete(name: str, zone: str) -> str:
    """Return *name* with the zone at its end; ``@`` is the apex, a final dot is dropped."""
    ascii_name = to_ascii(name.strip()).rstrip(".")
    if ascii_name in ("@", ""):
        return zone
    lower = ascii_name.lower()
    return ascii_name if lower == zone or lower.endswith("." + zone) else f"{ascii_name}.{zone}"
