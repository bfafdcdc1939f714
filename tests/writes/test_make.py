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
from ops.kinds.change import Change
from ops.writes.consent import ITEMS
from ops.writes.journal import ADOPTED, DONE, FAILED, UNKNOWN
from ops.writes.make import lookup, make, make_all
from tests.writes.stage import ZONE, Shelf, Stage


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


def test_a_creation_is_noted_done_and_told_with_what_takes_it_back(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()

    rows = make(app, shelf.creation("one", value=1))

    (row,) = rows.items
    (entry,) = stage.journal().entries().values()
    assert row == {
        "action": "create", "kind": "shelf.thing", "name": "one", "id": "id1", "undo": entry.id,
    }  # fmt: skip
    assert entry.state == DONE
    assert f"undo: inv undo.apply --id {app.task_id}" in stage.told
    assert "create shelf.thing one: name one, value 1" in stage.told


def test_an_update_shows_old_and_new(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("one")

    make(stage.app(), shelf.change(thing, value=2))

    assert "update shelf.thing one: value 1 → 2" in stage.told
    assert shelf.state() == [{"name": "one", "value": 2}]


def test_creating_what_is_there_already_and_equal_is_unchanged(stage: Stage, shelf: Shelf) -> None:
    shelf.stock("one")

    (row,) = make(stage.app(), shelf.creation("one", value=1)).items

    assert row["action"] == "unchanged"
    assert shelf.written == 0
    assert states(stage) == []


def test_creating_what_is_there_and_differs_is_a_conflict(stage: Stage, shelf: Shelf) -> None:
    shelf.stock("one")

    with pytest.raises(Conflict, match="already exists and differs: value 1 → 2"):
        make(stage.app(), shelf.creation("one", value=2))

    assert shelf.written == 0


def test_deleting_what_is_gone_is_unchanged(stage: Stage, shelf: Shelf) -> None:
    (row,) = make(stage.app(), Change(shelf.resource, ZONE, None, None)).items

    assert row["action"] == "unchanged"
    assert shelf.written == 0


@pytest.mark.fault("G4")
def test_off_a_terminal_a_deletion_without_yes_is_refused(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("one")

    with pytest.raises(Refused) as refused:
        make(stage.app(yes=False), shelf.deletion(thing))

    assert refused.value.exit_code == 1
    assert "--yes" in refused.value.hint
    assert shelf.written == 0
    assert states(stage) == []


def test_what_is_severe_takes_the_name_and_not_a_yes(stage: Stage) -> None:
    shelf = Shelf(confirm_by_name=True, lost="all that lies in it")
    (thing,) = shelf.stock("one")

    with pytest.raises(Refused):
        make(stage.app(), shelf.deletion(thing))
    with pytest.raises(Refused):
        make(stage.app(confirm="other"), shelf.deletion(thing))
    refused = shelf.written
    make(stage.app(confirm="one"), shelf.deletion(thing))

    assert refused == 0
    assert shelf.state() == []
    assert "this permanently deletes all that lies in it" in stage.told


def test_a_question_of_the_task_is_asked_even_where_nothing_is_deleted(stage: Stage, shelf: Shelf) -> None:
    with pytest.raises(Refused, match="overwrite it all"):
        make(stage.app(yes=False), shelf.creation("one"), question="overwrite it all?")

    assert shelf.written == 0


def test_what_can_never_be_taken_back_says_so(stage: Stage) -> None:
    shelf = Shelf(irreversible="a purge only empties what fills again")

    (row,) = make(stage.app(), shelf.creation("one")).items

    assert row["undo"] == ""
    assert "cannot be undone: a purge only empties what fills again" in stage.told
    assert "take it back" not in stage.told


@pytest.mark.fault("A8", "G1")
@pytest.mark.parametrize("failure", [Unanswered("no answer"), ApiError("524", 524), ApiError("502", 502)])
def test_a_creation_that_was_done_without_an_answer_is_adopted(
    stage: Stage, shelf: Shelf, failure: OpsError
) -> None:
    shelf.after = only(failure, 1)

    (row,) = make(stage.app(), shelf.creation("one")).items

    assert shelf.calls == ["create one"]
    assert row["id"] == "id1"
    assert states(stage) == [ADOPTED]


@pytest.mark.fault("A16")
def test_a_creation_that_was_not_done_is_sent_once_more(stage: Stage, shelf: Shelf) -> None:
    shelf.before = once(Unanswered("closed"))

    make(stage.app(), shelf.creation("one"))

    assert shelf.state() == [{"name": "one"}]
    assert states(stage) == [DONE]


def test_what_has_become_something_else_meanwhile_is_not_written_to_again(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("one")

    def others(_number: int) -> None:
        shelf.things[thing["id"]] = {**thing, "value": "of others"}
        shelf.before = lambda _number: None
        raise Unanswered("gone")

    shelf.before = others
    with pytest.raises(Unanswered):
        make(stage.app(), shelf.change(thing, value=2))

    assert states(stage) == [UNKNOWN]
    assert shelf.state() == [{"name": "one", "value": "of others"}]
    assert shelf.calls == []


def test_an_outcome_that_cannot_be_told_stays_unknown_with_a_hint(stage: Stage, shelf: Shelf) -> None:
    shelf.before = lost

    with pytest.raises(Unanswered) as unanswered:
        make(stage.app(), shelf.creation("one"))

    (entry,) = stage.journal().entries().values()
    assert entry.state == UNKNOWN
    assert f"`inv undo.show --id {entry.id}`" in unanswered.value.hint


def test_a_refusal_is_noted_as_failed_and_raised_as_it_was(stage: Stage, shelf: Shelf) -> None:
    shelf.before = only(ValidationError("bad content", 400), 1)

    with pytest.raises(ValidationError, match="bad content"):
        make(stage.app(), shelf.creation("one"))

    assert states(stage) == [FAILED]


def test_a_failure_halfway_says_what_was_done_and_what_takes_it_back(stage: Stage, shelf: Shelf) -> None:
    shelf.before = only(ValidationError("bad", 400), 3)
    app = stage.app()

    with pytest.raises(ValidationError, match="2 done, 0 unknown, 3 not started") as failure:
        make(app, *(shelf.creation(f"n{i}") for i in range(5)))

    assert f"inv undo.apply --id {app.task_id}" in failure.value.message


def test_changes_of_one_owner_go_out_in_batches(stage: Stage) -> None:
    shelf = Shelf()
    shelf.resource = shelf.resource._replace(
        writes=shelf.resource.writes._replace(batch=shelf.batch, batch_size=4)  # type: ignore[union-attr]
    )

    rows = make(stage.app(), *(shelf.creation(f"n{i}") for i in range(9)), total=0)

    assert shelf.calls == ["batch 4", "batch 4", "create n8"]
    assert [row["name"] for row in rows.items] == [f"n{i}" for i in range(9)]
    assert states(stage) == [DONE] * 3


@pytest.mark.fault("G8")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_batch_without_an_answer_is_adopted_or_sent_once_more(stage: Stage, moment: str) -> None:
    shelf = Shelf()
    shelf.resource = shelf.resource._replace(
        writes=shelf.resource.writes._replace(batch=shelf.batch, batch_size=10)  # type: ignore[union-attr]
    )
    setattr(shelf, moment, once(Unanswered("gone")))

    rows = make(stage.app(), *(shelf.creation(f"n{i}") for i in range(6)), total=0)

    assert len(shelf.things) == 6
    assert {row["id"] for row in rows.items} == set(shelf.things)


def test_a_stream_is_made_without_being_held(stage: Stage) -> None:
    shelf = Shelf()
    shelf.resource = shelf.resource._replace(
        writes=shelf.resource.writes._replace(batch=shelf.batch, batch_size=100)  # type: ignore[union-attr]
    )
    taken: list[int] = []

    def source() -> Iterator[Change]:
        for i in range(1000):
            taken.append(i)
            assert len(taken) - len(shelf.things) <= 102
            yield shelf.creation(f"n{i}")

    app = stage.app()
    item = make_all(app, source())

    assert item.item == {"create": 1000, "update": 0, "delete": 0, "unchanged": 0, "undo": app.task_id}
    assert len(shelf.things) == 1000


@pytest.mark.parametrize(("read_back", "looked"), [(False, 4), (True, 0)])
def test_a_stream_is_looked_at_again_unless_the_caller_reads_all_of_it_back(
    stage: Stage, read_back: bool, looked: int
) -> None:
    shelf = Shelf()
    finds: list[object] = []
    writes = shelf.resource.writes
    assert writes is not None

    def find(*where: Any) -> Any:
        finds.append(where[-1])
        return writes.find(*where)

    shelf.resource = shelf.resource._replace(
        writes=writes._replace(find=find, batch=shelf.batch, batch_size=5)
    )

    make_all(stage.app(), (shelf.creation(f"n{i}") for i in range(10)), read_back=read_back)

    assert len(shelf.things) == 10
    assert len(finds) == looked


def test_a_stream_asks_before_its_first_deletion_once(stage: Stage, shelf: Shelf) -> None:
    things = shelf.stock("a", "b", "c")

    with pytest.raises(Refused):
        make_all(stage.app(yes=False), (shelf.deletion(thing) for thing in things))
    refused = shelf.written
    make_all(stage.app(), (shelf.deletion(thing) for thing in things))

    assert refused == 0
    assert shelf.state() == []


def test_what_the_journal_cannot_note_is_not_begun(stage: Stage, shelf: Shelf) -> None:
    blocked = stage.folder / "state"
    blocked.mkdir()
    (blocked / "journal").write_text("a file where the folder would be")

    with pytest.raises(DiskError):
        make(stage.app(), shelf.creation("one"))

    assert shelf.written == 0


def test_what_reads_differently_after_the_write_is_told(stage: Stage, shelf: Shelf) -> None:
    def spoil(_number: int) -> None:
        for thing in shelf.things.values():
            thing["value"] = 99

    shelf.after = spoil
    make(stage.app(), shelf.creation("one", value=1))

    assert "was written but reads back differently" in stage.told


@pytest.mark.fault("G7")
def test_a_dry_run_writes_nothing_and_leaves_no_trace(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("one")
    app = stage.app(dry_run=True, yes=False)

    rows = make(app, shelf.deletion(thing), shelf.creation("two"))

    assert [row["action"] for row in rows.items] == ["delete", "create"]
    assert shelf.written == 0
    assert not (stage.folder / "state").exists()
    assert "dry run: nothing was sent" in stage.told


@pytest.mark.fault("G7")
def test_a_later_task_of_a_dry_line_sees_what_an_earlier_one_would_have_made(
    stage: Stage, shelf: Shelf
) -> None:
    (thing,) = shelf.stock("one")
    run = Run()
    first, second = stage.app(run, dry_run=True), stage.app(run, dry_run=True)

    make(first, shelf.creation("two", value=7), shelf.deletion(thing))

    assert lookup(second, shelf.resource, ZONE, {"name": "two"}) == {"name": "two", "value": 7}
    assert lookup(second, shelf.resource, ZONE, {"name": "one"}) is None
    assert lookup(second, shelf.resource, ZONE, {"name": "three"}) is None
    with pytest.raises(Conflict):
        make(second, shelf.creation("two", value=8))


def test_a_task_that_is_not_dry_sees_what_is_really_there(stage: Stage, shelf: Shelf) -> None:
    run = Run()

    make(stage.app(run, dry_run=True), shelf.creation("one"))
    make(stage.app(run), shelf.creation("one"))

    assert shelf.state() == [{"name": "one"}]


def test_a_write_is_noted_for_the_rest_of_the_run(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()

    make(app, shelf.creation("one"))

    assert app.run.wrote == {app.task_id}
    assert app.written_account == "a1"


def test_an_item_that_has_more_than_was_wanted_is_as_it_shall_be(stage: Stage, shelf: Shelf) -> None:
    shelf.things["x"] = {"id": "x", "name": "one", "value": 1, "added": "by the API"}

    (row,) = make(stage.app(), shelf.creation("one", value=1)).items

    assert row == {"action": "unchanged", "kind": "shelf.thing", "name": "one", "id": "x", "undo": ""}
    assert shelf.written == 0


def test_a_conflict_says_what_to_do_instead(stage: Stage, shelf: Shelf) -> None:
    shelf.stock("one")

    with pytest.raises(Conflict) as conflict:
        make(stage.app(), shelf.creation("one", value=2))

    assert conflict.value.hint == "nothing was changed; update it, or delete it first"


def test_a_kind_that_is_read_only_is_not_looked_for(stage: Stage, shelf: Shelf) -> None:
    with pytest.raises(Refused, match=r"^shelf.thing is read-only$"):
        lookup(stage.app(), shelf.resource._replace(writes=None), ZONE, {"name": "one"})


def test_a_deletion_tells_the_id_of_what_is_gone(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("one")
    app = stage.app()

    (row,) = make(app, shelf.deletion(thing)).items

    assert row == {
        "action": "delete", "kind": "shelf.thing", "name": "one", "id": "id1", "undo": f"{app.task_id}.1",
    }  # fmt: skip
    assert "permanently deletes" not in stage.told


@pytest.mark.fault("G7")
def test_a_dry_run_gives_a_row_for_each_change(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("one")

    rows = make(stage.app(dry_run=True), shelf.deletion(thing), shelf.creation("two"))

    row = {"kind": "shelf.thing", "undo": ""}
    assert rows.items == [
        {**row, "action": "delete", "name": "one", "id": "id1"},
        {**row, "action": "create", "name": "two", "id": ""},
    ]
    assert stage.told.splitlines()[-1] == "dry run: nothing was sent"


@pytest.mark.fault("G7")
def test_a_dry_run_of_a_stream_counts_it_to_its_end(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("one")
    changes = [shelf.creation("a"), shelf.creation("b"), shelf.deletion(thing)]

    item = make_all(stage.app(dry_run=True), iter(changes))
    nothing = make_all(stage.app(dry_run=True), iter(()))

    assert item.item == {"create": 2, "update": 0, "delete": 1, "unchanged": 0, "undo": ""}
    assert nothing.item == {"create": 0, "update": 0, "delete": 0, "unchanged": 0, "undo": ""}
    assert stage.told.splitlines() == [
        "dry run: nothing was sent; 2 to create, 1 to delete", "dry run: nothing was sent; nothing to change"
    ]  # fmt: skip
    assert shelf.written == 0


def test_the_question_of_a_stream_is_asked_before_its_first_write(stage: Stage, shelf: Shelf) -> None:
    with pytest.raises(Refused, match=r"load it all\?"):
        make_all(stage.app(yes=False), iter([shelf.creation("one")]), question="load it all?")
    assert shelf.written == 0

    make_all(stage.app(yes=False), iter([shelf.creation("one")]))
    assert shelf.written == 1


def test_a_stream_that_goes_too_far_is_stopped_before_it_is_read_on(stage: Stage, shelf: Shelf) -> None:
    things = shelf.stock(*(f"n{i}" for i in range(ITEMS + 9)))
    taken: list[int] = []

    def source() -> Iterator[Change]:
        for number, thing in enumerate(things):
            taken.append(number)
            yield shelf.deletion(thing)

    with pytest.raises(Refused, match=f"it changes or deletes {ITEMS + 1} of 1000 items"):
        make_all(stage.app(), source(), total=1000)

    assert (len(taken), shelf.written) == (ITEMS + 1, 0)
    make_all(stage.app(force=True), source(), total=1000)
    assert shelf.state() == []


def test_a_stream_that_does_not_go_too_far_is_made_whole_and_in_order(stage: Stage, shelf: Shelf) -> None:
    things = shelf.stock(*(f"n{i}" for i in range(3)))
    creations = [shelf.creation(f"c{i}") for i in range(ITEMS)]

    item = make_all(stage.app(), iter([*map(shelf.deletion, things), *creations]), total=1000)

    names = [f"delete n{i}" for i in range(3)] + [f"create c{i}" for i in range(ITEMS)]
    assert shelf.calls == names
    assert (item.item["delete"], item.item["create"]) == (3, ITEMS)


def test_what_reads_as_it_was_written_is_not_spoken_of(stage: Stage, shelf: Shelf) -> None:
    a, b = shelf.stock("a", "b")

    make(stage.app(), shelf.creation("one", value=1), shelf.change(a, value=2), shelf.deletion(b))

    assert "reads differently" not in stage.told
    assert "looked at again" not in stage.told


def test_what_is_final_may_read_differently(stage: Stage) -> None:
    shelf = Shelf(irreversible="a purge only empties what fills again")
    shelf.after = lambda _number: shelf.things.clear()

    make(stage.app(), shelf.creation("one", value=1))

    assert "reads differently" not in stage.told


def test_a_write_that_cannot_be_looked_at_again_is_done_all_the_same(stage: Stage, shelf: Shelf) -> None:
    def find(client: object, owner: object, item: object) -> None:
        raise NetworkError("no route")

    (thing,) = shelf.stock("one")
    writes = shelf.resource.writes
    assert writes
    blind = shelf.resource._replace(writes=writes._replace(find=find))

    make(stage.app(), shelf.change(thing, value=2)._replace(resource=blind))

    assert states(stage) == [DONE]
    assert "applied, but reading it again failed: no route" in stage.told


def test_an_error_halfway_keeps_its_status_its_codes_its_hint_and_its_ray(stage: Stage, shelf: Shelf) -> None:
    fault = ValidationError("bad", 400, hint="write it well", codes=(1004,), ray="8f1")
    shelf.before = only(fault, 2)

    with pytest.raises(ValidationError) as raised:
        make(stage.app(), shelf.creation("a"), shelf.creation("b"))

    told = raised.value
    assert (told.status, told.hint, told.codes, told.ray) == (400, "write it well", (1004,), "8f1")


def test_a_failure_after_what_can_never_be_taken_back_names_no_way_back(stage: Stage) -> None:
    shelf = Shelf(irreversible="a purge only empties what fills again")
    shelf.before = only(ValidationError("bad", 400), 2)

    with pytest.raises(ValidationError) as failure:
        make(stage.app(), shelf.creation("a"), shelf.creation("b"))

    assert failure.value.message == "bad\n  1 done, 0 unknown, 1 not started"


def test_a_failure_of_the_only_change_is_raised_as_it_was(stage: Stage, shelf: Shelf) -> None:
    fault = ValidationError("bad", 400)
    shelf.before = only(fault, 1)

    with pytest.raises(ValidationError) as raised:
        make(stage.app(), shelf.creation("a"))

    assert raised.value is fault


def test_an_outcome_that_is_unknown_halfway_is_counted_as_such(stage: Stage, shelf: Shelf) -> None:
    def strike(number: int) -> None:
        if number == 2:
            raise Unanswered("gone")

    shelf.before = strike
    with pytest.raises(Unanswered, match=r"gone\n  1 done, 1 unknown, 2 not started; undo them with"):
        make(stage.app(), *(shelf.creation(name) for name in "abcd"))


@pytest.mark.parametrize(
    ("fault", "state"), [(Unanswered("no answer"), UNKNOWN), (ValidationError("bad content", 400), FAILED)]
)
def test_what_became_of_a_write_is_noted_with_the_reason(
    stage: Stage, shelf: Shelf, fault: OpsError, state: str
) -> None:
    def strike(_number: int) -> None:
        raise fault

    shelf.before = strike
    with pytest.raises(type(fault)):
        make(stage.app(), shelf.creation("one"))

    (entry,) = stage.journal().entries().values()
    assert (entry.state, entry.why) == (state, fault.message)


def test_only_what_was_adopted_is_said_to_be(stage: Stage, shelf: Shelf) -> None:
    shelf.after = only(Unanswered("no answer"), 1)

    make(stage.app(), shelf.creation("one"), shelf.creation("two"))

    told = "applied, although no response arrived: shelf.thing one"
    assert stage.told.count(told) == stage.told.count("no response arrived") == 1


def test_the_rows_of_a_write_and_of_a_dry_run_have_their_columns(stage: Stage, shelf: Shelf) -> None:
    columns = ("action", "kind", "name", "id", "undo")

    assert make(stage.app(), shelf.creation("one")).columns == columns
    assert make(stage.app(dry_run=True), shelf.creation("two")).columns == columns


def test_what_is_no_failure_of_ours_passes_as_it_is(stage: Stage, shelf: Shelf) -> None:
    def broken(number: int) -> None:
        if number == 2:
            raise ZeroDivisionError

    shelf.before = broken

    with pytest.raises(ZeroDivisionError):
        make(stage.app(), shelf.creation("one"), shelf.creation("two"))
    assert [thing["name"] for thing in shelf.state()] == ["one"]


def test_an_entry_is_of_the_time_at_which_it_was_sent_and_its_lock_tells_who_holds_it(
    stage: Stage, shelf: Shelf
) -> None:
    met: list[str] = []

    def look(_number: int) -> None:
        met.extend(file.read_text() for file in (stage.folder / "state" / "locks").iterdir())

    shelf.before = look
    began = time.time()
    make(stage.app(), shelf.creation("one"))
    (entry,) = stage.journal().entries().values()

    assert len(met) == 1
    assert json.loads(met[0])["pid"] == os.getpid()
    assert began - 1 < datetime.fromisoformat(entry.time).timestamp() < time.time() + 1


def test_a_refusal_before_anything_is_begun_speaks_of_itself_alone(stage: Stage, shelf: Shelf) -> None:
    shelf.stock("two")

    with pytest.raises(Conflict) as refused:
        make(stage.app(), shelf.creation("one", value=1), shelf.creation("two", value=5))

    assert "not started" not in refused.value.message
    assert shelf.written == 0
