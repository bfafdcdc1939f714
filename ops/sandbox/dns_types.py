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
    """A field of ``data``. *form*: number, a key of ``_FORMS`` or a choice such as ``N|S``."""

    name: str
    form: str
    least: float
    most: float
    default: Any


def _fields(text: str) -> tuple[Field, ...]:
    """Return the fields of ``name:most``, ``name:least..most`` or ``name:form``, each with ``=default``."""
    fields = []
    for word in text.split():
        name, form, default = re.fullmatch(r"(\w+):([^=]+)=?(.*)", word).groups()  # type: ignore[union-attr] # constant text
        bounds = re.fullmatch(r"(?:(-?\d+)\.\.)?([\d.]+)", form)
        least, most = (float(bounds[1] or 0), float(bounds[2])) if bounds else (0, 0)
        preset = {"": None, "0": 0, "-": ""}[default]
        fields.append(Field(name, "number" if bounds else form, least, most, preset))
    return tuple(fields)


_ASSOCIATION = _fields("usage:255 selector:255 matching_type:255 certificate:hex")
# The content of these targets has a final dot; `data` keeps what was sent.
_BINDING = _fields("priority:65535 target:fqdn value:rest=-")
FIELDS: dict[str, tuple[Field, ...]] = {
    "CAA": _fields("flags:255 tag:word value:quoted"),
    "CERT": _fields("type:65535 key_tag:65535 algorithm:255 certificate:base64"),
    "DNSKEY": _fields("flags:65535 protocol:255 algorithm:255 public_key:base64"),
    "DS": _fields("key_tag:65535 algorithm:255 digest_type:255 digest:hex"),
    "HTTPS": _BINDING,
    "LOC": _fields(
        "lat_degrees:90 lat_minutes:59=0 lat_seconds:59.999=0 lat_direction:N|S "
        "long_degrees:180 long_minutes:59=0 long_seconds:59.999=0 long_direction:E|W "
        "altitude:-100000..42849672.95=0 size:90000000=0 precision_horz:90000000=0 precision_vert:90000000=0"
    ),
    "NAPTR": _fields(
        "order:65535 preference:65535 flags:quoted service:quoted regex:quoted replacement:fqdn"
    ),
    "SMIMEA": _ASSOCIATION,
    "SRV": _fields("priority:65535 weight:65535 port:65535 target:host"),
    "SSHFP": _fields("algorithm:255 type:255 fingerprint:hex"),
    "SVCB": _BINDING,
    "TLSA": _ASSOCIATION,
    "URI": _fields("weight:65535 target:quoted"),
}
_METRES = ("altitude", "size", "precision_horz", "precision_vert")


def checked_data(type: str, data: Any) -> dict[str, Any]:
    """Return the data of a record with its defaults, or refuse it."""
    if not isinstance(data, dict):
        raise invalid(9006, f"Data for {type} record must be an object.")
    found = {field.name: data.get(field.name, field.default) for field in FIELDS[type]}
    if type == "SRV" and isinstance(found["target"], str) and found["target"] != ".":
        found["target"] = found["target"].removesuffix(".")
    if type in ("HTTPS", "SVCB") and isinstance(found["value"], str):
        found["value"] = found["value"].strip()
    for field in FIELDS[type]:
        value = found[field.name]
        if field.form == "number":
            number = isinstance(value, int | float) and not isinstance(value, bool)
            valid = number and field.least <= value <= field.most
        elif field.form in _FORMS:
            valid = isinstance(value, str) and _FORMS[field.form](value)
        else:
            valid = value in field.form.split("|")
        if not valid:
            raise invalid(9006, f"Data for {type} record is invalid: {field.name}.")
    return found


def content_of(type: str, data: dict[str, Any]) -> str:
    """Return data as the text that the API shows as content."""
    words = []
    for field in FIELDS[type]:
        word = str(data[field.name])
        if field.form == "quoted":
            word = f'"{word}"'
        elif field.form == "fqdn":
            word = word.removesuffix(".") + "."
        words.append(f"{word}m" if field.name in _METRES else word)
    return " ".join(words).rstrip()


def data_of(type: str, words: list[str]) -> dict[str, Any]:
    """Return the words of a zone file line (quotes removed) as data; missing words are omitted."""
    data: dict[str, Any] = {}
    for field in FIELDS[type]:
        if field.form == "rest":
            data[field.name], words = " ".join(words), []
        elif words:
            word = words.pop(0)
            if field.form == "number" and _DIGITS.fullmatch(word):
                number = float(word.rstrip("m"))
                data[field.name] = int(number) if number.is_integer() else number
            else:
                data[field.name] = word.rstrip(".") if field.form == "host" and word != "." else word
    if words and FIELDS[type][-1].form in ("hex", "base64"):
        data[FIELDS[type][-1].name] += "".join(words)
    return data


_FORMS: dict[str, Callable[[str], bool]] = {
    "word": lambda value: re.fullmatch(r"[A-Za-z0-9]+", value) is not None,
    "quoted": lambda value: "\n" not in value and len(value) <= MOST_TXT,
    "rest": lambda value: "\n" not in value and len(value) <= MOST_TXT,
    "fqdn": lambda value: value in (".", "") or is_hostname(value.removesuffix(".")),
    "host": lambda value: value in (".", "") or is_hostname(value),
    "hex": lambda value: re.fullmatch(r"([0-9A-Fa-f]{2})+", value) is not None,
    "base64": is_base64,
}


TYPES = frozenset(CONTENT) | frozenset(FIELDS)
PROXIABLE = frozenset({"A", "AAAA", "CNAME"})
WITH_PRIORITY = frozenset({"MX", "URI"})
