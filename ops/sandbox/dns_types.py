"""What each DNS type demands of its content, and how structured data is written as text.

Types with ``content``: A AAAA CNAME MX NS OPENPGPKEY PTR TXT. The others take ``data``; their content is
derived.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ops.sandbox.dns_names import is_hostname
from ops.sandbox.wire import Link, Refusal

MOST_TXT = 2048
_DIGITS = re.compile(r"-?\d+(\.\d+)?m?")


@dataclass(frozen=True)
class Field:
    """A field of ``data``: *form* is number, word, quoted, host, hex, base64 or a choice such as ``N|S``."""

    name: str
    form: str
    most: float = 0
    least: float = 0
    default: Any = None


def _number(name: str, most: float, least: float = 0, default: Any = None) -> Field:
    return Field(name, "number", most, least, default)


_BYTE, _SHORT = 255, 65535
_ASSOCIATION = (
    _number("usage", _BYTE),
    _number("selector", _BYTE),
    _number("matching_type", _BYTE),
    Field("certificate", "hex"),
)
_BINDING = (_number("priority", _SHORT), Field("target", "host"), Field("value", "rest", default=""))

FIELDS: dict[str, tuple[Field, ...]] = {
    "CAA": (_number("flags", _BYTE), Field("tag", "word"), Field("value", "quoted")),
    "CERT": (
        _number("type", _SHORT),
        _number("key_tag", _SHORT),
        _number("algorithm", _BYTE),
        Field("certificate", "base64"),
    ),
    "DNSKEY": (
        _number("flags", _SHORT),
        _number("protocol", _BYTE),
        _number("algorithm", _BYTE),
        Field("public_key", "base64"),
    ),
    "DS": (
        _number("key_tag", _SHORT),
        _number("algorithm", _BYTE),
        _number("digest_type", _BYTE),
        Field("digest", "hex"),
    ),
    "HTTPS": _BINDING,
    "LOC": (
        _number("lat_degrees", 90),
        _number("lat_minutes", 59, default=0),
        _number("lat_seconds", 59.999, default=0),
        Field("lat_direction", "N|S"),
        _number("long_degrees", 180),
        _number("long_minutes", 59, default=0),
        _number("long_seconds", 59.999, default=0),
        Field("long_direction", "E|W"),
        _number("altitude", 42849672.95, -100000, default=0),
        _number("size", 90000000, default=0),
        _number("precision_horz", 90000000, default=0),
        _number("precision_vert", 90000000, default=0),
    ),
    "NAPTR": (
        _number("order", _SHORT),
        _number("preference", _SHORT),
        Field("flags", "quoted"),
        Field("service", "quoted"),
        Field("regex", "quoted"),
        Field("replacement", "host"),
    ),
    "SMIMEA": _ASSOCIATION,
    "SRV": (
        _number("priority", _SHORT),
        _number("weight", _SHORT),
        _number("port", _SHORT),
        Field("target", "host"),
    ),
    "SSHFP": (_number("algorithm", _BYTE), _number("type", _BYTE), Field("fingerprint", "hex")),
    "SVCB": _BINDING,
    "TLSA": _ASSOCIATION,
    "URI": (_number("weight", _SHORT), Field("target", "quoted")),
}
_METRES = ("altitude", "size", "precision_horz", "precision_vert")


def invalid(code: int, message: str) -> Refusal:
    """The answer to a record that breaks a rule: 1004 with the cause in the chain."""
    chain: Sequence[Link] = [(code, message)]
    return Refusal(400, 1004, "DNS Validation Error", chain)


def checked_content(type: str, content: Any) -> str:
    """Return the content of a record as it is stored, or refuse it."""
    check = _CONTENT[type]
    text = check(content) if isinstance(content, str) and content else None
    if text is None:
        raise invalid(*_COMPLAINTS.get(type, (9007, f"Content for {type} record is invalid.")))
    return text


def checked_data(type: str, data: Any) -> dict[str, Any]:
    """Return the data of a record with its defaults, or refuse it."""
    if not isinstance(data, dict):
        raise invalid(9006, f"Data for {type} record must be an object.")
    found = {field.name: data.get(field.name, field.default) for field in FIELDS[type]}
    for field in FIELDS[type]:
        if not _fits(field, found[field.name]):
            raise invalid(9006, f"Data for {type} record is invalid: {field.name}.")
    return found


def content_of(type: str, data: dict[str, Any]) -> str:
    """Write data as the text that the API shows as content."""
    return " ".join(_written(field, data[field.name]) for field in FIELDS[type]).rstrip()


def data_of(type: str, words: list[str]) -> dict[str, Any]:
    """Read the words of a zone file line (quotes removed) as data; missing words are left out."""
    data: dict[str, Any] = {}
    for field in FIELDS[type]:
        if field.form == "rest":
            data[field.name], words = " ".join(words), []
        elif words:
            data[field.name] = _read(field, words.pop(0))
    if words and FIELDS[type][-1].form in ("hex", "base64"):
        data[FIELDS[type][-1].name] += "".join(words)
    return data


def _read(field: Field, word: str) -> Any:
    if field.form != "number" or not _DIGITS.fullmatch(word):
        return word.rstrip(".") if field.form == "host" and word != "." else word
    number = float(word.rstrip("m"))
    return int(number) if number.is_integer() else number


def _written(field: Field, value: Any) -> str:
    if field.form == "quoted":
        return f'"{value}"'
    return f"{value}m" if field.name in _METRES else str(value)


def _fits(field: Field, value: Any) -> bool:
    if field.form == "number":
        fine = isinstance(value, int | float) and not isinstance(value, bool)
        return fine and field.least <= value <= field.most
    return isinstance(value, str) and _FORMS.get(field.form, _one_of(field.form))(value)


def _one_of(form: str) -> Callable[[str], bool]:
    return lambda value: value in form.split("|")


def _is_base64(value: str) -> bool:
    try:
        return bool(base64.b64decode(value, validate=True))
    except (binascii.Error, ValueError):
        return False


_FORMS: dict[str, Callable[[str], bool]] = {
    "word": lambda value: re.fullmatch(r"[A-Za-z0-9]+", value) is not None,
    "quoted": lambda value: "\n" not in value and len(value) <= MOST_TXT,
    "rest": lambda value: "\n" not in value and len(value) <= MOST_TXT,
    "host": lambda value: value in (".", "") or is_hostname(value),
    "hex": lambda value: re.fullmatch(r"([0-9A-Fa-f]{2})+", value) is not None,
    "base64": _is_base64,
}


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
    return text if _is_base64(text) else None


_CONTENT: dict[str, Callable[[str], str | None]] = {
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
TYPES = frozenset(_CONTENT) | frozenset(FIELDS)
PROXIABLE = frozenset({"A", "AAAA", "CNAME"})
WITH_PRIORITY = frozenset({"MX", "URI"})
