from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from ops.cli.run import Run
from ops.errors import (
    ApiError,
    Conflict,
    DiskError,
    NetworkError,
    OpsError,
    Refused,
    Unanswered,
    ValidationError,
)
from ops.http.client import Client
from ops.items import Json
from ops.kinds.resource import Change, Owner
from ops.writes.describe import ITEMS
from ops.writes.journal import ADOPTED, DONE, FAILED, UNKNOWN
from ops.writes.make import lookup, make, make_all
from tests.writes.stage import ZONE, Remote, Stage


def lost(number: int) -> None:
    raise Unanswered("POST /things: no answer")


def only(fault: OpsError, number: int) -> Callable[[int], None]:
    """Fail the write with this number."""

    def strike(at: int) -> None:
        if at == number:
            raise fault

    return strike


def once(fault: OpsError) -> Callable[[int], None]:
    """Fail the first write."""
    left = [fault]

    def strike(_at: int) -> None:
        if left:
            raise left.pop()

    return strike


def states(stage: Stage) -> list[str]:
    return [entry.state for entry in stage.journal().entries().values()]


def test_a_create_is_noted_made_and_shown_with_its_undo_line(stage: Stage, remote: Remote) -> None:
    app = stage.app()

    rows = make(app, remote.creation("one", value=1))

    (row,) = rows.items
    (entry,) = stage.journal().entries().values()
    assert row == {
        "action": "create", "kind": "remote.thing", "name": "one", "id": "id1", "undo": entry.id,
    }  # fmt: skip
    assert entry.state == DONE
    assert f"undo: inv undo.apply {app.task_id}" in stage.messages
    assert "create remote.thing one: name one, value 1" in stage.messages


def test_an_update_shows_old_and_new(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")

    make(stage.app(), remote.change(thing, value=2))

    assert "update remote.thing one: value 1 → 2" in stage.messages
    assert remote.state() == [{"name": "one", "value": 2}]


def test_creating_an_equal_item_that_exists_is_unchanged(stage: Stage, remote: Remote) -> None:
    remote.stock("one")

    (row,) = make(stage.app(), remote.creation("one", value=1)).items

    assert row["action"] == "unchanged"
    assert remote.written == 0
    assert states(stage) == []


def test_creating_an_item_that_exists_and_differs_is_a_conflict(stage: Stage, remote: Remote) -> None:
    remote.stock("one")

    with pytest.raises(Conflict, match="already exists and differs: value 1 → 2"):
        make(stage.app(), remote.creation("one", value=2))

    assert remote.written == 0


def test_deleting_an_item_that_does_not_exist_is_unchanged(stage: Stage, remote: Remote) -> None:
    (row,) = make(stage.app(), Change(remote.resource, ZONE, None, None)).items

    assert row["action"] == "unchanged"
    assert remote.written == 0


@pytest.mark.fault("G4")
def test_without_a_terminal_a_deletion_without_yes_is_refused(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")

    with pytest.raises(Refused) as refused:
        make(stage.app(yes=False), remote.deletion(thing))

    assert refused.value.exit_code == 1
    assert "--yes" in refused.value.hint
    assert remote.written == 0
    assert states(stage) == []


def test_a_deletion_to_confirm_by_name_does_not_accept_yes(stage: Stage) -> None:
    remote = Remote(confirm_by_name=True, lost="all that lies in it")
    (thing,) = remote.stock("one")

    with pytest.raises(Refused):
        make(stage.app(), remote.deletion(thing))
    with pytest.raises(Refused):
        make(stage.app(confirm="other"), remote.deletion(thing))
    refused = remote.written
    make(stage.app(confirm="one"), remote.deletion(thing))

    assert refused == 0
    assert remote.state() == []
    assert "this permanently deletes all that lies in it" in stage.messages


def test_the_question_of_a_task_is_asked_even_if_nothing_is_deleted(stage: Stage, remote: Remote) -> None:
    with pytest.raises(Refused, match="overwrite it all"):
        make(stage.app(yes=False), remote.creation("one"), question="overwrite it all?")

    assert remote.written == 0


def test_an_irreversible_change_says_so(stage: Stage) -> None:
    remote = Remote(irreversible="a purge only empties what fills again")

    (row,) = make(stage.app(), remote.creation("one")).items

    assert row["undo"] == ""
    assert "cannot be undone: a purge only empties what fills again" in stage.messages
    assert "take it back" not in stage.messages


@pytest.mark.fault("A8", "G1")
@pytest.mark.parametrize("failure", [Unanswered("no answer"), ApiError("524", 524), ApiError("502", 502)])
def test_a_create_that_was_applied_without_a_response_is_adopted(
    stage: Stage, remote: Remote, failure: OpsError
) -> None:
    remote.after = only(failure, 1)

    (row,) = make(stage.app(), remote.creation("one")).items

    assert remote.calls == ["create one"]
    assert row["id"] == "id1"
    assert states(stage) == [ADOPTED]


@pytest.mark.fault("A16")
def test_a_create_that_was_not_applied_is_sent_once_more(stage: Stage, remote: Remote) -> None:
    remote.before = once(Unanswered("closed"))

    make(stage.app(), remote.creation("one"))

    assert remote.state() == [{"name": "one"}]
    assert states(stage) == [DONE]


def test_an_item_that_changed_meanwhile_is_not_written_again(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")

    def others(_number: int) -> None:
        remote.things[thing["id"]] = {**thing, "value": "of others"}
        remote.before = lambda _number: None
        raise Unanswered("gone")

    remote.before = others
    with pytest.raises(Unanswered):
        make(stage.app(), remote.change(thing, value=2))

    assert states(stage) == [UNKNOWN]
    assert remote.state() == [{"name": "one", "value": "of others"}]
    assert remote.calls == []


def test_an_undetermined_outcome_stays_unknown_with_a_hint(stage: Stage, remote: Remote) -> None:
    remote.before = lost

    with pytest.raises(Unanswered) as unanswered:
        make(stage.app(), remote.creation("one"))

    (entry,) = stage.journal().entries().values()
    assert entry.state == UNKNOWN
    assert f"`inv undo.show {entry.id}`" in unanswered.value.hint


def test_a_refusal_is_noted_as_failed_and_raised_unchanged(stage: Stage, remote: Remote) -> None:
    remote.before = only(ValidationError("bad content", 400), 1)

    with pytest.raises(ValidationError, match="bad content"):
        make(stage.app(), remote.creation("one"))

    assert states(stage) == [FAILED]


def test_a_failure_halfway_says_what_was_done_and_how_to_undo_it(stage: Stage, remote: Remote) -> None:
    remote.before = only(ValidationError("bad", 400), 3)
    app = stage.app()

    with pytest.raises(ValidationError, match="2 done, 0 unknown, 3 not started") as failure:
        make(app, *(remote.creation(f"n{i}") for i in range(5)))

    assert f"inv undo.apply {app.task_id}" in failure.value.message


def test_changes_of_one_owner_are_sent_in_batches(stage: Stage) -> None:
    remote = Remote()
    remote.resource = remote.resource._replace(
        writes=remote.resource.writes._replace(batch=remote.batch, batch_size=4)  # type: ignore[union-attr]
    )

    rows = make(stage.app(), *(remote.creation(f"n{i}") for i in range(9)), total=0)

    assert remote.calls == ["batch 4", "batch 4", "create n8"]
    assert [row["name"] for row in rows.items] == [f"n{i}" for i in range(9)]
    assert states(stage) == [DONE] * 3


@pytest.mark.fault("G8")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_batch_without_a_response_is_adopted_or_sent_once_more(stage: Stage, moment: str) -> None:
    remote = Remote()
    remote.resource = remote.resource._replace(
        writes=remote.resource.writes._replace(batch=remote.batch, batch_size=10)  # type: ignore[union-attr]
    )
    setattr(remote, moment, once(Unanswered("gone")))

    rows = make(stage.app(), *(remote.creation(f"n{i}") for i in range(6)), total=0)

    assert len(remote.things) == 6
    assert {row["id"] for row in rows.items} == set(remote.things)


def test_a_stream_is_made_without_being_held(stage: Stage) -> None:
    remote = Remote()
    remote.resource = remote.resource._replace(
        writes=remote.resource.writes._replace(batch=remote.batch, batch_size=100)  # type: ignore[union-attr]
    )
    taken: list[int] = []

    def source() -> Iterator[Change]:
        for i in range(1000):
            taken.append(i)
            assert len(taken) - len(remote.things) <= 102
            yield remote.creation(f"n{i}")

    app = stage.app()
    item = make_all(app, source())

    assert item.item == {"create": 1000, "update": 0, "delete": 0, "unchanged": 0, "undo": app.task_id}
    assert len(remote.things) == 1000


@pytest.mark.parametrize(("read_back", "looked"), [(False, 4), (True, 0)])
def test_a_stream_is_read_again_unless_the_caller_reads_all_of_it(
    stage: Stage, read_back: bool, looked: int
) -> None:
    remote = Remote()
    finds: list[object] = []
    writes = remote.resource.writes
    assert writes is not None

    def find(*where: Any) -> Any:
        finds.append(where[-1])
        return writes.find(*where)

    remote.resource = remote.resource._replace(
        writes=writes._replace(find=find, batch=remote.batch, batch_size=5)
    )

    make_all(stage.app(), (remote.creation(f"n{i}") for i in range(10)), read_back=read_back)

    assert len(remote.things) == 10
    assert len(finds) == looked


def test_a_stream_asks_before_its_first_deletion_once(stage: Stage, remote: Remote) -> None:
    things = remote.stock("a", "b", "c")

    with pytest.raises(Refused):
        make_all(stage.app(yes=False), (remote.deletion(thing) for thing in things))
    refused = remote.written
    make_all(stage.app(), (remote.deletion(thing) for thing in things))

    assert refused == 0
    assert remote.state() == []


def test_a_change_that_the_journal_cannot_note_is_not_sent(stage: Stage, remote: Remote) -> None:
    blocked = stage.folder / "state"
    blocked.mkdir()
    (blocked / "journal").write_text("a file where the folder would be")

    with pytest.raises(DiskError):
        make(stage.app(), remote.creation("one"))

    assert remote.written == 0


def test_an_item_that_reads_back_differently_is_reported(stage: Stage, remote: Remote) -> None:
    def spoil(_number: int) -> None:
        for thing in remote.things.values():
            thing["value"] = 99

    remote.after = spoil
    make(stage.app(), remote.creation("one", value=1))

    assert "was written but reads back differently" in stage.messages


@pytest.mark.fault("G7")
def test_a_dry_run_writes_nothing_and_leaves_no_trace(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")
    app = stage.app(dry_run=True, yes=False)

    rows = make(app, remote.deletion(thing), remote.creation("two"))

    assert [row["action"] for row in rows.items] == ["delete", "create"]
    assert remote.written == 0
    assert not (stage.folder / "state").exists()
    assert "dry run: nothing was sent" in stage.messages


@pytest.mark.fault("G7")
def test_a_later_task_of_a_dry_line_sees_the_simulated_changes_of_earlier_ones(
    stage: Stage, remote: Remote
) -> None:
    (thing,) = remote.stock("one")
    run = Run()
    first, second = stage.app(run, dry_run=True), stage.app(run, dry_run=True)

    make(first, remote.creation("two", value=7), remote.deletion(thing))

    assert lookup(second, remote.resource, ZONE, {"name": "two"}) == {"name": "two", "value": 7}
    assert lookup(second, remote.resource, ZONE, {"name": "one"}) is None
    assert lookup(second, remote.resource, ZONE, {"name": "three"}) is None
    with pytest.raises(Conflict):
        make(second, remote.creation("two", value=8))


def test_a_task_that_is_not_dry_sees_the_live_items(stage: Stage, remote: Remote) -> None:
    run = Run()

    make(stage.app(run, dry_run=True), remote.creation("one"))
    make(stage.app(run), remote.creation("one"))

    assert remote.state() == [{"name": "one"}]


def test_a_write_is_noted_for_the_rest_of_the_run(stage: Stage, remote: Remote) -> None:
    app = stage.app()

    make(app, remote.creation("one"))

    assert app.run.wrote == {app.task_id}
    assert app.written_account == "a1"


def test_an_item_with_more_fields_than_wanted_is_unchanged(stage: Stage, remote: Remote) -> None:
    remote.things["x"] = {"id": "x", "name": "one", "value": 1, "added": "by the API"}

    (row,) = make(stage.app(), remote.creation("one", value=1)).items

    assert row == {"action": "unchanged", "kind": "remote.thing", "name": "one", "id": "x", "undo": ""}
    assert remote.written == 0


def test_a_conflict_says_what_to_do_instead(stage: Stage, remote: Remote) -> None:
    remote.stock("one")

    with pytest.raises(Conflict) as conflict:
        make(stage.app(), remote.creation("one", value=2))

    assert conflict.value.hint == "nothing was changed; update it, or delete it first"


def test_a_read_only_kind_is_not_looked_up(stage: Stage, remote: Remote) -> None:
    with pytest.raises(Refused, match=r"^remote.thing is read-only$"):
        lookup(stage.app(), remote.resource._replace(writes=None), ZONE, {"name": "one"})


def test_a_deletion_returns_the_id_of_the_deleted_item(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")
    app = stage.app()

    (row,) = make(app, remote.deletion(thing)).items

    assert row == {
        "action": "delete", "kind": "remote.thing", "name": "one", "id": "id1", "undo": f"{app.task_id}.1",
    }  # fmt: skip
    assert "permanently deletes" not in stage.messages


@pytest.mark.fault("G7")
def test_a_dry_run_returns_a_row_for_each_change(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")

    rows = make(stage.app(dry_run=True), remote.deletion(thing), remote.creation("two"))

    row = {"kind": "remote.thing", "undo": ""}
    assert rows.items == [
        {**row, "action": "delete", "name": "one", "id": "id1"},
        {**row, "action": "create", "name": "two", "id": ""},
    ]
    assert stage.messages.splitlines()[-1] == "dry run: nothing was sent"


@pytest.mark.fault("G7")
def test_a_dry_run_of_a_stream_counts_it_to_its_end(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("one")
    changes = [remote.creation("a"), remote.creation("b"), remote.deletion(thing)]

    item = make_all(stage.app(dry_run=True), iter(changes))
    nothing = make_all(stage.app(dry_run=True), iter(()))

    assert item.item == {"create": 2, "update": 0, "delete": 1, "unchanged": 0, "undo": ""}
    assert nothing.item == {"create": 0, "update": 0, "delete": 0, "unchanged": 0, "undo": ""}
    assert stage.messages.splitlines() == [
        "dry run: nothing was sent; 2 to create, 1 to delete", "dry run: nothing was sent; nothing to change"
    ]  # fmt: skip
    assert remote.written == 0


def test_the_question_of_a_stream_is_asked_before_its_first_write(stage: Stage, remote: Remote) -> None:
    with pytest.raises(Refused, match=r"load it all\?"):
        make_all(stage.app(yes=False), iter([remote.creation("one")]), question="load it all?")
    assert remote.written == 0

    make_all(stage.app(yes=False), iter([remote.creation("one")]))
    assert remote.written == 1


def test_a_stream_beyond_the_threshold_is_refused_before_it_is_read_further(
    stage: Stage, remote: Remote
) -> None:
    things = remote.stock(*(f"n{i}" for i in range(ITEMS + 9)))
    taken: list[int] = []

    def source() -> Iterator[Change]:
        for number, thing in enumerate(things):
            taken.append(number)
            yield remote.deletion(thing)

    with pytest.raises(Refused, match=f"it changes or deletes {ITEMS + 1} of 1000 items"):
        make_all(stage.app(), source(), total=1000)

    assert (len(taken), remote.written) == (ITEMS + 1, 0)
    make_all(stage.app(force=True), source(), total=1000)
    assert remote.state() == []


def test_a_stream_within_the_threshold_is_made_completely_and_in_order(stage: Stage, remote: Remote) -> None:
    things = remote.stock(*(f"n{i}" for i in range(3)))
    creations = [remote.creation(f"c{i}") for i in range(ITEMS)]

    item = make_all(stage.app(), iter([*map(remote.deletion, things), *creations]), total=1000)

    names = [f"delete n{i}" for i in range(3)] + [f"create c{i}" for i in range(ITEMS)]
    assert remote.calls == names
    assert (item.item["delete"], item.item["create"]) == (3, ITEMS)


def test_an_item_that_reads_back_as_written_is_not_mentioned(stage: Stage, remote: Remote) -> None:
    a, b = remote.stock("a", "b")

    make(stage.app(), remote.creation("one", value=1), remote.change(a, value=2), remote.deletion(b))

    assert "reads differently" not in stage.messages
    assert "looked at again" not in stage.messages


def test_an_irreversible_change_may_read_back_differently(stage: Stage) -> None:
    remote = Remote(irreversible="a purge only empties what fills again")
    remote.after = lambda _number: remote.things.clear()

    make(stage.app(), remote.creation("one", value=1))

    assert "reads differently" not in stage.messages


def test_a_write_that_cannot_be_read_again_is_done(stage: Stage, remote: Remote) -> None:
    def find(client: Client, owner: Owner, item: Json) -> Json | None:
        if remote.written:
            raise NetworkError("no route")
        return remote.find(client, owner, item)

    (thing,) = remote.stock("one")
    writes = remote.resource.writes
    assert writes
    blind = remote.resource._replace(writes=writes._replace(find=find))

    make(stage.app(), remote.change(thing, value=2)._replace(resource=blind))

    assert states(stage) == [DONE]
    assert "applied, but reading it again failed: no route" in stage.messages


def test_an_error_halfway_keeps_its_status_its_codes_its_hint_and_its_ray(
    stage: Stage, remote: Remote
) -> None:
    fault = ValidationError("bad", 400, hint="write it well", codes=(1004,), ray="8f1")
    remote.before = only(fault, 2)

    with pytest.raises(ValidationError) as raised:
        make(stage.app(), remote.creation("a"), remote.creation("b"))

    message = raised.value
    assert (message.status, message.hint, message.codes, message.ray) == (
        400,
        "write it well",
        (1004,),
        "8f1",
    )


def test_a_failure_after_an_irreversible_change_names_no_undo(stage: Stage) -> None:
    remote = Remote(irreversible="a purge only empties what fills again")
    remote.before = only(ValidationError("bad", 400), 2)

    with pytest.raises(ValidationError) as failure:
        make(stage.app(), remote.creation("a"), remote.creation("b"))

    assert failure.value.message == "bad\n  1 done, 0 unknown, 1 not started"


def test_a_failure_of_the_only_change_is_raised_unchanged(stage: Stage, remote: Remote) -> None:
    fault = ValidationError("bad", 400)
    remote.before = only(fault, 1)

    with pytest.raises(ValidationError) as raised:
        make(stage.app(), remote.creation("a"))

    assert raised.value is fault


def test_an_outcome_that_is_unknown_halfway_is_counted_as_such(stage: Stage, remote: Remote) -> None:
    def strike(number: int) -> None:
        if number == 2:
            raise Unanswered("gone")

    remote.before = strike
    with pytest.raises(Unanswered, match=r"gone\n  1 done, 1 unknown, 2 not started; undo them with"):
        make(stage.app(), *(remote.creation(name) for name in "abcd"))


@pytest.mark.parametrize(
    ("fault", "state"), [(Unanswered("no answer"), UNKNOWN), (ValidationError("bad content", 400), FAILED)]
)
def test_the_outcome_of_a_write_is_noted_with_the_reason(
    stage: Stage, remote: Remote, fault: OpsError, state: str
) -> None:
    def strike(_number: int) -> None:
        raise fault

    remote.before = strike
    with pytest.raises(type(fault)):
        make(stage.app(), remote.creation("one"))

    (entry,) = stage.journal().entries().values()
    assert (entry.state, entry.why) == (state, fault.message)


def test_only_an_adopted_change_is_reported_as_such(stage: Stage, remote: Remote) -> None:
    remote.after = only(Unanswered("no answer"), 1)

    make(stage.app(), remote.creation("one"), remote.creation("two"))

    message = "applied, although no response arrived: remote.thing one"
    assert stage.messages.count(message) == stage.messages.count("no response arrived") == 1


def test_the_rows_of_a_write_and_of_a_dry_run_have_their_columns(stage: Stage, remote: Remote) -> None:
    columns = ("action", "kind", "name", "id", "undo")

    assert make(stage.app(), remote.creation("one")).columns == columns
    assert make(stage.app(dry_run=True), remote.creation("two")).columns == columns


def test_an_exception_that_is_not_an_opserror_passes_unchanged(stage: Stage, remote: Remote) -> None:
    def broken(number: int) -> None:
        if number == 2:
            raise ZeroDivisionError

    remote.before = broken

    with pytest.raises(ZeroDivisionError):
        make(stage.app(), remote.creation("one"), remote.creation("two"))
    assert [thing["name"] for thing in remote.state()] == ["one"]


def test_an_entry_has_the_time_of_its_request_and_its_lock_names_the_holder(
    stage: Stage, remote: Remote
) -> None:
    met: list[str] = []

    def look(_number: int) -> None:
        met.extend(file.read_text() for file in (stage.folder / "state" / "locks").iterdir())

    remote.before = look
    began = time.time()
    make(stage.app(), remote.creation("one"))
    (entry,) = stage.journal().entries().values()

    assert len(met) == 1
    assert json.loads(met[0])["pid"] == os.getpid()
    assert began - 1 < datetime.fromisoformat(entry.time).timestamp() < time.time() + 1


def test_a_refusal_before_the_first_request_mentions_no_counts(stage: Stage, remote: Remote) -> None:
    remote.stock("two")

    with pytest.raises(Conflict) as refused:
        make(stage.app(), remote.creation("one", value=1), remote.creation("two", value=5))

    assert "not started" not in refused.value.message
    assert remote.written == 0
