"""What the record of a run learns of each request: every attempt, and every answer of the cache."""

from __future__ import annotations

import time
from collections.abc import Callable

from ops.errors import OpsError
from ops.http.exchange import Call, Reply, Send
from ops.http.paths import route_of
from ops.telemetry.record import CallSeen, Record, new_span_id

Seen = Callable[[CallSeen], None]


class Observer:
    """Adds to *record*, and to the debug *log*, what is sent, without headers, parameters or bodies."""

    def __init__(
        self,
        record: Record,
        clock: Callable[[], float] = time.monotonic,
        log: Seen | None = None,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._record, self._clock, self._log, self._wall = record, clock, log, wall

    def attempts(self, send: Send, waited: Callable[[], float]) -> Send:
        """Wrap *send*, which sends one attempt; *waited* returns the seconds this thread waited before."""

        def observed(call: Call) -> Reply:
            before, parent = waited(), self._record.span_id
            started, tick = self._wall(), self._clock()
            reply: Reply | None = None
            problem: BaseException | None = None
            try:
                reply = send(call)
            except BaseException as failure:
                problem = failure
                raise
            finally:
                self._add(call, reply, problem, started, self._clock() - tick, before, parent)
            return reply

        return observed

    def cached(self, send: Send) -> Send:
        """Wrap *send*, which has the cache."""

        def observed(call: Call) -> Reply:
            started, tick = self._wall(), self._clock()
            reply = send(call)
            if reply.cached:
                self._add(call, reply, None, started, self._clock() - tick, 0.0, self._record.span_id)
            return reply

        return observed

    def _add(
        self,
        call: Call,
        reply: Reply | None,
        problem: BaseException | None,
        started: float,
        seconds: float,
        waited: float,
        parent: str,
    ) -> None:
        seen = CallSeen(
            method=call.method,
            route=route_of(call.path),
            path=call.path,
            status=reply.status if reply else 0,
            error=type(problem).__name__ if problem else "",
            started=started,
            ms=round(seconds * 1000, 1),
            attempt=call.attempt,
            ray=reply.ray if reply else "",
            bytes=_size(reply) if reply else None,
            waited_ms=round(waited * 1000, 1),
            cached=reply.cached if reply else False,
            span_id=new_span_id(),
            parent_id=parent,
            # The message of a bug may hold anything.
            message=problem.message if isinstance(problem, OpsError) else "",
            missed=call.fresh > 0 and call.attempt == 1 and not (reply and reply.cached),
        )
        self._record.add(seen)
        if self._log:
            self._log(seen)


def _size(reply: Reply) -> int | None:
    """Return the length of the body, of a stream only if the server names it."""
    if not reply.chunks:
        return len(reply.body)
    length = reply.headers.get("content-length", "")
    return int(length) if length.isascii() and length.isdecimal() else None
