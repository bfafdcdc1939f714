from __future__ import annotations

import pytest

from ops.errors import Conflict, NotFound, Refused, UsageError
from ops.journal.entries import DONE, UNDONE, Entry
from ops.journal.undo import last, select, take_back
from ops.resource import Json
from ops.ui.shapes import Rows
from tests.journal.stage import KIND, Shelf, Stage


def entries(stage: Stage) -> list[Entry]:
    return list(stage.journal().entries().values())


def undo(stage: Stage, shelf: Shelf, id: str, **options: object) -> Rows:
    app = stage.app(**options)
    return take_back(app, select(entries(stage), id), {KIND: shelf.resource})


def undo_last(stage: Stage, shelf: Shelf) -> Rows:
    kinds = {KIND: shelf.resource}
    return take_back(stage.app(), last(entries(stage), kinds, "sandbox"), kinds)


def test_each_change_is_taken_back(stage: Stage, shelf: Shelf) -> None:
    a, b = shelf.stock("a", "b")
    before = shelf.state()
    app = stage.app()
    app.make(shelf.change(a, value=2), shelf.deletion(b), shelf.creation("c"))

    undo(stage, shelf, app.task_id)

    assert shelf.state() == before
    assert [entry.state for entry in entries(stage)] == [UNDONE] * 3 + [DONE] * 3


def test_an_undo_can_be_undone_and_that_too(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    app = stage.app()
    app.make(shelf.deletion(thing))
    undo(stage, shelf, app.task_id)
    first = entries(stage)[1]

    undo(stage, shelf, first.id)
    gone = shelf.state()
    again = undo(stage, shelf, app.task_id)

    assert gone == []
    assert shelf.state() == [{"name": "a", "value": 1}]
    assert [row["action"] for row in again.items] == ["create"]


def test_the_last_change_is_taken_back_first_and_new_ids_are_followed(stage: Stage, shelf: Shelf) -> None:
    run = stage.app().run
    stage.app(run).make(shelf.creation("a", value=1))
    (made,) = shelf.things.values()
    stage.app(run).make(shelf.change(made, value=2))
    (made,) = shelf.things.values()
    stage.app(run).make(shelf.deletion(made))

    rows = undo(stage, shelf, run.id)

    assert [row["action"] for row in rows.items] == ["create", "update", "delete"]
    assert shelf.state() == []


def test_what_was_created_again_by_an_undo_is_found_under_its_new_id_by_the_next_one(
    stage: Stage, shelf: Shelf
) -> None:
    first, second = stage.app(), stage.app()
    first.make(shelf.creation("a"))
    (made,) = shelf.things.values()
    second.make(shelf.deletion(made))

    undo(stage, shelf, second.task_id)
    renewed = set(shelf.things)
    undo(stage, shelf, first.task_id)

    assert renewed != {made["id"]}
    assert shelf.state() == []


@pytest.mark.fault("G6")
def test_what_others_have_changed_since_is_shown_and_not_overwritten(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    app = stage.app()
    app.make(shelf.change(thing, value=2))
    shelf.things[thing["id"]]["value"] = 3
    sent = shelf.written

    with pytest.raises(Conflict, match="was changed since: value 2 → 3") as conflict:
        undo(stage, shelf, app.task_id)

    assert conflict.value.exit_code == 1
    assert shelf.written == sent


@pytest.mark.fault("G6")
def test_what_others_have_deleted_or_put_in_its_place_is_a_conflict(stage: Stage, shelf: Shelf) -> None:
    a, b = shelf.stock("a", "b")
    app = stage.app()
    app.make(shelf.change(a, value=2), shelf.deletion(b))
    shelf.things.clear()
    shelf.things["other"] = {"id": "other", "name": "b", "value": 42}
    sent = shelf.written

    with pytest.raises(Conflict) as conflict:
        undo(stage, shelf, app.task_id)

    assert "a is gone since" in conflict.value.message
    assert "something else stands there since" in conflict.value.message
    assert shelf.written == sent


def test_what_is_back_already_needs_no_request_and_counts_as_taken_back(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    app = stage.app()
    app.make(shelf.change(thing, value=2))
    shelf.things[thing["id"]] = thing
    sent = shelf.written

    rows = undo(stage, shelf, app.task_id)

    assert rows.items == []
    assert shelf.written == sent
    assert entries(stage)[0].state == UNDONE


def test_an_undo_that_was_interrupted_is_finished_by_running_it_again(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    app.make(*(shelf.creation(f"n{i}") for i in range(5)))

    def stop(number: int) -> None:
        if number == 8:
            raise Refused("no more")

    shelf.before = stop
    with pytest.raises(Refused):
        undo(stage, shelf, app.task_id)
    halfway = len(shelf.things)
    shelf.before = lambda _number: None
    undo(stage, shelf, app.task_id)

    assert halfway == 3
    assert shelf.state() == []


def test_undoing_a_creation_asks_as_a_deletion_does(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    app.make(shelf.creation("a"))

    with pytest.raises(Refused):
        undo(stage, shelf, app.task_id, yes=False)

    assert shelf.state() == [{"name": "a"}]


def test_what_can_never_be_taken_back_is_refused_with_its_reason(stage: Stage) -> None:
    shelf = Shelf(final="caches only fill again")
    app = stage.app()
    app.make(shelf.creation("a"))

    with pytest.raises(Refused, match="caches only fill again"):
        undo(stage, shelf, app.task_id)


def test_what_is_taken_back_already_is_said_to_be(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    app.make(shelf.creation("a"))
    undo(stage, shelf, app.task_id)

    with pytest.raises(Refused, match="it is taken back already"):
        undo(stage, shelf, app.task_id)


def test_the_last_task_is_taken_back_and_twice_means_the_last_two(stage: Stage, shelf: Shelf) -> None:
    stage.app().make(shelf.creation("a"))
    stage.app().make(shelf.creation("b"), shelf.creation("c"))

    undo_last(stage, shelf)
    after_one = shelf.state()
    undo_last(stage, shelf)

    assert after_one == [{"name": "a"}]
    assert shelf.state() == []
    with pytest.raises(NotFound, match="nothing to take back"):
        undo_last(stage, shelf)


def test_only_the_last_task_of_a_line_is_the_last(stage: Stage, shelf: Shelf) -> None:
    run = stage.app().run
    stage.app(run).make(shelf.creation("a"))
    stage.app(run).make(shelf.creation("b"))

    undo_last(stage, shelf)

    assert shelf.state() == [{"name": "a"}]


def test_what_was_done_elsewhere_is_not_taken_back_here(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    app.make(shelf.creation("a"))
    elsewhere = [entry._replace(place="api.cloudflare.com") for entry in entries(stage)]

    with pytest.raises(UsageError, match="and this would be sandbox"):
        take_back(stage.app(), elsewhere, {KIND: shelf.resource})


def test_an_unknown_id_names_the_way_to_the_known_ones(stage: Stage) -> None:
    with pytest.raises(NotFound) as unknown:
        select([], "nothing-1")

    assert "undo.list" in unknown.value.hint


def test_a_task_is_not_taken_for_another_whose_number_begins_alike(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    app.make(shelf.creation("a"))
    (entry,) = entries(stage)
    tenth = entry._replace(id=f"{entry.group}0.1")

    assert select([entry, tenth], entry.group) == [entry]


def test_a_dry_undo_shows_what_it_would_do(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    app.make(shelf.creation("a"))
    sent = shelf.written

    rows = undo(stage, shelf, app.task_id, dry_run=True, yes=False)

    assert [row["action"] for row in rows.items] == ["delete"]
    assert shelf.written == sent
    assert [entry.state for entry in entries(stage)] == [DONE]


def test_what_is_deleted_keeps_its_bytes_until_it_is_put_back(stage: Stage, shelf: Shelf) -> None:
    values: Json = {
        "short": b"\x00\xff",
        "long": bytes(range(256)) * 400,
        "$at": {"$base64": "a dict of mine"},
    }
    thing = {"name": "a", "id": "x", "value": values}
    shelf.things["x"] = thing
    app = stage.app()
    app.make(shelf.deletion(thing))

    undo(stage, shelf, app.task_id)

    assert shelf.state() == [{"name": "a", "value": values}]


def test_batches_are_taken_back_in_batches(stage: Stage, shelf: Shelf) -> None:
    writes = shelf.resource.writes
    assert writes
    shelf.resource = shelf.resource._replace(writes=writes._replace(batch=shelf.batch, batch_size=100))
    app = stage.app()
    app.make(*(shelf.creation(f"n{i}") for i in range(250)), total=0)
    shelf.calls.clear()

    undo(stage, shelf, app.task_id)

    assert shelf.calls == ["batch 50", "batch 100", "batch 100"]
    assert shelf.state() == []
