"""Rdata: a record's content parsed strictly by dnspython, and written as the API takes it."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError, ValidationError
from ops.products.dns.content import EXAMPLES, FIELDS, WITH_PRIORITY, text_of
from ops.products.dns.names import host
from ops.products.dns.strings import quoted, said, sendable

if TYPE_CHECKING:
    from dns.rdata import Rdata

    from ops.kinds.resource import Json

# The documentation's limit for one record on the wire.
LARGEST = 4096
# Where dnspython's name of a field is not the API's.
_ATTRIBUTES = {
    ("CERT", "type"): "certificate_type",
    ("DNSKEY", "public_key"): "key",
    ("NAPTR", "regex"): "regexp",
    ("SMIMEA", "matching_type"): "mtype",
    ("SMIMEA", "certificate"): "cert",
    ("SSHFP", "type"): "fp_type",
    ("TLSA", "matching_type"): "mtype",
    ("TLSA", "certificate"): "cert",
}
_BASE64 = (("CERT", "certificate"), ("DNSKEY", "public_key"))
_HEX = ("digest", "fingerprint", "certificate")
_NAME_LAST = ("CNAME", "MX", "NS", "PTR", "SRV", "NAPTR")
_NAME_SECOND = ("HTTPS", "SVCB")


def essence(record: Json) -> bytes:
    """Give what *record* says in one form however it is spelt; its own spelling where it does not parse."""
    type = str(record["type"])
    try:
        return (
            said(str(record["content"])) if type == "TXT" else parsed(type, text_of(record)).to_digestable()
        )
    except (OpsError, KeyError):
        return repr((record.get("content"), record.get("data"), record.get("priority"))).encode()


def fields_of(type: str, text: str) -> Json:
    """Give *text* as the fields of a record: `content`, or `data` with its text, and `priority`.

    Raises ValidationError with dnspython's reason where it does not parse.
    """
    if type == "TXT":
        _refuse_large(len(said(text)))
        return {"content": sendable(text)}
    rdata = parsed(type, text)
    _refuse_large(len(rdata.to_digestable()))
    return fields_of_rdata(rdata)


def _refuse_large(size: int) -> None:
    if size > LARGEST:
        raise ValidationError(f"the record has {size:,} bytes", hint=f"{LARGEST:,} are the most")


def parsed(type: str, text: str) -> Rdata:
    """Parse the whole of *text*, one line without a comment, as rdata of *type*. Raises ValidationError."""
    from dns.exception import DNSException

    plain = _with_a_labels(type, text.strip())
    try:
        return _parse(type, plain)
    except (DNSException, ValueError) as error:
        reason = str(error) or "it cannot be read"
    raise ValidationError(
        f"{text!r} does not parse as {type}: {reason}",
        hint=f"e.g. {type} {EXAMPLES.get(type, '')}",
    )


def _parse(type: str, text: str) -> Rdata:
    import dns.name
    import dns.rdata
    import dns.tokenizer
    from dns.rdataclass import IN
    from dns.rdatatype import from_text

    tokens = dns.tokenizer.Tokenizer(text)
    found = dns.rdata.from_text(IN, from_text(type), tokens, origin=dns.name.root, relativize=False)
    if found.rdcomment is not None or not tokens.get().is_eof():
        raise ValueError("something follows it")
    return found


def _with_a_labels(type: str, text: str) -> str:
    """Put the name in *text* into canonical form; dnspython would read it by the older IDNA 2003."""
    if type in _NAME_LAST:
        *before, name = text.rsplit(None, 1) or [""]
        return " ".join((*before, host(name))) if name else text
    words = text.split(None, 2) if type in _NAME_SECOND else []
    return " ".join((words[0], host(words[1]), *words[2:])) if len(words) > 1 else text


def fields_of_rdata(rdata: Rdata) -> Json:
    """Give *rdata* as the fields of a record; names without the dot at their end."""
    type = rdata.rdtype.name
    found: Json = {}
    if type == "TXT":
        return {"content": quoted(b"".join(_any(rdata).strings))}
    if type in FIELDS:
        found["data"] = location(rdata) if type == "LOC" else {f: _field(rdata, f) for f in FIELDS[type]}
        found["content"] = text_of({"type": type, "data": found["data"]})
    else:
        found["content"] = _content(rdata)
    if type in WITH_PRIORITY:
        found["priority"] = int(_any(rdata).preference if type == "MX" else _any(rdata).priority)
    return found


def _any(rdata: Rdata) -> Any:
    """Give *rdata* as a value of any type: dnspython's classes are found by name as it runs."""
    return rdata


def _content(rdata: Rdata) -> str:
    type = rdata.rdtype.name
    if type in ("A", "AAAA"):
        return str(_any(rdata).address)
    if type == "OPENPGPKEY":
        return b64encode(_any(rdata).key).decode()
    return _name(_any(rdata).exchange if type == "MX" else _any(rdata).target)


def _name(name: Any) -> str:
    return host(name.to_text(omit_final_dot=len(name) > 1))


def _field(rdata: Rdata, field: str) -> str | int:
    type = rdata.rdtype.name
    if type in _NAME_SECOND and field == "value":
        return " ".join(rdata.to_text().split(" ")[2:])
    value = getattr(rdata, _ATTRIBUTES.get((type, field), field))
    if isinstance(value, bytes):
        return _bytes(type, field, value)
    return int(value) if isinstance(value, int) else _name(value)


def _bytes(type: str, field: str, value: bytes) -> str:
    if (type, field) in _BASE64:
        return b64encode(value).decode()
    return value.hex() if field in _HEX else value.decode("utf-8", "backslashreplace")


def location(rdata: Rdata) -> Json:
    """Give a LOC as the API has it: degrees, minutes and seconds, and metres."""
    found = _any(rdata)
    metres = (found.altitude, found.size, found.horizontal_precision, found.vertical_precision)
    values: tuple[object, ...] = (
        *_angle(found.latitude, "NS"),
        *_angle(found.longitude, "EW"),
        *(_plain(m / 100) for m in metres),
    )
    return dict(zip(FIELDS["LOC"], values, strict=True))


def _angle(angle: tuple[int, int, int, int, int], directions: str) -> tuple[int, int, float, str]:
    degrees, minutes, seconds, thousandths, sign = angle
    return degrees, minutes, _plain(seconds + thousandths / 1000), directions[sign < 0]


def _plain(number: float) -> float:
    return int(number) if number.is_integer() else number
