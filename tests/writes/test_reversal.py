"""One change taken back: what it would be now, and whether what stands is still what was left behind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ops.errors import NotSent, UsageError
from ops.http.client import Client
from ops.kinds.change import Change
from ops.kinds.resource import ACCOUNT, Json, Owner
from ops.writes.journal import DONE, JournalEntry
from ops.writes.reversal import Keys, LiveCheck, Reversal, check_live, portions, reversal, why_not
from tests.writes.stage import KIND, ZONE, Shelf, Stage

A = {"id": "1", "name": "a", "value": 1}
OTHER = Owner("a1", "z2", {"name": "example.org"})


def entry(**more: Any) -> JournalEntry:
    found = JournalEntry(
        id="r-1.1", time="", task="", host="sandbox", kind=KIND, owner=("a1", "z1", {"name": "example.com"}),
        counts={"create": 1}, names=["a"], changes={}, irreversible="", state=DONE,
    )  # fmt: skip
    return found._replace(**more)


def test_keys_are_followed_from_the_old_to_the_newest_within_a_kind() -> None:
    keys = Keys(
        [entry(old_keys=("1", "x", ""), new_keys=("2", "", "9")), entry(old_keys=("2",), new_keys=("3",))]
    )
    keys.learn(KIND, "3", "3")
    keys.learn("other.kind", "3", "4")

    assert [keys.current(KIND, key) for key in ("1", "2", "3", "x", "", "9")] == ["3", "3", "3", "x", "", "9"]
    assert keys.current("other.kind", "1") == "1"


def test_keys_that_lead_in_a_circle_end_where_they_began_to_repeat() -> None:
    keys = Keys([])
    for old, new in (("x", "1"), ("1", "2"), ("2", "3"), ("3", "1")):
        keys.learn(KIND, old, new)

    assert [keys.current(KIND, key) for key in ("1", "x")] == ["3", "3"]


@pytest.mark.parametrize(
    ("ways", "counts", "reason"),
    [
        ({}, {"create": 1, "update": 1, "delete": 1}, ""),
        ({"delete": None}, {"create": 1}, f"a create of {KIND} cannot be undone"),
        ({"update": None}, {"create": 1, "update": 2}, f"a update of {KIND} cannot be undone"),
        ({"create": None}, {"update": 1, "delete": 1}, f"a delete of {KIND} cannot be undone"),
        ({"create": None, "batch": lambda *_: []}, {"delete": 1}, ""),
        ({"delete": None}, {"delete": 1}, ""),
    ],
)  # fmt: skip
def test_what_nothing_takes_back_is_said(ways: Any, counts: dict[str, int], reason: str) -> None:
    assert why_not(entry(counts=counts), Shelf(**ways).resource) == reason


def test_what_is_final_or_not_written_at_all_is_said(shelf: Shelf) -> None:
    assert why_not(entry(irreversible="gone for good"), shelf.resource) == "gone for good"
    not_written = f"{KIND} cannot be changed by this version"
    assert why_not(entry(), None) == not_written
    assert why_not(entry(), shelf.resource._replace(writes=None)) == not_written


def test_a_step_leads_from_what_was_left_behind_to_what_stood_before(shelf: Shelf) -> None:
    keys = Keys(
        [
            entry(old_keys=("1",), new_keys=("7",)),
            entry(kind="zones.zone", old_keys=("z1",), new_keys=("z9",)),
        ]
    )
    owner = Owner("a1", "z9", {"name": "example.com"})
    new = {**A, "id": "7"}

    update = reversal(entry(), shelf.resource, (A, {**A, "value": 2}), keys)
    creation = reversal(entry(), shelf.resource, (None, A), keys)
    deletion = reversal(entry(), shelf.resource, (A, None), keys)

    assert update == Reversal(Change(shelf.resource, owner, {**new, "value": 2}, new))
    assert creation == Reversal(Change(shelf.resource, owner, new, None))
    assert deletion == Reversal(Change(shelf.resource, owner, None, {"name": "a", "value": 1}), "1")
    assert {update.item, creation.item} == {(KIND, "z9", "7")}
    assert deletion.item == (KIND, "z9", "1")


def test_what_is_known_by_its_own_name_is_created_again_with_it(shelf: Shelf) -> None:
    named = shelf.resource._replace(key="name")

    found = reversal(entry(), named, ({"name": "a"}, None), Keys([]))

    assert found == Reversal(
        Change(named, ZONE._replace(item={"name": "example.com"}), None, {"name": "a"}), "a"
    )


def test_an_item_without_a_key_is_told_by_its_identity(shelf: Shelf) -> None:
    found = reversal(entry(), shelf.resource, ({"name": "a", "id": 5}, {"name": "a"}), Keys([]))

    assert found.item == (KIND, "z1", "a")
    assert found.change.after == {"name": "a", "id": 5}
    assert reversal(entry(), shelf.resource, ({"name": "a"}, None), Keys([])).old_key == ""


def steps(shelf: Shelf, *names: str, owner: Owner = ZONE) -> list[Reversal]:
    return [Reversal(shelf.creation(name)._replace(owner=owner)) for name in names]


def parts(*given: Reversal) -> list[str]:
    return ["".join(one.change.label for one in part) for part in portions(given)]


def find_all(client: Client, owner: Owner, items: Sequence[Json]) -> list[Json | None]:
    assert isinstance(client, Client)
    assert owner == ZONE
    return [{"name": item["name"], "looked": "together"} for item in items]


def test_steps_are_looked_at_together_where_the_kind_and_the_owner_allow() -> None:
    alone, together = Shelf(), Shelf(find_all=find_all, find_size=2)
    bare = [
        Reversal(s.change._replace(resource=alone.resource._replace(writes=None))) for s in steps(alone, "x")
    ]

    assert parts(*steps(alone, *"abc")) == ["a", "b", "c"]
    assert parts(*steps(together, *"abcde")) == ["ab", "cd", "e"]
    assert parts(*steps(together, "a"), *steps(together, "b", "c", owner=OTHER)) == ["a", "bc"]
    assert parts(*steps(together, "a"), *bare, *steps(together, "b")) == ["a", "x", "b"]
    assert parts() == []


def test_several_are_looked_at_with_one_request_and_one_by_itself(stage: Stage) -> None:
    shelf = Shelf(find_all=find_all, find_size=9)
    client = stage.app().client

    assert [v.found for v in check_live(client, steps(shelf, "a", "b"))] == [
        {"name": "a", "looked": "together"}, {"name": "b", "looked": "together"}
    ]  # fmt: skip
    assert check_live(client, steps(shelf, "a")) == [LiveCheck()]


def test_what_is_read_only_cannot_be_judged(stage: Stage, shelf: Shelf) -> None:
    bare = shelf.creation("a")._replace(resource=shelf.resource._replace(writes=None))

    with pytest.raises(UsageError, match=f"^{KIND} is read-only$"):
        check_live(stage.app().client, [Reversal(bare)])


def test_what_cannot_be_looked_at_is_a_conflict_for_each(stage: Stage) -> None:
    def broken(_client: Any, _owner: Owner, _items: Sequence[Json]) -> list[Json | None]:
        raise NotSent("no network")

    found = check_live(stage.app().client, steps(Shelf(find_all=broken, find_size=9), "a", "b"))

    assert [verdict.conflict for verdict in found] == [
        f"{KIND} a cannot be read: no network", f"{KIND} b cannot be read: no network"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("standing", "wanted", "found", "verdict"),
    [
        # Created: to be deleted.
        (A, None, A, LiveCheck(found=A)),
        (A, None, {**A, "more": ""}, LiveCheck(found={**A, "more": ""})),
        (A, None, None, LiveCheck(done=True)),
        (A, None, {**A, "value": 2}, LiveCheck(conflict=f"{KIND} a has changed: value 1 → 2")),
        # Deleted: to be created again.
        (None, A, None, LiveCheck()),
        (None, A, {**A, "id": "9", "more": 1}, LiveCheck(done=True, found={**A, "id": "9", "more": 1})),
        (
            None, A, {**A, "value": 2}, LiveCheck(conflict=f"{KIND} a: another item exists in its place")
        ),
        # Updated: to be as it was.
        (A, {**A, "value": 0}, A, LiveCheck(found=A)),
        (A, {**A, "value": 0}, {**A, "value": 0}, LiveCheck(done=True, found={**A, "value": 0})),
        (
            A, {**A, "value": 0}, {**A, "value": 0, "more": 1},
            LiveCheck(conflict=f"{KIND} a has changed: more null → 1, value 1 → 0"),
        ),
        (A, {**A, "value": 0}, None, LiveCheck(conflict=f"{KIND} a no longer exists")),
    ],
)  # fmt: skip
def test_only_what_is_still_as_it_was_left_behind_may_be_taken_back(
    stage: Stage, shelf: Shelf, standing: Any, wanted: Any, found: Any, verdict: LiveCheck
) -> None:
    shelf.things = {} if found is None else {"1": found}

    assert check_live(stage.app().client, [Reversal(Change(shelf.resource, ZONE, standing, wanted))]) == [
        verdict
    ]


def test_an_owner_that_was_made_anew_is_found_under_its_new_id(shelf: Shelf) -> None:
    zones = shelf.resource._replace(kind="zones.zone", parent=ACCOUNT)
    keys = Keys([entry(kind="zones.zone", old_keys=("z1",), new_keys=("z2",))])

    found = reversal(
        entry(kind="zones.zone", owner=("a1", "a1", {})), zones, (None, {"id": "z1", "name": "e"}), keys
    )

    assert found.change.before == {"id": "z2", "name": "e"}
    assert found.change.owner == Owner("a1", "a1", {})
