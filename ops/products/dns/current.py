"""The records of a zone as a task that writes must see them: all of them, with the changes of a dry run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import Absent, AmbiguousName, Incomplete, MalformedAnswer, UsageError
from ops.kinds.resource import Owner
from ops.products.dns import api
from ops.products.dns.names import full_name
from ops.products.dns.record import key, same_rdata
from ops.products.dns.resources import RECORDS

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Change

SHOWN = 20


class CurrentZone(NamedTuple):
    """A zone, read through *client*; *simulated* are the changes of earlier tasks in a dry run."""

    client: Client
    owner: Owner
    simulated: Sequence[Change] = ()

    @property
    def zone(self) -> Json:
        return self.owner.item

    @property
    def name(self) -> str:
        return str(self.zone["name"])

    def records(self, **filters: str) -> list[Json]:
        """Return the records that match *filters* of the API.

        Raises Incomplete where not all could be read: what was not read must not be taken for absent.
        """
        listing = api.list_records(self.client, self.owner.id, **filters)
        found = list(listing)
        if listing.problem:
            raise Incomplete(f"not all records could be read: {listing.problem}", hint="run it again")
        _check_shape(found)
        return self._with_simulated(found, filters)

    def _with_simulated(self, found: list[Json], filters: dict[str, str]) -> list[Json]:
        for change in self.simulated:
            if change.resource.kind != RECORDS.kind or change.owner.id != self.owner.id:
                continue
            found = [one for one in found if change.before is None or not _same_record(one, change.before)]
            if change.after is not None:
                name, type = key(change.after)
                if filters.get("name", name) == name and filters.get("type", type) == type:
                    found.append(change.after)
        return found

    def find(self, *, id: str, name: str, type: str, matches: Callable[[Json], bool]) -> Json | None:
        """Return the one record that is meant: by its id, or by name and type, of those that match.

        None where there is none. Raises AmbiguousName with the candidates where there are several, UsageError
        where the options are not enough, or an id is that of a record with another name, type or content.
        """
        if id:
            return self._by_id(id, name, type, matches)
        if not name or not type:
            raise UsageError("which record? use --id, or --name and --type", hint=self._list_hint)
        found = [one for one in self.records(name=full_name(name, self.name), type=type) if matches(one)]
        if len(found) > 1:
            raise ambiguous(found)
        return found[0] if found else None

    def _by_id(self, id: str, name: str, type: str, matches: Callable[[Json], bool]) -> Json | None:
        try:
            found = [api.get_record(self.client, self.owner.id, id)]
        except Absent:
            return None
        _check_shape(found)
        record = next((one for one in self._with_simulated(found, {}) if one.get("id") == id), None)
        if record is None:
            return None
        wanted = (full_name(name, self.name) if name else key(record)[0], type or record["type"])
        if wanted != key(record) or not matches(record):
            raise UsageError(
                f"{id} is the {record['type']} record {record['name']} {_shown(record)}, which does not "
                "match the other options",
                hint="use the id alone, or look it up: " + self._list_hint,
            )
        return record

    def absent(self, name: str, type: str, id: str) -> Absent:
        """Return the error for a record that does not exist."""
        what = f"record {id}" if id else f"{type} record {full_name(name, self.name)}"
        return Absent(f"no {what} in {self.name}", 404, hint=self._list_hint)

    @property
    def _list_hint(self) -> str:
        return f"`inv dns.list --zone {self.name}` shows the records"


def ambiguous(candidates: list[Json]) -> AmbiguousName:
    """Return the error that lists *candidates*, each with the option that chooses it."""
    first = candidates[0]
    lines = [f"  --id {record.get('id', '')}  {_shown(record)}" for record in candidates[:SHOWN]]
    more = [f"  and {len(candidates) - SHOWN} more"] if len(candidates) > SHOWN else []
    return AmbiguousName(
        f"{len(candidates)} {first['type']} records are called {first['name']}",
        hint="\n".join(("use the id of one of", *lines, *more)),
    )


def _check_shape(records: list[Json]) -> None:
    """Raise MalformedAnswer for a record without what every task relies on."""
    for record in records:
        if not isinstance(record, dict) or not all(
            isinstance(record.get(f), str) for f in ("id", "name", "type")
        ):
            raise MalformedAnswer(
                "the API sent a DNS record without id, name or type", hint="run it again later"
            )


def _same_record(one: Json, other: Json) -> bool:
    if "id" in one and "id" in other:
        return bool(one["id"] == other["id"])
    return key(one) == key(other) and same_rdata(one, other)


def _shown(record: Json) -> str:
    priority = f"{record['priority']} " if record["type"] in ("MX", "URI") and "priority" in record else ""
    return f"{priority}{record.get('content', '')}"
