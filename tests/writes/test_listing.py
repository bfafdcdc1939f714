"""The rows of undo.list and undo.show."""

from __future__ import annotations

import pytest

from ops.commands.undo import COLUMNS, DETAILS, details, rows
from ops.items import Json
from ops.writes.journal import ADOPTED, DONE, FAILED, UNDONE, UNKNOWN, JournalEntry
from ops.writes.make import make
from tests.writes.stage import KIND, Remote, Stage

DETAILED = {"id": "r-1.1", "time": "2026-11-23T09:00:00Z", "task": "remote.write"}


def entry(**more: object) -> JournalEntry:
    found = JournalEntry(
        **DETAILED, host="sandbox", kind=KIND, owner=("a1", "z1", {"name": "example.com"}),
        counts={"create": 2, "delete": 1}, names=["a", "b", "c"], changes={"inline": []}, irreversible="",
        state=DONE,
    )  # fmt: skip
    return found._replace(**more)  # type: ignore[arg-type]


ROW = {
    **DETAILED, "kind": KIND, "name": "a, b, c", "action": "create 2, delete", "state": "done",
    "where": "sandbox", "account": "a1", "undoes": "", "note": "",
}  # fmt: skip


def test_the_newest_entry_comes_first_and_what_failed_is_left_out(remote: Remote) -> None:
    entries = [
        entry(),
        entry(id="r-1.2", state=FAILED, why="refused"),
        entry(id="r-1.3", state=ADOPTED, undoes="q-1.1"),
        entry(id="r-1.4", state=UNKNOWN, why="no answer"),
        entry(id="r-1.5", state=UNDONE, irreversible="never mind"),
        entry(id="r-1.6", irreversible="caches only fill again"),
        entry(id="r-1.7", kind="strange.kind"),
    ]

    found = list(rows(entries, {KIND: remote.resource}))

    strange = "strange.kind cannot be changed by this version"
    assert found == [
        {**ROW, "id": "r-1.7", "kind": "strange.kind", "state": "cannot", "note": strange},
        {**ROW, "id": "r-1.6", "state": "cannot", "note": "caches only fill again"},
        {**ROW, "id": "r-1.5", "state": "undone"},
        {**ROW, "id": "r-1.4", "state": "unknown", "note": "no answer"},
        {**ROW, "id": "r-1.3", "undoes": "q-1.1"},
        ROW,
    ]
    assert set(COLUMNS) <= ROW.keys()


def test_names_beyond_the_limit_are_counted() -> None:
    assert entry(counts={"update": 5}).name == "a, b, c and 2 more"
    assert entry(counts={"update": 5}).action == "update 5"


@pytest.mark.parametrize(
    ("noted", "reason", "state"),
    [(DONE, "", "done"), (ADOPTED, "why", "cannot"), (UNDONE, "why", "undone"), (UNKNOWN, "", "unknown")],
)
def test_the_state_of_an_entry_is_one_word(remote: Remote, noted: str, reason: str, state: str) -> None:
    (row,) = rows([entry(state=noted, irreversible=reason)], {KIND: remote.resource})

    assert row["state"] == state


def shown(stage: Stage, remote: Remote, *, known: bool = True) -> list[Json]:
    journal = stage.journal()
    resource = remote.resource if known else None
    return [row for found in journal.entries().values() for row in details(journal, found, resource)]


def test_each_change_is_shown_with_the_item_before_and_after_it(stage: Stage, remote: Remote) -> None:
    (thing,) = remote.stock("a")
    app = stage.app()
    values = [b"text", b"\xff", {"deep": b"x"}]
    make(app, remote.change(thing, value=values), remote.creation("b"))

    update, creation = shown(stage, remote)

    assert update == {
        "id": f"{app.task_id}.1", "time": update["time"], "task": "write", "state": "done",
        "action": "update",
        "kind": KIND, "name": "a", "change": 'value 1 → ["4 bytes", "1 bytes", {"deep": "1 bytes"}]',
        "before": {"name": "a", "value": 1, "id": "id1"},
        "after": {"name": "a", "value": ["text", {"base64": "/w=="}, {"deep": "x"}], "id": "id1"}, "note": "",
    }  # fmt: skip
    assert (creation["action"], creation["before"]) == ("create", None)
    assert creation["after"] == {"name": "b", "id": "id3"}
    assert set(DETAILS) <= update.keys()


def test_an_irreversible_change_is_shown_with_its_reason(stage: Stage) -> None:
    remote = Remote(irreversible="caches only fill again")
    make(stage.app(), remote.creation("a"))

    ((row),) = shown(stage, remote)

    assert (row["state"], row["note"]) == ("cannot", "caches only fill again")


def test_a_change_of_an_unknown_kind_is_shown_too(stage: Stage, remote: Remote) -> None:
    make(stage.app(), remote.creation("a"))

    ((row),) = shown(stage, remote, known=False)

    assert (row["kind"], row["name"], row["action"], row["state"]) == (KIND, "a", "create", "cannot")
    assert row["change"] == "id id1, name a"
    assert row["note"] == f"{KIND} cannot be changed by this version"


def test_a_failed_change_is_shown_with_its_error(stage: Stage, remote: Remote) -> None:
    make(stage.app(), remote.creation("a"))
    journal = stage.journal()
    (found,) = journal.entries().values()

    ((row),) = details(journal, found._replace(state=FAILED, why="refused"), None)

    assert (row["state"], row["note"]) == ("failed", "refused")
