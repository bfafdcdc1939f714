"""Reports of bugs: files in the state folder without values, which a person may read and attach to an issue.

Nothing is sent. A report names tasks, options, lines of code, types of exceptions, and the last requests by
the template of their path.
"""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ops.files.disk import atomic, private_folder
from ops.items import Json
from ops.telemetry.log import redacted
from ops.version import versions

FORMAT = 1
KEPT = 5
"""The number of reports that are kept."""


class Crash(NamedTuple):
    """A *bug* in *task*, one of the *tasks* of a line, after the last *requests*; *options* are names."""

    run: str
    tasks: Sequence[str]
    task: str
    options: Sequence[str]
    exit_code: int
    bug: BaseException
    requests: Sequence[Json]

    def as_json(self, now: float) -> Json:
        return {
            "format": FORMAT,
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
            "versions": versions(),
            "run": self.run,
            "tasks": list(self.tasks),
            "task": self.task,
            "options": sorted(self.options),
            "exit_code": self.exit_code,
            "exceptions": list(_exceptions(self.bug)),
            "requests": list(self.requests),
        }


def write(crash: Crash, folder: Path, now: float, redact: Callable[[str], str]) -> Path:
    """Write the report below the state folder *folder*, and keep the last five. Raises DiskError, Refused."""
    reports = private_folder(folder / "crash")
    file = reports / f"{crash.run}.json"
    with atomic(file) as target:
        target.write(json.dumps(redacted(crash.as_json(now), redact), indent=1).encode() + b"\n")
    others = (path for path in reports.glob("*.json") if path != file)
    older = sorted(others, key=lambda path: path.lstat().st_mtime)
    for path in older[: -(KEPT - 1)]:
        path.unlink(missing_ok=True)
    return file


def _exceptions(bug: BaseException) -> Iterator[Json]:
    """Yield the type of *bug* and of what caused it, each with the lines that it passed, without messages."""
    seen: list[BaseException] = []
    problem: BaseException | None = bug
    while problem is not None and problem not in seen:
        seen.append(problem)
        kind = type(problem)
        lines = [
            f"{frame.f_globals.get('__name__', '?')}:{line}"
            for frame, line in traceback.walk_tb(problem.__traceback__)
        ]
        yield {"type": f"{kind.__module__}.{kind.__qualname__}", "lines": lines}
        problem = problem.__cause__ or (None if problem.__suppress_context__ else problem.__context__)
