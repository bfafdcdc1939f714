"""One scan of an account: its options as typed, and the walk with its threads and progress."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from ops.cli.app import App
from ops.errors import UsageError
from ops.http.client import Client
from ops.items import Json, reach
from ops.kinds.catalog import resources
from ops.kinds.resource import Content, Earlier, Owner, Resource
from ops.scan.base import Light
from ops.scan.inventory import Inventory, ScanFilter, ScanPlan, choose, names
from ops.scan.walk import ItemSink, Walk
from ops.scan.watch import Watch

ZONE = "zones.zone"


class Start(NamedTuple):
    """The start of a scan: wall time and monotonic time in seconds, and the requests sent before."""

    moment: float
    tick: float
    sent: int


class ScanRequest(NamedTuple):
    """The options of a scan; *zones* are names or ids."""

    filter: ScanFilter
    zones: tuple[str, ...]

    @property
    def narrowed(self) -> bool:
        """True if the result does not represent the whole account."""
        return bool(self.filter.only or self.zones)

    @property
    def options(self) -> Json:
        """Return the options as the manifest holds them."""
        chosen = self.filter
        lists = {"only": list(chosen.only), "skip": list(chosen.skip), "zone": list(self.zones)}
        return {**lists, "deep": chosen.deep, "kv": chosen.values}

    def resolved(
        self, find_zone: Callable[[str], Json], account_id: Callable[[], str]
    ) -> tuple[Owner, ScanPlan]:
        """Return the account and the plan. Raises what *find_zone* raises, and UsageError.

        *account_id* is called if no zone names the account.
        """
        found = [find_zone(name) for name in self.zones]
        accounts = {str(reach(zone, "account.id") or "") for zone in found}
        if len(accounts) > 1:
            raise UsageError("these zones belong to several accounts", hint="scan one account at a time")
        chosen = replace(self.filter, given={ZONE: found}) if found else self.filter
        account = next(iter(accounts), "") or account_id()
        return Owner(account, account, {}), choose(resources(), chosen)


def read(
    only: tuple[str, ...],
    skip: tuple[str, ...],
    zones: tuple[str, ...],
    *,
    deep: bool,
    values: str,
    contents: bool = False,
) -> ScanRequest:
    """Return the request that the options describe. Raises UsageError for an unknown kind or product."""
    chosen = ScanFilter(only=names(only), skip=names(skip), deep=deep, values=values, contents=contents)
    choose(resources(), chosen)
    return ScanRequest(chosen, tuple(dict.fromkeys(names(zones))))


def one_of(kv: str, words: tuple[str, ...]) -> str:
    """Return the value of --kv. Raises UsageError if it is not one of *words*."""
    if kv not in words:
        *others, last = words
        hint = "a snapshot keeps values: `inv scan.export --kv values`" if kv == "values" else ""
        raise UsageError(f"--kv takes {', '.join(others)} or {last} here, not {kv!r}", hint=hint)
    return kv


def start(client: Client, now: float) -> Start:
    """Return the start of a scan at *now*, in seconds since 1970."""
    return Start(now, time.monotonic(), client.sent)


def scan_account(
    app: App,
    account: Owner,
    plan: ScanPlan,
    sink: ItemSink,
    earlier: Earlier | None = None,
    light: Light | None = None,
) -> Inventory:
    """Read what *plan* covers of *account* into *sink*. Raises the first failure if nothing could be read.

    *earlier* returns an item as it was in an earlier snapshot: what has not changed since is not read again.
    *light* carries over whole sections.
    """
    from ops.http.parallel import THREADS, Pool

    pool, record = partial(Pool, THREADS * app.settings.workers, app.stop), app.run.record
    if record.task:
        record.task.account = account.id
    with app.progress("scan") as progress:
        record.work = watch = Watch(app.client, progress)
        try:
            walk = Walk(
                app.client,
                account,
                plan,
                sink=sink,
                pool=pool,
                watch=watch,
                record=record,
                earlier=earlier,
                light=light,
            )
            inventory = walk.run()
        finally:
            record.work = None
    record.add(inventory.seen())
    if inventory.empty and inventory.ended_by is None and inventory.failure:
        raise inventory.failure
    return inventory


class Count:
    """A sink that only counts the items."""

    def __init__(self) -> None:
        self.count = 0

    def section(self, _resource: Resource, _owner: Owner) -> Count:
        return Count()

    def add(self, _item: Json) -> None:
        self.count += 1

    def add_value(self, _line: Json) -> None:
        pass

    def content(self, _resource: Resource, _owner: Owner, _item: Json, _content: Content) -> None:
        pass

    def close(self) -> None:
        pass
