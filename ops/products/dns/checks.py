"""What the API would refuse of a record, beside its rdata, and of records under one name.

Checked before anything is sent. Limits by plan: a TTL of 30 seconds is for Enterprise; comments have 100
characters on Free and 500 elsewhere; Free has no tags, the others 20 a record
(developers.cloudflare.com/dns/manage-dns-records/reference).
"""

from __future__ import annotations

import re
from collections import defaultdict
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import Conflict, ValidationError
from ops.products.dns.entries import raise_all
from ops.products.dns.names import name_of
from ops.products.dns.rdata import PROXIABLE, TYPES, rdata_key
from ops.products.dns.record import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ops.items import Json

AUTOMATIC = 1
LONGEST_TTL = 86400
_TAG = re.compile(r"[A-Za-z0-9_-]{1,32}(:[^\r\n]{0,100})?")
# What cannot be reached from Cloudflare: error 9003.
_PRIVATE = tuple(
    ip_network(one)
    for one in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10"),
    )
)


class Limits(NamedTuple):
    """What the plan of a zone allows: the least TTL beside automatic, characters of a comment, and tags."""

    ttl: int = 60
    comment: int = 500
    tags: int = 20


_LIMITS = {"free": Limits(comment=100, tags=0), "enterprise": Limits(ttl=30), "": Limits(ttl=30)}


def plan_of(zone: Json) -> str:
    """Return the zone's plan in Cloudflare's word, "" where the API does not say."""
    return str((zone.get("plan") or {}).get("legacy_id") or "")


def limits(zone: Json) -> Limits:
    """Return the limits of records in *zone*, the widest where its plan is not known."""
    return _LIMITS.get(plan_of(zone), Limits())


def check(record: Json, zone: Json, fields: Iterable[str] = ()) -> None:
    """Raise ValidationError where one of *fields*, or any, of *record* is not allowed in *zone*."""
    raise_all(ValidationError(problem, hint=hint) for _, problem, hint in problems(record, zone, fields))


def problems(record: Json, zone: Json, fields: Iterable[str] = ()) -> Iterator[tuple[str, str, str]]:
    """Yield what is not allowed in *zone* of *fields*, or of any, of *record*: the field, why, and a hint."""
    wanted = set(fields) or {"content", "ttl", "proxied", "comment", "tags"}
    type, name, content = record["type"], record["name"], record.get("content", "")
    if wanted & {"content", "data", "name"}:
        if type == "CNAME" and name_of({"name": content}) == name_of(record):
            hint = "point it to another name, or make it an A"
            yield "content", f"the CNAME {name} points to itself", hint
        if type in ("CNAME", "NS", "PTR") and content == ".":
            yield "content", f"the {type} {name} points to the root", "`.` is for MX and SRV: no service"
    if wanted & {"proxied", "type", "content"} and record.get("proxied"):
        yield from _proxied_problems(record)
    if wanted & {"ttl", "proxied"}:
        yield from _ttl_problems(record, zone)
    if "comment" in wanted:
        yield from _comment_problems(record.get("comment"), limits(zone).comment)
    if "tags" in wanted:
        yield from _tag_problems(record.get("tags") or [], limits(zone).tags)


def _comment_problems(comment: Any, most: int) -> Iterator[tuple[str, str, str]]:
    if comment is None:
        return
    if not isinstance(comment, str) or "\n" in comment or "\r" in comment:
        yield "comment", "a comment is one line of text", "remove the line break"
    elif len(comment) > most:
        hint = f"at most {most} are allowed in this zone"
        yield "comment", f"the comment has {len(comment)} characters", hint


def _tag_problems(tags: Any, most: int) -> Iterator[tuple[str, str, str]]:
    if not isinstance(tags, list) or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
        hint = "name:value, e.g. team:web; names of letters, digits, `-` and `_`, at most 32, values 100"
        yield "tags", f"{tags!r} is not a list of tags", hint
    elif len(tags) > most:
        hint = f"at most {most} are allowed on a record"
        hint = hint if most else "a zone on the Free plan has no tags"
        yield "tags", f"{len(tags)} tags are too many", hint


def check_type(type: str) -> None:
    """Raise ValidationError for a type that Cloudflare does not support."""
    if type not in TYPES:
        raise unknown_type(type)


def unknown_type(type: str) -> ValidationError:
    """Return the error for a type that Cloudflare does not have, or nobody has."""
    return ValidationError(
        f"Cloudflare has no records of the type {type!r}{did_you_mean(type, TYPES)}",
        hint=f"one of {', '.join(TYPES)}",
    )


def _proxied_problems(record: Json) -> Iterator[tuple[str, str, str]]:
    if record["type"] not in PROXIABLE:
        hint = f"only {', '.join(PROXIABLE)} can; leave --proxied out"
        yield "proxied", f"a {record['type']} record cannot be proxied", hint
    if record["type"] not in ("A", "AAAA") or record.get("private_routing"):
        return
    try:
        address = ip_address(record.get("content", ""))
    except ValueError:
        return
    address = getattr(address, "ipv4_mapped", None) or address
    if any(address in network for network in _PRIVATE if network.version == address.version):
        hint = "Cloudflare does not reach it; use a public address, or --proxied no"
        name, content = record["name"], record["content"]
        yield "proxied", f"{name} cannot be proxied to {content}, a private address", hint


def fitted_ttl(ttl: int, zone: Json) -> int:
    """Return the TTL nearest to *ttl* that *zone* allows."""
    return ttl if ttl == AUTOMATIC else min(max(ttl, limits(zone).ttl), LONGEST_TTL)


def _ttl_problems(record: Json, zone: Json) -> Iterator[tuple[str, str, str]]:
    ttl, name = record.get("ttl", AUTOMATIC), record["name"]
    if isinstance(ttl, bool) or not isinstance(ttl, int) or fitted_ttl(ttl, zone) != ttl:
        bounds = f"1 for automatic, or {limits(zone).ttl} to {LONGEST_TTL} seconds in this zone"
        hint = f"{bounds}; for a file, --fit-ttl uses the nearest"
        yield "ttl", f"the TTL {ttl} of {name} is out of range", hint
    elif record.get("proxied") and ttl != AUTOMATIC:
        what = f"{name} is proxied, so its TTL is automatic and cannot be {ttl}"
        yield "ttl", what, "leave --ttl out, or use --proxied no"


def fitted(record: Json, zone: Json) -> tuple[Json, list[str]]:
    """Return *record* without the tags and the comment that *zone* does not allow, and what is left out."""
    # A record of a snapshot or an undo may be older than the plan.
    tags, comment = record.get("tags"), record.get("comment")
    lost = ["tags"] if isinstance(tags, list) and len(tags) > limits(zone).tags else []
    lost += ["comment"] if isinstance(comment, str) and len(comment) > limits(zone).comment else []
    return {name: one for name, one in record.items() if name not in lost} if lost else record, lost


def check_together(records: Iterable[Json], zone: str) -> None:
    """Raise Conflict where *records*, all of *zone*, may not exist under one name."""
    raise_all(error for error, _ in conflicts(records, zone))


def conflicts(records: Iterable[Json], zone: str) -> Iterator[tuple[Conflict, list[Json]]]:
    """Yield what DNS does not allow of *records*, all of *zone*, and the records of that name."""
    names: dict[str, list[Json]] = defaultdict(list)
    for record in records:
        names[name_of(record)].append(record)
    for name, together in names.items():
        aliases = {rdata_key(record) for record in together if record["type"] == "CNAME"}
        types = {str(record["type"]) for record in together}
        if len(aliases) > 1:
            problem = "two CNAMEs of different targets"
        elif aliases and types & {"A", "AAAA"}:
            problem = f"a CNAME beside {' and '.join(sorted(types & {'A', 'AAAA'}))}"
        elif "NS" in types and types - {"NS", "DS"} and name != zone:
            # DS records belong to the NS records of a delegation.
            *before, last = sorted(types - {"NS", "DS"})
            problem = "NS beside " + " and ".join(filter(None, (", ".join(before), last)))
        else:
            continue
        hint = (
            f"`inv dns.list --zone {zone} --name {name}` shows what exists; delete it "
            "first, or replace it in one transaction with `inv dns.apply`"
        )
        yield Conflict(f"{name} would have {problem}, which DNS does not allow", hint=hint), together
