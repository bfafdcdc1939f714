"""What the API would refuse of a record beside its content: checked before anything is sent.

Limits by plan: a TTL of 30 seconds is Enterprise's; comments have 100 characters on Free and 500 elsewhere;
Free has no tags, the others 20 a record (developers.cloudflare.com/dns/manage-dns-records/reference).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ops.errors import ValidationError
from ops.products.dns.content import PROXIABLE, TYPES
from ops.products.dns.names import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.kinds.resource import Json

AUTOMATIC = 1
LONGEST_TTL = 86400
MOST_TAGS = 20
_TAG = re.compile(r"[A-Za-z0-9_-]{1,32}(:[^\r\n]{0,100})?")


def check(record: Json, zone: Json, fields: Iterable[str] = ()) -> None:
    """Raise ValidationError where one of *fields*, or any, of *record* cannot be so in *zone*."""
    wanted = set(fields) or {"content", "ttl", "proxied", "comment", "tags"}
    if wanted & {"content", "data", "name"}:
        _check_pointer(record)
    if wanted & {"proxied", "type"}:
        _check_proxied(record)
    if wanted & {"ttl", "proxied"}:
        _check_ttl(record, zone)
    if "comment" in wanted:
        _check_comment(record.get("comment"), zone)
    if "tags" in wanted:
        _check_tags(record.get("tags") or [], zone)


def check_type(type: str) -> None:
    """Raise ValidationError for a type of which the API has no records."""
    if type not in TYPES:
        from difflib import get_close_matches

        near = get_close_matches(type, TYPES, n=1)
        meant = f"; did you mean {near[0]}?" if near else ""
        raise ValidationError(
            f"there are no records of the type {type!r}{meant}", hint=f"one of {', '.join(TYPES)}"
        )


def _check_pointer(record: Json) -> None:
    if record["type"] == "CNAME" and str(record.get("content", "")).lower() == name_of(record):
        raise ValidationError(
            f"the CNAME {record['name']} points to itself", hint="point it to another name, or make it an A"
        )


def _check_proxied(record: Json) -> None:
    if record.get("proxied") and record["type"] not in PROXIABLE:
        raise ValidationError(
            f"a {record['type']} record cannot be proxied",
            hint=f"only {', '.join(PROXIABLE)} can; leave --proxied away",
        )


def _check_ttl(record: Json, zone: Json) -> None:
    ttl, least = record.get("ttl", AUTOMATIC), 30 if plan(zone) in ("enterprise", "") else 60
    if not _number(ttl) or not (ttl == AUTOMATIC or least <= ttl <= LONGEST_TTL):
        raise ValidationError(
            f"the TTL {ttl} of {record['name']} is out of range",
            hint=f"1 for automatic, or {least} to {LONGEST_TTL} seconds in this zone",
        )
    if record.get("proxied") and ttl != AUTOMATIC:
        raise ValidationError(
            f"{record['name']} is proxied, so its TTL is automatic and cannot be {ttl}",
            hint="leave --ttl away, or give --proxied no",
        )


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_comment(comment: Any, zone: Json) -> None:
    most = 100 if plan(zone) == "free" else 500
    if comment is None:
        return
    if not isinstance(comment, str) or "\n" in comment or "\r" in comment:
        raise ValidationError("a comment is one line of text", hint="leave the line break away")
    if len(comment) > most:
        raise ValidationError(
            f"the comment has {len(comment)} characters", hint=f"{most} are the most in this zone"
        )


def _check_tags(tags: Any, zone: Json) -> None:
    if not isinstance(tags, list) or not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
        raise ValidationError(
            f"{tags!r} are no tags",
            hint="name:value, e.g. team:web; names of letters, digits, `-` and `_`, at most 32, values 100",
        )
    most = 0 if plan(zone) == "free" else MOST_TAGS
    if len(tags) > most:
        told = f"{most} are the most on a record" if most else "a zone on the Free plan has none"
        raise ValidationError(f"{len(tags)} tags are too many", hint=told)


def plan(zone: Json) -> str:
    """Give the zone's plan in Cloudflare's word, "" where the API does not tell."""
    return str((zone.get("plan") or {}).get("legacy_id") or "")
