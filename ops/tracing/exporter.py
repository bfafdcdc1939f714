"""The exporter: sends what a run has done to a collector, in batches, from a thread of its own.

The run never waits for it, except at its end, for two seconds at most. A collector that is down, slow or
full costs one warning.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from ops.errors import OpsError
from ops.http.exchange import Reply

BATCH = 512
EVERY = 5.0
LONGEST = 60.0
SECONDS_AT_THE_END = 2.0
# What a collector answers if the same request may succeed later.
_LATER = (429, 502, 503, 504)

T = TypeVar("T")


class Exporter(Generic[T]):
    """Sends items, *encoded* in batches, with *post*, which returns the response or raises OpsError.

    *host* is named in the warning. *every* is the time between two batches in seconds; it doubles while the
    collector does not take them, and then the same batch is sent again.
    """

    def __init__(
        self,
        post: Callable[[bytes], Reply],
        encoded: Callable[[Sequence[T]], bytes],
        *,
        host: str,
        every: float = EVERY,
    ) -> None:
        self._post, self._encoded, self._host, self._every = post, encoded, host, every
        self._waiting: deque[T] = deque()
        self._batch: list[T] = []
        self._added = self._rejected = 0
        self._problem = self._rejection = ""
        self._refused = False
        self._ending = threading.Event()
        # Daemonic, so that a collector that never answers cannot keep the process alive.
        self._thread = threading.Thread(target=self._run, name="traces", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # the end of the run reports it
            self._problem = "no thread could be started"

    def add(self, item: T) -> None:
        """Send *item* with one of the next batches."""
        self._added += 1
        self._waiting.append(item)

    def close(self, seconds: float = SECONDS_AT_THE_END) -> str:
        """Send the rest for *seconds* at most; return what was not sent and why, or ""."""
        self._ending.set()
        if self._thread.ident is not None:
            self._thread.join(seconds)
        lost = len(self._waiting) + len(self._batch) + self._rejected
        if not lost:
            return ""
        why = self._problem or self._rejection or f"no answer within {seconds:g} s"
        where = "" if self._host in why else f" to {self._host}"
        return f"{lost:,} of {self._added:,} spans were not sent{where}: {why}"

    def _run(self) -> None:
        delay = self._every
        while not self._ending.wait(delay):
            delay = self._every if self._flush() else min(2 * delay, LONGEST)
        self._flush()

    def _flush(self) -> bool:
        """Send everything that waits; return False if the collector does not take it now."""
        while (self._batch or self._waiting) and not self._refused:
            if not self._batch:
                self._batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                reply = self._post(self._encoded(self._batch))
            except OpsError as error:
                # Without the URL, which may hold a secret.
                self._problem = error.message.partition(": ")[2] or error.message
                return False
            except Exception as bug:  # noqa: BLE001 (a thread of telemetry must not print a traceback)
                self._problem, self._refused = f"{type(bug).__name__}: {bug}", True
                return False
            if not 200 <= reply.status < 300:
                self._problem = f"it answered {reply.status}"
                self._refused = reply.status not in _LATER
                return False
            self._problem, self._batch = "", []
            self._note_rejected(reply)
        return True

    def _note_rejected(self, reply: Reply) -> None:
        with suppress(ValueError, TypeError, AttributeError):
            partial = json.loads(reply.body or b"{}").get("partialSuccess") or {}
            if rejected := int(partial.get("rejectedSpans") or 0):
                self._rejected += rejected
                self._rejection = str(partial.get("errorMessage") or "it rejected them")[:200]
