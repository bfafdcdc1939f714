"""A sandbox in a process of its own, so that server and client do not share an interpreter's lock."""

from __future__ import annotations

import json
import sys

from ops.sandbox.faults import Faults
from ops.sandbox.seed_scale import seed_scale
from ops.sandbox.server import Sandbox


def main() -> None:
    """Serve what the one argument, a JSON object, asks for; answer `log` on stdin with all requests."""
    wish = json.loads(sys.argv[1])
    quota = tuple(wish["quota"]) if wish["quota"] else None
    faults = Faults([f"delay seconds={wish['delay']} times=-1"] if wish["delay"] else [])
    sandbox = Sandbox(faults=faults, quota=quota, seed=None)
    seed_scale(sandbox.store, **wish["scale"])
    refused: list[str] = []
    sandbox.observer = lambda exchange: (
        refused.append(exchange.target) if exchange.answer.status == 429 else None
    )
    with sandbox:
        print(json.dumps([sandbox.url, sandbox.token, sandbox.account_id]), flush=True)
        for _ in sys.stdin:
            times = [moment for moment, _ in sandbox.limiter.log]
            print(json.dumps([sandbox.requests, times, len(refused)]), flush=True)


if __name__ == "__main__":
    main()
