"""A circuit breaker: after several failures in a row a product is not called for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from ops.errors import ApiError, MalformedAnswer, Unanswered
from ops.http.exchange import Call, Reply, Send
from ops.http.retry import Class, classify

FAULTS = 5
REST = 30.0


class _State(NamedTuple):
    """The number of *faults* in a row, and until when the product is not called."""

    faults: int = 0
    until: float = 0.0


class Circuit:
    """Wraps *send*: after five calls in a row that failed remotely, retries included, a product is not called
    for 30 seconds; then a single call tries it.

    Raises ApiError without a status for a call that is not sent. *clock* is monotonic, in seconds.
    """

    def __init__(self, send: Send, clock: Callable[[], float] = time.monotonic) -> None:
        self._send = send
        self._clock = clock
        self._states: dict[str, _State] = {}
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Reply:
        product = product_of(call.path)
        with self._lock:
            faults, until = self._states.get(product, _State())
            left = until - self._clock()
            if faults >= FAULTS and left > 0:
                raise ApiError(
                    f"{call}: not sent, because {product} has failed {faults} times in a row",
                    hint=f"try again in {left:.0f} s; www.cloudflarestatus.com reports outages",
                )
            if faults >= FAULTS:
                # Only this call tries; other threads are refused until it has ended.
                self._states[product] = _State(faults, self._clock() + REST)
        try:
            reply = self._send(call)
        except (Unanswered, MalformedAnswer):
            self._fault(product)
            raise
        if classify(reply) is Class.UNKNOWN:
            self._fault(product)
        else:
            self._states.pop(product, None)
        return reply

    def _fault(self, product: str) -> None:
        with self._lock:
            faults = self._states.get(product, _State()).faults + 1
            self._states[product] = _State(faults, self._clock() + REST)


def product_of(path: str) -> str:
    """Return the part of the API that *path* belongs to: zones/dns_records, accounts/storage, graphql."""
    parts = path.strip("/").split("/")
    return "/".join((parts[0], *parts[2:3]))
