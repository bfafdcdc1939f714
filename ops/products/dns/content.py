"""What a record says: its content or its `data`, as text that dnspython reads and back.

Of eight types the API takes `content`, of the others `data`, an object; their `content` is text that the
API derives and nobody can set. `priority` is a field of the record for MX and URI, and of `data` for SRV,
HTTPS and SVCB. The form in between is that of zone files: priority first, names whole.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from ops.errors import ValidationError
from ops.products.dns.names import host

if TYPE_CHECKING:
    from ops.kinds.resource import Json

PLAIN = ("A", "AAAA", "CNAME", "MX", "NS", "OPENPGPKEY", "PTR", "TXT")
LOC = (
    *("lat_degrees", "lat_minutes", "lat_seconds", "lat_direction"),
    *("long_degrees", "long_minutes", "long_seconds", "long_direction"),
    *("altitude", "size", "precision_horz", "precision_vert"),
)
_ASSOCIATION = ("usage", "selector", "matching_type", "certificate")
_BINDING = ("priority", "target", "value")
FIELDS: dict[str, tuple[str, ...]] = {
    "CAA": ("flags", "tag", "value"),
    "CERT": ("type", "key_tag", "algorithm", "certificate"),
    "DNSKEY": ("flags", "protocol", "algorithm", "public_key"),
    "DS": ("key_tag", "algorithm", "digest_type", "digest"),
    "HTTPS": _BINDING,
    "LOC": LOC,
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
EXAMPLES = {
    "A": "192.0.2.1", "AAAA": "2001:db8::1", "CAA": '0 issue "ca.example"', "CERT": "1 12345 8 <base64>",
    "CNAME": "www.example.com", "DNSKEY": "257 3 13 <base64>", "DS": "12345 13 2 <hex>",
    "HTTPS": '1 . alpn="h3,h2"', "LOC": "52 22 23 N 4 53 32 E -2m 10m 10m 2m", "MX": "10 mail.example.com",
    "NAPTR": '100 10 "S" "SIP+D2U" "" _sip._udp.example.com', "NS": "ns1.example.net",
    "OPENPGPKEY": "<base64>", "PTR": "host.example.com", "SMIMEA": "3 1 1 <hex>",
    "SRV": "10 60 5060 sip.example.com", "SSHFP": "4 2 <hex>", "SVCB": '1 dns.example.com alpn="h2"',
    "TLSA": "3 1 1 <hex>", "TXT": "v=spf1 -all", "URI": '10 1 "https://example.com/"',
}  # fmt: skip
_QUOTED = {("CAA", "value"), ("URI", "target"), ("NAPTR", "flags"), ("NAPTR", "service"), ("NAPTR", "regex")}
_HOSTS = {("SRV", "target"), ("HTTPS", "target"), ("SVCB", "target"), ("NAPTR", "replacement")}
_METRES = ("altitude", "size", "precision_horz", "precision_vert")
# The specification's examples show class and type: "10 IN SRV 5 8806 example.com.", the priority first.
_CLASS = re.compile(r"^(\d+\s+)?IN\s+[A-Z]+\s+")


def text_of(record: Json) -> str:
    """Give what *record* says, as a zone file has it. Raises ValidationError where a field is missing."""
    type, data = str(record["type"]), record.get("data")
    if type in FIELDS and isinstance(data, dict):
        text = " ".join(_word(type, field, data) for field in FIELDS[type]).rstrip()
    else:
        text = _CLASS.sub(r"\1", str(record.get("content") or "")).strip()
    return prioritized(type, text, record.get("priority"))


def prioritized(type: str, text: str, priority: object) -> str:
    """Put *priority* first where *type* has one and *text* begins without it."""
    return text if priority is None or not lacks_priority(type, text) else f"{priority} {text}"


def lacks_priority(type: str, text: str) -> bool:
    """Say whether *text* begins with fewer numbers than a record whose first one is a priority."""
    return sum(1 for _ in takewhile(str.isdigit, text.split())) < NUMBERS.get(type, 0)


def _word(type: str, field: str, data: Json) -> str:
    value = data.get(field, _default(type, field))
    if value is None or isinstance(value, dict | list | bool):
        raise ValidationError(f"the {type} record lacks {field}", hint=f"it has {', '.join(FIELDS[type])}")
    if (type, field) in _QUOTED:
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    if (type, field) in _HOSTS:
        return host(str(value))
    return f"{value}m" if field in _METRES else str(value)


def _default(type: str, field: str) -> Any:
    if type == "LOC" and not field.endswith(("degrees", "direction")):
        return 0
    return "" if type in ("HTTPS", "SVCB") and field == "value" else None
