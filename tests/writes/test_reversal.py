"""Reversing one change: what the reversal is, and whether the live item allows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from ops.errors import NotSent, UsageError
from ops.http.client import Client
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Change, Owner
from ops.writes.journal import DONE, JournalEntry
from ops.writes.reversal import Keys, LiveCheck, Reversal, check_live, portions, reversal, why_not
from tests.writes.stage import KIND, ZONE, Remote, Stage

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


def test_a_circle_of_keys_ends_where_it_repeats() -> None:
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
def test_an_action_that_cannot_be_undone_is_named(ways: Any, counts: dict[str, int], reason: str) -> None:
    assert why_not(entry(counts=counts), Remote(**ways).resource) == reason


def test_an_irreversible_entry_and_a_read_only_kind_are_named(remote: Remote) -> None:
    assert why_not(entry(irreversible="gone for good"), remote.resource) == "gone for good"
    not_written = f"{KIND} cannot be changed by this version"
    assert why_not(entry(), None) == not_written
    assert why_not(entry(), remote.resource._replace(writes=None)) == not_written


def test_a_reversal_leads_from_the_item_after_to_the_item_before(remote: Remote) -> None:
    keys = Keys(
        [
            entry(old_keys=("1",), new_keys=("7",)),
            entry(kind="zones.zone", old_keys=("z1",), new_keys=("z9",)),
        ]
    )
    owner = Owner("a1", "z9", {"name": "example.com"})
    new = {**A, "id": "7"}

    update = reversal(entry(), remote.resource, (A, {**A, "value": 2}), keys)
    creation = reversal(entry(), remote.resource, (None, A), keys)
    deletion = reversal(entry(), remote.resource, (A, None), keys)

    assert update == Reversal(Change(remote.resource, owner, {**new, "value": 2}, new))
    assert creation == Reversal(Change(remote.resource, owner, new, None))
    assert deletion == Reversal(Change(remote.resource, owner, None, {"name": "a", "value": 1}), "1")
    assert {update.item, creation.item} == {(KIND, "z9", "7")}
    assert deletion.item == (KIND, "z9", "1")


def test_an_item_identified_by_its_name_is_created_again_with_it(remote: Remote) -> None:
    named = remote.resource._replace(key="name")

    found = reversal(entry(), named, ({"name": "a"}, None), Keys([]))

    assert found == Reversal(
        Change(named, ZONE._replace(item={"name": "example.com"}), None, {"name": "a"}), "a"
    )


def test_an_item_without_a_key_is_identified_by_its_identity_fields(remote: Remote) -> None:
    found = reversal(entry(), remote.resource, ({"name": "a", "id": 5}, {"name": "a"}), Keys([]))

    assert found.item == (KIND, "z1", "a")
    assert found.change.after == {"name": "a", "id": 5}
    assert reversal(entry(), remote.resource, ({"name": "a"}, None), Keys([])).old_key == ""


def steps(remote: Remote, *names: str, owner: Owner = ZONE) -> list[Reversal]:
    return [Reversal(remote.creation(name)._replace(owner=owner)) for name in names]


def parts(*given: Reversal) -> list[str]:
    return ["".join(one.change.label for one in part) for part in portions(given)]


def find_all(client: Client, owner: Owner, items: Sequence[Json]) -> list[Json | None]:
    assert isinstance(client, Client)
    assert owner == ZONE
    return [{"name": item["name"], "looked": "together"} for item in items]


def test_reversals_are_looked_up_together_if_kind_and_owner_allow() -> None:
    alone, together = Remote(), Remote(find_all=find_all, find_size=2)
    bare = [
        Reversal(s.change._replace(resource=alone.resource._replace(writes=None))) for s in steps(alone, "x")
    ]

    assert parts(*steps(alone, *"abc")) == ["a", "b", "c"]
    assert parts(*steps(together, *"abcde")) == ["ab", "cd", "e"]
    assert parts(*steps(together, "a"), *steps(together, "b", "c", owner=OTHER)) == ["a", "bc"]
    assert parts(*steps(together, "a"), *bare, *steps(together, "b")) == ["a", "x", "b"]
    assert parts() == []


def test_several_items_are_looked_up_with_one_request(stage: Stage) -> None:
    remote = Remote(find_all=find_all, find_size=9)
    client = stage.app().client

    assert [v.found for v in check_live(client, steps(remote, "a", "b"))] == [
        {"name": "a", "looked": "together"}, {"name": "b", "looked": "together"}
    ]  # fmt: skip
    assert check_live(client, steps(remote, "a")) == [LiveCheck()]


def test_a_read_only_kind_cannot_be_checked(stage: Stage, remote: Remote) -> None:
    bare = remote.creation("a")._replace(resource=remote.resource._replace(writes=None))

    with pytest.raises(UsageError, match=f"^{KIND} is read-only$"):
        check_live(stage.app().client, [Reversal(bare)])


def test_a_failed_lookup_is_a_conflict_for_each_item(stage: Stage) -> None:
    def broken(_client: Any, _owner: Owner, _items: Sequence[Json]) -> list[Json | None]:
        raise NotSent("no network")

    found = check_live(stage.app().client, steps(Remote(find_all=broken, find_size=9), "a", "b"))

    assert [check.conflict for check in found] == [
        f"{KIND} a cannot be read: no network", f"{KIND} b cannot be read: no network"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("live", "wanted", "found", "check"),
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
def test_only_an_item_that_has_not_changed_since_may_be_undone(
    stage: Stage, remote: Remote, live: Any, wanted: Any, found: Any, check: LiveCheck
) -> None:
    remote.things = {} if found is None else {"1": found}

    assert check_live(stage.app().client, [Reversal(Change(remote.resource, ZONE, live, wanted))]) == [check]


def test_an_owner_that_was_created_again_is_found_under_its_new_id(remote: Remote) -> None:
    zones = remote.resource._replace(kind="zones.zone", parent=ACCOUNT)
    keys = Keys([entry(kind="zones.zone", old_keys=("z1",), new_keys=("z2",))])

    found = reversal(
        entry(kind="zones.zone", owner=("a1", "a1", {})), zones, (None, {"id": "z1", "name": "e"}), keys
    )

    assert found.change.before == {"id": "z2", "name": "e"}
    assert found.change.owner == Owner("a1", "a1", {})
