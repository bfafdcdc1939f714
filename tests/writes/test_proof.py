"""What the API answered decides: what is not proven is never taken for done or for absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from ops.cli.app import App
from ops.config.credentials import Credentials
from ops.errors import (
    Absent,
    ApiError,
    Conflict,
    MalformedAnswer,
    NotFound,
    OpsError,
    PermissionDenied,
    Refused,
    SystemFailure,
    Unanswered,
    ValidationError,
)
from ops.http.client import Client
from ops.http.refusals import proves_absence
from ops.kinds.resource import Change, Json, Owner
from ops.writes import writing
from ops.writes.journal import DONE, FAILED, NOT_KEPT, UNDONE, UNKNOWN
from ops.writes.make import hold, make
from ops.writes.undo import undo_entries
from tests.writes.stage import KIND, ZONE, Remote, Stage

TOKEN = "t0k3n-of-the-account-1234567890abcdef"
GONE = NotFound("DELETE /things/1: Could not route to /things/1 (7003)", 404, codes=(7003,))
PAGE = ApiError("DELETE /things/1: the edge answered HTML (404)", 404)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PAUSES", (0.0, 0.0))


def states(stage: Stage) -> list[str]:
    return [entry.state for entry in stage.journal().entries().values()]


def replaced(remote: Remote, **ways: Any) -> Remote:
    assert remote.resource.writes
    remote.resource = remote.resource._replace(writes=remote.resource.writes._replace(**ways))
    return remote


def raising(error: OpsError) -> Callable[[int], None]:
    def strike(_number: int) -> None:
        raise error

    return strike


@pytest.mark.parametrize(
    ("status", "path", "code", "proof"),
    [
        (404, "/zones/z/dns_records/r", 81044, True),
        (400, "/zones/z/dns_records/r", 81044, False),
        (404, "/zones/z/dns_records", 81044, False),
        (404, "/zones/z/dns_records/r", 7003, False),
        (404, "/accounts/a/storage/kv/namespaces/n", 10013, True),
        (500, "/accounts/a/storage/kv/namespaces/n", 10013, False),
        (404, "/accounts/a/storage/kv/namespaces/n", 10009, False),
        (404, "/accounts/a/storage/kv/namespaces/n/values/a%2Fb", 10009, True),
        (404, "/accounts/a/storage/kv/namespaces/n/metadata/k", 10009, True),
        (404, "/accounts/a/storage/kv/namespaces/n/values/k", 10013, False),
        (404, "/accounts/a/storage/kv/namespaces/n/keys", 10009, False),
        (404, "/accounts/a/workers/scripts/s", 10007, True),
        (404, "/accounts/a/workers/scripts/s/schedules", 10007, True),
        (404, "/accounts/a/workers/subdomain", 10007, False),
        (404, "/accounts/a/r2/buckets/b", 10006, True),
        (404, "/zones/z", 7003, False),
    ],
)
def test_only_the_products_own_code_for_the_path_proves_absence(
    status: int, path: str, code: int, proof: bool
) -> None:
    assert proves_absence(status, path, {code}) is proof


@pytest.mark.parametrize("error", [GONE, PAGE, Absent("no such thing", 404)])
def test_a_404_on_delete_of_an_item_that_still_exists_is_a_failure(
    stage: Stage, remote: Remote, error: OpsError
) -> None:
    (thing,) = remote.stock("one")
    remote.before = raising(error)

    with pytest.raises(ApiError, match=r"remote\.thing one was not deleted and still exists: ") as failed:
        make(stage.app(), remote.deletion(thing))

    assert failed.value.exit_code == 2
    assert states(stage) == [FAILED]


@pytest.mark.parametrize("error", [GONE, PAGE, Absent("no such thing", 404)])
def test_a_404_on_delete_of_an_item_that_a_lookup_does_not_find_is_a_deletion(
    stage: Stage, remote: Remote, error: OpsError
) -> None:
    (thing,) = remote.stock("one")

    def strike(_number: int) -> None:
        remote.things.clear()
        raise error

    remote.before = strike

    (row,) = make(stage.app(), remote.deletion(thing)).items

    assert (row["action"], states(stage)) == ("delete", [DONE])


def test_a_404_on_delete_without_a_lookup_is_an_unknown_outcome(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")
    find = remote.find

    def strike(_number: int) -> None:
        replaced(remote, find=None)
        raise GONE

    def broken(client: Client, owner: Owner, item: Json) -> Json | None:
        if remote.resource.writes and remote.resource.writes.find is None:
            raise Unanswered("no answer")
        return find(client, owner, item)

    replaced(remote, find=broken)
    deletion = remote.deletion(thing)
    remote.before = strike

    with pytest.raises(Unanswered) as unknown:
        make(stage.app(), deletion)

    assert "the outcome is unknown" in unknown.value.hint
    assert states(stage) == [UNKNOWN]


def test_a_deletion_whose_item_still_exists_is_unknown_and_offers_no_undo(
    stage: Stage, remote: Remote
) -> None:
    (thing,) = remote.stock("one")
    replaced(remote, delete=lambda _client, _owner, _item: None)

    with pytest.raises(ApiError, match="still exists, although its deletion was answered with success"):
        make(stage.app(), remote.deletion(thing))

    assert states(stage) == [UNKNOWN]
    assert not any("undo" in message for message in stage.messages)


def test_an_item_that_disappears_soon_after_its_deletion_is_deleted(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")
    looked: list[int] = []

    def find(client: Client, owner: Owner, item: Json) -> Json | None:
        if remote.written:
            looked.append(1)
            return thing if len(looked) < 3 else None
        return remote.find(client, owner, item)

    replaced(remote, find=find)

    make(stage.app(), remote.deletion(thing))

    assert (len(looked), states(stage)) == (3, [DONE])


def accepting(remote: Remote, way: str, answer: Callable[[Json], Any]) -> None:
    """Let *way* be answered with success by the client, and return or raise *answer* then."""
    assert remote.resource.writes
    write = getattr(remote.resource.writes, way)

    def accepted(client: Client, owner: Owner, *items: Json) -> Any:
        made = write(client, owner, *items)
        client.accepted += 1
        return answer(made)

    replaced(remote, **{way: accepted})


def denied(_made: Json) -> Json:
    raise PermissionDenied("GET /things/1: denied", 403)


def test_a_write_that_was_accepted_is_done_although_the_lookup_after_it_is_refused(
    stage: Stage, remote: Remote
) -> None:
    (thing,) = remote.stock("one")
    accepting(remote, "update", denied)

    (row,) = make(stage.app(), remote.change(thing, value=2)).items

    assert (row["undo"] != "", states(stage)) == (True, [DONE])
    assert "warning: applied, but reading it again failed: GET /things/1: denied" in stage.messages


def test_a_write_of_several_requests_of_which_one_was_refused_is_not_failed(
    stage: Stage, remote: Remote
) -> None:
    (thing,) = remote.stock("one")

    def update(client: Client, _owner: Owner, before: Json, _after: Json) -> Json:
        remote.things[before["id"]] = {**before, "value": "half"}
        client.accepted += 1
        client.refused += 1
        raise ValidationError("the second part", 400)

    replaced(remote, update=update)

    with pytest.raises(ValidationError) as half:
        make(stage.app(), remote.change(thing, value=2))

    assert "the outcome is unknown" in half.value.hint
    assert states(stage) == [UNKNOWN]


@pytest.mark.parametrize("answer", [None, [], "text", {}, {"id": None}, {"id": 5}, {"data": {}}])
def test_an_accepted_create_with_an_answer_of_another_shape_is_found(
    stage: Stage, remote: Remote, answer: Any
) -> None:
    accepting(remote, "create", lambda _made: answer)

    (row,) = make(stage.app(), remote.creation("one", value=1)).items

    assert (row["id"], states(stage)) == ("id1", [DONE])


@pytest.mark.parametrize("answer", [None, [], {}, {"id": 5}, {"data": {}}])
def test_an_accepted_create_that_is_not_found_is_unknown(stage: Stage, remote: Remote, answer: Any) -> None:
    def lost(made: Json) -> Any:
        remote.things.clear()
        return answer

    accepting(remote, "create", lost)

    with pytest.raises(MalformedAnswer, match="the answer has an undocumented shape") as malformed:
        make(stage.app(), remote.creation("one"))

    assert (malformed.value.exit_code, states(stage), remote.written) == (2, [UNKNOWN], 1)


UNSHOWN: list[Any] = [None, [], "text", {}, {"id": None}, {"id": "other"}, {"data": {}}, {"id": "id1"}]


@pytest.mark.parametrize("answer", UNSHOWN)
def test_an_accepted_update_whose_answer_does_not_show_it_is_done_if_it_reads_back(
    stage: Stage, remote: Remote, answer: Any
) -> None:
    (thing,) = remote.stock("one")
    accepting(remote, "update", lambda _made: answer)

    (row,) = make(stage.app(), remote.change(thing, value=2)).items
    (entry,) = stage.journal().entries().values()
    undo_entries(stage.app(), [entry], {KIND: remote.resource})

    assert (row["id"], states(stage)[0]) == (thing["id"], UNDONE)
    assert remote.state() == [{"name": "one", "value": 1}]
    assert "warning" not in stage.messages


@pytest.mark.parametrize("answer", [*UNSHOWN, {"id": "id1", "name": "one", "value": 1}])
def test_an_accepted_update_that_was_not_carried_out_is_an_error_that_undo_can_look_at(
    stage: Stage, remote: Remote, answer: Any
) -> None:
    (thing,) = remote.stock("one")
    replaced(remote, update=lambda _client, _owner, _before, _after: answer)
    accepting(remote, "update", lambda made: made)

    with pytest.raises(SystemFailure) as failed:
        make(stage.app(), remote.change(thing, value=2))

    assert "the outcome is unknown; check it with `inv undo.show" in failed.value.hint
    assert (failed.value.exit_code, states(stage)) == (2, [UNKNOWN])
    with pytest.raises(Refused, match="failed and changed nothing"):
        undo_entries(stage.app(), list(stage.journal().entries().values()), {KIND: remote.resource})


@pytest.mark.parametrize("answer", UNSHOWN)
def test_an_accepted_update_whose_answer_does_not_show_it_and_that_cannot_be_read_is_unknown(
    stage: Stage, remote: Remote, answer: Any
) -> None:
    (thing,) = remote.stock("one")
    accepting(remote, "update", lambda _made: answer)

    def find(client: Client, owner: Owner, item: Json) -> Json | None:
        if remote.written:
            raise PermissionDenied("GET /things/1: denied", 403)
        return remote.find(client, owner, item)

    replaced(remote, find=find)

    with pytest.raises(MalformedAnswer) as unproven:
        make(stage.app(), remote.change(thing, value=2))

    assert "the outcome is unknown" in unproven.value.hint
    assert (unproven.value.exit_code, states(stage)) == (2, [UNKNOWN])


def test_a_write_without_a_result_that_was_not_carried_out_is_an_error(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")
    replaced(remote, update=lambda _client, _owner, _before, after: after)

    with pytest.raises(ApiError, match="was not carried out: value 1 → 2"):
        make(stage.app(), remote.change(thing, value=2))

    assert states(stage) == [UNKNOWN]


def test_each_item_of_a_batch_whose_answer_does_not_show_its_change_is_looked_up(
    stage: Stage, remote: Remote
) -> None:
    things = remote.stock(*"abcde")

    def batch(client: Client, owner: Owner, changes: Sequence[Change]) -> list[Json | None]:
        made = remote.batch(client, owner, changes)
        remote.things["id3"] = things[2]
        return [made[0], made[1], {}, *made[3:]]

    replaced(remote, batch=batch, batch_size=10)

    with pytest.raises(ApiError, match=r"remote\.thing c: the write was answered with success"):
        make(stage.app(force=True), *(remote.change(thing, value=2) for thing in things))

    assert states(stage) == [UNKNOWN]


@pytest.mark.parametrize("error", [KeyError("id"), TypeError("list"), AttributeError("get")])
def test_a_live_item_of_another_shape_is_a_malformed_answer_before_anything_is_sent(
    stage: Stage, remote: Remote, error: Exception
) -> None:
    def find(_client: Client, _owner: Owner, _item: Json) -> Json | None:
        raise error

    replaced(remote, find=find)

    with pytest.raises(MalformedAnswer):
        make(stage.app(), remote.creation("one"))

    assert (remote.written, states(stage)) == (0, [])


def changed(remote: Remote, thing: Json) -> Change:
    """Return a change that was planned before somebody else changed *thing*."""
    planned = remote.change(thing, value=2)
    remote.things[thing["id"]] = {**thing, "value": "theirs"}
    return planned


@pytest.mark.parametrize("total", [None, 100])
def test_an_item_that_changed_after_it_was_read_is_not_overwritten(
    stage: Stage, remote: Remote, total: int | None
) -> None:
    a, b = remote.stock("a", "b")
    plan = [remote.change(b, value=2), changed(remote, a)]

    with pytest.raises(Conflict) as moved:
        make(stage.app(), *plan, total=total)

    assert moved.value.message == "it has changed since it was read:\n  remote.thing a: value 1 → theirs"
    assert (remote.written, states(stage)) == (0, [])


def test_an_item_that_was_deleted_after_it_was_read_is_not_updated(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("a")
    plan = remote.change(thing, value=2)
    remote.things.clear()

    with pytest.raises(Conflict, match=r"remote\.thing a no longer exists"):
        make(stage.app(), plan)

    assert remote.written == 0


def test_an_item_that_was_created_after_the_plan_is_not_created_twice(stage: Stage, remote: Remote) -> None:
    plan = remote.creation("a")
    remote.stock("a")

    with pytest.raises(Conflict, match=r"remote\.thing a exists now"):
        make(stage.app(), plan, total=10)

    assert remote.written == 0


def test_an_item_that_is_already_as_wanted_is_not_a_conflict(stage: Stage, remote: Remote) -> None:
    a, b = remote.stock("a", "b")
    plan = [remote.change(a, value=2), remote.deletion(b)]
    remote.things = {a["id"]: {**a, "value": 2}}

    make(stage.app(), *plan, total=100)

    assert remote.state() == [{"name": "a", "value": 2}]


def test_a_large_plan_is_compared_with_one_lookup(stage: Stage, remote: Remote) -> None:
    things = remote.stock(*(f"n{i}" for i in range(100)))
    asked: list[int] = []

    def find_all(client: Client, owner: Owner, items: Sequence[Json]) -> list[Json | None]:
        asked.append(len(items))
        return [remote.find(client, owner, item) for item in items]

    replaced(remote, find_all=find_all, find_size=1000, batch=remote.batch, batch_size=10)

    make(stage.app(force=True), *(remote.change(thing, value=2) for thing in things), total=1000)

    assert (asked, remote.written) == ([100], 10)


def test_a_lock_that_is_held_covers_the_writes_in_its_block(stage: Stage, remote: Remote) -> None:
    app = stage.app()

    with hold(app, remote.resource, ZONE):
        make(app, remote.creation("one"))
        held = set(app.run.locks)

    assert (held, app.run.locks) == ({"a1/z1"}, set())
    assert remote.written == 1


def test_a_conflict_names_only_fields_that_were_asked_for(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")
    remote.things[thing["id"]] = {**thing, "storage_class": "Standard"}

    with pytest.raises(Conflict) as conflict:
        make(stage.app(), remote.creation("one", value=2))

    assert conflict.value.message == "remote.thing one already exists and differs: value 1 → 2"


def token_app(stage: Stage) -> App:
    app = stage.app()
    app.settings = replace(app.settings, credentials=Credentials(token=TOKEN, origin="test"))
    return app


def kept(stage: Stage) -> bytes:
    files = [path for path in (stage.folder / "state").rglob("*") if path.is_file()]
    return b"".join(path.read_bytes() for path in files)


@pytest.mark.parametrize(
    "value", [TOKEN, f"x{TOKEN}y", [{"deep": TOKEN}], TOKEN.encode(), b"x" * 9999 + TOKEN.encode()]
)
def test_an_item_that_contains_the_token_is_not_kept_in_the_journal(
    stage: Stage, remote: Remote, value: Any
) -> None:
    (thing,) = remote.stock("one")
    remote.things[thing["id"]] = thing = {**thing, "value": value}

    (row,) = make(token_app(stage), remote.deletion(thing)).items

    (entry,) = stage.journal().entries().values()
    assert TOKEN.encode() not in kept(stage)
    assert (row["undo"], entry.irreversible, remote.state()) == ("", NOT_KEPT, [])
    assert f"cannot be undone: {NOT_KEPT}" in stage.messages
    assert "undo:" not in stage.messages


def test_an_answer_that_contains_the_token_is_not_kept_and_the_change_can_be_undone(
    stage: Stage, remote: Remote
) -> None:
    (thing,) = remote.stock("one")
    accepting(remote, "update", lambda made: {**made, "echo": f"Bearer {TOKEN}"})

    make(token_app(stage), remote.change(thing, value=2))
    (entry,) = stage.journal().entries().values()
    undo_entries(token_app(stage), [entry], {KIND: remote.resource})

    assert TOKEN.encode() not in kept(stage)
    assert remote.state() == [{"name": "one", "value": 1}]
