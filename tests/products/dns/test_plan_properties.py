"""A plan applied to a model: each transaction leaves a zone that DNS allows, the last one the file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ops.errors import Conflict
from ops.kinds.resource import CREATE, DELETE, UPDATE, Change
from ops.products.dns.checks import check_together
from ops.products.dns.entries import FileRecord
from ops.products.dns.plan import packed
from tests.products.dns.test_plan import OWNER, ZONE, live, plan, wanted

Json = dict[str, Any]
Content = tuple[str, str, str]

# A CNAME is alone under its name; of everything else there may be any number.
ALONE = st.tuples(st.just("CNAME"), st.sampled_from(["a.example", "b.example"])).map(lambda one: [one])
TOGETHER = st.lists(
    st.tuples(st.just("A"), st.sampled_from(["192.0.2.1", "192.0.2.2", "192.0.2.3"]))
    | st.tuples(st.just("TXT"), st.sampled_from(["one", "two"])),
    max_size=4,
    unique=True,
)
ZONES = st.dictionaries(st.sampled_from("vwxyz"), ALONE | TOGETHER, max_size=5).map(
    lambda names: [(name, type, content) for name, held in names.items() for type, content in held]
)


def existing(content: Sequence[Content]) -> list[Json]:
    return [live(number, *one) for number, one in enumerate(content, 1)]


def file(content: Sequence[Content]) -> list[FileRecord]:
    return [wanted(*one) for one in content]


def names(records: Iterable[Json]) -> Counter[Content]:
    return Counter((r["name"].partition(".")[0], r["type"], r["content"]) for r in records)


class Model:
    """A zone as the API stores it: a transaction applies deletions, then changes, then creations."""

    def __init__(self, records: Iterable[Json]) -> None:
        self.records = {record["id"]: record for record in records}
        self.made = 0

    def apply(self, batch: Sequence[Change]) -> None:
        """Apply *batch* step by step; whatever the API would refuse on the way is a failure."""
        for action in (DELETE, UPDATE, CREATE):
            for change in batch:
                if change.action == action:
                    self._step(change)
                    self._check()

    def _step(self, change: Change) -> None:
        if change.before is not None:
            del self.records[change.before["id"]]
        if change.after is not None:
            self.made += change.before is None
            id = change.before["id"] if change.before else f"new{self.made}"
            self.records[id] = {**change.after, "id": id}

    def _check(self) -> None:
        twice = [one for one, count in names(self.records.values()).items() if count > 1]
        assert not twice
        check_together(self.records.values(), str(ZONE["name"]))


def applied(before: Sequence[Content], after: Sequence[Content], size: int) -> Counter[Content]:
    """Return the records after the plan from *before* to *after*, in transactions of *size*."""
    changes = packed(plan(OWNER, existing(before), file(after)).changes, size)
    model = Model(existing(before))
    for at in range(0, len(changes), size):
        model.apply(changes[at : at + size])
    return names(model.records.values())


@pytest.mark.fault("G8")
@settings(max_examples=100, deadline=None)
@given(ZONES, ZONES, st.sampled_from([6, 8, 200]))
def test_every_transaction_leaves_a_valid_zone_and_the_last_one_the_file(
    before: list[Content], after: list[Content], size: int
) -> None:
    assert applied(before, after, size) == Counter(after)


@pytest.mark.long
@pytest.mark.fault("G8")
@pytest.mark.timeout(900)
@settings(max_examples=10_000, deadline=None)
@given(ZONES, ZONES, st.sampled_from([6, 8, 200]))
def test_ten_thousand_zones_become_their_files(
    before: list[Content], after: list[Content], size: int
) -> None:
    assert applied(before, after, size) == Counter(after)


@settings(max_examples=60, deadline=None)
@given(ZONES)
def test_a_zone_equal_to_its_file_needs_no_change(content: list[Content]) -> None:
    found = plan(OWNER, existing(content), file(content))

    assert (found.changes, found.unchanged) == ([], len(content))


@settings(max_examples=60, deadline=None)
@given(ZONES, ZONES)
def test_keeping_deletes_nothing(before: list[Content], after: list[Content]) -> None:
    try:
        found = plan(OWNER, existing(before), file(after), keep=True)
    except Conflict:
        assume(False)

    assert [change for change in found.changes if change.action == DELETE] == []


@pytest.mark.fault("G8")
@settings(max_examples=60, deadline=None)
@given(ZONES, ZONES)
def test_a_record_with_the_same_name_and_type_keeps_its_id(
    before: list[Content], after: list[Content]
) -> None:
    found = plan(OWNER, existing(before), file(after))

    def sets(content: Sequence[Content]) -> Counter[tuple[str, str]]:
        return Counter((name, type) for name, type, _ in content)

    gone = Counter(
        (c.item["name"].partition(".")[0], c.item["type"]) for c in found.changes if c.action == DELETE
    )
    made = Counter(
        (c.item["name"].partition(".")[0], c.item["type"]) for c in found.changes if c.action == CREATE
    )
    assert gone == sets(before) - sets(after)
    assert made == sets(after) - sets(before)
