"""Records compared, merged and made fit to send: what two of them say counts, not how it is spelt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.kinds.change import without
from ops.products.dns.content import FIELDS, PROXIABLE, TYPES, WITH_PRIORITY
from ops.products.dns.names import name_of
from ops.products.dns.rdata import essence

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.kinds.resource import Json

# `zone_id`, `zone_name` and `locked` came with records until January 2025.
READ_ONLY = (
    *("id", "created_on", "modified_on", "comment_modified_on", "tags_modified_on", "meta", "proxiable"),
    *("zone_id", "zone_name", "locked"),
)
# What a record says, in up to three fields that only mean something together.
SAYS = ("content", "data", "priority")
DEFAULTS: Json = {"ttl": 1, "proxied": False, "comment": None, "tags": [], "settings": {}}


def full(record: Json) -> Json:
    """Give *record* with the defaults of what it leaves out."""
    return {**DEFAULTS, **record}


def value(record: Json, field: str) -> Any:
    """Give *field* of *record* in the form in which it can be compared."""
    found = record.get(field, DEFAULTS.get(field))
    if field == "name":
        return name_of(record)
    if field == "ttl":
        return 1 if record.get("proxied") else found
    if field == "tags":
        return sorted(str(tag) for tag in found or ())
    if field == "settings":
        return {name: one for name, one in (found or {}).items() if one}
    return found or DEFAULTS.get(field)


def key(record: Json) -> tuple[str, str]:
    """Give name and type: what the records of one set have in common."""
    return name_of(record), str(record["type"])


def merged(live: Json, wanted: Json, fields: Iterable[str]) -> Json:
    """Give *live* with the *fields* in which *wanted* says something else; the rest stays as it is spelt."""
    result = dict(live)
    for field in fields:
        if field in SAYS or value(live, field) == value(wanted, field):
            continue
        result[field] = wanted.get(field, DEFAULTS.get(field))
    if result.get("proxied"):
        result["ttl"] = 1
    if set(SAYS).isdisjoint(fields) or essence(live) == essence(wanted):
        return result
    return without(result, SAYS) | _said(live, wanted)


def _said(live: Json, wanted: Json) -> Json:
    """Give what *wanted* says; the API repeats the priority that stands in `data`, and so do we."""
    said = {field: wanted[field] for field in SAYS if field in wanted}
    inside = (said.get("data") or {}).get("priority")
    return said | ({"priority": inside} if "priority" in live and inside is not None else {})


def spelt_like(found: Json, item: Json) -> Json:
    """Give *found* in the spelling of *item* wherever both say the same."""
    result = dict(found)
    for field in ("name", *DEFAULTS):
        if value(found, field) == value(item, field):
            result.pop(field, None)
            result |= {field: item[field]} if field in item else {}
    if essence(found) == essence(item):
        result = without(result, SAYS) | {field: item[field] for field in SAYS if field in item}
    return result


def body(record: Json) -> Json:
    """Give what is sent to create *record*, or to put it in the place of another.

    Fields that are not known here are sent as they came: they may be newer than this program.
    """
    sent = without(record, (*READ_ONLY, *_derived(record)))
    return {name: one for name, one in sent.items() if one is not None and one not in ("", [], {})}


def _derived(record: Json) -> tuple[str, ...]:
    """Name the fields that a record of this type shows but does not take."""
    type = record["type"]
    structured = type in FIELDS and "data" in record
    content = ("content",) if structured else ()
    if type not in TYPES:
        return content
    priority = () if type in WITH_PRIORITY else ("priority",)
    return (*content, *priority, *(() if type in PROXIABLE else ("proxied",)))


def patch(before: Json, after: Json) -> Json | None:
    """Give the fields that make *before* into *after*; None where only replacing the whole record does.

    A field that goes away can only be left out of a whole record, and so can the old type.
    """
    hidden = (*READ_ONLY, *_derived(after))
    old, new = without(before, hidden), without(after, hidden)
    lost = old.keys() - new.keys() or (old.get("settings") or {}).keys() - (new.get("settings") or {}).keys()
    if lost or before["type"] != after["type"] or not made_from(before, after):
        return None
    changed = {field: one for field, one in new.items() if old.get(field) != one}
    return {field: "" if one is None else one for field, one in changed.items()}


def made_from(before: Json, after: Json) -> bool:
    """Say whether *after* is *before* with other fields, rather than a record of another time."""
    return "modified_on" in before and before["modified_on"] == after.get("modified_on")


def managed(record: Json) -> bool:
    """Say whether another product of Cloudflare keeps *record*, and takes it away with what it stands for."""
    meta = record.get("meta")
    return isinstance(meta, dict) and bool(meta.get("read_only"))
