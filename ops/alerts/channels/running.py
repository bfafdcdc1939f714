"""A program of the user's: started without a shell and without credentials, and ended in time."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import NamedTuple

from ops.config.private import environment

# What such a program gets of our environment: neither the token nor our settings.
_KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "LOGNAME")


class Ran(NamedTuple):
    """What a program printed, and what went wrong, "" for nothing."""

    out: bytes
    problem: str


def run_program(words: Sequence[str], data: bytes, seconds: float, **variables: str) -> Ran:
    """Run *words* with *data* on stdin; after *seconds* it is ended, with all that it has started."""
    name = os.path.basename(words[0])  # noqa: PTH119 (it need not be a path)
    known = {name: value for name, value in environment().items() if name in _KEPT}
    try:
        process = Popen(  # noqa: S603 (the settings name it, and a project's files cannot)
            words, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={**known, **variables}, start_new_session=True
        )
    except (OSError, ValueError) as problem:
        return Ran(b"", f"{name} cannot be started ({getattr(problem, 'strerror', None) or problem})")
    try:
        out, _ = process.communicate(data, timeout=seconds)
    except TimeoutExpired:
        # Its children too: it leads a session of its own.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Ran(b"", f"{name} was ended after {seconds:g} s")
    return Ran(out, f"{name} ended with {process.returncode}" if process.returncode else "")
