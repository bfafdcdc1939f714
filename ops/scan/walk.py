"""The walk: every section of the account is read once, its items go to a sink, its end is noted.

It knows kinds only as they are declared. What lies in an item is asked for as soon as the item has come:
the zones of one page already have their records read while the next page of zones is on its way.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ops.errors import (
    CredentialsError,
    DiskError,
    Interrupted,
    MalformedAnswer,
    NotFound,
    OpsError,
    PermissionDenied,
    RateLimited,
)
from ops.items import Json, reach
from ops.kinds.resource import ACCOUNT, Content, Owner, Resource
from ops.scan.inventory import Inventory, stopped_by
from ops.scan.selection import CONTENTS, ScanPlan
from ops.snapshots.sections import COMPLETE, DENIED, FAILED, GONE, INCONSISTENT, SKIPPED, UNAVAILABLE, Section

if TYPE_CHECKING:
    from ops.http.client import Client

# After these every further request would end the same way, or there is no place to keep its answer.
ENDING = (CredentialsError, RateLimited, DiskError, Interrupted)

# Products that an account has not bought or not switched on answer 403 and 400 as well as 404, each in
# words of its own; the code differs from product to product.
_NOT_THERE = re.compile(
    r"not (?:been |yet )?(?:enabled|entitled|available|subscribed|allowed (?:on|for) (?:this|your) plan)"
    r"|\bplease enable\b|\bentitlement|\bsubscription\b|\bpurchase\b|\bupgrade\b"
    r"|\b(?:this|your|current|higher|paid|enterprise|business) plan\b",
    re.IGNORECASE,
)


def status_of(error: OpsError) -> str:
    """Return the status of a section that *error* ended; a 404 is "unavailable" until more is known."""
    if isinstance(error, NotFound):
        return UNAVAILABLE
    refused = error.status is not None and 400 <= error.status < 500
    if refused and _NOT_THERE.search(error.message):
        return UNAVAILABLE
    return DENIED if isinstance(error, PermissionDenied) else FAILED


class SectionSink(Protocol):
    """Where the items of one section go; *count* is how many it has taken."""

    @property
    def count(self) -> int: ...

    def add(self, item: Json, /) -> None: ...

    def add_value(self, line: Json, /) -> None: ...

    def close(self) -> None: ...


@dataclass
class Reading:
    """The reading of *kind* in *scope*, which is an item of the kind *lies_in*, or the account.

    The status is empty until it has ended; *files* counts the contents of an item.
    """

    resource: Resource
    owner: Owner
    kind: str
    scope: str
    lies_in: str
    status: str = ""
    reason: str = ""
    begun: bool = False
    files: int = 0
    shelf: SectionSink | None = None
    error: OpsError | None = None

    @property
    def missing(self) -> bool:
        """True if the API knew nothing of it."""
        return isinstance(self.error, NotFound)

    def section(self, stopped: str) -> Section:
        """Return the row of the manifest; *stopped* says why a reading may not have ended, or begun."""
        count = self.shelf.count if self.shelf else self.files
        if self.status:
            return Section(self.kind, self.scope, self.status, count, self.reason)
        return Section(self.kind, self.scope, FAILED if self.begun else SKIPPED, count, stopped)


REASON = "deleted while the scan ran"


class Absence(NamedTuple):
    """Sections of one owner that answered 404, and one that did not and can be asked again."""

    missing: list[Reading]
    witness: Reading

    def settle(self, client: Client) -> None:
        """Ask the witness; its own 404 shows that the owner is gone. Raises what else the request raises."""
        try:
            next(iter(self.witness.resource.list(client, self.witness.owner)), None)
        except NotFound:
            mark_gone(self.missing)


def doubts(readings: Iterable[Reading]) -> Iterator[Absence]:
    """Mark what is surely gone, and yield what takes a request to tell."""
    owned = sorted((r for r in readings if r.lies_in != ACCOUNT), key=_owner)
    for _, group in groupby(owned, key=_owner):
        together = list(group)
        missing = [reading for reading in together if reading.missing]
        witnesses = (r for r in together if r.status == COMPLETE and r.kind == r.resource.kind)
        if len(missing) == len(together):
            mark_gone(missing)
        elif missing and (witness := next(witnesses, None)):
            yield Absence(missing, witness)


def mark_gone(readings: Iterable[Reading]) -> None:
    for reading in readings:
        reading.status, reading.reason = GONE, REASON


def _owner(reading: Reading) -> tuple[str, str]:
    return reading.lies_in, reading.scope


CHOSEN = "only those that were asked for"


class ItemSink(Protocol):
    """Where a walk leaves what it reads; called from many threads."""

    def shelf(self, resource: Resource, owner: Owner, /) -> SectionSink: ...

    def content(self, resource: Resource, owner: Owner, item: Json, content: Content, /) -> None: ...

    def close(self) -> None: ...


class ScanProgress(Protocol):
    """Who is told how far the walk has come, in sections."""

    def known(self, more: int) -> None: ...

    def done(self, kind: str) -> None: ...


class Workers(Protocol):
    """Threads that carry out tasks, which may submit more; waiting raises the first failure."""

    def submit(self, task: Callable[[], None]) -> None: ...

    def run_until_empty(self) -> None: ...


class Walk:
    """One pass over *account*, as *plan* says, into *sink*."""

    def __init__(
        self,
        client: Client,
        account: Owner,
        plan: ScanPlan,
        *,
        sink: ItemSink,
        pool: Callable[[], Workers],
        watch: ScanProgress,
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

    def _shelf(self, reading: Reading) -> SectionSink:
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

    def _settle(self, doubt: Absence) -> None:
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
