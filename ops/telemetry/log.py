"""The debug log: one JSON line on stderr for each event."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TextIO

from ops.telemetry.redact import Redactor


class Log:
    """Write events to *stream* (stderr), redacted, and numbered in their order because a clock may jump."""

    def __init__(
        self, redact: Redactor, stream: TextIO | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._redact = redact
        self._stream = stream
        self._clock = clock
        self._lock = threading.Lock()
        self._count = 0

    def __call__(self, event: str, **fields: object) -> None:
        """Write one event; values that JSON does not have are written as text."""
        now = self._clock()
        moment = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03}Z"
        with self._lock:
            self._count += 1
            line = json.dumps({"n": self._count, "time": moment, "event": event, **fields}, default=str)
            # The reader of the log may have closed it; the work continues.
            with suppress(OSError, ValueError):
                print(self._redact(line), file=self._stream or sys.stderr, flush=True)
