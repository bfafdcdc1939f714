"""The monitor of a job, a dead man's switch: called when the job starts and when it has ended."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ops.errors import Incomplete, Interrupted, Locked, OpsError, SystemFailure

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.outside import Outside

SECONDS = 5.0
"""How long the job waits for its monitor at each end, with one retry."""
ATTEMPTS = 2
LONGEST = 10_000
"""The most characters of the last messages that are sent."""


class Monitor:
    """The monitor at a URL, or none. *summary* is sent after a success; *log* adds the last messages.

    Every call has the same `rid`, so that the calls of two jobs can be distinguished.
    """

    def __init__(self, app: App, outside: Outside | None, *, log: bool) -> None:
        from uuid import NAMESPACE_OID, uuid5

        self._app, self._outside, self._log = app, outside, log
        self._rid = uuid5(NAMESPACE_OID, app.run.id)
        self._begun = self._warned = False
        self.summary = ""

    def started(self) -> None:
        """Report that the job does its work now: it holds its lock."""
        self._begun = True
        self._call("start", "")

    def ended(self, error: BaseException | None) -> None:
        """Report how the job ended. A job that met the lock of another did not fail: it left a note."""
        if isinstance(error, Locked) and not self._begun:
            self._call("log", f"not started: another run holds the lock; run {self._app.run.id}")
            return
        code = Incomplete.exit_code if self._app.gaps else 0
        if error is not None:
            # A bug counts as a system failure.
            other = Interrupted if isinstance(error, KeyboardInterrupt) else SystemFailure
            code = getattr(error, "exit_code", other.exit_code)
        self._call(str(code or ""), "\n".join((self._line(code, error), *self._last(error))))

    def _line(self, code: int, error: BaseException | None) -> str:
        """Return one line with counts and codes, without a name or a path."""
        status = f", status {error.status}" if isinstance(error, OpsError) and error.status else ""
        how = {0: "complete", Incomplete.exit_code: "incomplete"}.get(code, "failed")
        failed = f"exit code {code} ({type(error).__name__}{status})" if error is not None else ""
        gaps = f"{len(self._app.gaps)} kinds not read whole" if self._app.gaps else ""
        asked = f"{self._app.client.sent:,} requests" if "client" in vars(self._app) else ""
        parts = (failed, gaps, self.summary or asked, f"run {self._app.run.id}")
        return f"{how}: {', '.join(filter(None, parts))}"

    def _last(self, error: BaseException | None) -> list[str]:
        """Return the last messages, if they were asked for."""
        if not self._log:
            return []
        lines = [*self._app.talk.last, *self._app.gaps]
        if isinstance(error, OpsError):
            lines += filter(None, (error.reason, error.hint))
        return [self._app.talk.redact("\n".join(lines))[-LONGEST:]]

    def _call(self, below: str, text: str) -> None:
        outside = self._outside
        if outside is None:
            return
        from ops.http.outside import within

        found = within({outside.host: lambda: _post(outside, f"{below}?rid={self._rid}", text)}, SECONDS)
        if found and not self._warned:
            self._warned = True
            self._app.warn(f"the monitor at {outside.host} was not reached: {found[outside.host]}")


@contextmanager
def watched(app: App, url: str, *, log: bool = False) -> Iterator[Monitor]:
    """Report the job in the block to the monitor at *url*, if any. Raises UsageError for a bad URL.

    As dead man's switches expect it: URL/start, URL after a success, URL/<exit code> after a failure. A
    monitor that is down is a warning and never changes how the job ends.
    """
    if not url:
        yield Monitor(app, None, log=False)
        return
    from ops.http.outside import Outside

    # Half of the time each for the call and its retry.
    outside = Outside(url, app.settings, "--ping", seconds=SECONDS / ATTEMPTS)
    monitor = Monitor(app, outside, log=log)
    try:
        try:
            yield monitor
        except (KeyboardInterrupt, Exception) as error:
            monitor.ended(error)
            raise
        monitor.ended(None)
    finally:
        outside.close()


def _post(outside: Outside, below: str, text: str) -> str:
    """Post *text*, with one retry; return what went wrong, without the URL, or ""."""
    problem = ""
    for _ in range(ATTEMPTS):
        try:
            status = outside.post(below, text)
        except OpsError as error:
            # The message shows the path, which identifies us to the monitor.
            problem = f"no answer ({type(error).__name__})"
            continue
        if 200 <= status < 300:
            return ""
        problem = f"it answered {status}"
    return problem
