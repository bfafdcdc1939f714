"""Ping: tell a monitor that a job has begun and how it ended, as dead man's switches expect it.

URL/start when it begins, URL when all is well, URL/<exit code> when it is not; the body holds the last
lines that were said. A monitor that is down is a warning and never changes how the job ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ops.errors import Incomplete, Interrupted, OpsError, SystemFailure

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.outside import Outside

ATTEMPTS = 2
LONGEST = 10_000
"""Characters of the last lines that are sent."""


@contextmanager
def watched(app: App, url: str) -> Iterator[None]:
    """Tell the monitor at *url*, if any, of the job that the block is. Raises UsageError for a bad URL."""
    if not url:
        yield
        return
    from ops.http.outside import Outside

    monitor = Outside(url, app.settings, "--ping")
    try:
        _tell(app, monitor, "start", "")
        with _ending(app, monitor):
            yield
    finally:
        monitor.close()


@contextmanager
def _ending(app: App, monitor: Outside) -> Iterator[None]:
    try:
        yield
    except (KeyboardInterrupt, Exception) as error:
        _tell(app, monitor, str(exit_code(error)), _lines(app, error))
        raise
    below = str(Incomplete.exit_code) if app.gaps else ""
    _tell(app, monitor, below, _lines(app, None))


def exit_code(error: BaseException) -> int:
    """Return the exit code that *error* ends a job with; a bug's is that of a system failure."""
    if isinstance(error, KeyboardInterrupt):
        return Interrupted.exit_code
    return error.exit_code if isinstance(error, OpsError) else SystemFailure.exit_code


def _lines(app: App, error: BaseException | None) -> str:
    """Return the last lines: what was said, what is missing, and the failure; of a bug only its name."""
    lines = [*app.talk.last, *app.gaps]
    if isinstance(error, OpsError):
        lines += filter(None, (error.message, error.hint))
    elif error is not None:
        lines.append(type(error).__name__)
    return app.talk.redact("\n".join(lines))[-LONGEST:]


def _tell(app: App, monitor: Outside, below: str, text: str) -> None:
    problem = ""
    for _ in range(ATTEMPTS):
        problem = _problem(monitor, below, text)
        if not problem:
            return
    app.warn(f"the monitor at {monitor.host} was not told: {problem}")


def _problem(monitor: Outside, below: str, text: str) -> str:
    """Post once; returns what went wrong, without the URL, or "" when it was taken."""
    try:
        status = monitor.post(below, text)
    except OpsError as error:
        # The message shows the path, which is what the monitor knows us by.
        return f"no answer ({type(error).__name__})"
    return "" if 200 <= status < 300 else f"it answered {status}"
