"""What stands in the journal, line by line, and what is read from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.errors import DiskError
from ops.kinds.change import Change
from ops.kinds.resource import Json, Owner
from ops.writes.journal import ADOPTED, DONE, FAILED, UNDONE, UNKNOWN, Journal, JournalEntry, Undoing
from tests.writes.stage import KIND, Shelf

NOON = 1_795_435_200.9  # 2026-11-23T12:00:00Z and a bit
OWNER = Owner("a1", "z1", {"id": "z1", "name": "example.com", "status": "active", "plan": {"id": "free"}})


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "journal", group="r-1", task="shelf.write", host="sandbox") as opened:
        yield opened


def creations(shelf: Shelf, *names: str) -> list[Change]:
    return [shelf.creation(name)._replace(owner=OWNER) for name in names]


def lines(journal: Journal) -> list[Json]:
    """Give the lines without their hashes."""
    return [{name: v for name, v in line.items() if name != "hash"} for line in journal._chain.lines()]


INTENT = {
    "n": 1, "type": "intent", "id": "r-1.4", "time": "2026-11-23T12:00:00Z", "task": "shelf.write",
    "place": "sandbox", "kind": KIND, "owner": ["a1", "z1", {"id": "z1", "name": "example.com"}],
    "counts": {"create": 4, "delete": 1}, "names": ["a", "b", "c"], "final": "", "undoes": "q-1.2",
    "olds": ["x", ""],
    "changes": {"inline": [*([None, {"name": name}] for name in "abcd"), [{"name": "e", "id": "x"}, None]]},
}  # fmt: skip


def test_an_intent_tells_who_is_about_to_do_what_to_whom(journal: Journal, shelf: Shelf) -> None:
    deletion = shelf.deletion({"name": "e", "id": "x"})._replace(owner=OWNER)
    undoing = Undoing("q-1.2", ("x", ""))

    id = journal.begin([*creations(shelf, *"abcd"), deletion], now=NOON, number=4, undoing=undoing)

    assert id == "r-1.4"
    assert lines(journal) == [INTENT]
    assert journal.entries() == {
        "r-1.4": JournalEntry(
            id="r-1.4", time="2026-11-23T12:00:00Z", task="shelf.write", host="sandbox", kind=KIND,
            owner=("a1", "z1", {"id": "z1", "name": "example.com"}), counts={"create": 4, "delete": 1},
            names=["a", "b", "c"], changes=INTENT["changes"], irreversible="", undoes="q-1.2",
            old_keys=("x", ""), state=UNKNOWN,
        )
    }  # fmt: skip


def test_of_the_owner_its_names_are_kept_alone(journal: Journal, shelf: Shelf) -> None:
    owner = Owner("a1", "n1", {"id": "n1", "title": "sessions", "supports_url_encoding": True})

    journal.begin([shelf.creation("a")._replace(owner=owner)], now=NOON, number=1)

    assert lines(journal)[0]["owner"] == ["a1", "n1", {"id": "n1", "title": "sessions"}]


def test_an_intent_says_why_it_can_never_be_taken_back(journal: Journal) -> None:
    journal.begin(creations(Shelf(irreversible="gone for good"), "a"), now=NOON, number=1)

    (entry,) = journal.entries().values()
    assert entry.irreversible == "gone for good"


def test_a_read_only_kind_has_nothing_that_is_final(journal: Journal, shelf: Shelf) -> None:
    bare = [
        change._replace(resource=shelf.resource._replace(writes=None)) for change in creations(shelf, "a")
    ]

    journal.begin(bare, now=NOON, number=1)

    assert lines(journal)[0]["final"] == ""


def test_a_result_tells_what_the_api_added_and_nothing_twice(journal: Journal, shelf: Shelf) -> None:
    changes = creations(shelf, "a", "b")
    id = journal.begin(changes, now=NOON, number=1, undoing=Undoing("q-1.1", ("o1", "o2")))

    journal.finish(id, DONE, changes, [{"name": "a", "id": "n1"}, changes[1].after])

    result = {"n": 2, "type": "result", "id": id, "state": DONE, "why": "", "keys": ["n1", ""]}
    assert lines(journal)[1] == {**result, "items": {"inline": [{"name": "a", "id": "n1"}, "="]}}
    (entry,) = journal.entries().values()
    assert (entry.state, entry.why, entry.new_keys) == (DONE, "", ("n1", ""))
    assert journal.changes(entry) == [(None, {"name": "a", "id": "n1"}), (None, {"name": "b"})]


def test_what_takes_nothing_back_keeps_no_keys(journal: Journal, shelf: Shelf) -> None:
    changes = creations(shelf, "a")
    id = journal.begin(changes, now=NOON, number=1)

    journal.finish(id, ADOPTED, changes, [{"name": "a", "id": "n1"}])

    (entry,) = journal.entries().values()
    assert (entry.state, entry.old_keys, entry.new_keys) == (ADOPTED, (), ())


def test_a_failure_is_noted_with_its_reason_and_what_was_meant(journal: Journal, shelf: Shelf) -> None:
    id = journal.begin(creations(shelf, "a"), now=NOON, number=1)

    journal.finish(id, FAILED, why="refused (1004)")

    assert lines(journal)[1] == {
        "n": 2, "type": "result", "id": id, "state": FAILED, "why": "refused (1004)", "keys": []
    }  # fmt: skip
    (entry,) = journal.entries().values()
    assert (entry.state, entry.why) == (FAILED, "refused (1004)")
    assert journal.changes(entry) == [(None, {"name": "a"})]


def test_a_mark_takes_an_entry_back_and_gives_it_back(journal: Journal, shelf: Shelf) -> None:
    changes = creations(shelf, "a")
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


def test_entries_come_in_the_order_in_which_they_were_begun(journal: Journal, shelf: Shelf) -> None:
    ids = [journal.begin(creations(shelf, name), now=NOON, number=n) for n, name in enumerate("cab")]
    journal.finish(ids[1], FAILED)
    journal.finish(ids[0], FAILED)

    assert list(journal.entries()) == ids


def test_items_that_are_fewer_than_the_changes_are_not_told_as_others(journal: Journal, shelf: Shelf) -> None:
    changes = creations(shelf, "a", "b")
    id = journal.begin(changes, now=NOON, number=1)

    with pytest.raises(ValueError, match="zip"):
        journal.finish(id, DONE, changes, [{"name": "a"}])
    entry = journal.entries()[id]._replace(items={"inline": ["="]})
    with pytest.raises(ValueError, match="zip"):
        journal.changes(entry)


def test_the_weight_of_an_entry_is_what_its_blob_holds(journal: Journal, shelf: Shelf) -> None:
    light = journal.begin(creations(shelf, "a"), now=NOON, number=1)
    heavy = journal.begin([shelf.creation("b", value=b"x" * 5000)], now=NOON, number=2)

    entries = journal.entries()

    assert entries[light].size == 0
    assert 5000 < entries[heavy].size < 5200
    assert (entries[light].group, entries[heavy].group) == ("r-1", "r-1")


def test_a_blob_that_is_gone_is_told_with_its_path(journal: Journal, shelf: Shelf, tmp_path: Path) -> None:
    id = journal.begin([shelf.creation("b", value=b"x" * 5000)], now=NOON, number=1)
    (blob,) = (tmp_path / "journal" / "blobs").iterdir()
    blob.unlink()

    with pytest.raises(DiskError) as error:
        journal.changes(journal.entries()[id])

    assert error.value.message == f"{blob} cannot be read: No such file or directory"
