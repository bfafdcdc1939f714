"""A circuit breaker: after several failures in a row a product is not called for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ops.errors import ApiError, MalformedAnswer, Unanswered
from ops.http.exchange import Call, Reply, Send
from ops.http.retry import Class, classify

FAULTS = 5
REST = 30.0


def with_circuit(send: Send, clock: Callable[[], float] = time.monotonic) -> Send:
    """Wrap *send*: after five calls in a row that failed remotely, retries included, a product is not called
    for 30 seconds; then a single call tries it.

    Raises ApiError without a status for a call that is not sent. *clock* is monotonic, in seconds.
    """
    # The faults in a row of each product, and until when it is not called.
    states: dict[str, tuple[int, float]] = {}
    lock = threading.Lock()

    def fault(product: str) -> None:
        with lock:
            states[product] = states.get(product, (0, 0.0))[0] + 1, clock() + REST

    def guarded(call: Call) -> Reply:
        # The part of the API that the path belongs to: zones/dns_records, accounts/storage, graphql.
        first, *parts = call.path.strip("/").split("/")
        product = "/".join((first, *parts[1:2]))
        with lock:
            faults, until = states.get(product, (0, 0.0))
            left = until - clock()
            if faults >= FAULTS and left > 0:
                raise ApiError(
                    f"{call}: not sent, because {product} has failed {faults} times in a row",
                    hint=f"try again in {left:.0f} s; www.cloudflarestatus.com reports outages",
                )
            if faults >= FAULTS:
                # Only this call tries; other threads are refused until it has ended.
                states[product] = faults, clock() + REST
        try:
            reply = send(call)
        except (Unanswered, MalformedAnswer):
            fault(product)
            raise
        if classify(reply) is Class.UNKNOWN:
            fault(product)
        else:
            states.pop(product, None)
        return reply

    return guarded
