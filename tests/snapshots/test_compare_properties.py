"""Comparing as a calculation: the differences lead from one side to the other, and can be reversed."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from ops.items import Json
from ops.kinds.resource import Resource, comparable
from ops.snapshots.compare.side import CHANGED, CREATED, DELETED, UNKNOWN, Difference, fields
from tests.snapshots.making import RECORD, THING, ZONE, compared, made

ME = ""
NOT_WHOLE = ("denied", "unavailable", "failed", "inconsistent")
VALUES = some.none() | some.booleans() | some.integers(0, 3) | some.sampled_from(["", "a", "\ud800"])
NESTED = (
    VALUES | some.lists(VALUES, max_size=2) | some.dictionaries(some.sampled_from("ab"), VALUES, max_size=2)
)
DEEP = some.dictionaries(some.sampled_from("ab"), NESTED, max_size=2)
THINGS = some.lists(
    some.fixed_dictionaries(
        {"id": some.sampled_from("1234"), "name": some.sampled_from(["a", "b", "c", "é"])},
        optional={"ttl": VALUES, "deep": NESTED, "modified_on": VALUES},
    ),
    max_size=4,
    unique_by=(lambda item: item["id"], lambda item: item["name"]),
)
RECORDS = some.lists(
    some.fixed_dictionaries(
        {
            "id": some.sampled_from("12345678"),
            "name": some.sampled_from(["w", "x"]),
            "type": some.sampled_from(["A", "TXT"]),
            "content": some.sampled_from(["1", "2", "3"]),
            "ttl": some.integers(1, 2),
        }
    ),
    max_size=5,
    # Cloudflare has no two records that say the same.
    unique_by=(lambda item: item["id"], lambda item: (item["name"], item["type"], item["content"])),
)
ACCOUNTS = some.builds(
    lambda things, zones: {(THING.kind, ME): things, **_zones(zones)},
    THINGS,
    some.dictionaries(some.sampled_from(["z1", "z2", "z3"]), RECORDS, max_size=3),
)
Items = Mapping[tuple[str, str], Sequence[Json]]


def _zones(records: Mapping[str, list[Json]]) -> dict[tuple[str, str], list[Json]]:
    zones = [{"id": id, "name": f"{id}.example"} for id in records]
    return {(ZONE.kind, ME): zones, **{(RECORD.kind, id): listed for id, listed in records.items()}}


def differences(
    old: Items, new: Items, statuses: Mapping[str, Mapping[tuple[str, str], str]] | None = None
) -> list[Difference]:
    """Return the differences; *statuses* say how completely the side "old" or "new" was read."""
    with tempfile.TemporaryDirectory() as folder:
        sides = [
            made(Path(folder, name), items, statuses=(statuses or {}).get(name))
            for name, items in (("old", old), ("new", new))
        ]
        return compared(*sides)[0]


def held(items: Items, resource: Resource) -> Counter[str]:
    """Count the items of a kind, without volatile fields, with the name of their owner."""
    return Counter(
        normalized(comparable(resource, item), f"{scope}.example" if scope else "")
        for (kind, scope), listed in items.items()
        if kind == resource.kind
        for item in listed
    )


def normalized(item: Json, owner: str) -> str:
    # A field that is null and one that is not there are the same.
    return json.dumps([owner, _without_nothing(item)], sort_keys=True)


def _without_nothing(item: Json) -> Json:
    return {
        name: _without_nothing(value) if isinstance(value, dict) else value
        for name, value in item.items()
        if value is not None
    }


@pytest.mark.fault("P4")
@settings(max_examples=100, deadline=None)
@given(DEEP, DEEP)
def test_fields_are_reported_where_values_differ_and_the_same_from_either_side(old: Json, new: Json) -> None:
    found = list(fields(old, new))

    assert bool(found) == (normalized(old, "") != normalized(new, ""))
    assert [(name, after, before) for name, before, after in fields(new, old)] == found


@pytest.mark.fault("P4")
@settings(max_examples=40, deadline=None)
@given(ACCOUNTS)
def test_an_account_does_not_differ_from_itself(account: Items) -> None:
    assert differences(account, account) == []


@pytest.mark.fault("P4")
@settings(max_examples=40, deadline=None)
@given(ACCOUNTS, ACCOUNTS)
def test_the_differences_lead_from_one_side_to_the_other(old: Items, new: Items) -> None:
    leads_there(old, new)


@pytest.mark.long
@pytest.mark.fault("P4")
@pytest.mark.timeout(900)
@settings(max_examples=2_000, deadline=None)
@given(ACCOUNTS, ACCOUNTS)
def test_the_differences_of_two_thousand_pairs_lead_there(old: Items, new: Items) -> None:
    leads_there(old, new)


def leads_there(old: Items, new: Items) -> None:
    found = differences(old, new)

    for resource in (THING, ZONE, RECORD):
        mine = [d for d in found if d.kind == resource.kind]
        taken = Counter(normalized(d.before, d.scope) for d in mine if d.before is not None)
        given_ = Counter(normalized(d.after, d.scope) for d in mine if d.after is not None)
        assert held(old, resource) - taken + given_ == held(new, resource)
        assert taken <= held(old, resource)
    assert {d.change for d in found} <= {CREATED, DELETED, CHANGED}
    assert not [d for d in found if d.change == CHANGED and not d.fields]


@pytest.mark.fault("P4")
@settings(max_examples=40, deadline=None)
@given(ACCOUNTS, ACCOUNTS)
def test_reversed_what_was_created_is_deleted(old: Items, new: Items) -> None:
    opposite = {CREATED: DELETED, DELETED: CREATED, CHANGED: CHANGED}

    there, back = differences(old, new), differences(new, old)

    assert Counter(map(str, ((d.kind, d.scope, opposite[d.change]) for d in there))) == Counter(
        map(str, ((d.kind, d.scope, d.change) for d in back))
    )


@pytest.mark.fault("P4")
@pytest.mark.fault("A25")
@settings(max_examples=40, deadline=None)
@given(ACCOUNTS, ACCOUNTS, some.sampled_from(NOT_WHOLE), some.sampled_from(["old", "new"]), some.data())
def test_what_was_not_read_is_unknown_and_neither_deleted_nor_created(
    old: Items, new: Items, status: str, side: str, data: some.DataObject
) -> None:
    section = data.draw(some.sampled_from(sorted({"old": old, "new": new}[side])))

    found = differences(old, new, {side: {section: status}})

    kind, scope = section
    owner = f"{scope}.example" if scope else ""
    there = [d for d in found if d.kind == kind and d.scope == owner]
    never = DELETED if side == "new" else CREATED
    # A zone that the other side does not have is reported as a zone, not record by record.
    changes = {d.change for d in there} or {d.change for d in found if d.kind == ZONE.kind}
    assert never not in {d.change for d in there}
    assert UNKNOWN in changes or changes <= {CREATED, DELETED}
