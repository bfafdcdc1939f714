"""What a run that was killed leaves behind, and how it is put right."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from ops.commands.undo import rows
from ops.errors import ApiError, DiskError, Locked, Refused, Unanswered
from ops.http.client import Client
from ops.kinds.resource import Json, Owner
from ops.writes.journal import ADOPTED, DONE, FAILED, UNKNOWN, JournalEntry
from ops.writes.make import make
from ops.writes.undo import select, settled, undo_entries
from tests.writes.stage import KIND, Shelf, Stage


def killed(stage: Stage, shelf: Shelf, at: str, **fields: object) -> JournalEntry:
    """Have a process make a change and be killed *at* the moment "before" or "after" the call."""
    child = os.fork()
    if child == 0:
        setattr(shelf, at, lambda _number: os.kill(os.getpid(), signal.SIGKILL))
        try:
            make(stage.app(), shelf.creation("one", **fields))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    (entry,) = stage.journal().entries().values()
    return entry


def settle(stage: Stage, shelf: Shelf, entry: JournalEntry) -> str:
    (after,) = settled(
        stage.app(), select(stage.journal().entries().values(), entry.id), {KIND: shelf.resource}
    )
    return after.state


@pytest.mark.fault("C5")
def test_killed_before_the_call_is_unknown_and_found_not_to_be_done(stage: Stage, shelf: Shelf) -> None:
    entry = killed(stage, shelf, "before")

    assert entry.state == UNKNOWN
    assert [row["state"] for row in rows([entry], {KIND: shelf.resource})] == ["unknown"]
    assert settle(stage, shelf, entry) == FAILED


@pytest.mark.fault("C5")
def test_killed_after_the_call_is_unknown_and_found_done_and_can_be_undone(
    stage: Stage, shelf: Shelf
) -> None:
    entry = killed(stage, shelf, "after")
    shelf.stock("one")  # the child's write, which the remote has kept

    assert entry.state == UNKNOWN
    assert settle(stage, shelf, entry) == ADOPTED
    undo_entries(stage.app(), select(stage.journal().entries().values(), entry.id), {KIND: shelf.resource})
    assert shelf.state() == []


@pytest.mark.fault("C5")
def test_killed_while_the_result_was_written_is_unknown_and_found_done(stage: Stage, shelf: Shelf) -> None:
    make(stage.app(), shelf.creation("one"))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    intent, result = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(intent + result[: len(result) // 2])
    (entry,) = stage.journal().entries().values()

    assert entry.state == UNKNOWN
    assert settle(stage, shelf, entry) == ADOPTED
    assert [line["n"] for line in stage.journal()._chain.lines()] == [1, 2]


@pytest.mark.fault("C5")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_task_run_again_after_the_kill_makes_no_duplicate(
    stage: Stage, shelf: Shelf, moment: str
) -> None:
    killed(stage, shelf, moment)
    if moment == "after":
        shelf.stock("one")

    make(stage.app(), shelf.creation("one"))

    assert [thing["name"] for thing in shelf.things.values()] == ["one"]


def test_an_undo_settles_what_is_unknown_by_itself(stage: Stage, shelf: Shelf) -> None:
    entry = killed(stage, shelf, "after")
    shelf.stock("one")

    undo_entries(stage.app(), [entry], {KIND: shelf.resource})

    assert shelf.state() == []


def test_a_dry_undo_settles_nothing(stage: Stage, shelf: Shelf) -> None:
    entry = killed(stage, shelf, "after", value=1)
    shelf.stock("one")

    undo_entries(stage.app(dry_run=True), [entry], {KIND: shelf.resource})

    assert [entry.state for entry in stage.journal().entries().values()] == [UNKNOWN]


def test_what_is_unknown_of_a_kind_that_is_unknown_too_is_refused(stage: Stage, shelf: Shelf) -> None:
    entry = killed(stage, shelf, "after")

    with pytest.raises(Refused) as refused:
        undo_entries(stage.app(), [entry], {})

    assert refused.value.message.endswith(
        ": its outcome is unknown, and the live state is neither the old nor the new one"
    )


def test_what_a_run_at_work_has_not_finished_is_not_judged(stage: Stage, shelf: Shelf) -> None:
    met: list[object] = []

    def look(_number: int) -> None:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                entries = stage.journal().entries().values()
                settled(stage.app(), list(entries), {KIND: shelf.resource})
            except Locked:
                code = 6
            finally:
                os._exit(code)
        met.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    shelf.before = look
    make(stage.app(), shelf.creation("one"))

    assert met == [6]


def test_what_is_neither_old_nor_new_stays_unknown_and_is_not_taken_back(stage: Stage, shelf: Shelf) -> None:
    entry = killed(stage, shelf, "before", value=1)
    shelf.things["x"] = {"id": "x", "name": "one", "value": "somebody else's"}

    assert settle(stage, shelf, entry) == UNKNOWN
    with pytest.raises(Refused, match="neither the old nor the new one"):
        undo_entries(stage.app(), [entry], {KIND: shelf.resource})
    assert set(shelf.things) == {"x"}


@pytest.mark.fault("C4")
def test_a_journal_cut_anywhere_is_whole_up_to_the_line_before(stage: Stage, shelf: Shelf) -> None:
    for number in range(4):
        make(stage.app(), shelf.creation(f"n{number}"))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    whole = file.read_bytes()
    ends = [at + 1 for at, byte in enumerate(whole) if byte == 10]
    assert len(ends) == 8

    for cut in range(len(whole) + 1):
        file.write_bytes(whole[:cut])
        journal = stage.journal()
        entries = journal.entries()
        lines = sum(end <= cut for end in ends)
        assert len(entries) == (lines + 1) // 2
        assert sum(entry.state == DONE for entry in entries.values()) == lines // 2
        assert journal.torn == (cut not in (0, *ends))


@pytest.mark.fault("C4")
def test_a_torn_line_is_replaced_by_the_next_one(stage: Stage, shelf: Shelf) -> None:
    make(stage.app(), shelf.creation("one"))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    with file.open("ab") as journal:
        journal.write(b'{"n":3,"type":"intent","changes":"' + b"x" * 20_000)

    make(stage.app(), shelf.creation("two"))
    journal = stage.journal()

    assert [entry.state for entry in journal.entries().values()] == [DONE, DONE]
    assert not journal.torn


def tampered(edit: Callable[[list[bytes]], None]) -> Callable[[list[bytes]], list[bytes]]:
    def apply(lines: list[bytes]) -> list[bytes]:
        edit(lines)
        return lines

    return apply


@pytest.mark.parametrize(
    "edit",
    [
        tampered(lambda lines: lines.__setitem__(0, lines[0].replace(b"one", b"eno"))),
        tampered(lambda lines: lines.pop(0)),
        tampered(lambda lines: lines.reverse()),
        tampered(lambda lines: lines.insert(1, lines[0])),
        tampered(lambda lines: lines.insert(1, b"{}\n")),
    ],
)
def test_a_journal_that_was_changed_by_hand_is_not_acted_upon(
    stage: Stage, shelf: Shelf, edit: Callable[[list[bytes]], list[bytes]]
) -> None:
    make(stage.app(), shelf.creation("one"))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    file.write_bytes(b"".join(edit(file.read_bytes().splitlines(keepends=True))))

    with pytest.raises(DiskError, match="was changed by hand or damaged"):
        stage.journal().entries()


def test_a_value_that_was_changed_in_its_file_is_not_put_back(stage: Stage, shelf: Shelf) -> None:
    thing = {"id": "x", "name": "a", "value": b"v" * 1000}
    shelf.things["x"] = thing
    app = stage.app()
    make(app, shelf.deletion(thing))
    (blob,) = (stage.folder / "state" / "journal" / "blobs").iterdir()
    blob.write_bytes(blob.read_bytes().replace(b"v", b"w"))

    with pytest.raises(DiskError, match="was modified"):
        undo_entries(
            stage.app(), select(stage.journal().entries().values(), app.task_id), {KIND: shelf.resource}
        )


def test_the_journal_is_for_its_owner_alone(stage: Stage, shelf: Shelf) -> None:
    before = os.umask(0)
    try:
        thing = {"id": "x", "name": "a", "value": b"v" * 1000}
        shelf.things["x"] = thing
        make(stage.app(), shelf.deletion(thing))
    finally:
        os.umask(before)

    state = stage.folder / "state"
    modes = {path: path.stat().st_mode & 0o777 for path in (state, *state.rglob("*"))}
    assert set(modes.values()) == {0o600, 0o700}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items())


@pytest.mark.fault("G1")
def test_what_was_found_once_and_then_cannot_be_asked_for_is_unknown_not_failed(stage: Stage) -> None:
    asked: list[object] = []

    def find(client: Client, owner: Owner, item: Json) -> Json | None:
        asked.append(item)
        if len(asked) == 3:
            raise ApiError("GET: the edge answered HTML", 403)
        return shelf.find(client, owner, item)

    def lost(_number: int) -> None:
        raise Unanswered("POST: the connection was lost before the answer")

    shelf = Shelf(find=find)
    shelf.after = lost
    with pytest.raises(Unanswered, match="the connection was lost"):
        make(stage.app(), shelf.creation("one"))

    (entry,) = stage.journal().entries().values()
    assert (entry.state, len(asked), len(shelf.things)) == (UNKNOWN, 3, 1)


def test_only_what_is_unknown_here_and_of_a_kind_that_is_known_is_looked_up(
    stage: Stage, shelf: Shelf
) -> None:
    unknown = killed(stage, shelf, "after")
    shelf.stock("one")
    others = [
        unknown._replace(host="api.cloudflare.com"),
        unknown._replace(kind="strange.kind"),
        unknown._replace(state=DONE),
    ]

    found = settled(stage.app(), [*others, unknown], {KIND: shelf.resource})

    assert found[:3] == others
    assert found[3].state == ADOPTED


@pytest.mark.parametrize("alike", [{"host": "api.cloudflare.com"}, {"state": DONE}])
def test_where_there_is_nothing_to_look_up_nothing_is_opened(
    stage: Stage, shelf: Shelf, alike: dict[str, str]
) -> None:
    entry = killed(stage, shelf, "before")._replace(**alike)  # type: ignore[arg-type]
    elsewhere = Stage(stage.folder / "other")

    assert settled(elsewhere.app(), [entry], {KIND: shelf.resource}) == [entry]
    assert not elsewhere.folder.exists()


@pytest.mark.fault("C5")
@pytest.mark.parametrize(("value", "state"), [(1, FAILED), (2, ADOPTED), (3, UNKNOWN)])
def test_an_update_of_unknown_outcome_is_settled_by_what_stands(
    stage: Stage, shelf: Shelf, value: int, state: str
) -> None:
    (thing,) = shelf.stock("one")
    make(stage.app(), shelf.change(thing, value=2))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    shelf.things[thing["id"]]["value"] = value
    (entry,) = stage.journal().entries().values()

    assert settle(stage, shelf, entry) == state
    (after,) = stage.journal().entries().values()
    assert after.why == ("the request was not applied" if state == FAILED else "")
    if state == ADOPTED:
        assert stage.journal().changes(after) == [(thing, {**thing, "value": 2})]


def test_a_kind_that_is_read_only_now_stays_unknown(stage: Stage, shelf: Shelf) -> None:
    entry = killed(stage, shelf, "before")
    shelf.resource = shelf.resource._replace(writes=None)

    assert settle(stage, shelf, entry) == UNKNOWN
