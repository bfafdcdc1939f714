"""A sandbox in a process of its own, so that server and client do not share an interpreter lock."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from ops.sandbox.edge import Delivery
from ops.sandbox.seed import seed_scale
from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Request


class Counter:
    """Counts the bytes of bodies and the 429 answers since the last report."""

    def __init__(self) -> None:
        self.bytes = self.refused = 0

    def __call__(self, exchange: Request) -> None:
        body = exchange.answer.body
        self.bytes += len(exchange.body) + (len(body) if isinstance(body, bytes) else 0)
        self.refused += exchange.answer.status == 429


def paced(handle: Callable[[Request], Delivery], delay: float) -> Callable[[Request], Delivery]:
    """Return *handle*, delayed so that an answer takes *delay* seconds in all."""

    def wait(request: Request) -> Delivery:
        due = time.monotonic() + delay
        delivery = handle(request)
        time.sleep(max(0.0, due - time.monotonic()))
        return delivery

    return wait


def main() -> None:
    """Serve the account that the one argument, a JSON object, describes; report after each line on stdin.

    A report has the requests, their times, the bytes and the refusals since the previous one.
    """
    options = json.loads(sys.argv[1])
    quota = tuple(options["quota"]) if options["quota"] else None
    sandbox = Sandbox(quota=quota, seed=None)
    if options["delay"]:
        sandbox.edge.handle = paced(sandbox.edge.handle, options["delay"])  # type: ignore[method-assign]
    seed_scale(sandbox.store, **options["scale"])
    sandbox.edge.observer = counter = Counter()
    with sandbox:
        _tell([sandbox.url, sandbox.token, sandbox.account_id])
        for _ in sys.stdin:
            times = [moment for moment, _ in sandbox.limiter.log]
            _tell([sandbox.requests, times, counter.bytes, counter.refused])
            sandbox.requests.clear()
            sandbox.limiter.log.clear()
            counter.__init__()  # type: ignore[misc]  # the sandbox keeps the object that it was given


def _tell(what: Any) -> None:
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
