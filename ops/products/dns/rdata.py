"""Rdata: a record's content and `data`, parsed strictly by dnspython, compared, and written for the API.

Of eight types the API takes `content`, of the others `data`, an object; their `content` is text that the API
derives in a form of its own, and nobody can set. `priority` is a field of the record for MX and URI, and of
`data` for SRV, HTTPS and SVCB. The form in between is that of zone files: priority first, names complete.
"""

from __future__ import annotations

import re
import struct
from base64 import b64encode
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ops.errors import OpsError, ValidationError
from ops.products.dns.names import host, is_absolute
from ops.products.dns.reasons import reason
from ops.products.dns.strings import comparable_strings, sendable, strings_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from dns.rdata import Rdata

    from ops.items import Json

PLAIN = ("A", "AAAA", "CNAME", "MX", "NS", "OPENPGPKEY", "PTR", "TXT")
_ASSOCIATION = ("usage", "selector", "matching_type", "certificate")
_BINDING = ("priority", "target", "value")
FIELDS: dict[str, tuple[str, ...]] = {
    "CAA": ("flags", "tag", "value"),
    "CERT": ("type", "key_tag", "algorithm", "certificate"),
    "DNSKEY": ("flags", "protocol", "algorithm", "public_key"),
    "DS": ("key_tag", "algorithm", "digest_type", "digest"),
    "HTTPS": _BINDING,
    "LOC": (
        *("lat_degrees", "lat_minutes", "lat_seconds", "lat_direction"),
        *("long_degrees", "long_minutes", "long_seconds", "long_direction"),
        *("altitude", "size", "precision_horz", "precision_vert"),
    ),
    "NAPTR": ("order", "preference", "flags", "service", "regex", "replacement"),
    "SMIMEA": _ASSOCIATION,
    "SRV": ("priority", "weight", "port", "target"),
    "SSHFP": ("algorithm", "type", "fingerprint"),
    "SVCB": _BINDING,
    "TLSA": _ASSOCIATION,
    "URI": ("weight", "target"),
}
TYPES = tuple(sorted((*PLAIN, *FIELDS)))
PROXIABLE = ("A", "AAAA", "CNAME")
# Types whose priority is a field of the record itself.
WITH_PRIORITY = ("MX", "URI")
# How many numbers a record begins with where the first of them is a priority.
NUMBERS = {"MX": 1, "URI": 2, "SRV": 3, "HTTPS": 1, "SVCB": 1}
# The fields that together are a record's rdata.
RDATA = ("content", "data", "priority")
_DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EXAMPLES = {
    "A": "192.0.2.1", "AAAA": "2001:db8::1", "CAA": '0 issue "ca.example"', "CERT": "1 12345 8 MIIBIjAN",
    "CNAME": "www.example.com", "DNSKEY": "257 3 13 mdsswUyr3DPW132m", "DS": f"12345 13 2 {_DIGEST}",
    "HTTPS": '1 . alpn="h3,h2"', "LOC": "52 22 23 N 4 53 32 E -2m 10m 10m 2m", "MX": "10 mail.example.com",
    "NAPTR": '100 10 "S" "SIP+D2U" "" _sip._udp.example.com', "NS": "ns1.example.net",
    "OPENPGPKEY": "mQENBFVHm5sB", "PTR": "host.example.com", "SMIMEA": f"3 1 1 {_DIGEST}",
    "SRV": "10 60 5060 sip.example.com", "SSHFP": f"4 2 {_DIGEST}", "SVCB": '1 dns.example.com alpn="h2"',
    "TLSA": f"3 1 1 {_DIGEST}", "TXT": "v=spf1 -all", "URI": '10 1 "https://example.com/"',
}  # fmt: skip
# The documentation's limit for one record on the wire.
LARGEST = 4096
# The words of types whose fields are not all in `data`; of any other, the only one is the content.
_WORDS = {
    **dict.fromkeys(("CNAME", "NS", "PTR"), ("target",)),
    "MX": ("priority", "target"),
    "URI": ("priority", "weight", "target"),
}
_QUOTED = {("CAA", "value"), ("URI", "target"), ("NAPTR", "flags"), ("NAPTR", "service"), ("NAPTR", "regex")}
_METRES = ("altitude", "size", "precision_horz", "precision_vert")
# Where dnspython's name of a field is not the API's.
_ALIASES = {
    "certificate": ("cert",), "content": ("address", "exchange", "target", "key"), "regex": ("regexp",),
    "matching_type": ("mtype",), "priority": ("preference",), "public_key": ("key",),
    "type": ("certificate_type", "fp_type"),
}  # fmt: skip
_BASE64 = (("CERT", "certificate"), ("DNSKEY", "public_key"), ("OPENPGPKEY", "content"))
_HEX = ("digest", "fingerprint", "certificate")
_NAME_LAST = ("CNAME", "MX", "NS", "PTR", "SRV", "NAPTR")
_NAME_SECOND = ("HTTPS", "SVCB")
# The fields of `data` that are targets.
TARGETS = {"SRV": "target", "HTTPS": "target", "SVCB": "target", "NAPTR": "replacement"}
# Cloudflare shows class and type in some contents: "10 IN SRV 5 8806 example.com.", "IN LOC 37 46 …".
_CLASS = re.compile(r"^(\d+\s+)?IN\s+[A-Z]+\s+")


def text_of(record: Json) -> str:
    """Return the rdata of *record* as a zone file has it. Raises ValidationError for a missing field."""
    type, data = str(record["type"]), record.get("data")
    if type in FIELDS and isinstance(data, dict) and data:
        text = " ".join(_word(type, field, data) for field in FIELDS[type]).rstrip()
    else:
        text = _CLASS.sub(r"\1", str(record.get("content") or "")).strip()
    return prioritized(type, text, record.get("priority"))


def _word(type: str, field: str, data: Json) -> str:
    value = data.get(field)
    if value is None and type == "LOC" and not field.endswith(("degrees", "direction")):
        value = 0
    if value is None and type in _NAME_SECOND and field == "value":
        value = ""
    if value is None or isinstance(value, dict | list | bool):
        hint = f"its data has the fields {', '.join(FIELDS[type])}"
        raise ValidationError(f"the {type} record has no usable data.{field}", hint=hint)
    if (type, field) in _QUOTED:
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    if field == TARGETS.get(type):
        name = host(str(value))
        # The final dot tells a top-level domain from a name in the zone.
        return f"{name}." if "." not in name and is_absolute(str(value)) else name
    return f"{value}m" if field in _METRES else str(value)


def prioritized(type: str, text: str, priority: object) -> str:
    """Return *text* with *priority* first where *type* has one and *text* begins without it."""
    return text if priority is None or not lacks_priority(type, text) else f"{priority} {text}"


def words_of(type: str) -> tuple[str, ...]:
    """Return the fields whose words are the text of a record."""
    return _WORDS.get(type) or FIELDS.get(type, ("content",))


def lacks_priority(type: str, text: str) -> bool:
    """True if *text* begins with fewer numbers than a record whose first one is a priority."""
    return sum(1 for _ in takewhile(str.isdigit, text.split())) < NUMBERS.get(type, 0)


def priority_of(record: Json | None) -> Any:
    """Return the priority of a record, which is in its `data` or beside it."""
    data = (record or {}).get("data")
    inside = data.get("priority") if isinstance(data, dict) else None
    return (record or {}).get("priority") if inside is None else inside


def with_target(type: str, text: str, replaced: Callable[[str], str]) -> str:
    """Return *text* with its target *replaced*; the target is the last word, or the second one."""
    # The form of RFC 3597 for unknown types has no names.
    if text.startswith("\\#"):
        return text
    second = text.split(None, 2) if type in _NAME_SECOND else ()
    if len(second) > 1:
        return " ".join((second[0], replaced(second[1]), *second[2:]))
    if type in _NAME_LAST and len(text.split()) >= len(words_of(type)):
        *before, target = text.rsplit(None, 1)
        return " ".join((*before, replaced(target)))
    return text


def rdata_key(record: Json) -> bytes:
    """Return the rdata of *record* in one form, however it is spelled; rdata that does not parse as it is."""
    # Where a record has `data`, its `content` does not count.
    type = str(record["type"])
    try:
        if type == "TXT":
            return repr(comparable_strings(str(record["content"]))).encode()
        return parsed(type, text_of(record)).to_digestable()
    except (OpsError, KeyError):
        data = record.get("data") or None
        content = None if data and type in FIELDS else " ".join(str(record.get("content")).split())
        return repr((content, data, record.get("priority"))).encode()


def fields_of(type: str, text: str) -> Json:
    """Return *text* as `content`, or `data` with its text, and `priority`. Raises ValidationError."""
    found: Json
    if type == "TXT":
        found, size = {"content": sendable(text)}, sum(map(len, strings_of(text)))
    else:
        rdata = parsed(type, text)
        found, size = {}, len(rdata.to_digestable())
        if type in FIELDS:
            found["data"] = _location(rdata) if type == "LOC" else {f: _field(rdata, f) for f in FIELDS[type]}
        found["content"] = text_of({"type": type, **found}) if found else _field(rdata, "content")
        if type in WITH_PRIORITY:
            found["priority"] = _field(rdata, "priority")
    if size > LARGEST:
        raise ValidationError(f"the record has {size:,} bytes", hint=f"at most {LARGEST:,} are allowed")
    return found


def parsed(type: str, text: str) -> Rdata:
    """Return the whole of *text*, one line without a comment, as rdata of *type*. Raises ValidationError."""
    import dns.name
    import dns.rdata
    import dns.tokenizer
    from dns.exception import DNSException
    from dns.rdataclass import IN
    from dns.rdatatype import from_text

    try:
        # dnspython would read names by the older IDNA 2003.
        tokens = dns.tokenizer.Tokenizer(with_target(type, text.strip(), host))
        found = dns.rdata.from_text(IN, from_text(type), tokens, origin=dns.name.root, relativize=False)
        if type == "LOC":
            # A place is checked against its bounds only when it is read from a packet.
            wire = found.to_digestable()
            dns.rdata.from_wire(IN, found.rdtype, wire, 0, len(wire))
        if found.rdcomment is None and tokens.get().is_eof():
            return found
        problem = hint = ""
    except OpsError as error:
        problem, hint = error.message, error.hint
    except (DNSException, ValueError, struct.error):
        problem = hint = ""
    # dnspython's own words do not say what is expected.
    fields = words_of(type)
    if not problem or len(text.split()) < len(fields):
        problem = reason(type, text.strip(), fields)
    example = f"{type} {EXAMPLES[type]}" if type in EXAMPLES else "a record that `inv dns.list` shows"
    hint = hint or f"a record of type {type} has {', '.join(fields)}"
    raise ValidationError(f"{text!r} does not parse as {type}: {problem}; e.g. {example}", hint=hint)


def _field(rdata: Rdata, field: str) -> str | int:
    type = rdata.rdtype.name
    if type in _NAME_SECOND and field == "value":
        return " ".join(rdata.to_text().split(" ")[2:])
    names = (field, *_ALIASES.get(field, ()))
    value = next(getattr(rdata, name) for name in names if hasattr(rdata, name))
    if isinstance(value, int | str):
        return value if isinstance(value, str) else int(value)
    if not isinstance(value, bytes):
        return host(value.to_text(omit_final_dot=len(value) > 1))
    if (type, field) in _BASE64:
        return b64encode(value).decode()
    return value.hex() if field in _HEX else value.decode("utf-8", "backslashreplace")


def _location(rdata: Any) -> Json:
    values: list[Any] = []
    for angle, directions in ((rdata.latitude, "NS"), (rdata.longitude, "EW")):
        degrees, minutes, seconds, thousandths, sign = angle
        values += [degrees, minutes, seconds + thousandths / 1000, directions[sign < 0]]
    lengths = (rdata.altitude, rdata.size, rdata.horizontal_precision, rdata.vertical_precision)
    values += [centimetres / 100 for centimetres in lengths]
    plain = [int(one) if isinstance(one, float) and one.is_integer() else one for one in values]
    return dict(zip(FIELDS["LOC"], plain, strict=True))
