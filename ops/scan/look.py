"""Look at the account: the walk put together for a command, with its threads and its progress."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import TYPE_CHECKING

from ops.items import Json
from ops.kinds.resource import Content, Owner, Resource
from ops.scan.inventory import Inventory
from ops.scan.selection import ScanPlan
from ops.scan.walk import ItemSink, Walk

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.ui.progress import Progress


def look(app: App, account: Owner, plan: ScanPlan, sink: ItemSink) -> Inventory:
    """Read what *plan* says of *account* into *sink*, telling how far it has come.

    Raises the first failure where nothing at all could be read.
    """
    from ops.http.parallel import THREADS, Pool
    from ops.ui.progress import Progress

    progress = Progress(sys.stderr, sys.stderr.isatty(), quiet=app.settings.quiet or app.talk.log)
    pool = partial(Pool, THREADS * app.settings.workers, app.stop)
    progress.start("scan")
    try:
        with app.talk.above(progress.note):
            watch = _Watch(app, progress)
            inventory = Walk(app.client, account, plan, sink=sink, pool=pool, watch=watch).run()
    finally:
        progress.finish()
    if inventory.empty and inventory.ended_by is None and inventory.failure:
        raise inventory.failure
    return inventory


class Count:
    """A sink that keeps nothing but the number of items."""

    def shelf(self, _resource: Resource, _owner: Owner) -> Count:
        return Count()

    def __init__(self) -> None:
        self.count = 0

    def add(self, _item: Json) -> None:
        self.count += 1

    def add_value(self, _line: Json) -> None:
        pass

    def content(self, _resource: Resource, _owner: Owner, _item: Json, _content: Content) -> None:
        pass

    def close(self) -> None:
        pass


class _Watch:
    """Tells the progress how far the walk has come, and how long the rest will take."""

    def __init__(self, app: App, progress: Progress) -> None:
        self._app, self._progress = app, progress
        self._began = time.monotonic()
        self._known = self._done = 0

    def known(self, more: int) -> None:
        self._known += more
        self._progress.known(more)

    def done(self, kind: str) -> None:
        self._done += 1
        self._progress.done(kind, left=self._left)

    def _left(self) -> float:
        """Return the seconds for the sections that are known: by the pace, unless the budget is slower."""
        sections, budget = self._known - self._done, self._app.client.budget
        at_pace = sections * (time.monotonic() - self._began) / self._done
        return max(at_pace, budget.seconds_for(sections)) if budget else at_pace
