"""The fault plan: the nth request that matches gets the fault, and so do the next ones, as often as it says.

    faults.add(Fault("429", "GET", "/zones*", nth=3, times=2, after=17))
    faults.parse("429 GET /zones* nth=3 times=2 after=17")

What each kind does stands in ``fault_kinds``.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Sequence
from typing import Any

from ops.sandbox.fault_kinds import KINDS


class Fault:
    """One entry of the plan.

    *path*: a glob (``*`` stands for any text; matched against the path without ``/client/v4``, with and
    without its query), a compiled pattern, or "" for all. *times*: -1 for always. *args* belong to the kind.
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
        if kind not in KINDS:
            raise ValueError(f"unknown fault {kind!r}; there are: {', '.join(sorted(KINDS))}")
        unknown = set(args) - set(KINDS[kind].args)
        if unknown:
            raise ValueError(f"fault {kind} takes no {', '.join(sorted(unknown))}")
        self.kind = kind
        self.method = method.upper().replace("*", "")
        self.pattern = path if isinstance(path, re.Pattern) else glob(path)
        self.nth = nth
        self.times = times
        self.args = {**KINDS[kind].args, **args}
        self.seen = 0
        self.fired = 0

    def __repr__(self) -> str:
        return f"Fault({self.kind!r}, {self.method!r}, {self.pattern.pattern!r}, {self.args})"

    def matches(self, method: str, target: str) -> bool:
        """Tell whether the request is one this fault counts."""
        if self.method and self.method != method:
            return False
        path = target.partition("?")[0]
        return bool(self.pattern.fullmatch(target) or self.pattern.fullmatch(path))

    def strike(self) -> bool:
        """Count a matching request; True when it is one that shall fail."""
        self.seen += 1
        struck = self.seen >= self.nth and (self.times < 0 or self.seen < self.nth + self.times)
        self.fired += struck
        return struck


class Faults:
    """The faults of a sandbox; may be changed while it runs."""

    def __init__(self, plan: Sequence[Fault | str] = ()) -> None:
        self._plan: list[Fault] = []
        self._lock = threading.Lock()
        for fault in plan:
            self.parse(fault) if isinstance(fault, str) else self.add(fault)

    def add(self, fault: Fault) -> Fault:
        """Put a fault into the plan; several may strike one request, in the order of the plan."""
        with self._lock:
            self._plan = [*self._plan, fault]
        return fault

    def parse(self, text: str) -> Fault:
        """Add a fault written as ``KIND [METHOD] [PATH] [name=value ...]``."""
        kind, *words = text.split()
        places = [word for word in words if not re.match(r"[a-z_]+=", word)]
        pairs = (word.partition("=") for word in words if re.match(r"[a-z_]+=", word))
        args = {name: _value(value) for name, _, value in pairs}
        method = places.pop(0) if places and not places[0].startswith(("/", "*/")) else ""
        return self.add(Fault(kind, method, places[0] if places else "", **args))

    def clear(self) -> None:
        """Forget every fault."""
        with self._lock:
            self._plan = []

    def take(self, method: str, target: str) -> list[Fault]:
        """Return the faults that strike this request."""
        if not self._plan:
            return []
        with self._lock:
            matching = [fault for fault in self._plan if fault.matches(method, target)]
            return [fault for fault in matching if fault.strike()]


def glob(text: str) -> re.Pattern[str]:
    """Return the pattern of a glob in which only ``*`` is special; "" matches all."""
    return re.compile(".*".join(re.escape(piece) for piece in (text or "*").split("*")), re.DOTALL)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
