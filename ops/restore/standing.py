"""What stands in the account now, of all that a restore is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import Incomplete
from ops.export.live import aside
from ops.kinds.resource import ACCOUNT, Json, Owner, Resource
from ops.restore.places import items, key_of, matched
from ops.restore.selection import owning
from ops.restore.wanted import Owners
from ops.scan.selection import Plan, line_of
from ops.snapshots.compare.side import Side

if TYPE_CHECKING:
    from ops.cli.app import App


class Standing(NamedTuple):
    """The account as it was read; of the kinds *listed*, all that stands is known, be it in *side* or not."""

    side: Side
    listed: frozenset[str]


def stand(
    app: App,
    old: Side,
    kinds: Sequence[Resource],
    resources: Sequence[Resource],
    about: Owners | None,
    values: frozenset[str] = frozenset(),
    known: Mapping[str, list[Json]] | None = None,
) -> Standing:
    """Read what stands of *resources* in the owners that it is *about* (None: in all).

    *kinds* are all that are declared, *values* those whose values are read as well; owners that are *known*
    are not asked for. Raises what a scan raises, and Incomplete where the owners themselves cannot be told.
    """
    by_kind = {resource.kind: resource for resource in kinds}
    reading = {kind for resource in resources for kind in line_of(resource, by_kind)}
    account = Owner(old.account_id, old.account_id, {})
    given = {
        kind: known[kind]
        if known and kind in known
        else _standing(app, old, by_kind[kind], account, about.get(kind, set()))
        for kind in sorted(owning(resources) & reading)
        if about is not None
    }
    plan = Plan(
        resources=tuple(resource for resource in kinds if resource.kind in reading),
        given=given,
        contents=frozenset(resource.kind for resource in resources if resource.restore.assemble),
        values=values,
    )
    return Standing(Side(aside(app, account, plan, {}), kinds), frozenset(given))


def _standing(app: App, old: Side, resource: Resource, account: Owner, asked: set[str]) -> list[Json]:
    if not asked:
        return []
    before = [one for one in items(old, resource, account) if key_of(resource, one) in asked]
    found = matched(resource, before, listed(app, resource, account))
    return [new for one, new in found if one is not None and new is not None]


def listed(app: App, resource: Resource, account: Owner) -> list[Json]:
    """List what stands of a kind of the account; raises Incomplete where that cannot be told for sure."""
    listing = resource.list(app.client, account)
    found = list(listing)
    if problem := getattr(listing, "problem", ""):
        raise Incomplete(f"{resource.kind} could not be listed whole: {problem}", hint="run the same again")
    return found


def moved(
    app: App, old: Side, standing: Standing, kinds: Sequence[Resource], mentioned: set[str]
) -> dict[str, str]:
    """Give the old and the new id of all of the kinds *mentioned* that was made anew since the snapshot."""
    account = Owner(old.account_id, old.account_id, {})
    found: dict[str, str] = {}
    for resource in kinds:
        if resource.kind not in mentioned or resource.parent != ACCOUNT or resource.key in resource.identity:
            continue
        if standing.side.mentions(resource.kind) and resource.kind not in standing.listed:
            now = items(standing.side, resource, account)
        else:
            now = listed(app, resource, account)
        for one, new in matched(resource, items(old, resource, account), now):
            if one is not None and new is not None and key_of(resource, one) != key_of(resource, new):
                found[key_of(resource, one)] = key_of(resource, new)
    return found
