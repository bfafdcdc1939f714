"""One request that writes: how it is sent, and its outcome if no response arrives."""

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
    Refused,
    Unanswered,
    UsageError,
    ValidationError,
)
from ops.kinds.resource import Change
from ops.kinds.secret import hide
from ops.writes.journal import ADOPTED, DONE
from ops.writes.sending import OutcomeUnknown, is_unknown, send
from tests.writes.stage import ZONE, Remote, Stage


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
def test_only_a_request_that_may_have_been_applied_is_unknown(error: OpsError, may_be_done: bool) -> None:
    assert is_unknown(error) is may_be_done


def without(remote: Remote, *ways: str, **more: Any) -> Remote:
    """Remove *ways* to write from *remote*, or replace them."""
    writes = remote.resource.writes
    assert writes
    found = writes._replace(**dict.fromkeys(ways), **more)
    remote.resource = remote.resource._replace(writes=found)
    return remote


@pytest.mark.parametrize("missing", [("create",), ("update",), ("delete",), ("create", "update", "delete")])
def test_a_kind_with_only_a_batch_sends_one_change_as_a_batch(
    stage: Stage, remote: Remote, missing: tuple[str, ...]
) -> None:
    a, b = remote.stock("a", "b")
    without(remote, *missing, batch=remote.batch)
    changes = [remote.creation("c"), remote.change(a, value=2), remote.deletion(b)]
    client = stage.app().client

    made = [send(client, [change]) for change in changes]

    ways = {"create": "create c", "update": "update a", "delete": "delete b"}
    assert remote.calls == ["batch 1" if way in missing else call for way, call in ways.items()]
    assert [state for state, _ in made] == [DONE] * 3
    assert [item and item["name"] for _, (item,) in made] == ["c", "a", None]
    assert remote.state() == [{"name": "a", "value": 2}, {"name": "c"}]


def test_a_change_without_a_way_to_make_it_is_refused(stage: Stage, remote: Remote) -> None:
    without(remote, "create")
    client = stage.app().client

    with pytest.raises(UsageError, match=r"^remote.thing has no way to create a$"):
        send(client, [remote.creation("a")])
    with pytest.raises(UsageError, match=r"^remote.thing cannot be changed$"):
        send(client, [remote.creation("a")._replace(resource=remote.resource._replace(writes=None))])


def test_a_request_of_another_shape_that_was_never_sent_is_raised_unchanged(
    stage: Stage, remote: Remote
) -> None:
    def fail(_number: int) -> None:
        raise KeyError("name")

    remote.before = fail

    with pytest.raises(KeyError):
        send(stage.app().client, [remote.creation("a")])


def test_a_secret_that_is_not_known_is_never_sent_as_its_fingerprint(stage: Stage, remote: Remote) -> None:
    kind = remote.resource._replace(secret=("token",))
    remote.things["1"] = {"id": "1", "name": "a", "token": "old"}
    hidden = hide(kind, {"name": "a", "token": "new"})
    change = Change(kind, ZONE, remote.things["1"], {"id": "1", **hidden, "value": 2})

    with pytest.raises(Refused, match="the value of token is secret and not known here") as error:
        send(stage.app().client, [change])

    assert "set it by hand" in error.value.hint
    assert remote.calls == []


def test_an_item_that_is_already_deleted_counts_as_deleted(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("a")

    def gone(_number: int) -> None:
        remote.things.clear()
        raise NotFound("gone", 404)

    remote.before = gone

    assert send(stage.app().client, [remote.deletion(thing)]) == (DONE, [None])


def test_read_only_fields_are_not_sent(stage: Stage) -> None:
    remote = Remote(read_only=("made_on",))

    send(stage.app().client, [remote.creation("a", made_on="monday", value=1)])

    assert remote.state() == [{"name": "a", "value": 1}]


def looked_for(remote: Remote) -> list[str]:
    """Return a list that collects the names that are looked up."""
    names: list[str] = []

    def find(client: Any, owner: Any, item: Any) -> Any:
        names.append(str(item["name"]))
        return remote.find(client, owner, item)

    without(remote, find=find)
    return names


def lost(_number: int) -> None:
    raise Unanswered("no answer")


@pytest.mark.fault("G8")
def test_an_applied_batch_is_found_by_its_ends_and_each_new_id_is_looked_up(
    stage: Stage, remote: Remote
) -> None:
    without(remote, batch=remote.batch, batch_size=9)
    names = looked_for(remote)
    remote.after = lost

    state, items = send(stage.app().client, [remote.creation(name) for name in "abcd"])

    assert names == ["a", "d", *"abcd"]
    assert (state, items) == (ADOPTED, list(remote.things.values()))


@pytest.mark.fault("G8")
def test_items_identified_by_their_names_are_not_looked_up_after_a_batch(
    stage: Stage, remote: Remote
) -> None:
    without(remote, batch=remote.batch, batch_size=9)
    names = looked_for(remote)
    remote.resource = remote.resource._replace(key="name")
    remote.after = lost

    state, items = send(stage.app().client, [remote.creation(name) for name in "abcd"])

    assert names == ["a", "d"]
    assert (state, items) == (ADOPTED, [{"name": name} for name in "abcd"])


@pytest.mark.fault("A8")
def test_an_applied_create_is_looked_up_even_if_it_is_identified_by_its_name(
    stage: Stage, remote: Remote
) -> None:
    remote.resource = remote.resource._replace(key="name")
    remote.after = lost

    assert send(stage.app().client, [remote.creation("a")]) == (ADOPTED, [{"name": "a", "id": "id1"}])


def test_an_applied_update_is_looked_up_once(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("a")
    names = looked_for(remote)
    change = remote.change(thing, value=2)
    remote.after = lost

    assert send(stage.app().client, [change]) == (ADOPTED, [change.after])
    assert names == ["a"]


def test_an_outcome_that_cannot_be_looked_up_is_unknown(stage: Stage, remote: Remote) -> None:
    def find(client: Any, owner: Any, item: Any) -> Any:
        raise NotSent("no network")

    without(remote, find=find)
    remote.after = lost

    with pytest.raises(OutcomeUnknown, match=r"^no answer$") as undecided:
        send(stage.app().client, [remote.creation("a")])
    assert isinstance(undecided.value.cause, Unanswered)


def test_a_half_applied_batch_is_unknown(stage: Stage, remote: Remote) -> None:
    def half(_number: int) -> None:
        del remote.things["id1"]
        raise Unanswered("no answer")

    without(remote, batch=remote.batch, batch_size=9)
    remote.after = half

    with pytest.raises(OutcomeUnknown, match=r"^no answer$") as undecided:
        changes: list[Change] = [remote.creation(name) for name in "ab"]
        send(stage.app().client, changes)
    assert isinstance(undecided.value.cause, Unanswered)


def test_a_conflict_after_a_lost_response_is_raised_if_the_item_is_not_ours(
    stage: Stage, remote: Remote
) -> None:
    failures = iter([Unanswered("POST: no answer"), Conflict("the name is taken", 409)])

    def lost_then_taken(_number: int) -> None:
        raise next(failures)

    remote.before = lost_then_taken

    with pytest.raises(Conflict, match="the name is taken"):
        send(stage.app().client, [remote.creation("a")])
    assert next(failures, None) is None


def test_a_conflict_at_the_first_attempt_is_always_raised(stage: Stage, remote: Remote) -> None:
    def taken(_number: int) -> None:
        raise Conflict("the name is taken", 409)

    remote.stock("a")
    remote.before = taken

    with pytest.raises(Conflict, match="the name is taken"):
        send(stage.app().client, [remote.creation("a", value=1)])
