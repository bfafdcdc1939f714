"""A sandbox in a process of its own, so that server and client do not share an interpreter's lock."""

from __future__ import annotations

import json
import sys
from typing import Any

from ops.sandbox.faults import Faults
from ops.sandbox.seed_scale import seed_scale
from ops.sandbox.server import Sandbox
from ops.sandbox.wire import Exchange


class Counter:
    """What was answered since it was last asked: bytes of bodies, and answers 429."""

    def __init__(self) -> None:
        self.bytes = self.refused = 0

    def __call__(self, exchange: Exchange) -> None:
        body = exchange.answer.body
        self.bytes += len(exchange.body) + (len(body) if isinstance(body, bytes) else 0)
        self.refused += exchange.answer.status == 429


def main() -> None:
    """Serve what the one argument, a JSON object, asks for; a line on stdin is answered with what happened.

    That is told once: the requests, their moments, the bytes and the refusals since the line before.
    """
    wish = json.loads(sys.argv[1])
    quota = tuple(wish["quota"]) if wish["quota"] else None
    faults = Faults([f"delay seconds={wish['delay']} times=-1"] if wish["delay"] else [])
    sandbox = Sandbox(faults=faults, quota=quota, seed=None)
    seed_scale(sandbox.store, **wish["scale"])
    sandbox.observer = counter = Counter()
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
