from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.config.settings import Settings
from ops.errors import Conflict, Locked, NotFound, Refused, UsageError
from ops.kinds.resource import Json
from ops.ui.shapes import Rows
from ops.writes import undo as module
from ops.writes.journal import DONE, FAILED, UNDONE, UNKNOWN, JournalEntry
from ops.writes.make import make
from ops.writes.undo import last, select, undo_entries
from tests.writes.stage import KIND, Shelf, Stage
from tests.writes.test_lock import holding


def entries(stage: Stage) -> list[JournalEntry]:
    return list(stage.journal().entries().values())


def undo(stage: Stage, shelf: Shelf, id: str, **options: object) -> Rows:
    app = stage.app(**options)
    return undo_entries(app, select(entries(stage), id), {KIND: shelf.resource})


def undo_last(stage: Stage, shelf: Shelf) -> Rows:
    kinds = {KIND: shelf.resource}
    return undo_entries(stage.app(), last(entries(stage), kinds, "sandbox"), kinds)


def test_each_change_is_taken_back(stage: Stage, shelf: Shelf) -> None:
    a, b = shelf.stock("a", "b")
    before = shelf.state()
    app = stage.app()
    make(app, shelf.change(a, value=2), shelf.deletion(b), shelf.creation("c"))

    rows = undo(stage, shelf, app.task_id)

    assert shelf.state() == before
    assert rows.columns == module.COLUMNS
    assert [entry.state for entry in entries(stage)] == [UNDONE] * 3 + [DONE] * 3


def test_an_undo_can_be_undone_and_that_too(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    app = stage.app()
    make(app, shelf.deletion(thing))
    undo(stage, shelf, app.task_id)
    first = entries(stage)[1]

    undo(stage, shelf, first.id)
    gone = shelf.state()
    again = undo(stage, shelf, app.task_id)

    assert gone == []
    assert shelf.state() == [{"name": "a", "value": 1}]
    assert [row["action"] for row in again.items] == ["create"]
    marks = [line["state"] for line in stage.journal()._chain.lines() if line["type"] == "mark"]
    assert marks == [UNDONE, UNDONE, DONE, UNDONE]


def test_the_last_change_is_taken_back_first_and_new_ids_are_followed(stage: Stage, shelf: Shelf) -> None:
    run = stage.app().run
    make(stage.app(run), shelf.creation("a", value=1))
    (made,) = shelf.things.values()
    make(stage.app(run), shelf.change(made, value=2))
    (made,) = shelf.things.values()
    make(stage.app(run), shelf.deletion(made))

    rows = undo(stage, shelf, run.id)

    assert [row["action"] for row in rows.items] == ["create", "update", "delete"]
    assert shelf.state() == []


def test_what_was_created_again_by_an_undo_is_found_under_its_new_id_by_the_next_one(
    stage: Stage, shelf: Shelf
) -> None:
    first, second = stage.app(), stage.app()
    make(first, shelf.creation("a"))
    (made,) = shelf.things.values()
    make(second, shelf.deletion(made))

    undo(stage, shelf, second.task_id)
    renewed = set(shelf.things)
    undo(stage, shelf, first.task_id)

    assert renewed != {made["id"]}
    assert shelf.state() == []


@pytest.mark.fault("G6")
def test_what_others_have_changed_since_is_shown_and_not_overwritten(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    app = stage.app()
    make(app, shelf.change(thing, value=2))
    shelf.things[thing["id"]]["value"] = 3
    sent = shelf.written

    with pytest.raises(Conflict, match="has changed: value 2 → 3") as conflict:
        undo(stage, shelf, app.task_id)

    assert conflict.value.exit_code == 1
    assert shelf.written == sent


@pytest.mark.fault("G6")
def test_what_others_have_deleted_or_put_in_its_place_is_a_conflict(stage: Stage, shelf: Shelf) -> None:
    a, b = shelf.stock("a", "b")
    app = stage.app()
    make(app, shelf.change(a, value=2), shelf.deletion(b))
    shelf.things.clear()
    shelf.things["other"] = {"id": "other", "name": "b", "value": 42}
    sent = shelf.written

    with pytest.raises(Conflict) as conflict:
        undo(stage, shelf, app.task_id)

    assert "a no longer exists" in conflict.value.message
    assert "another item exists in its place" in conflict.value.message
    assert shelf.written == sent


def test_what_is_back_already_needs_no_request_and_counts_as_taken_back(stage: Stage, shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    app = stage.app()
    make(app, shelf.change(thing, value=2))
    shelf.things[thing["id"]] = thing
    sent = shelf.written

    rows = undo(stage, shelf, app.task_id)

    assert rows.items == []
    assert shelf.written == sent
    assert entries(stage)[0].state == UNDONE


def test_an_undo_that_was_interrupted_is_finished_by_running_it_again(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    make(app, *(shelf.creation(f"n{i}") for i in range(5)))

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
    make(app, shelf.creation("a"))

    with pytest.raises(Refused):
        undo(stage, shelf, app.task_id, yes=False)

    assert shelf.state() == [{"name": "a"}]


def test_what_can_never_be_taken_back_is_refused_with_its_reason(stage: Stage) -> None:
    shelf = Shelf(irreversible="caches only fill again")
    app = stage.app()
    make(app, shelf.creation("a"))

    with pytest.raises(Refused, match="caches only fill again"):
        undo(stage, shelf, app.task_id)


def test_what_is_taken_back_already_is_said_to_be(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    make(app, shelf.creation("a"))
    undo(stage, shelf, app.task_id)

    with pytest.raises(Refused, match="is already undone"):
        undo(stage, shelf, app.task_id)


def test_the_last_task_is_taken_back_and_twice_means_the_last_two(stage: Stage, shelf: Shelf) -> None:
    make(stage.app(), shelf.creation("a"))
    make(stage.app(), shelf.creation("b"), shelf.creation("c"))

    undo_last(stage, shelf)
    after_one = shelf.state()
    undo_last(stage, shelf)

    assert after_one == [{"name": "a"}]
    assert shelf.state() == []
    with pytest.raises(NotFound, match="nothing to undo"):
        undo_last(stage, shelf)


def test_only_the_last_task_of_a_line_is_the_last(stage: Stage, shelf: Shelf) -> None:
    run = stage.app().run
    make(stage.app(run), shelf.creation("a"))
    make(stage.app(run), shelf.creation("b"))

    undo_last(stage, shelf)

    assert shelf.state() == [{"name": "a"}]


def test_what_was_done_elsewhere_is_not_taken_back_here(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    make(app, shelf.creation("a"))
    elsewhere = [entry._replace(host="api.cloudflare.com") for entry in entries(stage)]

    with pytest.raises(UsageError, match="and this line works on sandbox"):
        undo_entries(stage.app(), elsewhere, {KIND: shelf.resource})


def test_an_unknown_id_names_the_way_to_the_known_ones(stage: Stage) -> None:
    with pytest.raises(NotFound) as unknown:
        select([], "nothing-1")

    assert "undo.list" in unknown.value.hint


def test_a_task_is_not_taken_for_another_whose_number_begins_alike(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    make(app, shelf.creation("a"))
    (entry,) = entries(stage)
    tenth = entry._replace(id=f"{entry.group}0.1")

    assert select([entry, tenth], entry.group) == [entry]


def test_a_dry_undo_shows_what_it_would_do(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    make(app, shelf.creation("a"))
    sent = shelf.written

    rows = undo(stage, shelf, app.task_id, dry_run=True, yes=False)

    assert [row["action"] for row in rows.items] == ["delete"]
    assert rows.columns == module.COLUMNS
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
    make(app, shelf.deletion(thing))

    undo(stage, shelf, app.task_id)

    assert shelf.state() == [{"name": "a", "value": values}]


def test_batches_are_taken_back_in_batches(stage: Stage, shelf: Shelf) -> None:
    writes = shelf.resource.writes
    assert writes
    shelf.resource = shelf.resource._replace(writes=writes._replace(batch=shelf.batch, batch_size=100))
    app = stage.app()
    make(app, *(shelf.creation(f"n{i}") for i in range(250)), total=0)
    shelf.calls.clear()

    undo(stage, shelf, app.task_id)

    assert shelf.calls == ["batch 50", "batch 100", "batch 100"]
    assert shelf.state() == []


def test_the_entries_of_the_last_task_come_in_their_order(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    make(app, *(shelf.creation(name) for name in "abc"))

    chosen = last(entries(stage), {KIND: shelf.resource}, "sandbox")

    assert [entry.names for entry in chosen] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"state": FAILED},
        {"state": UNDONE},
        {"undoes": "q-1.1"},
        {"host": "elsewhere"},
        {"irreversible": "why"},
    ],
)
def test_the_last_task_is_one_that_can_be_taken_back(
    stage: Stage, shelf: Shelf, spoiled: dict[str, str]
) -> None:
    make(stage.app(), shelf.creation("a"))
    make(stage.app(), shelf.creation("b"))
    first, second = entries(stage)
    kinds = {KIND: shelf.resource}

    assert last([first, second._replace(**spoiled)], kinds, "sandbox") == [first]  # type: ignore[arg-type]
    assert last([first, second._replace(state=UNKNOWN)], kinds, "sandbox")[0].names == ["b"]
    assert last([first, second._replace(kind="strange.kind")], kinds, "sandbox") == [first]


def test_where_nothing_was_done_the_way_to_what_was_is_named(stage: Stage) -> None:
    with pytest.raises(NotFound) as nothing:
        last([], {}, "sandbox")
    with pytest.raises(NotFound) as unknown:
        select([], "r-1")

    assert nothing.value.message == "there is nothing to undo"
    assert nothing.value.hint == "`inv undo.list` lists the changes"
    assert unknown.value.message == "no change has the id 'r-1'"
    assert unknown.value.hint == "`inv undo.list` lists the changes"


def test_what_will_be_taken_back_is_shown_without_what_is_back_already(stage: Stage, shelf: Shelf) -> None:
    a, b = shelf.stock("a", "b")
    app = stage.app()
    make(app, shelf.change(a, value=2), shelf.change(b, value=2))
    shelf.things[a["id"]] = a
    before = stage.told

    undo(stage, shelf, app.task_id, yes=False)

    shown = stage.told.removeprefix(before)
    assert "update shelf.thing b: value 2 → 1\n" in shown
    assert "shelf.thing a" not in shown


@pytest.mark.parametrize(("most", "asked"), [(2, True), (3, False)])
def test_more_changes_than_are_compared_beforehand_are_asked_about(
    stage: Stage, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, most: int, asked: bool
) -> None:
    monkeypatch.setattr(module, "BEFOREHAND", most)
    things = shelf.stock(*"abc")
    app = stage.app()
    make(app, *(shelf.change(thing, value=2) for thing in things))
    shelf.calls.clear()

    if asked:
        with pytest.raises(Refused, match=r"undo 3 changes\?"):
            undo(stage, shelf, app.task_id, yes=False)
        assert shelf.calls == []
    rows = undo(stage, shelf, app.task_id, yes=asked)

    assert [row["name"] for row in rows.items] == ["c", "b", "a"]
    assert shelf.state() == [{"name": name, "value": 1} for name in "abc"]


def test_many_of_a_severe_kind_are_taken_back_by_name_and_not_by_a_yes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = Shelf(confirm_by_name=True)
    app = stage.app()
    make(app, shelf.creation("a"))
    monkeypatch.setattr(module, "BEFOREHAND", 0)
    shelf.calls.clear()

    with pytest.raises(Refused):
        undo(stage, shelf, app.task_id)
    refused = list(shelf.calls)
    undo(stage, shelf, app.task_id, confirm="a")

    assert refused == []
    assert shelf.state() == []


@pytest.mark.parametrize(("more", "asked"), [(-1, True), (0, False)])
def test_more_bytes_than_are_held_are_asked_about(
    stage: Stage, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, more: int, asked: bool
) -> None:
    (thing,) = shelf.stock("a")
    app = stage.app()
    make(app, shelf.change(thing, value=b"x" * 5000))
    monkeypatch.setattr(module, "HELD", entries(stage)[0].size + more)

    if asked:
        with pytest.raises(Refused, match=r"undo 1 change\?"):
            undo(stage, shelf, app.task_id, yes=False)
    undo(stage, shelf, app.task_id, yes=asked)

    assert shelf.state() == [{"name": "a", "value": 1}]


@pytest.mark.fault("G6")
def test_what_is_not_compared_beforehand_is_compared_before_it_is_taken_back(
    stage: Stage, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BEFOREHAND", 0)
    (thing,) = shelf.stock("a")
    app = stage.app()
    make(app, shelf.change(thing, value=2))
    shelf.things[thing["id"]]["value"] = 3
    shelf.calls.clear()

    with pytest.raises(Conflict, match="has changed: value 2 → 3"):
        undo(stage, shelf, app.task_id)

    assert shelf.calls == []


@pytest.mark.fault("D6")
@pytest.mark.parametrize("most", [0, 500])
def test_an_undo_waits_for_nobody_who_writes_in_the_same_zone(
    stage: Stage, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(module, "BEFOREHAND", most)
    app = stage.app()
    make(app, shelf.creation("a"))
    child = holding(stage, shelf)
    shelf.before = lambda _number: None
    try:
        dry = list(undo(stage, shelf, app.task_id, dry_run=True).items)
        with pytest.raises(Locked):
            undo(stage, shelf, app.task_id)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert dry == [{"action": "delete", "kind": KIND, "name": "a"}]
    assert shelf.state() == [{"name": "a"}]


def test_what_others_have_put_back_is_found_under_the_id_that_it_has_now(stage: Stage, shelf: Shelf) -> None:
    run = stage.app().run
    make(stage.app(run), shelf.creation("a"))
    (made,) = shelf.things.values()
    make(stage.app(run), shelf.deletion(made))
    shelf.things["x"] = {"id": "x", "name": "a"}

    rows = undo(stage, shelf, run.id)

    assert [(row["action"], row["id"]) for row in rows.items] == [("delete", "x")]
    assert shelf.state() == []


def test_what_was_done_at_once_may_be_taken_back_in_parts(stage: Stage, shelf: Shelf) -> None:
    writes = shelf.resource.writes
    assert writes
    single = shelf.resource
    shelf.resource = single._replace(writes=writes._replace(batch=shelf.batch, batch_size=9))
    app = stage.app()
    make(app, *(shelf.creation(name) for name in "abc"), total=0)
    shelf.resource = single

    rows = undo(stage, shelf, app.task_id)

    assert [row["name"] for row in rows.items] == ["c", "b", "a"]
    assert shelf.calls == ["batch 3", "delete c", "delete b", "delete a"]


def test_a_kind_that_answers_for_fewer_than_were_asked_about_is_not_believed(stage: Stage) -> None:
    def find_all(_client: Any, _owner: Any, items: Sequence[Json]) -> list[Json | None]:
        return [None] * (len(items) - 1)

    shelf = Shelf(find_all=find_all, find_size=9)
    app = stage.app()
    make(app, shelf.creation("a"), shelf.creation("b"))

    with pytest.raises(ValueError, match="zip"):
        undo(stage, shelf, app.task_id)


@pytest.mark.fault("G6")
@pytest.mark.parametrize(("count", "more"), [(1, ""), (20, ""), (22, "\n  and 2 more")])
def test_twenty_conflicts_are_told_and_the_others_counted(
    stage: Stage, shelf: Shelf, count: int, more: str
) -> None:
    things = shelf.stock(*(f"n{i}" for i in range(count)))
    app = stage.app()
    make(app, *(shelf.change(thing, value=2) for thing in things), total=1000)
    shelf.things.clear()

    with pytest.raises(Conflict) as conflict:
        undo(stage, shelf, app.task_id)

    gone = [f"\n  shelf.thing n{i} no longer exists" for i in reversed(range(count))][:20]
    told = f"not undone: it has changed since:{''.join(gone)}{more}"
    assert conflict.value.message == told
    assert conflict.value.hint == ("change it by hand, or undo the later change first: `inv undo.list`")


def test_what_is_known_to_have_failed_is_not_there_to_be_taken_back(stage: Stage, shelf: Shelf) -> None:
    make(stage.app(), shelf.creation("a"))
    (entry,) = entries(stage)

    with pytest.raises(Refused) as refused:
        undo_entries(stage.app(), [entry._replace(state=FAILED)], {KIND: shelf.resource})

    told = f"{entry.id} failed and changed nothing"
    assert refused.value.message == told


def test_what_can_be_taken_back_is_and_the_rest_is_told(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    make(app, shelf.creation("a"), shelf.creation("b"))
    first, second = entries(stage)

    undo_entries(stage.app(), [first._replace(irreversible="why not"), second], {KIND: shelf.resource})

    assert shelf.state() == [{"name": "a"}]
    assert "cannot be undone: write a: why not" in stage.told


def test_where_nothing_can_be_taken_back_each_reason_is_told_once(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    make(app, shelf.creation("a"), shelf.creation("b"))
    first, second = entries(stage)
    final = [
        first._replace(irreversible="one"),
        second._replace(irreversible="two"),
        second._replace(irreversible="two"),
    ]

    with pytest.raises(Refused) as refused:
        undo_entries(stage.app(), final, {KIND: shelf.resource})

    assert refused.value.message == "cannot be undone: write b: two; write a: one"


@pytest.mark.parametrize(("place", "line"), [("sandbox", "sandbox "), ("api.cloudflare.com", "")])
def test_what_was_done_elsewhere_names_the_way_to_take_it_back_there(
    stage: Stage, shelf: Shelf, place: str, line: str
) -> None:
    make(stage.app(), shelf.creation("a"))
    (entry,) = entries(stage)
    app = stage.app()
    app.settings = replace(app.settings, base_url="https://api.example.com/client/v4")

    with pytest.raises(UsageError) as elsewhere:
        undo_entries(app, [entry._replace(host=place)], {KIND: shelf.resource})

    told = f"{entry.id} was made on {place}, and this line works on api.example.com"
    assert elsewhere.value.message == told
    assert elsewhere.value.hint == f"`inv {line}undo.apply --id {entry.id}`, with the token of {place}"


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://127.0.0.1:8787/client/v4", "sandbox"),
        ("http://localhost:1", "sandbox"),
        ("http://[::1]:8787/client/v4", "sandbox"),
        ("https://api.cloudflare.com/client/v4", "api.cloudflare.com"),
        ("nonsense", ""),
    ],
)
def test_the_api_host_of_this_machine_is_the_sandbox(url: str, name: str, tmp_path: Path) -> None:
    settings = Settings(exports=tmp_path, state_dir=tmp_path, cache_dir=tmp_path, base_url=url)

    assert settings.api_host == name
