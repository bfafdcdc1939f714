"""The changes in the journal, translated to the sandbox's store and compared with it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Any, NamedTuple

from ops.writes.journal import ADOPTED, DONE, FAILED, UNDONE, JournalEntry
from tests.tools.soak.round import Round, journal
from tests.tools.soak.truth import Moved, Spot, label

Json = dict[str, Any]

# The journal's kinds, and their families in the sandbox's store.
FAMILIES = {
    "dns.record": "dns_record",
    "kv.pair": "kv_pair",
    "kv.namespace": "kv.namespace",
    "zones.setting": "setting",
    "zones.zone": "zone",
    "workers.route": "worker_route",
}
# The store has parts of a script that the journal does not name.
PARTS = ("worker", "do.")
SCRIPTS = ("workers.script", "workers.schedule")
# Kinds that are deleted only after their name was typed.
CONFIRMED_BY_NAME = ("zones.zone", "kv.namespace", "workers.script")
# Fields of an item that the journal and the store have in common.
COMPARED = (
    "type",
    "name",
    "content",
    "ttl",
    "proxied",
    "comment",
    "tags",
    "title",
    "pattern",
    "script",
    "value",
    "paused",
)


class Claim(NamedTuple):
    """A change of the journal, translated to the sandbox's store."""

    entry: JournalEntry
    family: str
    owner: str
    before: Json | None
    after: Json | None

    @property
    def labels(self) -> set[str]:
        return {label(self.family, item) for item in (self.before, self.after) if item is not None}

    @property
    def ids(self) -> set[str]:
        return {str(item["id"]) for item in (self.before, self.after) if item is not None and "id" in item}


def claims_of(round: Round, entry: JournalEntry) -> Iterator[Claim]:
    """Yield the changes of *entry* that were applied, or may have been."""
    family = FAMILIES.get(entry.kind, entry.kind)
    owner = "" if family == "zone" else entry.owner[1]
    if entry.state == FAILED:
        return
    for before, after in journal(round.state).changes(entry):
        yield Claim(entry, family, owner, _plain(before), _plain(after))


def _plain(item: Json | None) -> Json | None:
    """Return *item* with bytes as hexadecimal, as the sandbox stores them."""
    if item is None or not isinstance(item.get("value"), bytes):
        return item
    return {**item, "value": item["value"].hex().upper()}


def covers(claim: Claim, change: Moved, round: Round) -> bool:
    """True if *claim* explains *change*."""
    family, owner, _ = change.spot
    if claim.entry.kind in SCRIPTS:
        return family.startswith(PARTS)
    if (claim.family, claim.owner) == (family, owner) and claim.labels & change.labels:
        return True
    # A zone or namespace is created and deleted together with its contents.
    whole = claim.family in ("zone", "kv.namespace") and (claim.before is None or claim.after is None)
    return whole and label(claim.family, _owner(round, claim.family, owner)) in claim.labels


def _owner(round: Round, family: str, id: str) -> Json:
    found = [spot for spot in (*round.after, *round.before) if (spot.family, spot.id) == (family, id)]
    return (round.after.get(found[0]) or round.before[found[0]]) if found else {"name": "", "title": ""}


def as_journalled(round: Round, claims: list[Claim]) -> Iterator[str]:
    """Yield changes that are done in the journal but not in the store, unless a later one changed it."""
    for at, claim in enumerate(claims):
        if claim.entry.state not in (DONE, ADOPTED, UNDONE) or claim.family not in FAMILIES.values():
            continue
        if not any(_touches(later, claim) for later in claims[at + 1 :]):
            yield from _stands(round, claim)


def _touches(later: Claim, claim: Claim) -> bool:
    same = (later.family, later.owner) == (claim.family, claim.owner)
    if same and (later.labels & claim.labels or later.ids & claim.ids):
        return True
    return later.family in ("zone", "kv.namespace") and claim.owner in later.ids


def _stands(round: Round, claim: Claim) -> Iterator[str]:
    spots = [spot for spot, item in _around(round, claim) if _is(claim, spot, item)]
    # A drift may have deleted an item that this round created.
    if round.stirred.intersection(spots) or (claim.ids | claim.labels) & {spot.id for spot in round.stirred}:
        return
    current = [round.after[spot] for spot in spots if spot in round.after]
    wanted = claim.after
    if wanted is None and current:
        yield f"{claim.entry.id} is {claim.entry.state}, but there is still {current}"
    if wanted is not None and not any(_equal(wanted, item) for item in current):
        yield f"{claim.entry.id} is {claim.entry.state}, but of {wanted} there is {current}"


def _around(round: Round, claim: Claim) -> Iterator[tuple[Spot, Json]]:
    """Yield the items before and after at the claim's spot; zones and namespaces have no owner."""
    everywhere = claim.family in ("zone", "kv.namespace")
    for spot, item in chain(round.before.items(), round.after.items()):
        if spot.family == claim.family and (everywhere or spot.owner == claim.owner):
            yield spot, item


def _is(claim: Claim, spot: Spot, item: Json) -> bool:
    journalled = claim.after if claim.after is not None else claim.before
    if journalled is not None and "id" in journalled:
        return spot.id == str(journalled["id"])
    return label(spot.family, item) in claim.labels


def _equal(journalled: Json, item: Json) -> bool:
    shared = [name for name in COMPARED if name in journalled and name in item]
    return all(journalled[name] == item[name] for name in shared)
