"""One request that writes: which way it takes, and what is known where nothing answered."""

from __future__ import annotations

from typing import Any

import pytest

from ops.errors import (
    ApiError,
    Conflict,
    MalformedAnswer,
    NotFound,
    NotSent,
    OpsError,
    Unanswered,
    UsageError,
    ValidationError,
)
from ops.kinds.change import Change
from ops.writes.journal import ADOPTED, DONE
from ops.writes.sending import OutcomeUnknown, is_unknown, send
from tests.writes.stage import Shelf, Stage


@pytest.mark.fault("A8")
@pytest.mark.parametrize(
    ("error", "may_be_done"),
    [
        (Unanswered("x"), True),
        (MalformedAnswer("x"), True),
        (ApiError("x", 500), True),
        (ApiError("x", 524), True),
        (ApiError("x", 499), False),
        (ApiError("x"), False),
        (ValidationError("x", 400), False),
        (NotSent("x"), False),
        (OpsError("x", 503), False),
    ],
)
def test_only_what_may_have_been_carried_out_is_unknown(error: OpsError, may_be_done: bool) -> None:
    assert is_unknown(error) is may_be_done


def without(shelf: Shelf, *ways: str, **more: Any) -> Shelf:
    """Take ways to write from *shelf*, or give it others."""
    writes = shelf.resource.writes
    assert writes
    found = writes._replace(**dict.fromkeys(ways), **more)
    shelf.resource = shelf.resource._replace(writes=found)
    return shelf


@pytest.mark.parametrize("missing", [("create",), ("update",), ("delete",), ("create", "update", "delete")])
def test_what_has_no_way_of_its_own_goes_out_as_a_batch_of_one(
    stage: Stage, shelf: Shelf, missing: tuple[str, ...]
) -> None:
    a, b = shelf.stock("a", "b")
    without(shelf, *missing, batch=shelf.batch)
    changes = [shelf.creation("c"), shelf.change(a, value=2), shelf.deletion(b)]
    client = stage.app().client

    made = [send(client, [change]) for change in changes]

    ways = {"create": "create c", "update": "update a", "delete": "delete b"}
    assert shelf.calls == ["batch 1" if way in missing else call for way, call in ways.items()]
    assert [state for state, _ in made] == [DONE] * 3
    assert [item and item["name"] for _, (item,) in made] == ["c", "a", None]
    assert shelf.state() == [{"name": "a", "value": 2}, {"name": "c"}]


def test_what_has_no_way_at_all_is_refused(stage: Stage, shelf: Shelf) -> None:
    without(shelf, "create")
    client = stage.app().client

    with pytest.raises(UsageError, match=r"^shelf.thing has no way to create a$"):
        send(client, [shelf.creation("a")])
    with pytest.raises(UsageError, match=r"^shelf.thing cannot be changed$"):
        send(client, [shelf.creation("a")._replace(resource=shelf.resource._replace(writes=None))])


def test_what_is_gone_already_is_deleted(stage: Stage, shelf: Shelf) -> None:
    def gone(_number: int) -> None:
        raise NotFound("gone", 404)

    (thing,) = shelf.stock("a")
    shelf.before = gone

    assert send(stage.app().client, [shelf.deletion(thing)]) == (DONE, [None])


def test_fields_that_the_api_alone_sets_are_not_sent(stage: Stage) -> None:
    shelf = Shelf(read_only=("made_on",))

    send(stage.app().client, [shelf.creation("a", made_on="monday", value=1)])

    assert shelf.state() == [{"name": "a", "value": 1}]


def looked_for(shelf: Shelf) -> list[str]:
    """Give the names that will have been looked for."""
    names: list[str] = []

    def find(client: Any, owner: Any, item: Any) -> Any:
        names.append(str(item["name"]))
        return shelf.find(client, owner, item)

    without(shelf, find=find)
    return names


def lost(_number: int) -> None:
    raise Unanswered("no answer")


@pytest.mark.fault("G8")
def test_a_batch_that_was_done_is_told_by_its_ends_and_each_new_id_is_looked_up(
    stage: Stage, shelf: Shelf
) -> None:
    without(shelf, batch=shelf.batch, batch_size=9)
    names = looked_for(shelf)
    shelf.after = lost

    state, items = send(stage.app().client, [shelf.creation(name) for name in "abcd"])

    assert names == ["a", "d", *"abcd"]
    assert (state, items) == (ADOPTED, list(shelf.things.values()))


@pytest.mark.fault("G8")
def test_of_a_batch_whose_items_are_known_by_their_own_names_no_item_is_looked_up(
    stage: Stage, shelf: Shelf
) -> None:
    without(shelf, batch=shelf.batch, batch_size=9)
    names = looked_for(shelf)
    shelf.resource = shelf.resource._replace(key="name")
    shelf.after = lost

    state, items = send(stage.app().client, [shelf.creation(name) for name in "abcd"])

    assert names == ["a", "d"]
    assert (state, items) == (ADOPTED, [{"name": name} for name in "abcd"])


@pytest.mark.fault("A8")
def test_a_creation_that_was_done_is_looked_up_for_what_the_api_adds_even_if_it_has_its_own_name(
    stage: Stage, shelf: Shelf
) -> None:
    shelf.resource = shelf.resource._replace(key="name")
    shelf.after = lost

    assert send(stage.app().client, [shelf.creation("a")]) == (ADOPTED, [{"name": "a", "id": "id1"}])


def test_an_update_that_was_done_is_looked_at_once(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    names = looked_for(shelf)
    change = shelf.change(thing, value=2)
    shelf.after = lost

    assert send(stage.app().client, [change]) == (ADOPTED, [change.after])
    assert names == ["a"]


def test_where_it_cannot_be_looked_up_nobody_knows(stage: Stage, shelf: Shelf) -> None:
    def find(client: Any, owner: Any, item: Any) -> Any:
        raise NotSent("no network")

    without(shelf, find=find)
    shelf.after = lost

    with pytest.raises(OutcomeUnknown, match=r"^no answer$") as undecided:
        send(stage.app().client, [shelf.creation("a")])
    assert isinstance(undecided.value.cause, Unanswered)


def test_a_batch_that_was_done_by_half_is_known_to_nobody(stage: Stage, shelf: Shelf) -> None:
    def half(_number: int) -> None:
        del shelf.things["id1"]
        raise Unanswered("no answer")

    without(shelf, batch=shelf.batch, batch_size=9)
    shelf.after = half

    with pytest.raises(OutcomeUnknown, match=r"^no answer$") as undecided:
        changes: list[Change] = [shelf.creation(name) for name in "ab"]
        send(stage.app().client, changes)
    assert isinstance(undecided.value.cause, Unanswered)


def test_a_conflict_after_a_lost_answer_is_one_where_nothing_of_ours_stands(
    stage: Stage, shelf: Shelf
) -> None:
    failures = iter([Unanswered("POST: no answer"), Conflict("the name is taken", 409)])

    def lost_then_taken(_number: int) -> None:
        raise next(failures)

    shelf.before = lost_then_taken

    with pytest.raises(Conflict, match="the name is taken"):
        send(stage.app().client, [shelf.creation("a")])
    assert next(failures, None) is None


def test_a_conflict_at_the_first_attempt_is_one_whatever_stands(stage: Stage, shelf: Shelf) -> None:
    def taken(_number: int) -> None:
        raise Conflict("the name is taken", 409)

    shelf.stock("a")
    shelf.before = taken

    with pytest.raises(Conflict, match="the name is taken"):
        send(stage.app().client, [shelf.creation("a", value=1)])
