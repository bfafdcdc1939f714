"""One run: the tasks of one `inv` line, and what they share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.config.private import environment, is_journal
from ops.errors import DiskError
from ops.telemetry.log import Log
from ops.telemetry.record import Record
from ops.typed import program
from ops.ui.spinner import said

if TYPE_CHECKING:
    from invoke.collection import Collection
    from invoke.context import Context
    from invoke.tasks import Call

    from ops.cli.recording import Recording
    from ops.config.settings import Settings
    from ops.http.client import Client
    from ops.http.exchange import Call as HttpCall
    from ops.items import Json
    from ops.kinds.resource import Change
    from ops.tracing.trace import Trace
    from ops.ui.talk import Talk

# The variables of OpenTelemetry that name a collector; ops.tracing.variables reads them and the others.
_COLLECTORS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Run:
    """What the tasks of one line share: the stage, the clients, the request to stop."""

    log: Log
    """What writes on stderr, and to the file of --log-file."""
    invoke: Mapping[str, Any]
    """`ops:` in Invoke's configuration, for messages that come before the settings."""
    context: Context
    """What Invoke gave to the current task."""
    typed: dict[str, str]
    """--log-format and --log-file, which apply to the whole line wherever they are typed."""

    def __init__(self, parent: str | None = None) -> None:
        self.stop = threading.Event()
        self.over = False
        """True once all tasks have ended: an interrupt then has nothing to stop."""
        self.terminated = False
        """True if SIGTERM set *stop*."""
        self.staged: dict[str, Any] = {}
        self.project = Path()
        self.collection: Collection | None = None
        """All tasks that could be on the line."""
        self.dry = self.debug = False
        self.pretended: list[Change] = []
        """The changes that the dry tasks so far would have made."""
        self.locks: set[str] = set()
        """The names of the locks that the current task holds."""
        self.wrote: set[str] = set()
        """The ids of the tasks that have changed something."""
        self.line: list[str] = []
        self._calls: list[Call] = []
        self.position = 0
        self.several = False
        """True if more than one task of the line does something: then each has a heading."""
        self.reading = ""
        """What the last request that was sent reads, in words, until it is answered."""
        self.staging: set[int] = set()
        """The positions on the line of the tasks that set the stage for the others."""
        self.record = Record(environment().get("TRACEPARENT", "") if parent is None else parent)
        """The ids and spans of this run, and who observes it."""
        self.log, self.invoke, self.typed = _log(self), {}, {}
        self.trace_files: list[str] = []
        """The files that --trace names, on any task of the line."""
        self.exit_code = 0
        """How the line ended, once it has."""
        self._trace: Trace | None = None
        self.tasks = 0
        """How many tasks have taken an id."""
        self._clients: dict[tuple[Settings, bool], Client] = {}
        self.endings: list[Callable[[], None]] = []
        """What is called when the line ends, for any reason, newest first."""
        self.recording: Recording | None = None
        """What is written about this run in the ledger; None until a task has its settings."""
        self.recorded: list[Callable[[Json], None]] = []
        """What is called with the line of the ledger once it is written, after the *endings*."""

    def begin(
        self,
        *,
        project: Path,
        dry: bool,
        debug: bool,
        collection: Collection | None = None,
        parent: str | None = None,
    ) -> None:
        """Start a new line of tasks; *project* is the folder of tasks.py, or the one `cfops` runs in.

        *parent* is the TRACEPARENT of what started it, by default that of the environment.
        """
        self.__init__(parent)  # type: ignore[misc]  # other modules hold a reference to this object
        self.project, self.collection, self.dry, self.debug = project, collection, dry, debug

    def follow(self, calls: Sequence[Call]) -> Iterator[Call]:
        """Yield the tasks of the line and keep *position* at the current one."""
        self.line = [call.called_as or call.task.name for call in calls]
        self.several = sum(not getattr(call.task, "stages", False) for call in calls) > 1
        self.trace_files = [str(call.kwargs["trace"]) for call in calls if call.kwargs.get("trace")]
        self._calls, self.position = list(calls), 0
        while self.position < len(self._calls):
            yield self._calls[self.position]
            self.position += 1

    def take_rest(self) -> list[Call]:
        """Return the tasks after the current one, which the line then does not run itself."""
        after = self.position + 1
        rest, self._calls, self.line = self._calls[after:], self._calls[:after], self.line[:after]
        return rest

    def declared_needs(self) -> dict[str, str]:
        """Return every task that could be on the line, with the permissions that it declares."""
        root = self.collection
        return {name: getattr(root[name], "needs", "") for name in root.task_names} if root else {}

    @property
    def left(self) -> list[str]:
        """Return the tasks of the line after the current one."""
        return self.line[self.position + 1 :]

    @property
    def progress(self) -> str:
        """Return what became of each task of a line that stops at the current one, "" if it is the only one.

        Tasks that only set the stage are not counted.
        """
        done = [task for at, task in enumerate(self.line[: self.position]) if at not in self.staging]
        if not done and not self.left:
            return ""
        parts = (
            ("done", done),
            ("failed", self.line[self.position : self.position + 1]),
            ("not started", self.left),
        )
        return "; ".join(f"{what}: {', '.join(tasks)}" for what, tasks in parts if tasks)

    @property
    def stage(self) -> str:
        """Return the words that set the stage, typed after the program, with a trailing blank; or ""."""
        profile = f"profile --name {self.staged['profile']} " if self.staged.get("profile") else ""
        return "sandbox " if self.staged.get("base_url") else profile

    def undo_line(self, id: str, task: str = "apply") -> str:
        """Return the line that undoes, or shows, the changes made under *id* on this line's stage."""
        return f"{program()} {self.stage}undo.{task} {id}"

    def client(self, settings: Settings, say: Callable[[str], None], dry: bool = False) -> Client:
        """Return the one client for these settings, opened at first use; a *dry* one sends no writes."""
        if (settings, dry) not in self._clients:
            from ops.http.stack import open_client
            from ops.kinds import paths

            self._clients[settings, dry] = open_client(
                settings,
                say=say,
                stop=self.stop,
                dry=dry,
                paths=paths,
                watch=self.watch,
                record=self.record,
                log=self.log.call,
            )
        return self._clients[settings, dry]

    def watch(self, call: HttpCall) -> Callable[[], None]:
        """Keep *reading* at *call* until the function that is returned has been called."""
        words = [word for word in call.path.split("/") if word.replace("_", "").isalpha()]
        reading = self.reading = f"reading {words[-1].replace('_', ' ')}" if words else ""

        def answered() -> None:
            # Other threads may read something else by now.
            if self.reading is reading:
                self.reading = ""

        return answered

    @property
    def id(self) -> str:
        """Return the name of this run in the journal and the audit log."""
        return self.record.run

    def trace(self, settings: Settings, environ: Mapping[str, str], talk: Talk, file: str = "") -> None:
        """Keep the spans of the line from now on, if a *file* or a collector is to have them.

        Raises Refused or DiskError if a file cannot be written.
        """
        if file and file not in self.trace_files:
            self.trace_files.append(file)
        if not self.trace_files and not any(name in environ for name in _COLLECTORS):
            return
        if self._trace is None:
            from ops.tracing.trace import Trace
            from ops.ui.files import check_writable

            for named in self.trace_files:
                check_writable(Path(named))
            self._trace = Trace(self.record, program(), talk.warn, self.trace_files)
            self._trace.to_collector(environ, settings)
        self._trace.follow(settings.base_url, talk.redact)

    def end(self, failure: BaseException | None = None) -> None:
        """Close the clients and call the *endings*; *failure* ended the line, if anything did."""
        if failure is not None:
            # As Invoke does: an Exit has a code, a command that failed has that of its program.
            result = getattr(failure, "result", None)
            self.exit_code = int(getattr(failure, "code", getattr(result, "exited", 1)))
        if self.recording is not None:
            self.recording.stop()
        for client in self._clients.values():
            client.close()
        for ending in reversed(self.endings):
            ending()
        if self.recording is not None:
            line = self.recording.end(self.exit_code)
            for callback in self.recorded:
                callback(line)
        if self._trace is not None:
            self._trace.close(self.exit_code)
        self.log.close()

    def budget_use(self) -> Json | None:
        """Return the limit of the budget that is used most, its window, and what is used of it now."""
        budgets = [client.budget for client in list(self._clients.values()) if client.budget]
        found = [
            {"limit": budget.limit, "window": budget.window, "used": budget.limit - left}
            for budget in budgets
            if (left := budget.remaining()) is not None
        ]
        return max(found, key=lambda one: one["used"] / one["limit"], default=None)


def _log(run: Run) -> Log:
    log = Log(run.record, clear=said)
    log.journal, log.decide = is_journal(2), partial(_decide, run)
    run.record.observe(log.observe)
    return log


def _decide(run: Run, log: Log) -> None:
    """Find out the form of the log for a message that comes before any task has its settings."""
    from ops.config.settings import log_settings

    wanted = log_settings(run.typed, invoke=run.invoke, environ=environment(), cwd=run.project)
    log.json = wanted.json
    log.learn(wanted.secrets)
    if wanted.file:
        with suppress(DiskError):  # a task reports it
            log.open(wanted.file)


RUN = Run()
