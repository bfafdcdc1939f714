"""The fault plan: the nth matching request gets the fault, and so do the next ones, as often as it says.

    faults.add(Fault("429", "GET", "/zones*", nth=3, times=2, after=17))
    faults.parse("429 GET /zones* nth=3 times=2 after=17")

``fault_kinds`` implements each kind.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from typing import Any

# Each kind with its arguments and their defaults.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 1.0, "jitter": 0.0, "seed": 0},
    "429": {"after": None, "ratelimit": False},
    "5xx": {"status": 502, "retry_after": None},
    "403-html": {"status": 403},
    "reset": {},
    "close": {},
    "hang": {"seconds": 3600.0, "execute": False},
    "cut": {"at": None, "reset": False},
    "cut-chunked": {"at": None, "reset": False},
    "no-length": {"at": None, "reset": False},
    "drip": {"bytes": 1, "seconds": 0.5},
    "drop-after": {"reset": False},
    "error-after": {"status": 524},
    "denied": {"scope": "*"},
    "revoked": {"status": "revoked"},
    "drift": {"seed": 0, "inserts": 2, "deletes": 2, "before": None},
    "malformed": {"body": b"not json", "status": 200, "content_type": "application/json"},
    "total-lies": {"total": None},
    "lower-per-page": {"per_page": 5},
    "same-page-forever": {},
    "cursor-expired": {},
    "empty-page": {},
    "partial-bulk": {"keys": 1},
    "lag": {"seconds": 60.0},
    "gone": {"status": 404, "code": 0, "message": "This product is not available."},
    "unknown-fields": {},
}


class Fault:
    """One entry of the plan.

    *path*: a glob (``*`` matches any text; compared with the path without ``/client/v4``, with and without
    its query), a compiled pattern, or "" for all. *times*: -1 for always. *args*: the kind's own arguments.
    A status such as ``"503"`` is a kind too.
    """

    def __init__(
        self,
        kind: str,
        method: str = "",
        path: str | re.Pattern[str] = "",
        *,
        nth: int = 1,
        times: int = 1,
        **args: Any,
    ) -> None:
        if re.fullmatch(r"5\d\d", kind):
            args, kind = {"status": int(kind), **args}, "5xx"
        if kind not in ARGUMENTS:
            raise ValueError(f"unknown fault {kind!r}; use one of: {', '.join(sorted(ARGUMENTS))}")
        unknown = set(args) - set(ARGUMENTS[kind])
        if unknown:
            raise ValueError(f"fault {kind} has no argument {', '.join(sorted(unknown))}")
        self.kind = kind
        self.method = method.upper().replace("*", "")
        glob = path if isinstance(path, str) else ""
        pattern = ".*".join(re.escape(piece) for piece in (glob or "*").split("*"))
        self.pattern = path if isinstance(path, re.Pattern) else re.compile(pattern, re.DOTALL)
        self.nth = nth
        self.times = times
        self.args = {**ARGUMENTS[kind], **args}
        self.seen = 0
        self.fired = 0

    def __repr__(self) -> str:
        return f"Fault({self.kind!r}, {self.method!r}, {self.pattern.pattern!r}, {self.args})"

    def matches(self, method: str, target: str) -> bool:
        """True if this fault counts the request."""
        if self.method and self.method != method:
            return False
        path = target.partition("?")[0]
        return bool(self.pattern.fullmatch(target) or self.pattern.fullmatch(path))

    def count(self) -> bool:
        """Count a matching request; return True if it is to fail."""
        self.seen += 1
        fires = self.seen >= self.nth and (self.times < 0 or self.seen < self.nth + self.times)
        self.fired += fires
        return fires


class Faults:
    """The faults of a sandbox; may be changed while it runs."""

    def __init__(self, plan: Sequence[Fault | str] = ()) -> None:
        self._plan: list[Fault] = []
        self._lock = threading.Lock()
        for fault in plan:
            self.parse(fault) if isinstance(fault, str) else self.add(fault)

    def add(self, fault: Fault) -> Fault:
        """Add a fault to the plan; several may affect one request, in the order of the plan."""
        with self._lock:
            self._plan = [*self._plan, fault]
        return fault

    def parse(self, text: str) -> Fault:
        """Add a fault written as ``KIND [METHOD] [PATH] [name=value ...]``."""
        kind, *words = text.split()
        filters = [word for word in words if not re.match(r"[a-z_]+=", word)]
        args: dict[str, Any] = {}
        for name, _, value in (word.partition("=") for word in words if re.match(r"[a-z_]+=", word)):
            try:
                args[name] = json.loads(value)
            except ValueError:
                args[name] = value
        method = filters.pop(0) if filters and not filters[0].startswith(("/", "*/")) else ""
        return self.add(Fault(kind, method, filters[0] if filters else "", **args))

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._plan = []

    def take(self, method: str, target: str) -> list[Fault]:
        """Return the faults that affect this request."""
        if not self._plan:
            return []
        with self._lock:
            matching = [fault for fault in self._plan if fault.matches(method, target)]
            return [fault for fault in matching if fault.count()]
