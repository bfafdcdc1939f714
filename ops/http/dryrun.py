"""A rehearsal: what only reads is done, what would write is noted and left undone."""

from __future__ import annotations

import json
from collections.abc import Callable

from ops.http.answers import parse
from ops.http.exchange import WRITE, Call, Reply, Send


class DryRun:
    """Stands in for *send*. `withheld` holds the writes that were not sent, in their order.

    Each is told in a line, without its body, which may hold secrets. Its answer is a success whose
    `result` is what was to be written where that is an object, else null; ids that only Cloudflare gives are
    missing.
    """

    def __init__(self, send: Send, say: Callable[[str], None]) -> None:
        self._send = send
        self._say = say
        self.withheld: list[Call] = []

    def __call__(self, call: Call) -> Reply:
        if call.kind != WRITE:
            return self._send(call)
        self.withheld.append(call)
        size = f", {len(call.body):,} bytes" if call.body else ""
        self._say(f"dry run, not sent: {call}{size}")
        return Reply(200, body=json.dumps({"success": True, "result": _object(call)}).encode())


def _object(call: Call) -> object:
    """Give the body of *call* where it is a JSON object."""
    if call.headers.get("Content-Type") != "application/json":
        return None
    try:
        body = parse(call.body or b"")
    except ValueError:
        return None
    return body if isinstance(body, dict) else None
