"""The walk: reads every section of the account once, passes its items to a sink and records how it ended.

It knows kinds only by their declarations. The children of an item are requested as soon as the item arrives:
the zones of one page already have their records read while the next page of zones is in flight.
"""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import groupby
from typing import Any, Protocol

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
from ops.http.client import Client
from ops.http.parallel import Pool
from ops.items import Json, reach
from ops.kinds.resource import ACCOUNT, Content, Earlier, Owner, Resource, Where, check, missing_in
from ops.scan.base import Light, Mark, mark_of
from ops.scan.inventory import Inventory, ScanPlan, stopped_by
from ops.scan.light import Decision
from ops.scan.watch import Watch
from ops.snapshots.manifest import (
    COMPLETE,
    CONTENTS,
    DENIED,
    FAILED,
    GONE,
    INCONSISTENT,
    NOT_ASKED,
    SKIPPED,
    UNAVAILABLE,
    Section,
)
from ops.telemetry.record import Record

# After these every further request would fail too, or its response could not be stored.
ENDING = (CredentialsError, RateLimited, DiskError, Interrupted)

# Products that an account has not bought or not enabled answer 403 and 400 as well as 404, each in its own
# words and with its own code.
_NOT_AVAILABLE = re.compile(
    r"not (?:been |yet )?(?:enabled|entitled|available|subscribed|allowed (?:on|for) (?:this|your) plan)"
    r"|\bplease enable\b|\bentitlement|\bsubscription\b|\bpurchase\b|\bupgrade\b"
    r"|\b(?:this|your|current|higher|paid|enterprise|business) plan\b",
    re.IGNORECASE,
)

DELETED = "deleted while the scan ran"
CHOSEN = "only the requested ones"


class SectionSink(Protocol):
    """Takes the items of one section; *count* is their number so far."""

    @property
    def count(self) -> int: ...

    def add(self, item: Json, /) -> None: ...

    def add_value(self, line: Json, /) -> None: ...

    def close(self) -> None: ...


class ItemSink(Protocol):
    """Takes everything that a walk reads; called from many threads."""

    def section(self, resource: Resource, owner: Owner, /) -> SectionSink: ...

    def content(self, resource: Resource, owner: Owner, item: Json, content: Content, /) -> None: ...

    def close(self) -> None: ...


@dataclass
class Reading:
    """The reading of *kind* in *scope*, an item of the kind *parent*, or the account.

    *status* is empty until it has ended; *files* counts the contents of an item. *decision* is that of a
    light scan about the unit that it is in; what is read for a comparison leaves its marks in *seen*.
    *found* says for what waits for this kind whether an item was found that it needs.
    """

    resource: Resource
    owner: Owner
    kind: str
    scope: str
    parent: str
    status: str = ""
    reason: str = ""
    begun: bool = False
    files: int = 0
    sink: SectionSink | None = None
    error: OpsError | None = None
    found: dict[Where, bool] = field(default_factory=dict)
    decision: Decision | None = None
    seen: Counter[Mark] | None = None
    origin: tuple[str, str] = ("", "")

    def section(self, stopped: str) -> Section:
        """Return the row of the manifest; *stopped* is why a reading may not have ended, or started."""
        count = self.sink.count if self.sink else self.files
        if self.status:
            return Section(self.kind, self.scope, self.status, count, self.reason, *self.origin)
        return Section(self.kind, self.scope, FAILED if self.begun else SKIPPED, count, stopped)


def absences(readings: Iterable[Reading]) -> Iterator[tuple[list[Reading], Reading]]:
    """Mark what was certainly deleted, and yield what only a request can tell.

    That is the sections of one owner that answered 404, and one that did not and can be requested again.
    """

    def owner(reading: Reading) -> tuple[str, str]:
        return reading.parent, reading.scope

    inside = (reading for reading in readings if reading.parent != ACCOUNT and reading.status != SKIPPED)
    for _, group in groupby(sorted(inside, key=owner), key=owner):
        together = list(group)
        missing = [reading for reading in together if isinstance(reading.error, NotFound)]
        witnesses = (r for r in together if r.status == COMPLETE and r.kind == r.resource.kind)
        if len(missing) == len(together):
            mark(missing, GONE, DELETED)
        elif missing and (witness := next(witnesses, None)):
            yield missing, witness


def mark(readings: Iterable[Reading], status: str, reason: str) -> None:
    for reading in readings:
        reading.status, reading.reason = status, reason


class Walk:
    """One pass over *account*, following *plan*, into *sink*.

    *earlier* returns an item as it was before; *light* carries over what an earlier snapshot has.
    """

    def __init__(
        self,
        client: Client,
        account: Owner,
        plan: ScanPlan,
        *,
        sink: ItemSink,
        pool: Callable[[], Pool],
        watch: Watch,
        record: Record | None = None,
        earlier: Earlier | None = None,
        light: Light | None = None,
    ) -> None:
        self._client, self._account, self._plan = client, account, plan
        self._sink, self._new_pool, self._watch = sink, pool, watch
        self._record, self._earlier, self._light = record or Record(), earlier, light
        self._pool = pool()
        self._within = {parent: plan.within(parent) for parent in {r.parent for r in plan.resources}}
        self._readings: dict[tuple[str, str], Reading] = {}
        self._waiting: dict[tuple[str, str], list[Reading]] = {}
        self._account_name = ""

    def run(self) -> Inventory:
        """Read everything and close the sink; what ends it early is returned as `ended_by`, not raised."""
        ended_by: BaseException | None = None
        try:
            self._enter(ACCOUNT, self._account)
            self._pool.run_until_empty()
            pool = self._new_pool()
            for missing, witness in absences(list(self._readings.values())):
                pool.submit(partial(self._settle, missing, witness))
            pool.run_until_empty()
        except (KeyboardInterrupt, Exception) as error:  # noqa: BLE001 (it is kept until what was read is written)
            ended_by = error
        self._sink.close()
        readings = list(self._readings.values())
        stopped = stopped_by(ended_by) if ended_by else ""
        sections = (*(reading.section(stopped) for reading in readings), *self._plan.skipped)
        order = {resource.kind: number for number, resource in enumerate(self._plan.resources)}
        failed = [reading for reading in readings if reading.error is not None]
        first = min(failed, key=lambda r: (order[r.resource.kind], r.kind, r.scope), default=None)
        failure = first.error if first else None
        return Inventory(tuple(sorted(sections)), self._account_name, ended_by, failure)

    def _enter(self, parent: str, owner: Owner, decision: Decision | None = None) -> None:
        within = self._within.get(parent, ())
        readings = [Reading(one, owner, one.kind, owner.id, parent, decision=decision) for one in within]
        waiting: set[str] = set()
        for reading in readings:
            where = reading.resource.where
            if where and not self._plan.everywhere and self._is_read(where, within):
                waiting.add(reading.kind)
                if self._note(reading):
                    self._waiting.setdefault((where.kind, owner.id), []).append(reading)
        for reading in readings:
            if reading.kind not in waiting:
                self._submit(self._read, reading)

    def _is_read(self, where: Where, within: Iterable[Resource]) -> bool:
        return where.kind not in self._plan.given and any(one.kind == where.kind for one in within)

    def _note(self, reading: Reading) -> bool:
        """Note that *reading* is to be done; False if it was noted: a list may name an item twice."""
        if self._readings.setdefault((reading.kind, reading.scope), reading) is not reading:
            return False
        self._watch.found(1)
        return True

    def _submit(self, task: Callable[..., None], reading: Reading, *arguments: Any) -> None:
        if self._note(reading):
            self._pool.submit(partial(task, reading, *arguments))

    def _release(self, read: Reading) -> None:
        """Read what exists only where *read* has items; skip it where it certainly has none."""
        for reading in self._waiting.pop((read.kind, read.scope), ()):
            where = reading.resource.where
            assert where is not None  # noqa: S101 (it waits for it)
            if read.status in (UNAVAILABLE, SKIPPED) or (read.status == COMPLETE and not read.found[where]):
                mark([reading], SKIPPED, NOT_ASKED + where.reason)
                self._watch.read(reading.kind)
            else:
                self._pool.submit(partial(self._read, reading))

    def _read(self, reading: Reading) -> None:
        waiting = self._waiting.get((reading.kind, reading.scope), ())
        reading.found = {one.resource.where: False for one in waiting if one.resource.where}
        self._read_list(reading)
        self._release(reading)

    def _read_list(self, reading: Reading) -> None:
        resource = reading.resource
        with self._recorded(reading):
            if resource.kind in self._plan.given:
                deque(self._kept(reading, self._plan.given[resource.kind]), maxlen=0)
                reading.status, reading.reason = SKIPPED, CHOSEN
                return
            if why := missing_in(resource, reading.owner):
                reading.status, reading.reason = SKIPPED, NOT_ASKED + why
                return
            listing = self._carried(reading) or resource.list(self._client, reading.owner, self._earlier)
            items = self._kept(reading, listing)
            sink, kept = None, 0
            if resource.values and resource.kind in self._plan.values:
                sink = self._section(reading)
                lines = resource.values(self._client, reading.owner, items)
                for kept, line in enumerate(lines, 1):  # noqa: B007 (the last number counts)
                    sink.add_value(line)
            deque(items, maxlen=0)
            if sink and kept != sink.count:
                reading.reason = (
                    f"{kept} values for {sink.count} keys: some were created or deleted meanwhile"
                )
            reading.reason = str(getattr(listing, "problem", "")) or reading.reason
            reading.status = INCONSISTENT if reading.reason else COMPLETE
            if self._light and reading.decision and reading.seen is not None and not reading.reason:
                self._light.compare(reading.decision, resource, reading.scope, reading.seen)

    def _carried(self, reading: Reading) -> Iterable[Json] | None:
        """Return the items of the base if the section is carried over; None if it is to be read."""
        light, resource, scope = self._light, reading.resource, reading.scope
        if light is None:
            return None
        if section := light.carried(reading.decision, resource.kind, scope):
            reading.origin = light.base.origin(section)
            return light.base.items(resource.kind, scope)
        if light.compares(reading.decision, resource, resource.kind, scope):
            reading.seen = Counter()
        return None

    def _kept(self, reading: Reading, items: Iterable[Json]) -> Iterator[Json]:
        sink = None
        for item in items:
            sink = sink or self._section(reading)
            check(reading.resource, item)
            sink.add(item)
            for where in reading.found:
                reading.found[where] = reading.found[where] or where.holds(item)
            if reading.seen is not None:
                reading.seen[mark_of(reading.resource, item)] += 1
            self._follow(reading, item)
            yield item
        # A kind that was read to its end has a file, even if empty; one that was denied has none.
        self._section(reading)

    def _section(self, reading: Reading) -> SectionSink:
        if reading.sink is None:
            reading.sink = self._sink.section(reading.resource, reading.owner)
        return reading.sink

    def _follow(self, reading: Reading, item: Json) -> None:
        resource = reading.resource
        if not self._account_name and reach(item, "account.id") == self._account.id:
            self._account_name = str(reach(item, "account.name") or "")
        wants_contents = resource.kind in self._plan.contents
        if not wants_contents and resource.kind not in self._within:
            return
        key = reach(item, resource.key)
        if not isinstance(key, str) or not key:
            raise MalformedAnswer(f"{resource.kind}: an item has no {resource.key}")
        decision = reading.decision
        if self._light and resource.logged:
            decision = self._light.decide(resource, item)
        self._enter(resource.kind, Owner(self._account.id, key, item), decision)
        if wants_contents:
            contents = Reading(
                resource, reading.owner, resource.kind + CONTENTS, key, resource.kind, decision=decision
            )
            self._submit(self._read_contents, contents, item)

    def _read_contents(self, reading: Reading, item: Json) -> None:
        resource, owner = reading.resource, reading.owner
        with self._recorded(reading):
            assert resource.contents is not None  # noqa: S101 (the plan holds only kinds that have them)
            light, decision = self._light, reading.decision
            section = light.carried(decision, reading.kind, reading.scope) if light else None
            if light and section:
                reading.origin = light.base.origin(section)
                files = light.base.contents(resource.kind, reading.scope)
            else:
                files = resource.contents(self._client, owner, item)
            seen: Counter[Mark] = Counter()
            for content in files:
                self._sink.content(resource, owner, item, content)
                reading.files += 1
                seen[content.name, sha256(content.data).hexdigest()] += 1
            reading.status = COMPLETE
            if light and decision and light.compares(decision, resource, reading.kind, reading.scope):
                light.compare_files(decision, resource.kind, reading.scope, seen)

    def _settle(self, missing: list[Reading], witness: Reading) -> None:
        """Request the *witness* again: its own 404 shows that the owner was deleted."""
        try:
            next(iter(witness.resource.list(self._client, witness.owner)), None)
        except ENDING:
            raise
        except NotFound:
            mark(missing, GONE, DELETED)
        except OpsError as error:
            mark(missing, FAILED, error.reason)

    @contextmanager
    def _recorded(self, reading: Reading) -> Iterator[None]:
        """Record how the reading ends; a failure of this section alone does not end the walk."""
        reading.begun = True
        with self._record.section(reading.kind, reading.scope) as section:
            try:
                yield
            except ENDING:
                raise
            except OpsError as error:
                self._failed(reading, error)
            except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
                why = f"{reading.kind}: the response does not have the documented form ({error!r:.80})"
                self._failed(reading, MalformedAnswer(why))
            finally:
                section.status, section.reason = reading.status, reading.reason
                section.items = reading.sink.count if reading.sink else reading.files
                if reading.error:
                    section.http_status, section.ray = reading.error.status or 0, reading.error.ray
        if reading.sink is not None:
            reading.sink.close()
        self._watch.read(reading.kind)

    def _failed(self, reading: Reading, error: OpsError) -> None:
        refused = error.status is not None and 400 <= error.status < 500
        # A 404 is "unavailable" until more is known.
        if isinstance(error, NotFound) or (refused and _NOT_AVAILABLE.search(error.message)):
            status = UNAVAILABLE
        else:
            status = DENIED if isinstance(error, PermissionDenied) else FAILED
        reading.error, reading.reason, reading.status = error, error.reason, status
