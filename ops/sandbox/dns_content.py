"""What DNS types whose content is text demand of it: A AAAA CNAME MX NS OPENPGPKEY PTR TXT."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from typing import Any

from ops.sandbox.dns_names import is_hostname
from ops.sandbox.wire import Refusal

MOST_TXT = 2048


def invalid(code: int, message: str) -> Refusal:
    """The answer to a record that breaks a rule: 1004 with the cause in the chain."""
    return Refusal(400, 1004, "DNS Validation Error", [(code, message)])


def checked_content(type: str, content: Any) -> str:
    """Return the content of a record as it is stored, or refuse it."""
    check = CONTENT[type]
    text = check(content) if isinstance(content, str) and content else None
    if text is None:
        raise invalid(*_COMPLAINTS.get(type, (9007, f"Content for {type} record is invalid.")))
    return text


def is_base64(value: str) -> bool:
    """Tell whether *value* is base64 of at least one byte."""
    try:
        return bool(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False


def _ipv4(text: str) -> str | None:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        return None


def _ipv6(text: str) -> str | None:
    try:
        return str(ipaddress.IPv6Address(text)) if "%" not in text else None
    except ValueError:
        return None


def _host(text: str) -> str | None:
    name = text.rstrip(".")
    return name if is_hostname(name) else None


def _mail_host(text: str) -> str | None:
    # RFC 7505: a lone dot says that the domain takes no mail.
    return "." if text == "." else _host(text)


def unquoted(text: str) -> str:
    """Return the text that a TXT content stands for: character strings joined, quotes removed."""
    if not (text.startswith('"') and text.endswith('"') and len(text) > 1):
        return text
    return re.sub(r"\\(.)", r"\1", "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', text)))


def _txt(text: str) -> str | None:
    return text if 0 < len(unquoted(text)) <= MOST_TXT and "\n" not in text else None


def _key(text: str) -> str | None:
    return text if is_base64(text) else None


CONTENT: dict[str, Callable[[str], str | None]] = {
    "A": _ipv4,
    "AAAA": _ipv6,
    "CNAME": _host,
    "MX": _mail_host,
    "NS": _host,
    "OPENPGPKEY": _key,
    "PTR": _host,
    "TXT": _txt,
}
_COMPLAINTS = {
    "A": (9005, "Content for A record must be a valid IPv4 address."),
    "AAAA": (9006, "Content for AAAA record must be a valid IPv6 address."),
    "TXT": (9013, f"Content for TXT record must be 1 to {MOST_TXT} characters."),
}
