"""DNS names, and the rules of each record type.

Plain types (`CONTENT`) have only content; that of structured types (`FIELDS`) is derived from ``data``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Any

from ops.sandbox.wire import Refusal

MOST_TXT = 2048
# An origin with one of these addresses cannot be proxied: private, reserved, or Cloudflare's resolver.
# 192.0.2.0/24 and 100::/64 are not among them: the documentation uses them for originless records.
UNREACHABLE = (
    *("0.0.0.0/8", "1.0.0.1", "1.1.1.1", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
    *("172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3", "::/127", "fc00::/7", "fe80::/10", "ff00::/8"),
)
# A label holds any octet: what is not a plain printable character is escaped (RFC 1035 section 5.1).
_LABEL = re.compile(r"(?:[!#-')+-:<-?A-\[\]-~]|\\\d{3}|\\[^\d]){1,63}")
_DOT = re.compile(r"(?<!\\)\.")
# A zone has at least two labels, in Punycode.
ZONE_NAME = re.compile(r"([a-zA-Z0-9][-a-zA-Z0-9]*\.)+[-a-zA-Z0-9]{2,20}")


def is_hostname(name: str) -> bool:
    """True if a record may have or point to this name; the first label may be ``*``."""
    labels = _DOT.split(name.removeprefix("*."))
    return 0 < len(name) <= 253 and "://" not in name and all(_LABEL.fullmatch(label) for label in labels)


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
    except ValueError:
        return False


def _address(version: type[IPv4Address | IPv6Address], text: str) -> str | None:
    try:
        return str(version(text)) if "%" not in text else None
    except ValueError:
        return None


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

TYPES = {*CONTENT, *FIELDS}
PROXIABLE = ("A", "AAAA", "CNAME")
WITH_PRIORITY = ("MX", "URI")
