"""A plan: what makes a zone into what a file says.

Records are matched within one name and type: first those that say the same, then by their ids, and what is
left over is changed rather than deleted and created, so that it keeps its id. A change never takes a content
that another record still has, so the changes of one transaction cannot run into each other. What Cloudflare
keeps by itself, such as the record of a Worker's custom domain, is neither changed nor deleted.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import OpsError, ValidationError
from ops.kinds.change import CREATE, DELETE, UNCHANGED, UPDATE, Change, comparable
from ops.products.dns import valid
from ops.products.dns.conflicts import check_together
from ops.products.dns.content import PLAIN, TYPES, WITH_PRIORITY, text_of
from ops.products.dns.entries import Entry
from ops.products.dns.names import name_of
from ops.products.dns.packing import packed
from ops.products.dns.rdata import essence, fields_of
from ops.products.dns.record import SAYS, full, key, managed, merged
from ops.products.dns.resources import RECORDS

if TYPE_CHECKING:
    from ops.kinds.resource import Json, Owner

Set = tuple[str, str]


class Plan(NamedTuple):
    """Changes in the order in which they are made, and what stays as it is.

    *total* counts the records of the zone, *other* those that an import found with other settings.
    """

    changes: list[Change]
    unchanged: int
    total: int
    other: int = 0


def plan(zone: Owner, live: list[Json], entries: Iterable[Entry], *, keep: bool = False) -> Plan:
    """Give what makes *live* into what *entries* say.

    What the file does not have is deleted, but for the NS of the zone itself and what Cloudflare keeps by
    itself; with *keep* it stays. Raises
    ValidationError with the place in the file, Conflict where records could not stand together.
    """
    changes = list(_changes(zone, live, _by_set(entries), keep=keep))
    _check(changes, zone.item["name"])
    moving = [change for change in changes if change.action != UNCHANGED]
    return Plan(packed(moving), len(changes) - len(moving), len(live))


def addition(zone: Owner, live: list[Json], entries: Iterable[Entry]) -> Plan:
    """Give what adds to *live* the records that are missing; what is there stays exactly as it is."""
    found = plan(zone, live, entries, keep=True)
    created = [change for change in found.changes if change.action == CREATE]
    return Plan(created, found.unchanged, found.total, len(found.changes) - len(created))


def state(live: Iterable[Json]) -> str:
    """Give the hash of a zone's records: it is another when one of them is, or was made anew."""
    lines = sorted(
        json.dumps({"id": record.get("id"), **comparable(RECORDS, record)}, sort_keys=True) for record in live
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _by_set(entries: Iterable[Entry]) -> dict[Set, list[Entry]]:
    sets: dict[Set, list[Entry]] = defaultdict(list)
    for entry in entries:
        sets[key(entry.record)].append(entry)
    return sets


def _changes(
    zone: Owner, live: list[Json], wanted: dict[Set, list[Entry]], *, keep: bool
) -> Iterator[Change]:
    standing: dict[Set, list[Json]] = defaultdict(list)
    for record in live:
        standing[key(record)].append(record)
    for one in sorted({*standing, *wanted}):
        pairs, gone, new = matched(
            standing.get(one, []), wanted.get(one, []), alone=not keep or one[1] == "CNAME"
        )
        for record, entry in pairs:
            yield Change(RECORDS, zone, record, _updated(zone.item, record, entry))
        for record in gone:
            kept = keep or one == (zone.item["name"], "NS") or managed(record)
            yield Change(RECORDS, zone, record, record if kept else None)
        for entry in new:
            yield Change(RECORDS, zone, None, _created(zone.item, entry))


def matched(
    live: list[Json], wanted: list[Entry], *, alone: bool
) -> tuple[list[tuple[Json, Entry]], list[Json], list[Entry]]:
    """Pair the records of one set; give the pairs, what only stands, and what only is wanted.

    *alone* says that what stands and is not wanted goes, so that it can become what is wanted.
    """
    wanted = [_with_priority(entry, live) for entry in wanted]
    pairs: list[tuple[Json, Entry]] = []
    for by in (_spelling, essence, _id):
        found, live, wanted = _paired(live, wanted, by)
        pairs += found
    _refuse_twice(wanted, pairs)
    if alone:
        ours = [record for record in live if not managed(record)]
        rest = list(zip(ours, wanted, strict=False))
        live = [record for record in live if managed(record)] + ours[len(rest) :]
        pairs, wanted = pairs + rest, wanted[len(rest) :]
    return pairs, live, wanted


def _paired(
    live: list[Json], wanted: list[Entry], by: Callable[[Json], Any]
) -> tuple[list[tuple[Json, Entry]], list[Json], list[Entry]]:
    places: dict[Any, list[int]] = defaultdict(list)
    for place, record in enumerate(live) if wanted else ():
        places[by(record)].append(place)
    pairs, left, used = [], [], set()
    for entry in wanted:
        said = by(entry.record)
        same = places.get(said) if said is not None else None
        if same:
            used.add(same[0])
            pairs.append((live[same.pop(0)], entry))
        else:
            left.append(entry)
    return pairs, [record for place, record in enumerate(live) if place not in used], left


def _spelling(record: Json) -> tuple[Any, Any] | None:
    """Give what a record says as it stands: comparing it is cheap, and settles most of a large zone."""
    if record["type"] not in PLAIN:
        return None
    return record.get("content"), record.get("priority")


def _spelt_alike(one: Json, other: Json) -> bool:
    return _spelling(one) is not None and _spelling(one) == _spelling(other)


def _id(record: Json) -> Any:
    return record.get("id")


def _with_priority(entry: Entry, live: list[Json]) -> Entry:
    """Give *entry* with the priority of the record it means: a list as CSV has no column for it."""
    record = entry.record
    if record["type"] not in WITH_PRIORITY or "priority" in record:
        return entry
    meant = [one for one in live if _means(record, one)]
    return (
        entry._replace(record={**record, "priority": meant[0].get("priority")}) if len(meant) == 1 else entry
    )


def _means(record: Json, one: Json) -> bool:
    if record.get("id"):
        return bool(record["id"] == one.get("id"))
    return essence({**record, "priority": one.get("priority")}) == essence(one)


def _refuse_twice(wanted: list[Entry], pairs: list[tuple[Json, Entry]]) -> None:
    seen = {essence(entry.record): entry for _, entry in pairs} if wanted else {}
    for entry in wanted:
        first = seen.setdefault(essence(entry.record), entry)
        if first is not entry:
            told = (
                f"this {entry.record['type']} record {entry.record['name']} stands at {first.place} as well"
            )
            raise entry.refused(ValidationError(told, hint="leave one of them away"))


def _created(zone: Json, entry: Entry) -> Json:
    try:
        record = full({f: one for f, one in _parsed(entry.record).items() if f != "id"})
        valid.check(record, zone)
    except OpsError as error:
        raise entry.refused(error) from None
    return record


def _updated(zone: Json, live: Json, entry: Entry) -> Json:
    try:
        differs = not _spelt_alike(live, entry.record) and essence(live) != essence(entry.record)
        wanted = _parsed(entry.record) if differs else entry.record
        fields = [f for f in wanted if f not in ("id", "name", "type", *(() if differs else SAYS))]
        after = merged(live, wanted, fields)
        changed = [field for field in after if after[field] != live.get(field)]
        if changed:
            valid.check(after, zone, changed)
    except OpsError as error:
        raise entry.refused(error) from None
    return after


def _parsed(record: Json) -> Json:
    """Give *record* with what it says as the API takes it; a type that is not known here stays as it is."""
    if record["type"] not in TYPES:
        return record
    kept = {field: one for field, one in record.items() if field not in SAYS}
    return kept | fields_of(str(record["type"]), text_of(record))


def _check(changes: list[Change], zone: str) -> None:
    """Look at the names where something is created: what stands there already was taken by the API."""
    names = {name_of(change.item) for change in changes if change.action == CREATE}
    check_together((c.after for c in changes if c.after and name_of(c.after) in names), zone)


def counted(plan: Plan) -> str:
    """Give how many records are changed in each way, and how many are not, in words."""
    counts = Counter(change.action for change in plan.changes)
    words = ((CREATE, "to create"), (UPDATE, "to update"), (DELETE, "to delete"))
    told = [f"{counts[action]} {word}" for action, word in words if counts[action]] or ["nothing to do"]
    return ", ".join((*told, f"{plan.unchanged} unchanged"))
