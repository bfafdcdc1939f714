"""The account as it is now, as far as a restore needs it, read into a side of the comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import Incomplete
from ops.items import Json
from ops.kinds import catalog
from ops.kinds.resource import Owner, Resource
from ops.restore.filter import Owners, owner_kinds
from ops.scan.selection import Plan, line_of
from ops.snapshots.compare.pairing import match_holders, referred_kinds
from ops.snapshots.compare.side import Side, holders_of
from ops.snapshots.lines import decode
from ops.snapshots.sections import COMPLETE

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.snapshots.library import Snapshot


class Reader(NamedTuple):
    """How the account is read: *scan* reads all that a plan selects into a temporary snapshot."""

    client: Client
    scan: Callable[[Plan], Snapshot]

    def list(self, resource: Resource, owner: Owner) -> list[Json]:
        """Return all items of a kind in *owner*. Raises Incomplete if the list is not certain."""
        listing = resource.list(self.client, owner)
        found = list(listing)
        if problem := getattr(listing, "problem", ""):
            raise _incomplete(resource.kind, problem)
        return found


def read_live(
    reader: Reader,
    saved: Side,
    resources: Sequence[Resource],
    owners: Owners | None,
    values: frozenset[str] = frozenset(),
    known: Mapping[str, list[Json]] | None = None,
) -> Side:
    """Return the live side: *resources* in *owners* (None: in all), and the kinds that they refer to.

    *values* are the kinds whose values are read too; *known* are live owners that need not be listed again.
    Raises what a scan raises, and Incomplete if owners, or what items refer to, cannot be listed completely.
    """
    declared = [resource for resource in catalog.resources() if resource.kind in saved.kinds]
    kinds = {resource.kind: resource for resource in declared}
    account = Owner(saved.account_id, saved.account_id, {})
    reading = {kind for resource in resources for kind in line_of(resource, kinds)}
    mentioned = referred_kinds(resources, kinds)
    listed = {kind: reader.list(kinds[kind], account) for kind in sorted(mentioned - reading)}
    given: dict[str, list[Json]] = {}
    for kind in sorted(owner_kinds(resources) & reading) if owners is not None else ():
        selected = (owners or {}).get(kind, set())
        if known and kind in known and kind not in mentioned:
            listed[kind] = known[kind]
        else:
            listed[kind] = reader.list(kinds[kind], account) if selected or kind in mentioned else []
        given[kind] = _counterparts(saved, kinds[kind], selected, listed[kind])
    contents = frozenset(resource.kind for resource in resources if resource.restore.assemble)
    plan = Plan(tuple(r for r in declared if r.kind in reading), (), given, contents, values)
    live = Side(reader.scan(plan), catalog.resources(), listed)
    for section in (live.section(kind, account.id) for kind in sorted(mentioned)):
        if section.status != COMPLETE:
            raise _incomplete(section.kind, section.reason)
    return live


def _incomplete(kind: str, reason: str) -> Incomplete:
    return Incomplete(f"{kind} could not be listed completely: {reason}", hint="run the same line again")


def _counterparts(saved: Side, resource: Resource, ids: set[str], live: Sequence[Json]) -> list[Json]:
    pairs = match_holders(saved.holders(resource, saved.account_id), holders_of(resource, live))
    return [decode(now.line) for before, now in pairs if before and now and before.id in ids]
