"""The progress of a walk, with an estimate of the time left."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.ui.progress import Progress


class Watch:
    """Passes the progress of the walk on, with an estimate of the time left."""

    def __init__(self, client: Client, progress: Progress) -> None:
        self._client, self._progress = client, progress
        self._began = time.monotonic()
        self.known = self.done = 0

    def found(self, more: int) -> None:
        self.known += more
        self._progress.known(more)

    def read(self, kind: str) -> None:
        self.done += 1
        self._progress.done(kind, left=self.left)

    def left(self) -> float:
        """Return the seconds for the known sections: by the pace so far, unless the budget is slower."""
        sections, budget = self.known - self.done, self._client.budget
        at_pace = sections * (time.monotonic() - self._began) / max(1, self.done)
        return max(at_pace, budget.seconds_for(sections)) if budget else at_pace
