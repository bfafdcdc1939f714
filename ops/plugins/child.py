"""The program of a hook, in a process of its own: JSON on stdin and stdout, a time budget, no token.

The environment is scrubbed, the process group is its own and is killed at the end, memory and output are
limited. On Linux this process cannot be inspected meanwhile (/proc/PID/environ, ptrace). That guards against
faults. It does not guard against malice: the program runs as the same user.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Any

from ops.plugins.hooks import Faulty, Hook

MEMORY = 1 << 30
OUTPUT = 16 << 20
KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "TRACEPARENT")
"""The variables of the environment that a program gets, besides those reserved for it."""

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from ops.plugins.inside import main; main(sys.argv[2:])"
)
# First, where another package of the environment is named `ops`.
_OURS = str(Path(__file__).parents[2])
_POLL = 0.05
_PIECE = 1 << 16
_SET_DUMPABLE, _GET_DUMPABLE = 4, 3


def scrubbed(environ: Mapping[str, str], name: str) -> dict[str, str]:
    """Return what the program of *name* gets of *environ*: no token, and of CFOPS_* only its own."""
    reserved = variable(name)
    return {key: value for key, value in environ.items() if key in KEPT or key.startswith(reserved)}


def variable(name: str) -> str:
    """Return how the variables begin that are reserved for the plugin or program *name*."""
    return f"CFOPS_PLUGIN_{name.upper().replace('-', '_')}_"


def call(hook: Hook, document: Mapping[str, Any], environ: Mapping[str, str]) -> Any:
    """Return the answer of *hook* to *document*, None if it prints nothing. Raises Faulty."""
    command = python("call", hook.target) if hook.target else hook.run
    answer = run(command, json.dumps(document).encode(), scrubbed(environ, hook.name), hook.seconds)
    if not answer.strip():
        return None
    try:
        return json.loads(answer)
    except (ValueError, RecursionError):
        raise Faulty("it did not answer with JSON") from None


def python(*words: str) -> Sequence[str]:
    """Return the command that starts Python with the modules of this process, for ops.plugins.inside."""
    return (sys.executable, "-I", "-c", _BOOT, json.dumps([_OURS, *sys.path]), *words)


def run(
    command: Sequence[str],
    data: bytes,
    environ: Mapping[str, str],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """Run *command* with *data* on stdin; return its stdout. Raises Faulty if it fails or takes too long."""
    with tempfile.TemporaryFile() as stdin, _not_inspected():
        stdin.write(data)
        stdin.seek(0)
        try:
            process = subprocess.Popen(  # noqa: S603 (the user has enabled it)
                command,
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(environ),
                cwd="/",
                start_new_session=True,
            )
        except (OSError, ValueError) as problem:
            raise Faulty(f"it cannot be started: {getattr(problem, 'strerror', None) or problem}") from None
        with process:
            try:
                _limit(process.pid)
                out, err = _read(process, clock() + seconds, clock)
            finally:
                # Also what it has left running: all of its group.
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        said = err.decode(errors="replace").strip().splitlines()
        how = f"signal {-process.returncode}" if process.returncode < 0 else f"exit code {process.returncode}"
        raise Faulty(f"it ended with {how}{f': {said[-1][:200]}' if said else ''}")
    return out


def _limit(pid: int) -> None:
    import resource

    if hasattr(resource, "prlimit"):
        with suppress(OSError):  # it has ended already
            # Not the address space: some runtimes reserve more of it than they ever use.
            resource.prlimit(pid, resource.RLIMIT_DATA, (MEMORY, MEMORY))
            resource.prlimit(pid, resource.RLIMIT_CORE, (0, 0))


def _read(process: subprocess.Popen[bytes], until: float, clock: Callable[[], float]) -> tuple[bytes, bytes]:
    """Return what *process* prints on both streams until it ends. Raises Faulty when it takes too long."""
    found = {"out": bytearray(), "err": bytearray()}
    with selectors.DefaultSelector() as streams:
        for name, stream in (("out", process.stdout), ("err", process.stderr)):
            assert stream is not None  # noqa: S101 (both are pipes)
            os.set_blocking(stream.fileno(), False)
            streams.register(stream, selectors.EVENT_READ, name)
        while True:
            # A process that it left behind may keep the pipes open.
            ended = process.poll() is not None
            ready = streams.select(0 if ended else _POLL) if streams.get_map() else []
            for key, _ in ready:
                piece = os.read(key.fd, _PIECE)
                found[key.data] += piece
                if not piece:
                    streams.unregister(key.fileobj)
            if len(found["out"]) + len(found["err"]) > OUTPUT:
                raise Faulty(f"it printed more than {OUTPUT >> 20} MiB")
            if ended and not ready:
                return bytes(found["out"]), bytes(found["err"])
            if clock() > until:
                raise Faulty("it took too long and was ended")
            if not streams.get_map() and not ended:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(_POLL)


_inspected = Lock()
_running = 0
_before = 1


@contextmanager
def _not_inspected() -> Iterator[None]:
    """In the block, other processes of this user cannot read the memory and environment of this one."""
    global _running, _before
    with _inspected:
        _running += 1
        if _running == 1:
            _before = _prctl(_GET_DUMPABLE, 0)
            _prctl(_SET_DUMPABLE, 0)
    try:
        yield
    finally:
        with _inspected:
            _running -= 1
            if not _running and _before == 1:
                _prctl(_SET_DUMPABLE, 1)


def _prctl(option: int, value: int) -> int:
    if sys.platform != "linux":
        return -1
    import ctypes

    try:
        return int(ctypes.CDLL(None).prctl(option, value, 0, 0, 0))
    except (OSError, AttributeError):
        return -1
