"""The journal: what is about to be done is on the disk before it is done, and what came of it after."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.files.chain import Chain
from ops.kinds.change import Change
from ops.kinds.resource import reach
from ops.writes.packing import Blobs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ops.cli.app import App
    from ops.kinds.change import Change
    from ops.kinds.resource import Json, Owner

DONE, ADOPTED, FAILED, UNKNOWN, UNDONE = "done", "adopted", "failed", "unknown", "undone"
MADE = (DONE, ADOPTED)

# So many names of an entry are shown in a list; its line is read without its blob.
NAMED = 3


class Entry(NamedTuple):
    """One request that changed something, or was to: *id* is "<run>-<task of the run>.<number>".

    *state* is DONE, ADOPTED (nothing answered, but it was found to be done), FAILED (refused or not sent),
    UNKNOWN or UNDONE. *changes* and *items* are packed: what was meant, and what the API gave for each.
    *undoes* is the entry that this one took back; *olds* are the keys that its items had before they were
    gone, *news* those that they have now.
    """

    id: str
    time: str
    task: str
    place: str
    kind: str
    owner: tuple[str, str, Json]
    counts: dict[str, int]
    names: list[str]
    changes: Json
    final: str
    undoes: str = ""
    olds: tuple[str, ...] = ()
    news: tuple[str, ...] = ()
    state: str = UNKNOWN
    items: Json | None = None
    why: str = ""

    @property
    def group(self) -> str:
        """Give the id of the task that made the entry."""
        return self.id.rpartition(".")[0]

    @property
    def weight(self) -> int:
        """Give how many bytes the changes have, 0 for those that are short enough to stand in a line."""
        return sum(self.changes.get("at", ()))

    @property
    def action(self) -> str:
        """Give what was done, in a word, and how often where it was more than once."""
        return ", ".join(name if n == 1 else f"{name} {n}" for name, n in self.counts.items())

    @property
    def name(self) -> str:
        rest = sum(self.counts.values()) - len(self.names)
        return ", ".join(self.names) + (f" and {rest} more" if rest > 0 else "")


def summary(changes: Sequence[Change]) -> Json:
    """Give what a list shows of *changes*."""
    counts = Counter(change.action for change in changes)
    return {"counts": dict(counts), "names": [change.label for change in changes[:NAMED]]}


def pairs(changes: Sequence[Change]) -> list[list[Json | None]]:
    return [[change.before, change.after] for change in changes]


def opened(line: Json) -> Entry:
    """Give the entry that an intent's line begins."""
    owner: Any = line["owner"]
    return Entry(
        id=line["id"],
        time=line["time"],
        task=line["task"],
        place=line["place"],
        kind=line["kind"],
        owner=(owner[0], owner[1], owner[2]),
        counts=line["counts"],
        names=line["names"],
        changes=line["changes"],
        final=line["final"],
        undoes=line["undoes"],
        olds=tuple(line["olds"]),
    )


def owner_line(owner: Owner) -> list[Any]:
    # Of the owner's item its names are enough: to show it, and to find it again.
    named = {name: owner.item[name] for name in ("id", "name", "title") if name in owner.item}
    return [owner.account_id, owner.id, named]


class Undoing(NamedTuple):
    """What a batch takes back: an entry, and the ids that its items had while they stood before."""

    entry: str = ""
    olds: tuple[str, ...] = ()


NEW = Undoing()

# An item that came back as it was sent is not written twice.
AS_SENT = "="


class Journal:
    """The journal in *folder*, open to write for the task *group* (an id) called *task* at *place*."""

    def __init__(self, folder: Path, *, group: str = "", task: str = "", place: str = "") -> None:
        self._chain = Chain(folder / "journal.jsonl")
        self._blobs = Blobs(folder / "blobs")
        self._group, self._task, self._place = group, task, place
        self._begun = 0

    @property
    def torn(self) -> bool:
        """Say whether the last reading met a line that a crash has cut."""
        return self._chain.torn

    def begin(self, changes: Sequence[Change], *, now: float, number: int, undoing: Undoing = NEW) -> str:
        """Note that *changes*, of one resource and owner, are about to be sent; gives the entry's id.

        *number* is the entry's within its task. What was noted is on the disk when this returns.
        """
        entry = f"{self._group}.{number}"
        resource, owner, _, _ = changes[0]
        writes = resource.writes
        self._chain.append(
            {
                "type": "intent",
                "id": entry,
                "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
                "task": self._task,
                "place": self._place,
                "kind": resource.kind,
                "owner": owner_line(owner),
                **summary(changes),
                "final": writes.irreversible if writes else "",
                "undoes": undoing.entry,
                "olds": list(undoing.olds),
                "changes": self._blobs.pack(pairs(changes)),
            }
        )
        return entry

    def finish(
        self,
        entry: str,
        state: str,
        changes: Sequence[Change] = (),
        items: Sequence[Json | None] = (),
        why: str = "",
    ) -> None:
        """Note what came of *entry*: its state, and what the API gave for each of its *changes*."""
        made = list(zip(changes, items, strict=True))
        told = [AS_SENT if item == change.after else item for change, item in made]
        keys = [str(reach(item or {}, change.resource.key) or "") for change, item in made]
        line = {"type": "result", "id": entry, "state": state, "why": why, "keys": keys}
        self._chain.append(line | ({"items": self._blobs.pack(told)} if told else {}))

    def mark(self, entry: str, state: str) -> None:
        """Note that *entry* was taken back (UNDONE), or that this was taken back (DONE)."""
        self._chain.append({"type": "mark", "id": entry, "state": state})

    def entries(self) -> dict[str, Entry]:
        """Give all entries by their id, oldest first. Raises DiskError where it was tampered with."""
        found: dict[str, Entry] = {}
        for line in self._chain.lines():
            if line["type"] == "intent":
                found[line["id"]] = opened(line)
            else:
                found[line["id"]] = _later(found[line["id"]], line)
        return found

    def changes(self, entry: Entry) -> list[tuple[Json | None, Json | None]]:
        """Give for each change of *entry* what stood before, and what stands after it as the API told."""
        meant = self._blobs.unpack(entry.changes)
        told = self._blobs.unpack(entry.items) if entry.items else [AS_SENT] * len(meant)
        return [
            (before, after if item == AS_SENT else item)
            for (before, after), item in zip(meant, told, strict=True)
        ]

    def close(self) -> None:
        self._chain.close()


@contextmanager
def open_journal(app: App) -> Iterator[Journal]:
    """Open the journal of *app*'s settings, to write for its task."""
    journal = Journal(
        app.settings.state_dir / "journal",
        group=app.task_id,
        task=app.command.path,
        place=app.settings.api_host,
    )
    try:
        yield journal
    finally:
        journal.close()


def _later(entry: Entry, line: Json) -> Entry:
    if line["type"] == "result":
        keys = tuple(line["keys"]) if entry.olds else ()
        return entry._replace(state=line["state"], items=line.get("items"), why=line["why"], news=keys)
    return entry._replace(state=UNDONE if line["state"] == UNDONE else DONE)
