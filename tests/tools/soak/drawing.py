"""What a round may draw: random choices from one seed, and the list of tasks, to which each product adds.

A task is drawn independently of the current state: names come from small pools, so that lines of one episode
affect each other, and so that a seed always produces the same line.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

T = TypeVar("T")

# Identifies an item, e.g. ("record", "example.com", "A", "www.example.com").
Subject = tuple[str, ...]
Held = frozenset[str]

NOTHING: Held = frozenset()
ZONES = ("example.com", "example.net", "example.org")
NAMESPACES = ("config", "feature-flags", "drafts", "archive")
LABELS = ("tmp", "*", "new", "@", "_x._tcp")


class Task(NamedTuple):
    """One task as it is typed, and its expected effects.

    *leaves*: what a subject holds after a line with this task has ended with 0, NOTHING if it must not exist.
    *unsettles*: prefixes of subjects whose state is unknown afterwards. *reads*: the list that a single task
    with JSON prints completely. *raw*: its output is not rows. *wrong*: it must be refused.
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
    """Random choices, and the pools that tasks draw from."""

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
        # The last two are created and deleted.
        return self.one((*NAMESPACES, *NAMESPACES[:2], *NAMESPACES[:2]))

    def key(self) -> str:
        return self.one(
            ("a", "a/b", "é", "line\nbreak", "..x", "--flag", "=1+1", "user:1", "user:2", "beta-search")
        )

    def value(self) -> str:
        return self.one(("", "text", "zwei\nZeilen", "é" * 40, "{}", str(self.chance.randint(0, 9))))

    def yes(self) -> tuple[str, ...]:
        """Return the option that a deletion needs off a terminal; sometimes it is left out."""
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
    """Return the full name of *label* in *zone*."""
    return zone if label == "@" else f"{label}.{zone}"
