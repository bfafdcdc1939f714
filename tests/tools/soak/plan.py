"""The plan of a round, drawn from the episode's seed and the number of the round."""

from __future__ import annotations

import random
from typing import NamedTuple

from tests.tools.soak import draw_account, draw_dns, draw_run, weather
from tests.tools.soak.drawing import TASKS, Draw, Task
from tests.tools.soak.weather import Strike

# Importing them fills TASKS.
PRODUCTS = (draw_account, draw_dns, draw_run)
FORMATS = ("json", "json", "json", "jsonl", "csv", "tsv", "yaml", "table", "")
# Only with faults that make a line wait: on a busy machine every answer may take a second.
_IMPATIENT = {"CFOPS_READ_TIMEOUT": "2", "CFOPS_CALL_DEADLINE": "8", "CFOPS_DEADLINE": "12"}
# A task or an option that does not exist: nothing of the line is run.
MISTYPED = ("dns.lst", "--frobnicate", "--limit=many")


class Plan(NamedTuple):
    """A line of *tasks*, how it is typed, and what happens to it.

    *mistyped* ends the line with a word that the parser does not know. *own* runs the installed program as a
    process of its own; *undo* undoes the changes afterwards: the "tasks" one by one, or the "line".
    """

    tasks: tuple[Task, ...]
    format: str = ""
    dry: bool = False
    mistyped: str = ""
    faults: tuple[str, ...] = ()
    strike: Strike | None = None
    environ: dict[str, str] = {}  # noqa: RUF012 - never changed
    own: bool = False
    undo: str = ""

    @property
    def line(self) -> tuple[str, ...]:
        """Return the words after `inv`."""
        words: list[str] = ["--dry"] if self.dry else []
        for task in self.tasks:
            words += task.words
            words += ["--output", self.format] if self.format and not task.raw else []
        return (*words, self.mistyped) if self.mistyped else tuple(words)

    @property
    def may_write(self) -> bool:
        return not self.dry and not self.mistyped and any(task.writes for task in self.tasks)

    @property
    def struck(self) -> set[str]:
        """Return the kinds of the faults."""
        return {fault.partition(" ")[0] for fault in self.faults}

    @property
    def calm(self) -> bool:
        return not self.faults and self.strike is None


def draw_plan(seed: str, number: int) -> Plan:
    """Return the plan of round *number* of the episode with this *seed*."""
    draw = Draw(random.Random(f"{seed}:{number}"))
    tasks = tuple(_task(draw) for _ in range(draw.one((1, 1, 1, 2, 2, 3, 4))))
    faults = weather.faults(draw, tasks)
    return Plan(
        tasks,
        format=draw.one(FORMATS),
        dry=draw.sometimes(0.08),
        mistyped=draw.one(MISTYPED) if draw.sometimes(0.03) else "",
        faults=faults,
        strike=weather.strike(draw),
        environ=_environ(draw, faults),
        own=draw.sometimes(0.03),
        undo=draw.one(("", "tasks", "line")),
    )


def _task(draw: Draw) -> Task:
    task = draw.one(TASKS)(draw)
    if task.writes and draw.sometimes(0.08):
        return Task((*task.words, "--dry-run"), raw=task.raw)
    return task


def _environ(draw: Draw, faults: tuple[str, ...]) -> dict[str, str]:
    return {
        "CFOPS_ATTEMPTS": draw.one(("1", "2", "2", "3")),
        "CFOPS_WORKERS": draw.one(("1", "4")),
        "CFOPS_BUDGET": "0",
        **(_IMPATIENT if faults else {}),
        **({"CFOPS_DEBUG": "1"} if draw.sometimes(0.1) else {}),
        **({"CFOPS_LOG_FORMAT": "json"} if draw.sometimes(0.1) else {}),
    }
