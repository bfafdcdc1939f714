"""Watching the wire: what each attempt did, and whether the clocks agree."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ops.errors import OpsError
from ops.http.delays import served
from ops.http.exchange import Call, Reply, Send

TOLERATED = 60.0

Log = Callable[..., None]


def with_log(send: Send, log: Log, clock: Callable[[], float] = time.monotonic) -> Send:
    """Wrap *send* so that each attempt is logged, without headers, parameters or bodies."""

    def logged(call: Call) -> Reply:
        started = clock()

        def note(**fields: object) -> None:
            took = round((clock() - started) * 1000, 1)
            log("call", method=call.method, path=call.path, attempt=call.attempt, ms=took, **fields)

        try:
            reply = send(call)
        except OpsError as error:
            note(error=type(error).__name__, message=error.message)
            raise
        size = reply.headers.get("content-length", "") if reply.chunks else len(reply.body)
        note(status=reply.status, ray=reply.ray, bytes=size)
        return reply

    return logged


def with_clock_check(send: Send, say: Callable[[str], None], clock: Callable[[], float] = time.time) -> Send:
    """Wrap *send* so that a local clock more than a minute off is told, once."""
    looked = threading.Event()

    def checked(call: Call) -> Reply:
        reply = send(call)
        if not looked.is_set() and (there := served(reply.headers)) is not None:
            looked.set()
            if abs(off := clock() - there) > TOLERATED:
                ahead = "ahead of" if off > 0 else "behind"
                say(
                    f"the clock of this machine is {abs(round(off))} s {ahead} Cloudflare's: "
                    "dates, ages and expiries shown here are doubtful"
                )
        return reply

    return checked
