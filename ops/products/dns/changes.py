"""Changes of single records: what is typed, turned into a record, and compared with what exists."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import Absent, AmbiguousName, Incomplete, Refused, UsageError, ValidationError
from ops.http.shape import require
from ops.items import without
from ops.kinds.resource import Change, Owner
from ops.products.dns import api, checks, rdata
from ops.products.dns.entries import SHOWN
from ops.products.dns.names import absolute_host, full_name
from ops.products.dns.record import DEFAULTS, excludes, full, key, managed, merged, same_rdata
from ops.products.dns.resources import RECORDS

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json

SETTINGS = ("ttl", "proxied", "comment", "tags")
TYPED = ("priority", "weight", "port", "target", "flags", "tag", "value")


class CurrentZone(NamedTuple):
    """A zone, read through *client*; *simulated* are the changes of earlier tasks in a dry run."""

    client: Client
    owner: Owner
    simulated: Sequence[Change] = ()

    @property
    def name(self) -> str:
        return str(self.owner.item["name"])

    def records(self, **filters: str) -> list[Json]:
        """Return the records that match *filters* of the API. Raises Incomplete if not all could be read."""
        listing = api.list_records(self.client, self.owner.id, **filters)
        found = list(listing)
        if listing.problem:
            raise Incomplete(f"not all records could be read: {listing.problem}", hint="run it again")
        return self._with_simulated(found, filters)

    def _with_simulated(self, found: list[Json], filters: dict[str, str]) -> list[Json]:
        for record in found:
            require(record, "a DNS record", id=str, name=str, type=str)
        for change in self.simulated:
            if change.resource.kind != RECORDS.kind or change.owner.id != self.owner.id:
                continue
            # A simulated record has no id, and is known by what it contains.
            if (before := change.before) and "id" in before:
                found = [one for one in found if one.get("id") != before["id"]]
            elif before:
                found = [one for one in found if key(one) != key(before) or not same_rdata(one, before)]
            if change.after is not None:
                name, type = key(change.after)
                if filters.get("name", name) == name and filters.get("type", type) == type:
                    found.append(change.after)
        return found

    def find(
        self, id: str, name: str, type: str, content: str = "", priority: int | None = None
    ) -> Json | None:
        """Return the one record that is meant: by its id, or by name and type, of those with this content.

        None where there is none. Raises AmbiguousName with the candidates where there are several, UsageError
        where the options are not enough, or an id is that of a record with another name, type or content.
        """
        if content and type:
            checks.check_type(type)
            self._has({"type": type}, content, priority)
        if not id and not (name and type):
            raise UsageError("which record? use --id, or --name and --type", hint=self._list_hint)
        if not id:
            found = self.records(name=full_name(name, self.name), type=type)
            found = [one for one in found if self._has(one, content, priority)]
            if len(found) > 1:
                raise ambiguous(found)
            return found[0] if found else None
        try:
            found = self._with_simulated([api.get_record(self.client, self.owner.id, id)], {})
        except Absent:
            return None
        if not (record := next((one for one in found if one.get("id") == id), None)):
            return None
        wanted = (full_name(name, self.name) if name else key(record)[0], type or record["type"])
        if wanted != key(record) or not self._has(record, content, priority):
            raise UsageError(
                f"{id} is the {record['type']} record {record['name']} {_shown(record)}, which does not "
                "match the other options",
                hint="use the id alone, or look it up: " + self._list_hint,
            )
        return record

    def _has(self, record: Json, content: str, priority: int | None) -> bool:
        """True if *record* has this content, this priority, both, or whatever it has if neither is given."""
        own = rdata.priority_of(record)
        if not content:
            return bool(priority in (None, own))
        typed: Json = {"content": content} | ({} if priority is None else {"priority": priority})
        wanted = typed_rdata(record["type"], typed, self.name, {"priority": 0 if own is None else own})
        return rdata.rdata_key({"type": record["type"], **wanted}) == rdata.rdata_key(record)

    def existing(self, id: str, name: str, type: str, content: str) -> Json:
        """Return the record that find() finds. Raises NotFound where there is none."""
        if found := self.find(id, name, type, content):
            return found
        what = f"record {id}" if id else f"{type} record {full_name(name, self.name)}"
        raise Absent(f"no {what} in {self.name}", 404, hint=self._list_hint)

    @property
    def _list_hint(self) -> str:
        return f"`inv dns.list --zone {self.name}` shows the records"


def ambiguous(candidates: list[Json]) -> AmbiguousName:
    """Return the error that lists *candidates*, each with the option that chooses it."""
    first = candidates[0]
    lines = [f"  --id {record.get('id', '')}  {_shown(record)}" for record in candidates[:SHOWN]]
    more = [f"  and {len(candidates) - SHOWN} more"] if len(candidates) > SHOWN else []
    hint = "\n".join(("use the id of one of", *lines, *more))
    return AmbiguousName(f"{len(candidates)} {first['type']} records are called {first['name']}", hint=hint)


def _shown(record: Json) -> str:
    priority = f"{record['priority']} " if record["type"] in ("MX", "URI") and "priority" in record else ""
    return f"{priority}{record.get('content', '')}"


def new_record(zone: Json, type: str, name: str, given: Json) -> Json:
    """Return the record that *given* describes, complete. Raises ValidationError or UsageError."""
    checks.check_type(type)
    parts = typed_rdata(type, given, zone["name"])
    if not parts:
        hint = f"e.g. --content '{rdata.EXAMPLES[type]}'"
        raise UsageError(f"a {type} record needs {_options(type)}", hint=hint)
    settings: Json = {field: given[field] for field in SETTINGS if field in given}
    record = full({"name": full_name(name, zone["name"]), "type": type, **parts, **settings})
    checks.check(record, zone)
    return record


def typed_rdata(type: str, given: Json, zone: str, old: Json | None = None) -> Json:
    """Return `content`, `data` and `priority` from --content or the typed fields; {} where none is given.

    If *old* is given, a typed field changes that one field of it.
    """
    typed = {field: given[field] for field in TYPED if field in given}
    own = rdata.words_of(type)
    other = [field for field in typed if field not in own]
    if other:
        raise UsageError(f"a {type} record has no --{other[0]}", hint=f"it has {_options(type)}")
    priority = typed.get("priority", rdata.priority_of(old))
    if "content" in given:
        double = [field for field in typed if field != "priority" or (type in rdata.PLAIN and type != "MX")]
        if double:
            hint = "use one of them"
            raise UsageError(f"--content and --{double[0]} both set the data of the record", hint=hint)
        text = rdata.prioritized(type, given["content"], priority)
    elif typed and type in rdata.FIELDS:
        data = {**((old or {}).get("data") or {}), **typed}
        text = rdata.text_of({"type": type, "data": data, "priority": priority})
    elif typed:
        text = rdata.prioritized(type, str(typed.get("target", (old or {}).get("content", ""))), priority)
    else:
        return {}
    if text and rdata.lacks_priority(type, text) and "priority" in own:
        raise UsageError(f"a record of type {type} needs --priority", hint="e.g. --priority 10")
    found = rdata.fields_of(type, rdata.with_target(type, text, partial(absolute_host, zone=zone)))
    first = rdata.priority_of(found)
    if "priority" in given and first != given["priority"]:
        raise ValidationError(
            f"--content begins with the priority {first}, and --priority is {given['priority']}",
            hint="use one of them",
        )
    return found


def _options(type: str) -> str:
    own = " ".join(f"--{field}" for field in TYPED if field in rdata.words_of(type))
    return f"--content, or {own}" if own else "--content"


def create(current: CurrentZone, record: Json) -> Change:
    """Return the change that creates *record*. Raises Conflict where it may not exist beside others."""
    beside = [one for one in current.records(name=record["name"]) if not same_rdata(one, record)]
    return _creation(current, record, beside)


def _creation(current: CurrentZone, record: Json, beside: list[Json]) -> Change:
    for one in beside:
        if excludes(one, record["type"]):
            _refuse_managed(one)
    checks.check_together([record, *beside], current.name)
    return Change(RECORDS, current.owner, None, record)


def update(current: CurrentZone, found: Json, typed: Json, cleared: tuple[str, ...]) -> Change:
    """Return the change of *found* in what is *typed* or *cleared*, and in nothing else."""
    parts = typed_rdata(found["type"], typed, current.name, found)
    settings: Json = {field: typed[field] for field in SETTINGS if field in typed}
    wanted: Json = {**found, **{field: DEFAULTS[field] for field in cleared}, **settings}
    if parts:
        wanted = without(wanted, rdata.RDATA) | parts
    if typed.get("proxied") and "ttl" not in typed:
        wanted["ttl"] = checks.AUTOMATIC
    fields = (*settings, *cleared, *parts, *(("ttl",) if "proxied" in settings else ()))
    checks.check(wanted, current.owner.item, fields)
    return _changed(current, found, wanted, fields)


def put(current: CurrentZone, record: Json, found: Json | None) -> Change:
    """Return the change after which *record* exists exactly, except settings, which have no option.

    It replaces *found*, or else the equal record, or the only one of its name and type. Raises AmbiguousName.
    """
    if found is None:
        beside = current.records(name=record["name"])
        same_type = [one for one in beside if one["type"] == record["type"]]
        equal = [one for one in same_type if same_rdata(one, record)]
        if not equal and len(same_type) > 1:
            raise ambiguous(same_type)
        if not same_type:
            return _creation(current, record, beside)
        found = (equal or same_type)[0]
    return _changed(current, found, record, (*SETTINGS, *rdata.RDATA))


def delete(current: CurrentZone, found: Json) -> Change:
    """Return the change that deletes *found*."""
    _refuse_managed(found)
    return Change(RECORDS, current.owner, found, None)


def _changed(current: CurrentZone, found: Json, wanted: Json, fields: tuple[str, ...]) -> Change:
    _refuse_managed(found)
    after = merged(found, wanted, fields)
    if not same_rdata(found, after):
        for one in current.records(name=full_name(found["name"], current.name, exported=True)):
            other = one is not found and ("id" not in one or one["id"] != found.get("id"))
            if other and same_rdata(one, after):
                raise Refused(
                    f"another {after['type']} record of {after['name']} already has this data",
                    hint=f"if one is enough: `inv dns.delete --zone {current.name} --id {found.get('id')}`",
                )
    return Change(RECORDS, current.owner, found, after)


def _refuse_managed(record: Json) -> None:
    if managed(record):
        raise Refused(
            f"Cloudflare manages the {record['type']} record {record['name']}: it is created and deleted "
            "with what it belongs to",
            hint="change the Worker's custom domain, or whatever else it belongs to",
        )
