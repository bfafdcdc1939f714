"""Records compared, merged and made fit to send: what two of them mean counts, not how it is spelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.errors import OpsError
from ops.items import without
from ops.products.dns.names import name_of
from ops.products.dns.rdata import FIELDS, PROXIABLE, RDATA, TYPES, WITH_PRIORITY, rdata_key, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.items import Json

# `zone_id`, `zone_name` and `locked` came with records until January 2025.
VOLATILE = ("id", "created_on", "modified_on", "comment_modified_on", "tags_modified_on", "meta")
READ_ONLY = (*VOLATILE, "proxiable", "zone_id", "zone_name", "locked")
DEFAULTS: Json = {"ttl": 1, "proxied": False, "comment": None, "tags": [], "settings": {}}
YES_NO = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


def full(record: Json) -> Json:
    """Return *record* with the defaults of what it lacks."""
    return {**DEFAULTS, **record}


def value(record: Json, field: str) -> Any:
    """Return *field* of *record* in the form in which it is compared."""
    found = record.get(field, DEFAULTS.get(field))
    if field == "name":
        return name_of(record)
    if field == "ttl":
        return 1 if record.get("proxied") else found
    if field == "tags":
        # A tag's name has no case, and `name:` is `name`.
        parts = [str(tag).partition(":") for tag in found] if isinstance(found, list) else []
        return sorted(f"{name.lower()}{colon}{text}".removesuffix(":") for name, colon, text in parts)
    if field == "settings":
        return {name: one for name, one in found.items() if one} if isinstance(found, dict) else {}
    return found or DEFAULTS.get(field)


def canonical(record: Json) -> Json:
    """Return *record* with the content that its `data` means, and without a repeated priority."""
    # The API derives the content in a form of its own, which may change.
    data = record.get("data")
    if record.get("type") not in FIELDS or not isinstance(data, dict) or not data:
        return record
    try:
        record = {**record, "content": text_of(record)}
    except OpsError:
        return record
    return without(record, ("priority",)) if "priority" in data else record


def key(record: Json) -> tuple[str, str]:
    """Return name and type, which the records of one set have in common."""
    return name_of(record), str(record["type"])


def same_rdata(one: Json, other: Json) -> bool:
    """True if the two records are of one type and mean the same."""
    return bool(one["type"] == other["type"]) and rdata_key(one) == rdata_key(other)


def merged(live: Json, wanted: Json, fields: Iterable[str]) -> Json:
    """Return *live* with the *fields* in which *wanted* differs; the rest keeps its spelling."""
    result = dict(live)
    for field in fields:
        if field in RDATA or value(live, field) == value(wanted, field):
            continue
        result[field] = wanted.get(field, DEFAULTS.get(field))
    if result.get("proxied"):
        result["ttl"] = 1
    if set(RDATA).isdisjoint(fields) or rdata_key(live) == rdata_key(wanted):
        return result
    new = {field: wanted[field] for field in RDATA if field in wanted}
    inside = (new.get("data") or {}).get("priority")
    # The API repeats beside `data` the priority that is in it.
    repeated = {"priority": inside} if "priority" in live and inside is not None else {}
    return without(result, RDATA) | new | repeated


def spelled_like(found: Json, item: Json) -> Json:
    """Return *found* in the spelling of *item* wherever both mean the same."""
    result = dict(found)
    for field in ("name", *DEFAULTS):
        if value(found, field) == value(item, field):
            result.pop(field, None)
            result |= {field: item[field]} if field in item else {}
    if rdata_key(found) == rdata_key(item):
        result = without(result, RDATA) | {field: item[field] for field in RDATA if field in item}
    return result


def body(record: Json) -> Json:
    """Return what is sent to create *record*, or to replace another with it."""
    # Fields that are not known here are sent as they came: they may be newer than this program.
    sent = without(record, (*READ_ONLY, *_derived(record)))
    return {name: one for name, one in sent.items() if one is not None and one not in ("", [], {})}


def _derived(record: Json) -> tuple[str, ...]:
    """Return the fields that a record of this type shows but does not accept."""
    type = record["type"]
    content = ("content",) if type in FIELDS and record.get("data") else ()
    if type not in TYPES:
        return content
    priority = () if type in WITH_PRIORITY else ("priority",)
    return (*content, *priority, *(() if type in PROXIABLE else ("proxied",)))


def patch(before: Json, after: Json) -> Json | None:
    """Return the fields that turn *before* into *after*; None where only a replacement of the record does."""
    # A field that goes away, and the old type, can only be left out of a whole record.
    hidden = (*READ_ONLY, *_derived(after))
    old, new = without(before, hidden), without(after, hidden)
    lost = old.keys() - new.keys() or (old.get("settings") or {}).keys() - (new.get("settings") or {}).keys()
    # Another modification time: *after* is from a snapshot, not *before* with other fields.
    foreign = "modified_on" not in before or before["modified_on"] != after.get("modified_on")
    if lost or foreign or before["type"] != after["type"]:
        return None
    changed = {field: one for field, one in new.items() if old.get(field) != one}
    return {field: "" if one is None else one for field, one in changed.items()}


def managed(record: Json) -> bool:
    """True if another product of Cloudflare manages *record*, and deletes it with what it belongs to."""
    meta = record.get("meta")
    return isinstance(meta, dict) and bool(meta.get("read_only"))


def excludes(one: Json, type: str) -> bool:
    """True if *one* is managed by Cloudflare, and a record of *type* under its name would double it."""
    together = PROXIABLE if type in PROXIABLE else ("MX",)
    return managed(one) and type in together and one["type"] in together


def did_you_mean(word: Any, words: Iterable[str]) -> str:
    """Return the end of a sentence that suggests the nearest of *words*; "" where none is near."""
    from difflib import get_close_matches

    near = get_close_matches(str(word), [*words], n=1)
    return f"; did you mean {near[0]}?" if near else ""
