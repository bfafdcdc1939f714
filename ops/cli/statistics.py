"""Statistics since a time as it is typed, for the tasks that show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.analytics.reading import read_statistics
from ops.cli.periods import start_of

if TYPE_CHECKING:
    from ops.analytics.dataset import Statistics
    from ops.analytics.found import Found
    from ops.cli.app import App


class Since:
    """The time from *since* to now. Raises UsageError, before anything is asked for."""

    def __init__(self, app: App, since: str) -> None:
        self._app, self._now = app, app.clock()
        self._start = start_of(since, now=self._now)

    def read(self, statistics: Statistics, ids: Sequence[str], *, subject: str = "") -> Found:
        """Return *statistics* of an account or of zones, and report what is missing of them."""
        app = self._app
        found = read_statistics(
            app.client, statistics, ids, self._start, self._now, subject=subject, spread=app.parallel
        )
        found.report(app.note, app.gap)
        return found
