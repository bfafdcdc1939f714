"""The audit log: one chained line for each task that writes, with who ran it.

A chain whose last lines were cut off is valid, so its head is kept in a file outside the log's folder.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, NamedTuple

from ops.errors import DiskError
from ops.files.chain import EMPTY, Chain, ChainHead
from ops.files.disk import PRIVATE_FILE, explained, open_regular
from ops.files.formats import check_format
from ops.items import Json
from ops.telemetry.redact import DATA

FORMAT = 1

_SIZE = 128


class Verification(NamedTuple):
    """The result of verifying the whole log; *problem* is "" if it is exactly what was written."""

    lines: int
    head: str
    problem: str


class AuditLog:
    """The log in the state folder *folder*."""

    def __init__(self, folder: Path) -> None:
        self._chain = Chain(folder / "audit" / "audit.jsonl", FORMAT)
        self._head = folder / "audit-head.json"

    def record(self, body: Json) -> None:
        """Add a line; the line and the new head are on disk when this returns."""
        with closing(self._chain):
            self._chain.append(body, self._keep)

    def lines(self) -> Iterator[Json]:
        """Yield the recorded lines, oldest first. Raises DiskError at the first line that was changed."""
        return self._chain.lines()

    def verify(self) -> Verification:
        """Verify that the log is what was written, up to its end."""
        try:
            with open_regular(self._head) as file:
                held = json.load(file)
            check_format(held, FORMAT, self._head)
            known = ChainHead(int(held["lines"]), str(held["head"]))
        except FileNotFoundError:
            known = EMPTY
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            raise DiskError(f"{self._head} is damaged, so the end of the log cannot be verified") from None
        head, met = known, not known.number
        try:
            for head in self._chain.heads():
                met = met or head == known
        except DiskError as broken:
            return Verification(head.number if met else 0, head.hash, broken.message)
        problem = ""
        if not met:
            problem = f"lines are missing at the end, or all were rewritten: {known.number} were recorded"
        # A crash between the line and the head leaves the head one line behind.
        elif head.number > known.number + 1:
            problem = f"{head.number - known.number} lines at the end were added by another program"
        return Verification(head.number, head.hash, problem)

    def _keep(self, head: ChainHead) -> None:
        text = json.dumps({"format": FORMAT, "lines": head.number, "head": head.hash}).ljust(_SIZE - 1) + "\n"
        with explained(self._head):
            flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            descriptor = os.open(self._head, flags, PRIVATE_FILE)
            try:
                os.pwrite(descriptor, text.encode(), 0)
                os.fdatasync(descriptor)
            finally:
                os.close(descriptor)


def entry(
    task: str, options: Mapping[str, Any], *, now: float, redact: Callable[[str], str] = str, **more: Any
) -> Json:
    """Return the line for a *task* that ended at *now* (wall time), options redacted, data as a length."""
    from pwd import getpwuid

    user = str(os.geteuid())
    with suppress(KeyError):
        user = getpwuid(os.geteuid()).pw_name
    return {
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "user": user,
        "host": os.uname().nodename,
        "pid": os.getpid(),
        "task": task,
        "options": {name: _shown(name, value, redact) for name, value in options.items()},
        **more,
    }


def _shown(name: str, value: Any, redact: Callable[[str], str]) -> Any:
    if name in DATA and isinstance(value, str):
        return f"({len(value):,} characters)"
    if isinstance(value, tuple):
        return [_shown(name, inside, redact) for inside in value]
    return redact(value) if isinstance(value, str) else value
