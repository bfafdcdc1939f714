"""DNS names, and the rules of types with plain content: A AAAA CNAME MX NS OPENPGPKEY PTR TXT."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import partial
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any

from ops.sandbox.wire import Refusal

MOST_TXT = 2048
# 192.0.2.0/24 and 100::/64 are not among them: the documentation uses them for originless records.
_UNREACHABLE = (
    *("0.0.0.0/8", "1.0.0.1", "1.1.1.1", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
)
# A label holds any octet: what is not a plain printable character is escaped (RFC 1035 section 5.1).
_LABEL = re.compile(r"(?:[!#-')+-:<-?A-\[\]-~]|\\\d{3}|\\[^\d]){1,63}")
_DOT = re.compile(r"(?<!\\)\.")
_ZONE = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*\.)+[-a-zA-Z0-9]{2,20}")


def is_hostname(name: str) -> bool:
    """True if a record may have or point to this name; the first label may be ``*``."""
    labels = _DOT.split(name[2:] if name.startswith("*.") else name)
    return 0 < len(name) <= 253 and "://" not in name and all(_LABEL.fullmatch(label) for label in labels)


def is_zone_name(name: str) -> bool:
    """True if a zone may have this name: at least two labels, Punycode."""
    return len(name) <= 253 and _ZONE.fullmatch(name) is not None and is_hostname(name)


def to_ascii(name: str) -> str:
    """Return a name in Punycode; ASCII labels keep their case, a name that cannot be encoded is unchanged."""
    if name.isascii():
        return name
    try:
        labels = (one if one.isascii() else one.encode("idna").decode() for one in name.split("."))
        return ".".join(labels)
    except UnicodeError:
        return name


def complete(name: str, zone: str) -> str:
    """Return *name* with the zone at its end; ``@`` is the apex, a final dot is removed."""
    ascii_name = to_ascii(name.strip()).rstrip(".")
    if ascii_name in ("@", ""):
        return zone
    lower = ascii_name.lower()
    return ascii_name if lower == zone or lower.endswith("." + zone) else f"{ascii_name}.{zone}"


def invalid(code: int, message: str) -> Refusal:
    """Return the refusal of a record that breaks a rule: 1004 with the cause in the chain."""
    return Refusal(400, 1004, "DNS Validation Error", [(code, message)])


def checked_content(type: str, content: Any) -> str:
    """Return the content of a record as it is stored, or refuse it."""
    check = CONTENT[type]
    text = check(content) if isinstance(content, str) and content else None
    if text is None:
        raise invalid(*_MESSAGES.get(type, (9007, f"Content for {type} record is invalid.")))
    return text


def is_base64(value: str) -> bool:
    """True if *value* is base64 of at least one byte."""
    try:
        return bool(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False


def _address(version: type[IPv4Address] | type[IPv6Address], text: str) -> str | None:
    try:
        return str(version(text)) if "%" not in text else None
    except ValueError:
        return None


def is_unreachable(address: str) -> bool:
    """True if an origin with this address cannot be proxied: private, reserved, or Cloudflare's resolver."""
    return any(ip_address(address) in ip_network(network) for network in _UNREACHABLE)


def _host(text: str) -> str | None:
    name = text.rstrip(".")
    return name if is_hostname(name) else None


def strings(text: str) -> list[str]:
    """Return the character strings of a TXT content."""
    if not (text.startswith('"') and text.endswith('"') and len(text) > 1):
        return [text]
    return [re.sub(r"\\(.)", r"\1", one) for one in re.findall(r'"((?:[^"\\]|\\.)*)"', text)]


CONTENT: dict[str, Callable[[str], str | None]] = {
    "A": partial(_address, IPv4Address),
    "AAAA": partial(_address, IPv6Address),
    "CNAME": _host,
    # RFC 7505: a single dot means that the domain accepts no mail.
    "MX": lambda text: "." if text == "." else _host(text),
    "NS": _host,
    "OPENPGPKEY": lambda text: text if is_base64(text) else None,
    "PTR": _host,
    "TXT": lambda text: text if 0 < len("".join(strings(text))) <= MOST_TXT and "\n" not in text else None,
}
_MESSAGES = {
    "A": (9005, "Content for A record must be a valid IPv4 address."),
    "AAAA": (9006, "Content for AAAA record must be a valid IPv6 address."),
    "TXT": (9013, f"Content for TXT record must be 1 to {MOST_TXT} characters."),
}
