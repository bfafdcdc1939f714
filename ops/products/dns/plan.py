"""A plan: the changes that turn a zone into what a file describes.

Records are matched within one name and type: first those with the same rdata, then by their ids, and what is
left over is updated rather than deleted and created, so that it keeps its id. An update never takes the
rdata that another record still has, so the changes of one transaction cannot collide. What Cloudflare
manages, such as the record of a Worker's custom domain, is neither changed, doubled nor deleted.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import dns.rdatatype

from ops.errors import Conflict, OpsError, ValidationError
from ops.items import Json, without
from ops.kinds.resource import CREATE, DELETE, UNCHANGED, UPDATE, Change, comparable
from ops.products.dns import checks, rdata
from ops.products.dns.entries import (
    KNOWN,
    SETTABLE,
    FileRecord,
    Problem,
    RecordFile,
    listed,
    raise_all,
    refuse_contradiction,
    unsupported,
)
from ops.products.dns.names import absolute_host, name_of
from ops.products.dns.record import READ_ONLY, did_you_mean, excludes, full, key, managed, merged, value
from ops.products.dns.resources import RECORDS
from ops.products.dns.writes import BATCH

if TYPE_CHECKING:
    from ops.kinds.resource import Owner

Set = tuple[str, str]
Pair = tuple[Json | None, FileRecord]


class Plan(NamedTuple):
    """Changes in the order in which they are made, and what stays as it is.

    *unchanged* counts the records that are equal on both sides, *total* those of the zone, *kept* those of
    the zone alone that stay, *different* those that an import found with other settings; *notes* are for the
    user.
    """

    changes: list[Change]
    unchanged: int
    total: int
    different: int = 0
    kept: int = 0
    notes: tuple[str, ...] = ()


def plan(
    zone: Owner, live: list[Json], file: RecordFile, *, keep: bool = False, strict: bool = False
) -> Plan:
    """Return the plan that turns *live* into the records of *file*.

    What the file lacks is deleted, except the NS of the zone itself and what Cloudflare manages; with *keep*
    it stays. What cannot be in the zone is skipped with a note, or refused if *strict*. Raises
    ValidationError with all errors and their places in the file; Conflict if all of them are conflicts.
    """
    return _Planning(zone, live, file, keep=keep, strict=strict).plan()


def addition(zone: Owner, live: list[Json], file: RecordFile, *, strict: bool = False) -> Plan:
    """Return the plan that adds to *live* the records that are missing; existing ones stay as they are."""
    found = plan(zone, live, file, keep=True, strict=strict)
    created = [change for change in found.changes if change.action == CREATE]
    return found._replace(changes=created, different=len(found.changes) - len(created))


def state(live: Iterable[Json]) -> str:
    """Return the hash of a zone's records: it changes with any of them, and when one is created again."""
    lines = sorted(
        json.dumps({"id": record.get("id"), **comparable(RECORDS, record)}, sort_keys=True) for record in live
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


class _Planning:
    """One comparison of a zone with a file: collects the changes, all errors, and notes."""

    def __init__(self, zone: Owner, live: list[Json], file: RecordFile, *, keep: bool, strict: bool) -> None:
        self.zone, self.live, self.file, self.keep, self.strict = zone, live, file, keep, strict
        self.name: str = zone.item["name"]
        self.errors: list[Problem] = [("", error) for error in file.errors]
        self.skipped = list(file.skipped)
        self.left_alone: list[str] = []
        self.kept = 0
        # Where in the file a record of a change comes from, by its id().
        self.places: dict[int, str] = {}
        # Records with errors that other ones may be in conflict with.
        self.refused: list[Json] = []
        self.fields = {*KNOWN, *(field for record in live for field in record)}
        self.types = {*rdata.TYPES, *(str(record["type"]) for record in live)}
        self.by_id = {str(record.get("id")): record for record in live}
        self.as_exported: set[str] = set()
        self.managed: dict[str, list[Json]] = defaultdict(list)
        for record in live:
            if managed(record):
                self.managed[name_of(record)].append(record)

    def plan(self) -> Plan:
        wanted: dict[Set, list[FileRecord]] = defaultdict(list)
        for record in self.file.records:
            if self._usable(record):
                wanted[key(record.record)].append(record)
        changes = list(self._changes(wanted))
        # What exists already was accepted by the API, so only names with something new are checked.
        new = [*(change.item for change in changes if change.action == CREATE), *self.refused]
        names = {name_of(record) for record in new}
        after = [change.after for change in changes if change.after and name_of(change.after) in names]
        for conflict, together in checks.conflicts((*after, *self.refused), self.name):
            found = {self.places[id(one)] for one in together if id(one) in self.places}
            places = sorted(found, key=lambda place: [*map(int, re.findall(r"\d+", place))])
            at = f" ({('; ' if ',' in places[0] else ', ').join(places)})" if len(places) > 1 else ""
            self._refuse(FileRecord(places[-1], {}), Conflict(conflict.message + at, hint=conflict.hint))
        raise_all((*(e for _, e in self.errors), *(self.skipped if self.strict else ())), self.file.name)
        moving = [change for change in changes if change.action != UNCHANGED]
        notes = [*self.file.notes, *(f"skipped: {line}" for line in listed(self.skipped))]
        if self.left_alone:
            left_alone = ", ".join(dict.fromkeys(self.left_alone))
            notes.append(f"left alone, because Cloudflare manages it: {left_alone}")
        equal = len(changes) - len(moving) - self.kept
        return Plan(packed(moving), equal, len(self.live), kept=self.kept, notes=tuple(notes))

    def _refuse(self, entry: FileRecord, error: OpsError, field: str = "") -> None:
        self.errors.append((field, entry.refused(error, field)))

    def _usable(self, entry: FileRecord) -> bool:
        """True if *entry* can be compared; else its errors are kept, or it is skipped."""
        record, wrong = entry.record, {field for field, _ in entry.errors}
        if entry.raw is not None:
            # As exported, whatever the API sent is right.
            if self.by_id.get(str(record["id"])) == entry.raw:
                self.as_exported.add(str(record["id"]))
                return False
            self.errors += entry.errors
        if record["type"] not in self.types and "id" not in record and "type" not in wrong:
            try:
                dns.rdatatype.from_text(record["type"])
            except (dns.rdatatype.UnknownRdatatype, ValueError):
                wrong.add("type")
                self._refuse(entry, checks.unknown_type(record["type"]), "type")
            else:
                self.skipped.append(entry.refused(unsupported(record["type"])))
                return False
        for field in record if "id" not in record else ():
            if field not in self.fields:
                # It would be sent, and ignored.
                what = f"a record has no field {field!r}{did_you_mean(field, SETTABLE)}"
                hint = f"its fields are {', '.join(SETTABLE)}"
                self._refuse(entry, ValidationError(what, hint=hint), field)
        if wrong.isdisjoint(("name", "type", *rdata.RDATA)):
            return True
        after = self._created(entry)
        if after is not None and wrong.isdisjoint(("name", "type")):
            self.places[id(after)] = entry.place
            self.refused.append(after)
        return False

    def _changes(self, wanted: dict[Set, list[FileRecord]]) -> Iterator[Change]:
        live: dict[Set, list[Json]] = defaultdict(list)
        for record in self.live:
            live[key(record)].append(record)
        for one in sorted({*live, *wanted}):
            alone = not self.keep or one[1] == "CNAME"
            pairs, gone, new, repeated = _matched(live.get(one, []), wanted.get(one, []), alone=alone)
            for entry, first in repeated:
                settings, others = (
                    {f: value(record, f) for f in record if f not in (*rdata.RDATA, *READ_ONLY)}
                    for record in (entry.record, first.record)
                )
                again = f"the {one[1]} record {one[0]} is at {first.place} as well"
                again += "" if settings == others else ", with other settings"
                error = ValidationError(again, hint="remove one of the two")
                if settings == others:
                    self.skipped.append(entry.refused(error))
                else:
                    self._refuse(entry, error)
            for record in gone:
                exported = str(record.get("id")) in self.as_exported
                kept = self.keep or one == (self.name, "NS") or managed(record) or exported
                if managed(record) and not self.keep:
                    self.left_alone.append(f"{one[1]} {one[0]}")
                self.kept += kept
                yield Change(RECORDS, self.zone, record, record if kept else None)
            for live_record, entry in (*pairs, *((None, entry) for entry in new)):
                after = self._created(entry) if live_record is None else self._updated(entry, live_record)
                if after is not None:
                    self.places[id(after)] = entry.place
                    yield Change(RECORDS, self.zone, live_record, after)

    def _created(self, entry: FileRecord) -> Json | None:
        """Return the record to create; None where Cloudflare manages it, or one that it would double."""
        record = entry.record
        name, type = key(record)
        if entry.managed:
            self.left_alone.append(f"{type} {name} ({entry.place}), not created")
            return None
        if any(excludes(one, type) for one in self.managed.get(name, ())):
            self.left_alone.append(f"{name} ({entry.place}: no {type} record is created beside it)")
            return None
        wrong = {field for field, _ in entry.errors}
        if wrong.isdisjoint(rdata.RDATA):
            with entry.collected(self.errors, "content"):
                refuse_contradiction(record)
            with entry.collected(self.errors, "content"):
                record = self._parsed(entry)
        record = full(without(record, ("id",)))
        self._check(entry, record)
        return record

    def _updated(self, entry: FileRecord, live: Json) -> Json:
        """Return what *live* becomes; *live* itself where it must not be changed."""
        record = wanted = entry.record
        spelled_alike = spelling(live) is not None and spelling(live) == spelling(record)
        differs = not spelled_alike and rdata.rdata_key(live) != rdata.rdata_key(record)
        if not spelled_alike:
            with entry.collected(self.errors, "content"):
                refuse_contradiction(record, live)
        if differs:
            with entry.collected(self.errors, "content"):
                wanted = self._parsed(entry)
        fields = [f for f in wanted if f not in ("id", "name", "type", *(() if differs else rdata.RDATA))]
        after = merged(live, wanted, fields)
        changed = [field for field in after if after[field] != live.get(field)]
        if changed and managed(live):
            self.left_alone.append(f"{live['type']} {name_of(live)} ({entry.place})")
            return live
        if changed:
            self._check(entry, after, changed)
        return after

    def _check(self, entry: FileRecord, record: Json, fields: Iterable[str] = ()) -> None:
        for field, problem, hint in checks.problems(record, self.zone.item, fields):
            self._refuse(entry, ValidationError(problem, hint=hint), field)

    def _parsed(self, entry: FileRecord) -> Json:
        """Return the record with its rdata as the API takes it; that of an unknown type stays as it is."""
        record, type = entry.record, str(entry.record["type"])
        if type not in rdata.TYPES:
            return record
        text = rdata.text_of(record)
        if rdata.lacks_priority(type, text) and 0 < len(text.split()) < len(rdata.words_of(type)):
            needed = ValidationError(f"a record of type {type} needs a priority", hint="e.g. priority: 10")
            self._refuse(entry, needed, "priority")
            text = f"0 {text}"
        if not entry.absolute:
            text = rdata.with_target(type, text, partial(absolute_host, zone=self.name))
        return without(record, rdata.RDATA) | rdata.fields_of(type, text)


def _matched(
    live: list[Json], wanted: list[FileRecord], *, alone: bool
) -> tuple[list[Pair], list[Json], list[FileRecord], list[tuple[FileRecord, FileRecord]]]:
    """Return pairs, what only exists, what only is wanted, and what is repeated, with the first of it."""
    # *alone*: of this set, what is not wanted is deleted, so it can become what is.
    wanted = [_with_priority(entry, live) for entry in wanted]
    pairs: list[Pair] = []
    for by in (spelling, rdata.rdata_key, lambda record: record.get("id")):
        places: dict[Any, list[Json]] = defaultdict(list)
        for record in live if wanted else ():
            places[by(record)].append(record)
        places.pop(None, None)
        left = []
        for entry in wanted:
            if same := places.get(by(entry.record)):
                pairs.append((same.pop(0), entry))
            else:
                left.append(entry)
        paired = {id(record) for record, _ in pairs}
        live, wanted = [record for record in live if id(record) not in paired], left
    seen = {rdata.rdata_key(entry.record): entry for _, entry in pairs} if wanted else {}
    new, again = [], []
    for entry in wanted:
        first = seen.setdefault(rdata.rdata_key(entry.record), entry)
        if first is entry:
            new.append(entry)
        else:
            again.append((entry, first))
    if alone:
        ours = [record for record in live if not managed(record)]
        rest: list[Pair] = list(zip(ours, new, strict=False))
        live = [record for record in live if managed(record)] + ours[len(rest) :]
        pairs, new = pairs + rest, new[len(rest) :]
    return pairs, live, new, again


def spelling(record: Json) -> tuple[Any, Any] | None:
    """Return the rdata as it is spelled: comparing it is cheap, and settles most of a large zone."""
    return (record.get("content"), record.get("priority")) if record["type"] in rdata.PLAIN else None


def _with_priority(entry: FileRecord, live: list[Json]) -> FileRecord:
    """Return *entry* with the priority of the live record that it is: a CSV may have no column for it."""
    record, id = entry.record, entry.record.get("id")
    lacking = rdata.lacks_priority(str(record["type"]), str(record.get("content") or ""))
    if record.get("data") or rdata.priority_of(record) is not None or not lacking:
        return entry
    with_each = [({**record, "priority": rdata.priority_of(one)}, one) for one in live]
    same = [
        whole
        for whole, one in with_each
        if (one.get("id") == id if id else rdata.rdata_key(one) == rdata.rdata_key(whole))
    ]
    return entry._replace(record=same[0]) if len(same) == 1 else entry


def packed(changes: Iterable[Change], size: int = BATCH) -> list[Change]:
    """Return *changes* so that cutting them every *size* separates no name, where that can be avoided."""
    # The API carries a batch out as deletes, patches, puts, posts, so a CNAME may become an A in one batch,
    # however the changes of one name are ordered. The names with most changes come first, so that single ones
    # fill what they leave; what makes the zone grow comes last, because a full zone needs room.
    names: dict[str, list[Change]] = defaultdict(list)
    for change in sorted(changes, key=lambda change: (DELETE, UPDATE, CREATE).index(change.action)):
        names[name_of(change.item)].append(change)

    def turn(group: list[Change]) -> tuple[bool, int, str]:
        actions = [change.action for change in group]
        return actions.count(CREATE) > actions.count(DELETE), -len(group), name_of(group[0].item)

    waiting = deque(sorted(names.values(), key=turn))
    ordered: list[Change] = []
    while waiting:
        room = size - len(ordered) % size
        fitting = next((place for place, group in enumerate(waiting) if len(group) <= room), 0)
        ordered += waiting[fitting]
        del waiting[fitting]
    return ordered


def counted(plan: Plan) -> str:
    """Return how many records are changed in each way, and how many are not, in words."""
    counts = Counter(change.action for change in plan.changes)
    words = ((CREATE, "to create"), (UPDATE, "to update"), (DELETE, "to delete"))
    parts = [f"{counts[action]:,} {word}" for action, word in words if counts[action]] or ["nothing to do"]
    rest = (
        (plan.unchanged, "equal"),
        (plan.different, "with other settings"),
        (plan.kept, "only in the zone, kept"),
    )
    return ", ".join((*parts, *(f"{count:,} {word}" for count, word in rest if count)))
