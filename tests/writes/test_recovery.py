"""What a killed run leaves in the journal, and how it is settled."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

import pytest

from ops.commands.undo import rows, settled
from ops.errors import ApiError, DiskError, Locked, Refused, Unanswered
from ops.http.client import Client
from ops.items import Json
from ops.kinds.resource import Owner
from ops.writes.journal import ADOPTED, DONE, FAILED, UNKNOWN, JournalEntry
from ops.writes.make import make
from ops.writes.undo import select, undo_entries
from tests.writes.stage import KIND, Remote, Stage


def killed(stage: Stage, remote: Remote, at: str, **fields: object) -> JournalEntry:
    """Have a process make a change; kill it *at* "before" or "after" its request."""
    child = os.fork()
    if child == 0:
        setattr(remote, at, lambda _number: os.kill(os.getpid(), signal.SIGKILL))
        try:
            make(stage.app(), remote.creation("one", **fields))
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    (entry,) = stage.journal().entries().values()
    return entry


def settle(stage: Stage, remote: Remote, entry: JournalEntry) -> str:
    (after,) = settled(
        stage.app(), select(stage.journal().entries().values(), entry.id), {KIND: remote.resource}
    )
    return after.state


@pytest.mark.fault("C5")
def test_a_run_killed_before_its_request_is_unknown_and_found_not_applied(
    stage: Stage, remote: Remote
) -> None:
    entry = killed(stage, remote, "before")

    assert entry.state == UNKNOWN
    assert [row["state"] for row in rows([entry], {KIND: remote.resource})] == ["unknown"]
    assert settle(stage, remote, entry) == FAILED


@pytest.mark.fault("C5")
def test_a_run_killed_after_its_request_is_unknown_and_found_applied_and_can_be_undone(
    stage: Stage, remote: Remote
) -> None:
    entry = killed(stage, remote, "after")
    remote.stock("one")  # the child's write, which the remote has kept

    assert entry.state == UNKNOWN
    assert settle(stage, remote, entry) == ADOPTED
    undo_entries(stage.app(), select(stage.journal().entries().values(), entry.id), {KIND: remote.resource})
    assert remote.state() == []


@pytest.mark.fault("C5")
def test_a_run_killed_while_noting_the_result_is_unknown_and_found_applied(
    stage: Stage, remote: Remote
) -> None:
    make(stage.app(), remote.creation("one"))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    intent, result = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(intent + result[: len(result) // 2])
    (entry,) = stage.journal().entries().values()

    assert entry.state == UNKNOWN
    assert settle(stage, remote, entry) == ADOPTED
    assert [line["n"] for line in stage.journal()._chain.lines()] == [1, 2]


@pytest.mark.fault("C5")
@pytest.mark.parametrize("moment", ["before", "after"])
def test_running_the_task_again_after_a_kill_makes_no_duplicate(
    stage: Stage, remote: Remote, moment: str
) -> None:
    killed(stage, remote, moment)
    if moment == "after":
        remote.stock("one")

    make(stage.app(), remote.creation("one"))

    assert [thing["name"] for thing in remote.things.values()] == ["one"]


def test_an_undo_settles_unknown_outcomes_itself(stage: Stage, remote: Remote) -> None:
    entry = killed(stage, remote, "after")
    remote.stock("one")

    undo_entries(stage.app(), [entry], {KIND: remote.resource})

    assert remote.state() == []


def test_a_dry_undo_settles_nothing(stage: Stage, remote: Remote) -> None:
    entry = killed(stage, remote, "after", value=1)
    remote.stock("one")

    undo_entries(stage.app(dry_run=True), [entry], {KIND: remote.resource})

    assert [entry.state for entry in stage.journal().entries().values()] == [UNKNOWN]


def test_an_unknown_outcome_of_an_unknown_kind_is_refused(stage: Stage, remote: Remote) -> None:
    entry = killed(stage, remote, "after")

    with pytest.raises(Refused) as refused:
        undo_entries(stage.app(), [entry], {})

    assert refused.value.message.endswith(
        ": its outcome is unknown, and the live state is neither the old nor the new one"
    )


def test_an_entry_of_an_active_run_is_not_settled(stage: Stage, remote: Remote) -> None:
    met: list[object] = []

    def look(_number: int) -> None:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                entries = stage.journal().entries().values()
                settled(stage.app(), list(entries), {KIND: remote.resource})
            except Locked:
                code = 6
            finally:
                os._exit(code)
        met.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))

    remote.before = look
    make(stage.app(), remote.creation("one"))

    assert met == [6]


def test_an_item_that_is_neither_old_nor_new_stays_unknown_and_is_not_undone(
    stage: Stage, remote: Remote
) -> None:
    entry = killed(stage, remote, "before", value=1)
    remote.things["x"] = {"id": "x", "name": "one", "value": "somebody else's"}

    assert settle(stage, remote, entry) == UNKNOWN
    with pytest.raises(Refused, match="neither the old nor the new one"):
        undo_entries(stage.app(), [entry], {KIND: remote.resource})
    assert set(remote.things) == {"x"}


@pytest.mark.fault("C4")
def test_a_journal_cut_anywhere_is_complete_up_to_the_line_before(stage: Stage, remote: Remote) -> None:
    for number in range(4):
        make(stage.app(), remote.creation(f"n{number}"))
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
def test_a_torn_line_is_replaced_by_the_next_one(stage: Stage, remote: Remote) -> None:
    make(stage.app(), remote.creation("one"))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    with file.open("ab") as journal:
        journal.write(b'{"n":3,"type":"intent","changes":"' + b"x" * 20_000)

    make(stage.app(), remote.creation("two"))
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
def test_a_journal_that_was_edited_is_refused(
    stage: Stage, remote: Remote, edit: Callable[[list[bytes]], list[bytes]]
) -> None:
    make(stage.app(), remote.creation("one"))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    file.write_bytes(b"".join(edit(file.read_bytes().splitlines(keepends=True))))

    with pytest.raises(DiskError, match="was changed by hand or damaged"):
        stage.journal().entries()


def test_a_value_that_was_modified_in_its_file_is_not_restored(stage: Stage, remote: Remote) -> None:
    thing = {"id": "x", "name": "a", "value": b"v" * 1000}
    remote.things["x"] = thing
    app = stage.app()
    make(app, remote.deletion(thing))
    (blob,) = (stage.folder / "state" / "journal" / "blobs").iterdir()
    blob.write_bytes(blob.read_bytes().replace(b"v", b"w"))

    with pytest.raises(DiskError, match="was modified"):
        undo_entries(
            stage.app(), select(stage.journal().entries().values(), app.task_id), {KIND: remote.resource}
        )


def test_only_the_owner_can_read_the_journal(stage: Stage, remote: Remote) -> None:
    before = os.umask(0)
    try:
        thing = {"id": "x", "name": "a", "value": b"v" * 1000}
        remote.things["x"] = thing
        make(stage.app(), remote.deletion(thing))
    finally:
        os.umask(before)

    state = stage.folder / "state"
    modes = {path: path.stat().st_mode & 0o777 for path in (state, *state.rglob("*"))}
    assert set(modes.values()) == {0o600, 0o700}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items())


@pytest.mark.fault("G1")
def test_an_outcome_that_can_no_longer_be_looked_up_is_unknown_not_failed(stage: Stage) -> None:
    asked: list[object] = []

    def find(client: Client, owner: Owner, item: Json) -> Json | None:
        asked.append(item)
        if len(asked) == 3:
            raise ApiError("GET: the edge answered HTML", 403)
        return remote.find(client, owner, item)

    def lost(_number: int) -> None:
        raise Unanswered("POST: the connection was lost before the answer")

    remote = Remote(find=find)
    remote.after = lost
    with pytest.raises(Unanswered, match="the connection was lost"):
        make(stage.app(), remote.creation("one"))

    (entry,) = stage.journal().entries().values()
    assert (entry.state, len(asked), len(remote.things)) == (UNKNOWN, 3, 1)


def test_only_unknown_outcomes_of_this_host_and_of_known_kinds_are_looked_up(
    stage: Stage, remote: Remote
) -> None:
    unknown = killed(stage, remote, "after")
    remote.stock("one")
    others = [
        unknown._replace(host="api.cloudflare.com"),
        unknown._replace(kind="strange.kind"),
        unknown._replace(state=DONE),
    ]

    found = settled(stage.app(), [*others, unknown], {KIND: remote.resource})

    assert found[:3] == others
    assert found[3].state == ADOPTED


@pytest.mark.parametrize("alike", [{"host": "api.cloudflare.com"}, {"state": DONE}])
def test_without_unknown_outcomes_nothing_is_opened(
    stage: Stage, remote: Remote, alike: dict[str, str]
) -> None:
    entry = killed(stage, remote, "before")._replace(**alike)  # type: ignore[arg-type]
    elsewhere = Stage(stage.folder / "other")

    assert settled(elsewhere.app(), [entry], {KIND: remote.resource}) == [entry]
    assert not elsewhere.folder.exists()


@pytest.mark.fault("C5")
@pytest.mark.parametrize(("value", "state"), [(1, FAILED), (2, ADOPTED), (3, UNKNOWN)])
def test_an_update_with_an_unknown_outcome_is_settled_by_the_live_item(
    stage: Stage, remote: Remote, value: int, state: str
) -> None:
    (thing,) = remote.stock("one")
    make(stage.app(), remote.change(thing, value=2))
    file = stage.folder / "state" / "journal" / "journal.jsonl"
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    remote.things[thing["id"]]["value"] = value
    (entry,) = stage.journal().entries().values()

    assert settle(stage, remote, entry) == state
    (after,) = stage.journal().entries().values()
    assert after.why == ("the request was not applied" if state == FAILED else "")
    if state == ADOPTED:
        assert stage.journal().changes(after) == [(thing, {**thing, "value": 2})]


def test_an_unknown_outcome_of_a_read_only_kind_stays_unknown(stage: Stage, remote: Remote) -> None:
    entry = killed(stage, remote, "before")
    remote.resource = remote.resource._replace(writes=None)

    assert settle(stage, remote, entry) == UNKNOWN
