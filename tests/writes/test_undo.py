from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from ops.errors import Conflict, Locked, NotFound, Refused, UsageError
from ops.items import Json
from ops.ui.shapes import Rows
from ops.writes import undo as module
from ops.writes.journal import DONE, FAILED, UNDONE, UNKNOWN, JournalEntry
from ops.writes.make import make
from ops.writes.undo import last, select, undo_entries
from tests.writes.stage import KIND, Remote, Stage
from tests.writes.test_lock import holding


def entries(stage: Stage) -> list[JournalEntry]:
    return list(stage.journal().entries().values())


def undo(stage: Stage, remote: Remote, id: str, **options: object) -> Rows:
    app = stage.app(**options)
    return undo_entries(app, select(entries(stage), id), {KIND: remote.resource})


def undo_last(stage: Stage, remote: Remote) -> Rows:
    kinds = {KIND: remote.resource}
    return undo_entries(stage.app(), last(entries(stage), kinds), kinds)


def test_each_change_is_undone(stage: Stage, remote: Remote) -> None:
    a, b = remote.stock("a", "b")
    before = remote.state()
    app = stage.app()
    make(app, remote.change(a, value=2), remote.deletion(b), remote.creation("c"))

    rows = undo(stage, remote, app.task_id)

    assert remote.state() == before
    assert rows.columns == module.COLUMNS
    assert [entry.state for entry in entries(stage)] == [UNDONE] * 3 + [DONE] * 3


def test_an_undo_can_be_undone_and_that_too(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("a")
    app = stage.app()
    make(app, remote.deletion(thing))
    undo(stage, remote, app.task_id)
    first = entries(stage)[1]

    undo(stage, remote, first.id)
    gone = remote.state()
    again = undo(stage, remote, app.task_id)

    assert gone == []
    assert remote.state() == [{"name": "a", "value": 1}]
    assert [row["action"] for row in again.items] == ["create"]
    marks = [line["state"] for line in stage.journal()._chain.lines() if line["type"] == "mark"]
    assert marks == [UNDONE, UNDONE, DONE, UNDONE]


def test_the_last_change_is_undone_first_and_new_ids_are_followed(stage: Stage, remote: Remote) -> None:
    run = stage.app().run
    make(stage.app(run), remote.creation("a", value=1))
    (made,) = remote.things.values()
    make(stage.app(run), remote.change(made, value=2))
    (made,) = remote.things.values()
    make(stage.app(run), remote.deletion(made))

    rows = undo(stage, remote, run.id)

    assert [row["action"] for row in rows.items] == ["create", "update", "delete"]
    assert remote.state() == []


def test_an_item_created_again_by_an_undo_is_found_under_its_new_id_by_the_next_one(
    stage: Stage, remote: Remote
) -> None:
    first, second = stage.app(), stage.app()
    make(first, remote.creation("a"))
    (made,) = remote.things.values()
    make(second, remote.deletion(made))

    undo(stage, remote, second.task_id)
    renewed = set(remote.things)
    undo(stage, remote, first.task_id)

    assert renewed != {made["id"]}
    assert remote.state() == []


@pytest.mark.fault("G6")
def test_an_item_that_others_changed_since_is_shown_and_not_overwritten(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("a")
    app = stage.app()
    make(app, remote.change(thing, value=2))
    remote.things[thing["id"]]["value"] = 3
    sent = remote.written

    with pytest.raises(Conflict, match="has changed: value 2 → 3") as conflict:
        undo(stage, remote, app.task_id)

    assert conflict.value.exit_code == 1
    assert remote.written == sent


@pytest.mark.fault("G6")
def test_an_item_that_others_deleted_or_replaced_is_a_conflict(stage: Stage, remote: Remote) -> None:
    a, b = remote.stock("a", "b")
    app = stage.app()
    make(app, remote.change(a, value=2), remote.deletion(b))
    remote.things.clear()
    remote.things["other"] = {"id": "other", "name": "b", "value": 42}
    sent = remote.written

    with pytest.raises(Conflict) as conflict:
        undo(stage, remote, app.task_id)

    assert "a no longer exists" in conflict.value.message
    assert "another item exists in its place" in conflict.value.message
    assert remote.written == sent


def test_an_item_that_is_already_restored_needs_no_request_and_counts_as_undone(
    stage: Stage, remote: Remote
) -> None:
    (thing,) = remote.stock("a")
    app = stage.app()
    make(app, remote.change(thing, value=2))
    remote.things[thing["id"]] = thing
    sent = remote.written

    rows = undo(stage, remote, app.task_id)

    assert rows.items == []
    assert remote.written == sent
    assert entries(stage)[0].state == UNDONE


def test_an_interrupted_undo_is_finished_by_running_it_again(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, *(remote.creation(f"n{i}") for i in range(5)))

    def stop(number: int) -> None:
        if number == 8:
            raise Refused("no more")

    remote.before = stop
    with pytest.raises(Refused):
        undo(stage, remote, app.task_id)
    halfway = len(remote.things)
    remote.before = lambda _number: None
    undo(stage, remote, app.task_id)

    assert halfway == 3
    assert remote.state() == []


def test_undoing_a_create_asks_like_a_deletion(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, remote.creation("a"))

    with pytest.raises(Refused):
        undo(stage, remote, app.task_id, yes=False)

    assert remote.state() == [{"name": "a"}]


def test_undoing_an_irreversible_change_is_refused_with_its_reason(stage: Stage) -> None:
    remote = Remote(irreversible="caches only fill again")
    app = stage.app()
    make(app, remote.creation("a"))

    with pytest.raises(Refused, match="caches only fill again"):
        undo(stage, remote, app.task_id)


def test_an_entry_that_is_already_undone_is_named(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, remote.creation("a"))
    undo(stage, remote, app.task_id)

    with pytest.raises(Refused, match="is already undone"):
        undo(stage, remote, app.task_id)


def test_undoing_the_last_task_twice_undoes_the_last_two(stage: Stage, remote: Remote) -> None:
    make(stage.app(), remote.creation("a"))
    make(stage.app(), remote.creation("b"), remote.creation("c"))

    undo_last(stage, remote)
    after_one = remote.state()
    undo_last(stage, remote)

    assert after_one == [{"name": "a"}]
    assert remote.state() == []
    with pytest.raises(NotFound, match="nothing to undo"):
        undo_last(stage, remote)


def test_the_last_task_of_a_line_is_one_task(stage: Stage, remote: Remote) -> None:
    run = stage.app().run
    make(stage.app(run), remote.creation("a"))
    make(stage.app(run), remote.creation("b"))

    undo_last(stage, remote)

    assert remote.state() == [{"name": "a"}]


def test_a_change_made_on_another_host_is_not_undone_here(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, remote.creation("a"))
    elsewhere = [entry._replace(host="api.cloudflare.com") for entry in entries(stage)]

    with pytest.raises(UsageError, match=r"and this line works on 127\.0\.0\.1"):
        undo_entries(stage.app(), elsewhere, {KIND: remote.resource})


def test_an_unknown_id_is_an_error_that_names_undo_list(stage: Stage) -> None:
    with pytest.raises(NotFound) as unknown:
        select([], "nothing-1")

    assert "undo.list" in unknown.value.hint


def test_a_task_id_does_not_match_a_longer_number(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, remote.creation("a"))
    (entry,) = entries(stage)
    tenth = entry._replace(id=f"{entry.group}0.1")

    assert select([entry, tenth], entry.group) == [entry]


def test_a_dry_undo_shows_what_it_would_do(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, remote.creation("a"))
    sent = remote.written

    rows = undo(stage, remote, app.task_id, dry_run=True, yes=False)

    assert [row["action"] for row in rows.items] == ["delete"]
    assert rows.columns == module.COLUMNS
    assert remote.written == sent
    assert [entry.state for entry in entries(stage)] == [DONE]


def test_the_bytes_of_a_deleted_item_are_restored(stage: Stage, remote: Remote) -> None:
    values: Json = {
        "short": b"\x00\xff",
        "long": bytes(range(256)) * 400,
        "$at": {"$base64": "a dict of mine"},
    }
    thing = {"name": "a", "id": "x", "value": values}
    remote.things["x"] = thing
    app = stage.app()
    make(app, remote.deletion(thing))

    undo(stage, remote, app.task_id)

    assert remote.state() == [{"name": "a", "value": values}]


def test_batches_are_undone_in_batches(stage: Stage, remote: Remote) -> None:
    writes = remote.resource.writes
    assert writes
    remote.resource = remote.resource._replace(writes=writes._replace(batch=remote.batch, batch_size=100))
    app = stage.app()
    make(app, *(remote.creation(f"n{i}") for i in range(250)), total=0)
    remote.calls.clear()

    undo(stage, remote, app.task_id)

    assert remote.calls == ["batch 50", "batch 100", "batch 100"]
    assert remote.state() == []


def test_the_entries_of_the_last_task_are_in_their_order(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, *(remote.creation(name) for name in "abc"))

    chosen = last(entries(stage), {KIND: remote.resource})

    assert [entry.names for entry in chosen] == [["a"], ["b"], ["c"]]


@pytest.mark.parametrize(
    "spoiled",
    [
        {"state": FAILED},
        {"state": UNDONE},
        {"undoes": "q-1.1"},
        {"irreversible": "why"},
    ],
)
def test_the_last_task_is_one_that_can_be_undone(
    stage: Stage, remote: Remote, spoiled: dict[str, str]
) -> None:
    make(stage.app(), remote.creation("a"))
    make(stage.app(), remote.creation("b"))
    first, second = entries(stage)
    kinds = {KIND: remote.resource}

    assert last([first, second._replace(**spoiled)], kinds) == [first]  # type: ignore[arg-type]
    assert last([first, second._replace(state=UNKNOWN)], kinds)[0].names == ["b"]
    assert last([first, second._replace(kind="strange.kind")], kinds) == [first]


def test_an_empty_journal_is_an_error_that_names_undo_list(stage: Stage) -> None:
    with pytest.raises(NotFound) as nothing:
        last([], {})
    with pytest.raises(NotFound) as unknown:
        select([], "r-1")

    assert nothing.value.message == "there is nothing to undo"
    assert nothing.value.hint == "`inv undo.list` lists the changes"
    assert unknown.value.message == "no change has the id 'r-1'"
    assert unknown.value.hint == "`inv undo.list` lists the changes"


def test_the_changes_to_undo_are_shown_without_those_already_undone(stage: Stage, remote: Remote) -> None:
    a, b = remote.stock("a", "b")
    app = stage.app()
    make(app, remote.change(a, value=2), remote.change(b, value=2))
    remote.things[a["id"]] = a
    before = stage.messages

    undo(stage, remote, app.task_id, yes=False)

    shown = stage.messages.removeprefix(before)
    assert "update remote.thing b: value 2 → 1\n" in shown
    assert "remote.thing a" not in shown


@pytest.mark.parametrize(("most", "asked"), [(2, True), (3, False)])
def test_an_undo_of_many_changes_asks(
    stage: Stage, remote: Remote, monkeypatch: pytest.MonkeyPatch, most: int, asked: bool
) -> None:
    monkeypatch.setattr(module, "BEFOREHAND", most)
    things = remote.stock(*"abc")
    app = stage.app()
    make(app, *(remote.change(thing, value=2) for thing in things))
    remote.calls.clear()

    if asked:
        with pytest.raises(Refused, match=r"undo 3 changes\?"):
            undo(stage, remote, app.task_id, yes=False)
        assert remote.calls == []
    rows = undo(stage, remote, app.task_id, yes=asked)

    assert [row["name"] for row in rows.items] == ["c", "b", "a"]
    assert remote.state() == [{"name": name, "value": 1} for name in "abc"]


def test_an_undo_of_many_items_to_confirm_by_name_does_not_accept_yes(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = Remote(confirm_by_name=True)
    app = stage.app()
    make(app, remote.creation("a"))
    monkeypatch.setattr(module, "BEFOREHAND", 0)
    remote.calls.clear()

    with pytest.raises(Refused):
        undo(stage, remote, app.task_id)
    refused = list(remote.calls)
    undo(stage, remote, app.task_id, confirm="a")

    assert refused == []
    assert remote.state() == []


@pytest.mark.parametrize(("more", "asked"), [(-1, True), (0, False)])
def test_an_undo_of_many_bytes_asks(
    stage: Stage, remote: Remote, monkeypatch: pytest.MonkeyPatch, more: int, asked: bool
) -> None:
    (thing,) = remote.stock("a")
    app = stage.app()
    make(app, remote.change(thing, value=b"x" * 5000))
    monkeypatch.setattr(module, "HELD", entries(stage)[0].size + more)

    if asked:
        with pytest.raises(Refused, match=r"undo 1 change\?"):
            undo(stage, remote, app.task_id, yes=False)
    undo(stage, remote, app.task_id, yes=asked)

    assert remote.state() == [{"name": "a", "value": 1}]


@pytest.mark.fault("G6")
def test_changes_not_compared_beforehand_are_compared_when_they_are_undone(
    stage: Stage, remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BEFOREHAND", 0)
    (thing,) = remote.stock("a")
    app = stage.app()
    make(app, remote.change(thing, value=2))
    remote.things[thing["id"]]["value"] = 3
    remote.calls.clear()

    with pytest.raises(Conflict, match="has changed: value 2 → 3"):
        undo(stage, remote, app.task_id)

    assert remote.calls == []


@pytest.mark.fault("D6")
@pytest.mark.parametrize("most", [0, 500])
def test_an_undo_does_not_wait_for_another_run_in_the_same_zone(
    stage: Stage, remote: Remote, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(module, "BEFOREHAND", most)
    app = stage.app()
    make(app, remote.creation("a"))
    child = holding(stage, remote)
    remote.before = lambda _number: None
    try:
        dry = list(undo(stage, remote, app.task_id, dry_run=True).items)
        with pytest.raises(Locked):
            undo(stage, remote, app.task_id)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    assert dry == [{"action": "delete", "kind": KIND, "name": "a"}]
    assert remote.state() == [{"name": "a"}]


def test_an_item_that_others_restored_is_found_under_its_new_id(stage: Stage, remote: Remote) -> None:
    run = stage.app().run
    make(stage.app(run), remote.creation("a"))
    (made,) = remote.things.values()
    make(stage.app(run), remote.deletion(made))
    remote.things["x"] = {"id": "x", "name": "a"}

    rows = undo(stage, remote, run.id)

    assert [(row["action"], row["id"]) for row in rows.items] == [("delete", "x")]
    assert remote.state() == []


def test_one_batch_may_be_undone_in_parts(stage: Stage, remote: Remote) -> None:
    writes = remote.resource.writes
    assert writes
    single = remote.resource
    remote.resource = single._replace(writes=writes._replace(batch=remote.batch, batch_size=9))
    app = stage.app()
    make(app, *(remote.creation(name) for name in "abc"), total=0)
    remote.resource = single

    rows = undo(stage, remote, app.task_id)

    assert [row["name"] for row in rows.items] == ["c", "b", "a"]
    assert remote.calls == ["batch 3", "delete c", "delete b", "delete a"]


def test_a_lookup_that_returns_too_few_items_is_an_error(stage: Stage) -> None:
    def find_all(_client: Any, _owner: Any, items: Sequence[Json]) -> list[Json | None]:
        return [None] * (len(items) - 1)

    remote = Remote(find_all=find_all, find_size=9)
    app = stage.app()
    make(app, remote.creation("a"), remote.creation("b"))

    with pytest.raises(ValueError, match="zip"):
        undo(stage, remote, app.task_id)


@pytest.mark.fault("G6")
@pytest.mark.parametrize(("count", "more"), [(1, ""), (20, ""), (22, "\n  and 2 more")])
def test_twenty_conflicts_are_listed_and_the_others_counted(
    stage: Stage, remote: Remote, count: int, more: str
) -> None:
    things = remote.stock(*(f"n{i}" for i in range(count)))
    app = stage.app()
    make(app, *(remote.change(thing, value=2) for thing in things), total=1000)
    remote.things.clear()

    with pytest.raises(Conflict) as conflict:
        undo(stage, remote, app.task_id)

    gone = [f"\n  remote.thing n{i} no longer exists" for i in reversed(range(count))][:20]
    message = f"not undone: it has changed since:{''.join(gone)}{more}"
    assert conflict.value.message == message
    assert conflict.value.hint == ("change it by hand, or undo the later change first: `inv undo.list`")


def test_a_failed_entry_cannot_be_undone(stage: Stage, remote: Remote) -> None:
    make(stage.app(), remote.creation("a"))
    (entry,) = entries(stage)

    with pytest.raises(Refused) as refused:
        undo_entries(stage.app(), [entry._replace(state=FAILED)], {KIND: remote.resource})

    message = f"{entry.id} failed and changed nothing"
    assert refused.value.message == message


def test_what_can_be_undone_is_undone_and_the_rest_is_reported(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, remote.creation("a"), remote.creation("b"))
    first, second = entries(stage)

    undo_entries(stage.app(), [first._replace(irreversible="why not"), second], {KIND: remote.resource})

    assert remote.state() == [{"name": "a"}]
    assert "cannot be undone: write a: why not" in stage.messages


def test_if_nothing_can_be_undone_each_reason_is_named_once(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    make(app, remote.creation("a"), remote.creation("b"))
    first, second = entries(stage)
    final = [
        first._replace(irreversible="one"),
        second._replace(irreversible="two"),
        second._replace(irreversible="two"),
    ]

    with pytest.raises(Refused) as refused:
        undo_entries(stage.app(), final, {KIND: remote.resource})

    assert refused.value.message == "cannot be undone: write b: two; write a: one"


@pytest.mark.parametrize(("place", "line"), [("sandbox", "sandbox "), ("api.cloudflare.com", "")])
def test_a_change_made_on_another_host_names_the_line_that_undoes_it_there(
    stage: Stage, remote: Remote, place: str, line: str
) -> None:
    make(stage.app(), remote.creation("a"))
    (entry,) = entries(stage)
    app = stage.app()
    app.settings = replace(app.settings, base_url="https://api.example.com/client/v4")

    with pytest.raises(UsageError) as elsewhere:
        undo_entries(app, [entry._replace(host=place)], {KIND: remote.resource})

    message = f"{entry.id} was made on {place}, and this line works on api.example.com"
    assert elsewhere.value.message == message
    assert elsewhere.value.hint == f"`inv {line}undo.apply {entry.id}`, with the token of {place}"
