"""The lines of the journal, and what is read from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import DiskError
from ops.items import Json
from ops.kinds.resource import Change, Owner
from ops.writes.journal import ADOPTED, DONE, FAILED, UNDONE, UNKNOWN, Journal, JournalEntry, Undoing
from tests.writes.stage import KIND, Remote

NOON = 1_795_435_200.9  # 2026-11-23T12:00:00Z and a bit
OWNER = Owner("a1", "z1", {"id": "z1", "name": "example.com", "status": "active", "plan": {"id": "free"}})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", group="r-1", task="remote.write", host="sandbox") as opened:
        yield opened


def creations(remote: Remote, *names: str) -> list[Change]:
    return [remote.creation(name)._replace(owner=OWNER) for name in names]


def lines(journal: Journal) -> list[Json]:
    """Return the lines without their hashes."""
    return [{name: v for name, v in line.items() if name != "hash"} for line in journal._chain.lines()]


INTENT = {
    "n": 1, "type": "intent", "id": "r-1.4", "time": "2026-11-23T12:00:00Z", "task": "remote.write",
    "place": "sandbox", "kind": KIND, "owner": ["a1", "z1", {"id": "z1", "name": "example.com"}],
    "counts": {"create": 4, "delete": 1}, "names": ["a", "b", "c"], "final": "", "undoes": "q-1.2",
    "olds": ["x", ""],
    "changes": {"inline": [*([None, {"name": name}] for name in "abcd"), [{"name": "e", "id": "x"}, None]]},
}  # fmt: skip


def test_an_intent_names_the_task_the_host_the_owner_and_the_changes(
    journal: Journal, remote: Remote
) -> None:
    deletion = remote.deletion({"name": "e", "id": "x"})._replace(owner=OWNER)
    undoing = Undoing("q-1.2", ("x", ""))

    id = journal.begin([*creations(remote, *"abcd"), deletion], now=NOON, number=4, undoing=undoing)

    assert id == "r-1.4"
    assert lines(journal) == [INTENT]
    assert journal.entries() == {
        "r-1.4": JournalEntry(
            id="r-1.4", time="2026-11-23T12:00:00Z", task="remote.write", host="sandbox", kind=KIND,
            owner=("a1", "z1", {"id": "z1", "name": "example.com"}), counts={"create": 4, "delete": 1},
            names=["a", "b", "c"], changes=INTENT["changes"], irreversible="", undoes="q-1.2",
            old_keys=("x", ""), state=UNKNOWN,
        )
    }  # fmt: skip


def test_only_the_names_of_the_owner_are_kept(journal: Journal, remote: Remote) -> None:
    owner = Owner("a1", "n1", {"id": "n1", "title": "sessions", "supports_url_encoding": True})

    journal.begin([remote.creation("a")._replace(owner=owner)], now=NOON, number=1)

    assert lines(journal)[0]["owner"] == ["a1", "n1", {"id": "n1", "title": "sessions"}]


def test_an_intent_says_why_it_is_irreversible(journal: Journal) -> None:
    journal.begin(creations(Remote(irreversible="gone for good"), "a"), now=NOON, number=1)

    (entry,) = journal.entries().values()
    assert entry.irreversible == "gone for good"


def test_a_read_only_kind_has_nothing_irreversible(journal: Journal, remote: Remote) -> None:
    bare = [
        change._replace(resource=remote.resource._replace(writes=None)) for change in creations(remote, "a")
    ]

    journal.begin(bare, now=NOON, number=1)

    assert lines(journal)[0]["final"] == ""


def test_a_result_keeps_what_the_api_added_and_nothing_twice(journal: Journal, remote: Remote) -> None:
    changes = creations(remote, "a", "b")
    id = journal.begin(changes, now=NOON, number=1, undoing=Undoing("q-1.1", ("o1", "o2")))

    journal.finish(id, DONE, changes, [{"name": "a", "id": "n1"}, changes[1].after])

    result = {"n": 2, "type": "result", "id": id, "state": DONE, "why": "", "keys": ["n1", ""]}
    assert lines(journal)[1] == {**result, "items": {"inline": [{"name": "a", "id": "n1"}, "="]}}
    (entry,) = journal.entries().values()
    assert (entry.state, entry.why, entry.new_keys) == (DONE, "", ("n1", ""))
    assert journal.changes(entry) == [(None, {"name": "a", "id": "n1"}), (None, {"name": "b"})]


def test_an_entry_that_undoes_nothing_has_no_keys(journal: Journal, remote: Remote) -> None:
    changes = creations(remote, "a")
    id = journal.begin(changes, now=NOON, number=1)

    journal.finish(id, ADOPTED, changes, [{"name": "a", "id": "n1"}])

    (entry,) = journal.entries().values()
    assert (entry.state, entry.old_keys, entry.new_keys) == (ADOPTED, (), ())


def test_a_failure_is_noted_with_its_reason_and_the_wanted_change(journal: Journal, remote: Remote) -> None:
    id = journal.begin(creations(remote, "a"), now=NOON, number=1)

    journal.finish(id, FAILED, why="refused (1004)")

    assert lines(journal)[1] == {
        "n": 2, "type": "result", "id": id, "state": FAILED, "why": "refused (1004)", "keys": []
    }  # fmt: skip
    (entry,) = journal.entries().values()
    assert (entry.state, entry.why) == (FAILED, "refused (1004)")
    assert journal.changes(entry) == [(None, {"name": "a"})]


def test_a_mark_sets_an_entry_to_undone_or_done(journal: Journal, remote: Remote) -> None:
    changes = creations(remote, "a")
    id = journal.begin(changes, now=NOON, number=1)
    journal.finish(id, DONE, changes, [{"name": "a", "id": "n1"}], why="once")

    journal.mark(id, UNDONE)
    undone = journal.entries()[id]
    journal.mark(id, DONE)
    again = journal.entries()[id]

    assert lines(journal)[2] == {"n": 3, "type": "mark", "id": id, "state": UNDONE}
    assert (undone.state, again.state) == (UNDONE, DONE)
    assert undone._replace(state=DONE) == again
    assert again.why == "once"


def test_entries_are_in_the_order_of_their_intents(journal: Journal, remote: Remote) -> None:
    ids = [journal.begin(creations(remote, name), now=NOON, number=n) for n, name in enumerate("cab")]
    journal.finish(ids[1], FAILED)
    journal.finish(ids[0], FAILED)

    assert list(journal.entries()) == ids


def test_fewer_items_than_changes_are_an_error(journal: Journal, remote: Remote) -> None:
    changes = creations(remote, "a", "b")
    id = journal.begin(changes, now=NOON, number=1)

    with pytest.raises(ValueError, match="zip"):
        journal.finish(id, DONE, changes, [{"name": "a"}])
    entry = journal.entries()[id]._replace(items={"inline": ["="]})
    with pytest.raises(ValueError, match="zip"):
        journal.changes(entry)


def test_the_size_of_an_entry_is_the_size_of_its_blob(journal: Journal, remote: Remote) -> None:
    light = journal.begin(creations(remote, "a"), now=NOON, number=1)
    heavy = journal.begin([remote.creation("b", value=b"x" * 5000)], now=NOON, number=2)

    entries = journal.entries()

    assert entries[light].size == 0
    assert 5000 < entries[heavy].size < 5200
    assert (entries[light].group, entries[heavy].group) == ("r-1", "r-1")


def test_a_missing_blob_is_reported_with_its_path(journal: Journal, remote: Remote, tmp_path: Path) -> None:
    id = journal.begin([remote.creation("b", value=b"x" * 5000)], now=NOON, number=1)
    (blob,) = (tmp_path / "journal" / "blobs").iterdir()
    blob.unlink()

    with pytest.raises(DiskError) as error:
        journal.changes(journal.entries()[id])

    assert error.value.message == f"{blob} cannot be read: No such file or directory"
