"""Run a line of tasks again and again, each time with SIGINT at another step of it.

    python -m tests.faults.interrupted_steps "LINE THAT PREPARES" "LINE" RUNS

A step is a line of code of `ops/` or of Invoke that the main thread executes. Each run is its own process,
forked after the imports. Prints a JSON object for each run: the step, where it is, how the process ended.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any

from ops.program import main

ROOT = str(Path(__file__).parents[2] / "ops") + os.sep
REPORT = 100  # the descriptor by which a child names its step
RUNNER = f"{os.sep}invoke{os.sep}"


class Steps:
    """Counts steps by a trace function, and sends SIGINT at step *at* (0: never)."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.count = 0
        self.where = ""

    def __call__(self, frame: FrameType, event: str, _arg: object) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(ROOT) and RUNNER not in name:
            return None
        if event in ("line", "return"):
            self.count += 1
            if self.count == self.at:
                self.where = f"{name.removeprefix(ROOT)}:{frame.f_lineno} {frame.f_code.co_name} {event}"
                os.write(REPORT, self.where.encode())
                os.kill(os.getpid(), signal.SIGINT)
        return self


def run(line: list[str], steps: Steps, err: int) -> tuple[int, str, int]:
    """Run *line* in a child; return its exit status (negative for a signal), its step, and its steps."""
    read, write = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(read)
        os.dup2(err, 2)
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(write, REPORT)
        sys.argv = ["cfops", *line]
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.settrace(steps)
        try:
            main()
            sys.exit(0)
        finally:
            if not steps.at:
                os.write(REPORT, str(steps.count).encode())
    os.close(write)
    with os.fdopen(read) as pipe:
        told = pipe.read()
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status), told, steps.count


def all_runs(before: list[str], line: list[str], parts: int) -> Iterator[dict[str, Any]]:
    """Yield the result of *line* interrupted at *parts* steps, spread evenly, and then at its last ones.

    *before* makes it needed again. What the runs keep makes each take some more steps than the one before,
    so they are counted again for the last ones. The first step sets the handler, and is not interrupted.
    """
    quiet = os.open(os.devnull, os.O_WRONLY)

    def steps() -> int:
        run(before, Steps(), quiet)
        return int(run(line, Steps(), quiet)[1])

    total = steps()
    each = max(1, total // parts)
    spread = ((at, total) for at in range(each, total, each))
    last = ((total - back, total) for back in range(parts // 2) for total in [steps()])
    for at, of in chain(spread, last):
        run(before, Steps(), quiet)
        err = os.memfd_create("err")
        code, where, _ = run(line, Steps(at), err)
        os.lseek(err, 0, os.SEEK_SET)
        with os.fdopen(err, errors="replace") as text:
            yield {"at": at, "of": of, "code": code, "where": where, "err": text.read()}


if __name__ == "__main__":
    first, second, count = sys.argv[1:]
    for result in all_runs(first.split(), second.split(), int(count)):
        print(json.dumps(result), flush=True)
