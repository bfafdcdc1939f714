"""What a round may draw: chance from one seed, and the list of tasks, to which each product adds its own.

A task is drawn without a look at what stands: names come from small pools, so that lines of one episode meet
each other's work, and so that a seed gives the same line again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")

# Where something stands, e.g. ("record", "example.com", "A", "www.example.com").
Subject = tuple[str, ...]
Held = frozenset[str]

NOTHING: Held = frozenset()
ZONES = ("example.com", "example.net", "example.org")
NAMESPACES = ("config", "feature-flags", "drafts", "archive")
LABELS = ("tmp", "*", "new", "@", "_x._tcp")


class Task(NamedTuple):
    """One task as it is typed, and what may be said of it beforehand.

    *leaves*: what is among that which stands at a subject once a line with this task has ended with 0,
    NOTHING where nothing may. *unsettles*: beginnings of subjects of which nothing is known any more.
    *reads*: the list that a single task with JSON shows whole. *raw*: its output is no rows. *wrong*: it
    must be refused.
    """

    words: tuple[str, ...]
    writes: bool = False
    leaves: dict[Subject, Held] = {}  # noqa: RUF012 - never changed
    unsettles: tuple[Subject, ...] = ()
    reads: Subject = ()
    raw: bool = False
    wrong: bool = False

    @property
    def name(self) -> str:
        return self.words[0]


class Draw:
    """Chance, and the pools that tasks draw from."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def one(self, of: Sequence[T]) -> T:
        return self.chance.choice(of)

    def sometimes(self, share: float) -> bool:
        return self.chance.random() < share

    def zone(self) -> str:
        return self.one(ZONES)

    def label(self) -> str:
        return self.one(LABELS)

    def namespace(self) -> str:
        # The last two come and go.
        return self.one((*NAMESPACES, *NAMESPACES[:2], *NAMESPACES[:2]))

    def key(self) -> str:
        return self.one(
            ("a", "a/b", "é", "line\nbreak", "..x", "--flag", "=1+1", "user:1", "user:2", "beta-search")
        )

    def value(self) -> str:
        return self.one(("", "text", "zwei\nZeilen", "é" * 40, "{}", str(self.chance.randint(0, 9))))

    def yes(self) -> tuple[str, ...]:
        """What a deletion needs off a terminal; sometimes it is forgotten."""
        return () if self.sometimes(0.08) else ("--yes",)


Drawer = Callable[[Draw], Task]
TASKS: list[Drawer] = []


def drawable(weight: int = 1) -> Callable[[Drawer], Drawer]:
    """Add a drawer to the list, *weight* times as often as others."""

    def add(drawer: Drawer) -> Drawer:
        TASKS.extend([drawer] * weight)
        return drawer

    return add


def whole(zone: str, label: str) -> str:
    """Give the whole name of *label*, as `--name` has it, in *zone*."""
    return zone if label == "@" else f"{label}.{zone}"
