"""Ping: tells a monitor when a job starts and how it ended, as dead man's switches expect it.

URL/start at the start, URL after a success, URL/<exit code> after a failure; the body holds the last
messages. A monitor that is down is a warning and never changes how the job ends.
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
"""The most characters of the last messages that are sent."""


@contextmanager
def watched(app: App, url: str) -> Iterator[None]:
    """Report the job in the block to the monitor at *url*, if any. Raises UsageError for a bad URL."""
    if not url:
        yield
        return
    from ops.http.outside import Outside

    def report(below: str, error: BaseException | None) -> None:
        lines = [*app.talk.last, *app.gaps]
        if isinstance(error, OpsError):
            lines += filter(None, (error.message, error.hint))
        elif error is not None:
            # The message of a bug may hold anything.
            lines.append(type(error).__name__)
        text = app.talk.redact("\n".join(lines))[-LONGEST:]
        if problem := _post(monitor, below, "" if below == "start" else text):
            app.warn(f"the monitor at {monitor.host} was not reached: {problem}")

    monitor = Outside(url, app.settings, "--ping")
    try:
        report("start", None)
        try:
            yield
        except (KeyboardInterrupt, Exception) as error:
            # A bug counts as a system failure.
            other = Interrupted if isinstance(error, KeyboardInterrupt) else SystemFailure
            report(str(getattr(error, "exit_code", other.exit_code)), error)
            raise
        report(str(Incomplete.exit_code) if app.gaps else "", None)
    finally:
        monitor.close()


def _post(monitor: Outside, below: str, text: str) -> str:
    """Post *text*, with one retry; return what went wrong, without the URL, or ""."""
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            status = monitor.post(below, text)
        except OpsError as error:
            # The message shows the path, which identifies us to the monitor.
            problem = f"no answer ({type(error).__name__})"
            continue
        if 200 <= status < 300:
            return ""
        problem = f"it answered {status}"
    return problem
