"""Latency histograms of 32 logarithmic buckets: small, and mergeable over runs, as percentiles are not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

SHORTEST, LONGEST, BUCKETS = 1.0, 300_000.0, 32
"""The upper bounds of the first and the last bucket, in milliseconds, and how many buckets there are."""

BOUNDS: tuple[float, ...] = tuple(
    SHORTEST * (LONGEST / SHORTEST) ** (at / (BUCKETS - 1)) for at in range(BUCKETS)
)
"""The upper bounds of the buckets: each is half as large again as the one before."""


class Histogram:
    """The numbers of durations by bucket; what is longer than the last bound is in the last bucket."""

    def __init__(self, counts: Iterable[int] = ()) -> None:
        self.counts = [0] * BUCKETS
        for at, count in enumerate(counts):
            self.counts[min(at, BUCKETS - 1)] += count

    def add(self, ms: float) -> None:
        self.counts[min(bisect_left(BOUNDS, ms), BUCKETS - 1)] += 1

    def merge(self, other: Histogram) -> None:
        self.counts = [mine + theirs for mine, theirs in zip(self.counts, other.counts, strict=True)]

    @property
    def total(self) -> int:
        return sum(self.counts)

    def quantile(self, part: float) -> float | None:
        """Return the duration in ms that *part* (0 to 1) of all do not exceed, estimated within its bucket.

        Return None without any duration.
        """
        if not (total := self.total):
            return None
        wanted = part * total
        at, reached = next(
            (at, reached)
            for at, reached in enumerate(accumulate(self.counts))
            if reached >= wanted and self.counts[at]
        )
        low = BOUNDS[at - 1] if at else 0.0
        inside = (wanted - (reached - self.counts[at])) / self.counts[at]
        return float(low + (BOUNDS[at] - low) * max(0.0, inside))

    def as_json(self) -> list[int]:
        """Return the index of the first bucket in use, then the counts from there to the last one in use."""
        used = [at for at, count in enumerate(self.counts) if count]
        return [used[0], *self.counts[used[0] : used[-1] + 1]] if used else []

    @classmethod
    def from_json(cls, kept: Sequence[int]) -> Histogram:
        """Return the histogram that as_json described. Raises TypeError or ValueError for anything else."""
        if any(type(count) is not int or count < 0 for count in kept):
            raise ValueError("a histogram holds numbers of durations")
        return cls([0] * kept[0] + list(kept[1:])) if kept else cls()
