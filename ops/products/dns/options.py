"""The options that describe a record, the same on every task that writes one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import UsageError
from ops.products.dns.api import yes_or_no

if TYPE_CHECKING:
    from ops.kinds.resource import Json

ZONE = "domain or id, e.g. example.com"
READ = "Zone > DNS > Read"
EDIT = "Zone > DNS > Edit"
# 0 is a priority, a weight and a port; no default of a number's type is free but a negative one.
NONE = -1
CLEARABLE = ("comment", "tags", "settings")
DESCRIBING = {
    "zone": ZONE,
    "name": "`www`, `@` for the zone itself, `*`, or a whole name",
    "type": "A, AAAA, CNAME, MX, TXT, SRV, CAA, ... any type that Cloudflare has",
    "content": "what the record says, as in a zone file, e.g. '10 60 5060 sip.example.com' for SRV",
    "priority": "of MX, SRV, URI, HTTPS and SVCB",
    "weight": "of SRV and URI",
    "port": "of SRV",
    "target": "the name that CNAME, MX, NS, PTR, SRV, HTTPS, SVCB or the URI points to",
    "flags": "of CAA, e.g. 0",
    "tag": "of CAA: issue, issuewild, iodef",
    "value": "of CAA, HTTPS and SVCB",
    "ttl": "seconds, 60 to 86400 (30 on Enterprise); 1 is automatic, and the default",
    "proxied": "yes or no: through Cloudflare (A, AAAA, CNAME)",
    "comment": "a note on the record, one line",
    "tags": "name:value; may be repeated, or separated by commas",
}


def given(
    *,
    content: str,
    priority: int,
    weight: int,
    port: int,
    target: str,
    flags: str,
    tag: str,
    value: str,
    ttl: int,
    proxied: str,
    comment: str,
    tags: tuple[str, ...],
) -> Json:
    """Give the options that were typed, as fields of a record or of its `data`."""
    numbers = {"priority": priority, "weight": weight, "port": port}
    texts = {"content": content, "target": target, "flags": flags, "tag": tag, "value": value}
    found: Json = {name: number for name, number in numbers.items() if number != NONE}
    found |= {name: text for name, text in (texts | {"comment": comment}).items() if text}
    found |= {"ttl": ttl} if ttl else {}
    found |= {"proxied": yes_or_no(proxied)} if proxied else {}
    return found | ({"tags": split(tags)} if tags else {})


def split(texts: tuple[str, ...]) -> list[str]:
    """Give the words of an option that may be repeated, or hold several with commas between."""
    return [word.strip() for text in texts for word in text.split(",") if word.strip()]


def cleared(names: tuple[str, ...]) -> tuple[str, ...]:
    """Give the fields that --clear names; UsageError for one that cannot be taken away."""
    wanted = tuple(split(names))
    strange = [name for name in wanted if name not in CLEARABLE]
    if strange:
        raise UsageError(f"--clear does not know {strange[0]!r}", hint=f"it takes {', '.join(CLEARABLE)}")
    return wanted
