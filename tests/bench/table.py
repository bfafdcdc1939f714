"""The rows of a measurement and how they are printed."""

from __future__ import annotations

from math import inf
from typing import NamedTuple

from tests.bench.stage import Measure


class Row(NamedTuple):
    """One number against its yardstick; the ratio shall be at most *most*, or the number at least *least*."""

    what: str
    measured: float
    yardstick: float
    most: float
    run: Measure | None = None
    least: float | None = None

    @property
    def ratio(self) -> float:
        return self.measured / self.yardstick if self.yardstick else 1.0 + self.measured

    @property
    def reached(self) -> bool:
        done = self.run is None or self.run.code in (0, 4)
        return done and self.ratio <= self.most and (self.least is None or self.measured >= self.least)

    def _goal(self) -> str:
        if self.least is None:
            return f"<= {self.most}"
        return f">= {self.least}" if self.most == inf else "exactly"

    def __str__(self) -> str:
        goal = self._goal()
        verdict = "reached" if self.reached else "MISSED"
        memory = f"{self.run.memory:.0f} MiB" if self.run else ""
        return (
            f"{self.what:<62} {self.measured:>12,.3f} {self.yardstick:>12,.3f} "
            f"{self.ratio:>7.3f} {goal:>8} {verdict:<8} {memory}"
        )


HEADER = f"{'what':<62} {'measured':>12} {'yardstick':>12} {'ratio':>7} {'goal':>8} {'verdict':<8} memory"
