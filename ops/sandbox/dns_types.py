"""The fields of ``data`` of structured DNS types, and how they are written as content.

The content of these types is derived; the other types (``dns_content``) have only content.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ops.sandbox.dns_content import CONTENT, MOST_TXT, invalid, is_base64, is_hostname

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
    """Return data as the text that the API shows as content."""
    return " ".join(_written(field, data[field.name]) for field in FIELDS[type]).rstrip()


def data_of(type: str, words: list[str]) -> dict[str, Any]:
    """Return the words of a zone file line (quotes removed) as data; missing words are omitted."""
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


_FORMS: dict[str, Callable[[str], bool]] = {
    "word": lambda value: re.fullmatch(r"[A-Za-z0-9]+", value) is not None,
    "quoted": lambda value: "\n" not in value and len(value) <= MOST_TXT,
    "rest": lambda value: "\n" not in value and len(value) <= MOST_TXT,
    "host": lambda value: value in (".", "") or is_hostname(value),
    "hex": lambda value: re.fullmatch(r"([0-9A-Fa-f]{2})+", value) is not None,
    "base64": is_base64,
}


TYPES = frozenset(CONTENT) | frozenset(FIELDS)
PROXIABLE = frozenset({"A", "AAAA", "CNAME"})
WITH_PRIORITY = frozenset({"MX", "URI"})
