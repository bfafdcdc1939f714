"""The walk: every section of the account is read once, its items go to a sink, its end is noted.

It knows kinds only as they are declared. What lies in an item is asked for as soon as the item has come:
the zones of one page already have their records read while the next page of zones is on its way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from ops.errors import MalformedAnswer, OpsError
from ops.items import Json, reach
from ops.kinds.resource import ACCOUNT, Content, Owner, Resource
from ops.scan.gone import Doubt, doubts
from ops.scan.inventory import Inventory, stopped_by
from ops.scan.reading import Reading, Shelf
from ops.scan.selection import CONTENTS, Plan
from ops.scan.verdict import ENDING, status_of
from ops.snapshots.sections import COMPLETE, FAILED, INCONSISTENT, SKIPPED

if TYPE_CHECKING:
    from ops.http.client import Client

CHOSEN = "only those that were asked for"


class Sink(Protocol):
    """Where a walk leaves what it reads; called from many threads."""

    def shelf(self, resource: Resource, owner: Owner, /) -> Shelf: ...

    def content(self, resource: Resource, owner: Owner, item: Json, content: Content, /) -> None: ...

    def close(self) -> None: ...


class Watch(Protocol):
    """Who is told how far the walk has come, in sections."""

    def known(self, more: int) -> None: ...

    def done(self, kind: str) -> None: ...


class Pool(Protocol):
    """Threads that carry out tasks, which may submit more; waiting raises the first failure."""

    def submit(self, task: Callable[[], None]) -> None: ...

    def run_until_empty(self) -> None: ...


class Walk:
    """One pass over *account*, as *plan* says, into *sink*."""

    def __init__(
        self,
        client: Client,
        account: Owner,
        plan: Plan,
        *,
        sink: Sink,
        pool: Callable[[], Pool],
        watch: Watch,
    ) -> None:
        self._client, self._account, self._plan = client, account, plan
        self._sink, self._new_pool, self._watch = sink, pool, watch
        self._pool = pool()
        self._within = {scope: plan.within(scope) for scope in {r.parent for r in plan.resources}}
        self._readings: dict[tuple[str, str], Reading] = {}
        self._account_name = ""

    def run(self) -> Inventory:
        """Read everything and close the sink; what ends it early is given as `ended_by`, not raised."""
        ended_by: BaseException | None = None
        try:
            self._enter(ACCOUNT, self._account)
            self._pool.run_until_empty()
            self._tell_gone_from_unavailable()
        except (KeyboardInterrupt, Exception) as error:
            ended_by = error
        self._sink.close()
        return self._inventory(ended_by)

    def _enter(self, scope: str, owner: Owner) -> None:
        """Ask for each kind that lies in *owner*."""
        for resource in self._within.get(scope, ()):
            self._ask(self._read, Reading(resource, owner, resource.kind, owner.id, scope))

    def _ask(self, task: Callable[..., None], reading: Reading, *arguments: Any) -> None:
        # A list that names an item twice must not have what lies in it read twice.
        if self._readings.setdefault((reading.kind, reading.scope), reading) is reading:
            self._watch.known(1)
            self._pool.submit(partial(task, reading, *arguments))

    def _read(self, reading: Reading) -> None:
        resource = reading.resource
        with self._noted(reading):
            if resource.kind in self._plan.given:
                deque(self._kept(reading, self._plan.given[resource.kind]), maxlen=0)
                reading.status, reading.reason = SKIPPED, CHOSEN
                return
            listing = resource.list(self._client, reading.owner)
            items = self._kept(reading, listing)
            if resource.values and resource.kind in self._plan.values:
                self._keep_values(reading, resource.values(self._client, reading.owner, items), items)
            else:
                deque(items, maxlen=0)
            reading.reason = str(getattr(listing, "problem", "")) or reading.reason
            reading.status = INCONSISTENT if reading.reason else COMPLETE

    def _kept(self, reading: Reading, items: Iterable[Json]) -> Iterator[Json]:
        """Return *items* on, each once it is on its shelf."""
        shelf = None
        for item in items:
            shelf = shelf or self._shelf(reading)
            shelf.add(item)
            self._follow(reading, item)
            yield item
        # A kind that was read to its end has a file, be it empty; one that was denied has none.
        self._shelf(reading)

    def _keep_values(self, reading: Reading, lines: Iterable[Json], items: Iterator[Json]) -> None:
        shelf, kept = self._shelf(reading), 0
        for kept, line in enumerate(lines, 1):  # noqa: B007 (the last number counts)
            shelf.add_value(line)
        deque(items, maxlen=0)
        if kept != shelf.count:
            reading.reason = f"{kept} values for {shelf.count} keys: some came or went while they were read"

    def _shelf(self, reading: Reading) -> Shelf:
        if reading.shelf is None:
            reading.shelf = self._sink.shelf(reading.resource, reading.owner)
        return reading.shelf

    def _follow(self, reading: Reading, item: Json) -> None:
        """Ask for what lies in *item*, and for its contents."""
        resource = reading.resource
        if not self._account_name and reach(item, "account.id") == self._account.id:
            self._account_name = str(reach(item, "account.name") or "")
        wants_contents = resource.kind in self._plan.contents
        if not wants_contents and resource.kind not in self._within:
            return
        owner = Owner(self._account.id, _id_of(resource, item), item)
        self._enter(resource.kind, owner)
        if wants_contents:
            contents = Reading(resource, reading.owner, resource.kind + CONTENTS, owner.id, resource.kind)
            self._ask(self._read_contents, contents, item)

    def _read_contents(self, reading: Reading, item: Json) -> None:
        resource, owner = reading.resource, reading.owner
        with self._noted(reading):
            assert resource.contents is not None  # noqa: S101 (the plan holds only kinds that have them)
            for content in resource.contents(self._client, owner, item):
                self._sink.content(resource, owner, item, content)
                reading.files += 1
            reading.status = COMPLETE

    def _tell_gone_from_unavailable(self) -> None:
        pool = self._new_pool()
        for doubt in doubts(list(self._readings.values())):
            pool.submit(partial(self._settle, doubt))
        pool.run_until_empty()

    def _settle(self, doubt: Doubt) -> None:
        try:
            doubt.settle(self._client)
        except ENDING:
            raise
        except OpsError as error:
            for reading in doubt.missing:
                reading.status, reading.reason = FAILED, error.message

    @contextmanager
    def _noted(self, reading: Reading) -> Iterator[None]:
        """Note how the reading ends; a failure of its own stays its own, any other ends the walk."""
        reading.begun = True
        try:
            yield
        except ENDING:
            raise
        except OpsError as error:
            reading.error, reading.reason = error, error.message
            reading.status = status_of(error)
        if reading.shelf is not None:
            reading.shelf.close()
        self._watch.done(reading.kind)

    def _inventory(self, ended_by: BaseException | None) -> Inventory:
        readings = list(self._readings.values())
        stopped = stopped_by(ended_by) if ended_by else ""
        sections = (*(reading.section(stopped) for reading in readings), *self._plan.skipped)
        return Inventory(tuple(sorted(sections)), self._account_name, ended_by, self._first_failure(readings))

    def _first_failure(self, readings: list[Reading]) -> OpsError | None:
        place = {resource.kind: number for number, resource in enumerate(self._plan.resources)}
        failed = [reading for reading in readings if reading.error is not None]
        first = min(failed, key=lambda r: (place[r.resource.kind], r.kind, r.scope), default=None)
        return first.error if first else None


def _id_of(resource: Resource, item: Json) -> str:
    """Return the id by which *item* owns others; raises MalformedAnswer where the API sent none."""
    found = reach(item, resource.key)
    if not isinstance(found, str) or not found:
        raise MalformedAnswer(f"{resource.kind}: an item came without its {resource.key}")
    return found
