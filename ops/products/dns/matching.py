"""Matching: which live record a record of a file is, within one name and type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.products.dns.rdata import NUMBERS, PLAIN, lacks_priority, priority_of, rdata_key
from ops.products.dns.record import managed

if TYPE_CHECKING:
    from ops.items import Json
    from ops.products.dns.entries import FileRecord

Pairs = list[tuple["Json", "FileRecord"]]


class Match(NamedTuple):
    """Pairs, what only exists, what only is wanted, and what the file has again, with the first of it."""

    pairs: Pairs
    gone: list[Json]
    new: list[FileRecord]
    again: list[tuple[FileRecord, FileRecord]]


def match(live: list[Json], wanted: list[FileRecord], *, alone: bool) -> Match:
    """Match the records of one set. *alone*: what is not wanted is deleted, so it can become what is."""
    wanted = [_with_priority(entry, live) for entry in wanted]
    pairs: Pairs = []
    for by in (spelling, rdata_key, _id):
        found, live, wanted = _paired(live, wanted, by)
        pairs += found
    seen = {rdata_key(entry.record): entry for _, entry in pairs} if wanted else {}
    new, again = [], []
    for entry in wanted:
        first = seen.setdefault(rdata_key(entry.record), entry)
        if first is entry:
            new.append(entry)
        else:
            again.append((entry, first))
    if alone:
        ours = [record for record in live if not managed(record)]
        rest = list(zip(ours, new, strict=False))
        live = [record for record in live if managed(record)] + ours[len(rest) :]
        pairs, new = pairs + rest, new[len(rest) :]
    return Match(pairs, live, new, again)


def _paired(
    live: list[Json], wanted: list[FileRecord], by: Callable[[Json], Any]
) -> tuple[Pairs, list[Json], list[FileRecord]]:
    places: dict[Any, list[int]] = defaultdict(list)
    for place, record in enumerate(live) if wanted else ():
        places[by(record)].append(place)
    pairs, left, used = [], [], set()
    for entry in wanted:
        sought = by(entry.record)
        same = places.get(sought) if sought is not None else None
        if same:
            used.add(same[0])
            pairs.append((live[same.pop(0)], entry))
        else:
            left.append(entry)
    return pairs, [record for place, record in enumerate(live) if place not in used], left


def spelling(record: Json) -> tuple[Any, Any] | None:
    """Return the rdata as it is spelled: comparing it is cheap, and settles most of a large zone."""
    if record["type"] not in PLAIN:
        return None
    return record.get("content"), record.get("priority")


def _id(record: Json) -> Any:
    return record.get("id")


def _with_priority(entry: FileRecord, live: list[Json]) -> FileRecord:
    """Return *entry* with the priority of the live record that it is: a CSV may have no column for it."""
    record = entry.record
    needs = record["type"] in NUMBERS and not record.get("data") and priority_of(record) is None
    if not needs or not lacks_priority(str(record["type"]), str(record.get("content") or "")):
        return entry
    same = [one for one in live if _is(record, one)]
    return entry._replace(record={**record, "priority": priority_of(same[0])}) if len(same) == 1 else entry


def _is(record: Json, one: Json) -> bool:
    if record.get("id"):
        return bool(record["id"] == one.get("id"))
    return rdata_key({**record, "priority": priority_of(one)}) == rdata_key(one)
