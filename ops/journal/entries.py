"""Entries of the journal: what was meant to be changed, what came of it, and whether it was taken back."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.kinds.change import Change

if TYPE_CHECKING:
    from collections.abc import Sequence

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
