"""What was read of statistics: the rows of items, and what a reader must know of the numbers."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ops.analytics.dataset import ACCOUNT, DAY, HOUR, HOURLY, Dataset, Group, Statistics
from ops.items import reach, timestamp

if TYPE_CHECKING:
    from ops.errors import OpsError
    from ops.items import Json

UNKNOWN = "unknown"


class Answer(NamedTuple):
    """What a query found of one part of one account or zone, or why it was not read, or not to its end."""

    id: str
    at: int
    group: Group | None
    error: OpsError | None = None


class Found:
    """Statistics that were read, from *start* to *end* in seconds since 1970; a trend counts by *step*."""

    def __init__(self, statistics: Statistics, start: float, end: float) -> None:
        self.statistics = statistics
        self.step = HOUR if end - start <= HOURLY and not all_by_day(statistics) else DAY
        self.start = start - start % self.step
        self.end = end
        self.problems: dict[tuple[str, int], OpsError] = {}
        self.pieces: dict[tuple[str, int], int] = defaultdict(int)
        self._totals: dict[tuple[str, int], list[Json]] = defaultdict(list)
        self._series: dict[tuple[str, int], list[Json]] = defaultdict(list)

    def add(self, answer: Answer) -> None:
        key = answer.id, answer.at
        if answer.error:
            self.problems.setdefault(key, answer.error)
        if answer.group:
            self.pieces[key] += 1
            self._totals[key] += answer.group.totals
            self._series[key] += answer.group.series

    def subjects(self, id: str) -> set[str]:
        """Return every item that the statistics of an account name."""
        return {
            str(reach(group, f"dimensions.{dataset.subject}"))
            for at, dataset in enumerate(self.statistics.datasets)
            for group in (self._totals[id, at] if dataset.subject else ())
        }

    def row(self, id: str, subject: str = "") -> Json:
        """Return what is known of one item: "unknown" for what was not read, [] for such a trend."""
        row: Json = {}
        estimates: list[str] = []
        trend: list[float] = []
        for at, dataset in enumerate(self.statistics.datasets):
            if (id, at) in self.problems:
                row |= dict.fromkeys(dataset.fields, UNKNOWN)
                row |= {dataset.since: UNKNOWN} if dataset.since else {}
                continue
            row |= dataset.row(_of(subject, dataset, self._totals[id, at]))
            row |= {dataset.since: timestamp(self.start)[:10]} if dataset.since else {}
            estimates += dataset.estimates
            if dataset.trend and not trend:
                trend = self._trend(dataset, _of(subject, dataset, self._series[id, at]))
        about = {"since": timestamp(self.start), "until": timestamp(self.end)}
        step = "hour" if self.step == HOUR else "day"
        return {**row, "trend": trend, "step": step, **about, "estimates": estimates}

    def rows(self, id: str, items: Mapping[str, Json], key: str) -> list[Json]:
        """Return a row for each of *items* of an account, by its subject, and for others that did something.

        Those may be deleted: nothing but their subject is known, which the field *key* has.
        """
        gone = sorted(self.subjects(id) - items.keys())
        return [
            about | self.row(id, subject)
            for subject, about in {**items, **{s: {key: s} for s in gone}}.items()
        ]

    def report(self, note: Callable[[str], None], gap: Callable[[str], None]) -> None:
        """Call *gap* with what is missing, *note* with what a reader must know of the numbers."""
        for text in self.unread(documented=True):
            gap(text)
        for text in self.notes():
            note(text)

    def _trend(self, dataset: Dataset, groups: Iterable[Json]) -> list[float]:
        """Return the figure of each hour or day, 0 for one without."""
        field, length = ("datetimeHour", 13) if self.step == HOUR else ("date", 10)
        known: dict[str, float] = defaultdict(int)
        for group in groups:
            known[str(reach(group, f"dimensions.{field}"))[:length]] += reach(group, dataset.trend) or 0
        first = self.start - self.start % self.step
        count = math.ceil((self.end - first) / self.step)
        return [known[timestamp(first + number * self.step)[:length]] for number in range(count)]

    def unread(self, *, documented: bool) -> Iterator[str]:
        """Yield why datasets were not read, once for each reason: the documented ones, or the tried ones."""
        reasons: dict[tuple[int, str], list[str]] = defaultdict(list)
        for (id, at), error in self.problems.items():
            if self.statistics.datasets[at].documented == documented:
                reasons[at, error.reason].append(id)
        for (at, reason), ids in reasons.items():
            counted = f"{len(ids)} zones"
            of = "" if self.statistics.scope == ACCOUNT else f" of {ids[0] if len(ids) == 1 else counted}"
            yield f"{self.statistics.datasets[at].title}{of}: {UNKNOWN}: {reason}"

    def notes(self) -> Iterator[str]:
        """Yield what a reader must know of the numbers: which are estimates, which were pieced together."""
        sampled = [one for one in self.statistics.datasets if one.estimates]
        fields = [field for dataset in sampled for field in dataset.estimates]
        nodes = dict.fromkeys(dataset.node for dataset in sampled)
        if fields:
            yield f"{', '.join(fields)}: estimates, because Cloudflare samples {', '.join(nodes)}"
        for dataset in (one for one in self.statistics.datasets if one.since):
            yield f"{dataset.title} are counted by whole days, from {timestamp(self.start)[:10]}"
        for at, dataset in enumerate(self.statistics.datasets):
            pieces = max((count for (_, place), count in self.pieces.items() if place == at), default=1)
            quantiles = any(path.startswith("quantiles.") for path in dataset.select)
            if pieces > 1 and quantiles:
                yield f"{dataset.title}: quantiles are the highest of {pieces} queries, since one is limited"
        yield from self.unread(documented=False)


def unread_row(statistics: Statistics) -> Json:
    """Return the row of an item whose statistics were not read."""
    return dict.fromkeys((field for dataset in statistics.datasets for field in dataset.fields), UNKNOWN)


def all_by_day(statistics: Statistics) -> bool:
    """True if every trend of *statistics* is counted by days."""
    return all(dataset.by_day for dataset in statistics.datasets if dataset.trend)


def _of(subject: str, dataset: Dataset, groups: list[Json]) -> list[Json]:
    if not dataset.subject:
        return groups
    return [group for group in groups if str(reach(group, f"dimensions.{dataset.subject}")) == subject]
