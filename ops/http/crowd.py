"""So many requests at once, however many threads ask: while one works on an answer, another has its place."""

from __future__ import annotations

from threading import Semaphore
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ops.http.exchange import Call, Reply, Send

THREADS = 2
"""Threads for each request that may be under way: while one is waited for, another answer is worked on."""


def with_places(send: Send, places: int) -> Send:
    """Give *send* so that no more than *places* of its calls are under way at a time."""
    free = Semaphore(places)

    def wait(call: Call) -> Reply:
        with free:
            return send(call)

    return wait
