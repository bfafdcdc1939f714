"""Reads statistics within the limits of each dataset: how wide, how far back, how many rows and queries.

Datasets of one time are one query. One that is refused is asked for again alone, so that a dataset or a zone
that may not be read does not take the others away. Whatever was not read is "unknown", never zero.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.analytics.dataset import (
    ACCOUNT,
    DAY,
    HOUR,
    ZONE,
    Dataset,
    Part,
    Statistics,
    in_scope,
    read_answer,
    read_owners,
    write_query,
)  # fmt: skip
from ops.analytics.found import Answer, Found
from ops.errors import ApiError, CredentialsError, OpsError, PermissionDenied, UsageError, ValidationError
from ops.http.shape import require
from ops.items import duration, timestamp

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.items import Json

    Spread = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]

MOST_ZONES = 10
MOST_QUERIES = 300
"""The number that Cloudflare allows in five minutes (docs:analytics/graphql-api/limits)."""


class Limit(NamedTuple):
    """What Cloudflare allows of a dataset, in seconds and rows, as its `settings` say; else no bound."""

    duration: float = math.inf
    oldest: float = math.inf
    rows: int = 10_000
    enabled: bool = True


class Query(NamedTuple):
    """One request: parts of an account or of up to ten zones, each part with its place in the statistics."""

    ids: tuple[str, ...]
    parts: tuple[tuple[int, Part], ...]

    def alone(self) -> list[Query]:
        """Return a query for each zone and each part."""
        return [Query((id,), (part,)) for id in self.ids for part in self.parts]


def read_statistics(
    client: Client,
    statistics: Statistics,
    ids: Sequence[str],
    start: float,
    end: float,
    *,
    subject: str = "",
    spread: Spread = map,
    limited: bool = True,
) -> Found:
    """Return *statistics* of an account, or of zones, from *start* to *end* in seconds since 1970.

    *subject* is the only item that is asked for. *spread* maps a function, several at once. Unless *limited*,
    the limits are not asked for, since every dataset allows so short a time. Raise what Cloudflare answered
    if nothing documented could be read, and UsageError for a time that goes too far back.
    """
    found = Found(statistics, start, end)
    limits = _limits(client, statistics, ids, spread) if limited else {}
    queries = list(_queries(found, ids, limits, start))
    if len(queries) > MOST_QUERIES:
        raise UsageError(
            f"this takes {len(queries)} queries, and Cloudflare allows {MOST_QUERIES} in five minutes",
            hint="use a shorter --since, or name what to read",
        )

    def fetch(query: Query) -> list[Answer]:
        return list(_fetch(client, statistics.scope, query, subject))

    for answers in spread(fetch, queries):
        for answer in answers:
            found.add(answer)
    documented = [at for at, dataset in enumerate(statistics.datasets) if dataset.documented]
    wanted = [(id, at) for id in ids for at in documented]
    if wanted and all(key in found.problems and not found.pieces[key] for key in wanted):
        raise found.problems[wanted[0]]
    return found


def read_last_day(client: Client, id: str, *, statistics: Statistics, now: float, subject: str = "") -> Json:
    """Return the row of one item for the last day, with one request: no dataset forbids so short a time."""
    # With the hour that has begun, it is not longer than a day.
    found = read_statistics(client, statistics, [id], now - DAY + HOUR, now, subject=subject, limited=False)
    return found.row(id, subject)


def check_access(client: Client, account_id: str) -> None:
    """Raise what Cloudflare answers if the token may not read the analytics of an account."""
    query = in_scope(ACCOUNT, ["settings { kvStorageAdaptiveGroups { enabled } }"])
    client.graphql(query, {"account": account_id})


def _limits(
    client: Client, statistics: Statistics, ids: Sequence[str], spread: Spread
) -> dict[str, dict[str, Limit]]:
    """Return the limits of each dataset for each account or zone, as far as Cloudflare tells them."""
    every = tuple(dict.fromkeys(dataset.node for dataset in statistics.datasets))
    documented = {dataset.node for dataset in statistics.datasets if dataset.documented}

    def ask(some: tuple[str, ...]) -> dict[str, dict[str, Limit]]:
        for nodes in dict.fromkeys((every, tuple(node for node in every if node in documented))):
            try:
                return _ask_limits(client, statistics.scope, some, nodes)
            except OpsError as error:
                if not _is_refusal(error):
                    raise
        return {}

    asked = list(spread(ask, _batches(ids)))
    return {id: limits for answer in asked for id, limits in answer.items()}


def _ask_limits(
    client: Client, scope: str, ids: tuple[str, ...], nodes: tuple[str, ...]
) -> dict[str, dict[str, Limit]]:
    inside = " ".join(f"{node} {{ enabled maxDuration maxPageSize notOlderThan }}" for node in nodes)
    query = in_scope(scope, [f"settings {{ {inside} }}", *(["zoneTag"] if scope == ZONE else [])])
    variables: Json = {"account": ids[0]} if scope == ACCOUNT else {"zones": list(ids)}
    found = {}
    for owner in read_owners(client.graphql(query, variables), scope):
        settings = require(owner, "the limits of analytics", settings=dict)["settings"]
        id = ids[0] if scope == ACCOUNT else str(owner.get("zoneTag"))
        found[id] = {node: _limit(settings.get(node)) for node in nodes}
    return found


def _limit(settings: Any) -> Limit:
    fields = {"duration": "maxDuration", "oldest": "notOlderThan", "rows": "maxPageSize"}
    given = settings if isinstance(settings, dict) else {}
    numbers = {name: given[field] for name, field in fields.items() if isinstance(given.get(field), int)}
    positive = {name: number for name, number in numbers.items() if number > 0}
    return Limit(**positive, enabled=given.get("enabled") is not False)


def _queries(
    found: Found, ids: Sequence[str], limits: dict[str, dict[str, Limit]], wanted: float
) -> Iterator[Query]:
    """Yield the queries for *found*; zones that have the same limits share them, up to ten at a time."""
    alike: dict[tuple[Limit, ...], list[str]] = defaultdict(list)
    for id in ids:
        known = limits.get(id, {})
        alike[tuple(known.get(dataset.node, Limit()) for dataset in found.statistics.datasets)].append(id)
    nodes = list(enumerate(found.statistics.datasets))
    firsts = [
        _first(found, dataset, bounds[at]) for bounds in alike for at, dataset in nodes if dataset.documented
    ]
    found.start = max(found.start, *firsts)
    for bounds, some in alike.items():
        columns = []
        for at, dataset in nodes:
            limit = bounds[at]
            problem = _beyond(found, dataset, limit, wanted)
            if problem and dataset.documented and limit.enabled:
                raise problem
            for id in some if problem else ():
                found.problems[id, at] = problem  # type: ignore[assignment]  # there is one
            columns.append([] if problem else [(at, part) for part in _parts(found, dataset, limit)])
        for row in zip_longest(*columns):
            parts = tuple(part for part in row if part)
            yield from (Query(batch, parts) for batch in _batches(some))


def _beyond(found: Found, dataset: Dataset, limit: Limit, wanted: float) -> OpsError | None:
    """Return why a dataset cannot be read at all: the plan lacks it, or the time goes too far back."""
    if not limit.enabled:
        return PermissionDenied(f"{dataset.node} is not part of this plan, or the token may not read it")
    # A minute more: the clocks differ, and the time passes.
    if found.end - wanted > limit.oldest + 60:
        kept, asked = span_in_words(limit.oldest), span_in_words(found.end - wanted)
        hint = f"--since {limit.oldest // HOUR:.0f}h"
        text = f"Cloudflare can be asked for {dataset.title} of the last {kept}, not of {asked}"
        return UsageError(text, hint=hint)
    return None


def span_in_words(seconds: float) -> str:
    """Return a time span in days, or in hours and minutes."""
    return f"{seconds / DAY:.0f} days" if seconds >= 2 * DAY else duration(seconds)


def _parts(found: Found, dataset: Dataset, limit: Limit) -> Iterator[Part]:
    """Yield the times that together reach from the start to the end, none wider than the dataset allows."""
    step, start = DAY if dataset.by_day else found.step, _first(found, dataset, limit)
    wide = found.end - start
    if not math.isinf(limit.duration):
        unit = HOUR if limit.duration < step and not dataset.by_day else step
        wide = max(unit, limit.duration // unit * unit)
    while start < found.end:
        end = min(start + wide, found.end)
        yield Part(dataset, start, end, step, limit.rows)
        start = end


def _first(found: Found, dataset: Dataset, limit: Limit) -> float:
    """Return the start of the first hour or day of *found* that Cloudflare still has as a whole."""
    start, step = found.start, DAY if dataset.by_day else HOUR
    start -= start % step
    while start < found.end - limit.oldest + 60:
        start += step
    return start


def _fetch(client: Client, scope: str, query: Query, subject: str) -> Iterator[Answer]:
    """Yield an answer for each zone and part of *query*; if it is refused, each is asked for alone."""
    parts = [part for _, part in query.parts]
    try:
        text, variables = write_query(scope, query.ids, parts, subject)
        groups = list(read_answer(client.graphql(text, variables), scope, query.ids, parts))
    except CredentialsError:
        raise
    except OpsError as error:
        alone = query.alone()
        for one in alone if len(alone) > 1 and _is_refusal(error) else ():
            yield from _fetch(client, scope, one, subject)
        if len(alone) == 1 or not _is_refusal(error):
            yield from (Answer(id, at, None, error) for id in query.ids for at, _ in query.parts)
        return
    for id, found in zip(query.ids, groups, strict=True):
        for (at, part), group in zip(query.parts, found, strict=True):
            if max(len(group.totals), len(group.series)) < part.rows:
                yield Answer(id, at, group)
                continue
            halves = _halves(part)
            for half in halves:
                yield from _fetch(client, scope, Query((id,), ((at, half),)), subject)
            if not halves:
                text = f"{part.dataset.node} has more than {part.rows:,} rows from {timestamp(part.start)}"
                yield Answer(id, at, group, ApiError(text))


def _halves(part: Part) -> list[Part]:
    """Return two parts with half the time each; none if it is as short as can be."""
    unit = DAY if part.dataset.by_day else HOUR
    middle = part.start + (part.end - part.start) // 2 // unit * unit
    if middle <= part.start:
        return []
    return [part._replace(end=middle), part._replace(start=middle)]


def _is_refusal(error: OpsError) -> bool:
    """True if *error* is about what was asked, such as a field or a zone, not about the connection."""
    if isinstance(error, ApiError):
        return error.status == 200
    return isinstance(error, ValidationError | PermissionDenied) and not error.codes


def _batches(ids: Sequence[str]) -> list[tuple[str, ...]]:
    return [tuple(ids[at : at + MOST_ZONES]) for at in range(0, len(ids), MOST_ZONES)]
