"""What a dataset of Cloudflare's analytics is, how a query of several is written, and how it is answered.

A product declares a Dataset for each node of docs:analytics/graphql-api that it shows, and Statistics that
combine them. Everything else follows: the query, its limits, its fallbacks, the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import MalformedAnswer
from ops.http.shape import instance, require
from ops.items import reach, timestamp

if TYPE_CHECKING:
    from ops.items import Json

ACCOUNT, ZONE = "accounts", "zones"
HOUR, DAY = 3600.0, 86400.0
HOURLY = 2 * DAY
"""Up to this span a trend has a number for each hour, beyond it one for each day."""


class Dataset(NamedTuple):
    """A node of GraphQL analytics.

    *title* is what messages call it. *subject* is the dimension that names an item; "": the zone itself.
    *select* are the figures as paths ("sum.requests"), *by* the dimensions that break them down, and *row*
    makes the fields of an item from its groups, of which the *exact* ones are never estimates. *trend* is the
    figure that each hour or day has. One that is counted *by_day* is filtered by dates, which its documents
    alone name; its field *since*, if it has one, has the first of them. One that is not *documented* is
    tried, and its absence reported.
    """

    node: str
    title: str
    select: tuple[str, ...]
    row: Callable[[Sequence[Json]], Json]
    subject: str = ""
    by: tuple[str, ...] = ()
    trend: str = ""
    exact: tuple[str, ...] = ()
    by_day: bool = False
    since: str = ""
    documented: bool = True

    @property
    def estimates(self) -> tuple[str, ...]:
        """Return the fields that are estimates: Cloudflare samples adaptive datasets (docs:…/sampling)."""
        sampled = "Adaptive" in self.node
        return tuple(field for field in self.fields if sampled and field not in self.exact)

    @property
    def fields(self) -> tuple[str, ...]:
        """Return the fields of a row that come from the dataset."""
        return tuple(self.row(()))


class Statistics(NamedTuple):
    """What is shown together: datasets of one *scope*, the account or zones."""

    scope: str
    datasets: tuple[Dataset, ...]


class Part(NamedTuple):
    """One dataset between two times, in seconds since 1970; *step* is what its trend counts by."""

    dataset: Dataset
    start: float
    end: float
    step: float
    rows: int


class Group(NamedTuple):
    """What a response holds of a Part: groups of the whole time, and of each hour or day."""

    totals: list[Json]
    series: list[Json]


def total(groups: Iterable[Json], path: str) -> int:
    """Return the sum of a figure."""
    return round(sum(reach(group, path) or 0 for group in groups))


def highest(groups: Iterable[Json], path: str) -> float | None:
    """Return the highest value of a figure; None if no group has it."""
    found = [value for group in groups if (value := reach(group, path)) is not None]
    return max(found, default=None)


def latest(groups: Sequence[Json]) -> Json:
    """Return the group of the last day, {} for none."""
    return max(groups, key=lambda group: str(reach(group, "dimensions.date")), default={})


def write_query(scope: str, ids: Sequence[str], parts: Sequence[Part], subject: str) -> tuple[str, Json]:
    """Return a query for *parts* of an account or of zones, and its variables."""
    variables: Json = {"account": ids[0]} if scope == ACCOUNT else {"zones": list(ids)}
    declared, nodes = [], [] if scope == ACCOUNT else ["zoneTag"]
    if subject:
        variables["subject"] = subject
        declared.append("$subject: string!")
    for at, part in enumerate(parts):
        dataset = part.dataset
        start, end, type = "datetime_geq", "datetime_lt", "Time"
        if dataset.by_day:
            start, end, type = "date_geq", "date_leq", "Date"
        conditions = [f"{start}: $from{at}", f"{end}: $to{at}"]
        if subject and dataset.subject:
            conditions.append(f"{dataset.subject}: $subject")
        variables |= {f"from{at}": _time(part.start, dataset), f"to{at}": _time(part.end, dataset, last=True)}
        declared += [f"$from{at}: {type}!", f"$to{at}: {type}!"]
        given = f"(limit: {part.rows}, filter: {{{', '.join(conditions)}}})"
        dimensions = (*filter(None, [dataset.subject]), *dataset.by)
        nodes.append(f"totals{at}: {dataset.node}{given} {{ {_selection(dataset.select, dimensions)} }}")
        if dataset.trend:
            of_time = (*filter(None, [dataset.subject]), _bucket(part))
            nodes.append(f"series{at}: {dataset.node}{given} {{ {_selection((dataset.trend,), of_time)} }}")
    return in_scope(scope, nodes, declared), variables


def in_scope(scope: str, nodes: Iterable[str], declared: Iterable[str] = ()) -> str:
    """Return a query for *nodes* of an account or of zones, which its first variable names."""
    first, filter = "$account: string!", "accountTag: $account"
    if scope == ZONE:
        first, filter = "$zones: [string!]", "zoneTag_in: $zones"
    inside = "\n      ".join(nodes)
    head = f"query ({', '.join((first, *declared))}) {{\n  viewer {{\n    {scope}(filter: {{{filter}}}) {{"
    return f"{head}\n      {inside}\n    }}\n  }}\n}}"


def _time(seconds: float, dataset: Dataset, *, last: bool = False) -> str:
    # The last day counts, the last moment does not.
    return timestamp(seconds - 1 if last else seconds)[:10] if dataset.by_day else timestamp(seconds)


def _bucket(part: Part) -> str:
    return "datetimeHour" if part.step == HOUR else "date"


def _selection(select: Iterable[str], dimensions: Iterable[str]) -> str:
    """Return paths as a selection: sum.requests and sum.errors become sum { requests errors }."""
    objects: dict[str, list[str]] = {}
    for path in (*select, *(f"dimensions.{name}" for name in dimensions)):
        name, _, field = path.partition(".")
        objects.setdefault(name, []).extend([field] if field else [])
    return " ".join(
        f"{name} {{ {' '.join(fields)} }}" if fields else name for name, fields in objects.items()
    )


def read_owners(data: Json, scope: str) -> list[Json]:
    """Return the account or the zones that *data* is about. Raise MalformedAnswer."""
    viewer = require(data, "the analytics", viewer=dict)["viewer"]
    owners = instance(viewer.get(scope), list, f"`viewer.{scope}` of the analytics")
    return [instance(owner, dict, "an owner in the analytics") for owner in owners]


def read_answer(data: Json, scope: str, ids: Sequence[str], parts: Sequence[Part]) -> Iterator[list[Group]]:
    """Yield what *data* holds of *parts* for each of *ids*. Raise MalformedAnswer."""
    by_id = {owner.get("zoneTag") if scope == ZONE else ids[0]: owner for owner in read_owners(data, scope)}
    for id in ids:
        if id not in by_id:
            raise _not_as_documented(f"it has no analytics of {id}")
        yield [_group(by_id[id], at, part) for at, part in enumerate(parts)]


def _group(owner: Json, at: int, part: Part) -> Group:
    dataset = part.dataset
    totals = _checked(owner, f"totals{at}", dataset, dataset.select, dataset.by)
    if not dataset.trend:
        return Group(totals, [])
    return Group(totals, _checked(owner, f"series{at}", dataset, (dataset.trend,), (_bucket(part),)))


def _checked(
    owner: Json, alias: str, dataset: Dataset, select: Iterable[str], dimensions: Iterable[str]
) -> list[Json]:
    """Return the groups that *owner* has under an alias, with the numbers and dimensions selected."""
    groups: list[Json] = instance(owner.get(alias), list, f"`{dataset.node}`")
    for group in groups:
        instance(group, dict, f"a group of `{dataset.node}`")
        for path in select:
            value = reach(group, path)
            # A quantile of nothing is null.
            if not isinstance(value, int | float) and not (value is None and path.startswith("quantiles.")):
                raise _not_as_documented(f"`{path}` of `{dataset.node}` is not a number")
        for name in filter(None, (dataset.subject, *dimensions)):
            if reach(group, f"dimensions.{name}") is None:
                raise _not_as_documented(f"`{dataset.node}` lacks the dimension `{name}`")
    return groups


def _not_as_documented(text: str) -> MalformedAnswer:
    return MalformedAnswer(f"the response is not as documented: {text}")
