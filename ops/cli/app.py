"""App: what a command works with."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeVar

from ops.cli.options import ON_READS
from ops.errors import DiskError, Refused, UsageError
from ops.items import reach, timestamp

if TYPE_CHECKING:
    from ops.cli.run import Run
    from ops.config.settings import Settings
    from ops.errors import OpsError
    from ops.http.client import Client
    from ops.items import Json
    from ops.ui.progress import Progress
    from ops.ui.shapes import Bytes, Item, Output, Rows, Text
    from ops.ui.talk import Talk

DASHBOARD = "https://dash.cloudflare.com"
T = TypeVar("T")
R = TypeVar("R")


class Declaration(Protocol):
    """What @command declared about a task."""

    function: Callable[..., Any]
    required: tuple[str, ...]
    raw: tuple[str, ...]
    page: str
    writes: bool
    reads: bool
    stages: bool

    @property
    def path(self) -> str: ...

    @property
    def shared(self) -> dict[str, Any]: ...

    def typed(self, options: Mapping[str, Any]) -> dict[str, Any]: ...


class App:
    """One task's settings, client, names, output and messages."""

    open_past: ClassVar[Callable[[App], tuple[Client, str]] | None] = None
    """Opens the snapshot that --at names and returns its client and account id; `program.py` sets it."""
    suggest_offline: ClassVar[Callable[[App, OpsError], None] | None] = None
    """Adds --offline to the hint of an error if that would help; `program.py` sets it."""
    task_ended: ClassVar[Callable[[App, int], None] | None] = None
    """Has the notices about a task sent when the line has ended; `program.py` sets it."""

    def __init__(
        self, run: Run, settings: Settings, talk: Talk, command: Declaration, shared: Mapping[str, Any]
    ) -> None:
        self.run = run
        self.settings = settings
        self.talk = talk
        self.command = command
        self._shared = shared
        self.stop = run.stop
        """The event that is set when the run has to end."""
        self.note, self.warn = talk.note, talk.warn
        self.gaps: list[str] = []
        """Why the result is incomplete: reported after the output, with exit code 4."""
        self.gap = self.gaps.append
        self.remedy = ""
        """What makes the next result complete: the hint of the error that reports the gaps."""
        self.reads_only = False
        """True if a task that may write was asked to read, which is not noted in the audit log."""
        self.written_account = ""
        self.entries = 0
        """How many entries this task has written to the journal."""

    @property
    def dry(self) -> bool:
        """True if nothing may be written: `inv --dry` for the line, --dry-run for this task."""
        return self.run.dry or bool(self.option("dry_run"))

    def option(self, name: str) -> Any:
        """Return the value of a shared option as typed, or None if the command does not have it."""
        return self._shared.get(name)

    @property
    def offline(self) -> bool:
        """True if this task reads a snapshot instead of Cloudflare (--at, --offline)."""
        return any(map(self.option, ON_READS))

    @cached_property
    def _past(self) -> tuple[Client, str] | None:
        if not self.offline:
            return None
        if App.open_past is None:
            hint = "write `ns = collection()`, from ops.program, in tasks.py"
            raise UsageError("--at and --offline need the program of cfops", hint=hint)
        return App.open_past(self)

    @cached_property
    def client(self) -> Client:
        """Return the client for Cloudflare, or for the snapshot that --at or --offline names."""
        if self._past is not None:
            return self._past[0]
        return self.run.client(self.settings, self.warn, self.dry)

    @cached_property
    def account_id(self) -> str:
        """Return the account to work on: the setting's, or the only one that the token can see."""
        if self._past is not None:
            return self._past[1]
        if self.settings.account_id:
            return self.settings.account_id
        from ops.files import disk
        from ops.products.accounts import api

        found = str(api.the_account(self.client)["id"])
        if task := self.run.record.task:
            task.account = found
        if found != self.last_account:
            with suppress(DiskError, Refused):  # it only spares a question later
                disk.private_folder(self.settings.state_dir)
                with disk.atomic(self._account_file) as file:
                    file.write(found.encode())
        return found

    @property
    def last_account(self) -> str:
        """Return the only account that this token saw when that was last asked, or ""; sends no request."""
        with suppress(OSError, ValueError):
            return self._account_file.read_text()
        return ""

    @property
    def _account_file(self) -> Path:
        return self.settings.state_dir / f"account-{self.settings.credentials.fingerprint()}"

    def zone(self, name: str) -> Json:
        """Return the zone with this name or id. Raises NotFound or AmbiguousName."""
        from ops.products.zones import api

        return api.find_zone(self.client, name, self.settings.account_id)

    def zone_id(self, name: str) -> str:
        """Return the id of the zone with this name or id. Raises NotFound or AmbiguousName."""
        return str(self.zone(name)["id"])

    @property
    def known_account(self) -> str:
        """Return the account of this task, or "" if it is not known yet; sends no request."""
        return self.written_account or self.settings.account_id or vars(self).get("account_id", "")

    @cached_property
    def task_id(self) -> str:
        """Return the id of this task in its run; undo takes it."""
        self.run.tasks += 1
        return f"{self.run.id}-{self.run.tasks}"

    def clock(self) -> float:
        """Return the time in seconds since 1970."""
        return time.time()

    @contextmanager
    def progress(self, what: str, total: int | None = None) -> Iterator[Progress]:
        """Show the progress of *what* in the block: as a bar, or as messages now and then."""
        from ops.ui.progress import Progress

        terminal = sys.stderr.isatty() and not self.talk.log.as_json
        progress = Progress(sys.stderr, terminal, quiet=self.settings.quiet, say=self.talk.progress)
        progress.start(what, total)
        try:
            with self.talk.above(progress.note) if progress.draws else nullcontext():
                yield progress
        finally:
            progress.finish()

    def parallel(self, function: Callable[[T], R], items: Iterable[T], *, at_once: int = 0) -> Iterator[R]:
        """Yield function(item) for each item, in the order of the items, computed by several threads.

        For requests to Cloudflare there are more threads than requests in flight, so that responses are
        processed meanwhile. Requests to other servers pass *at_once*, the number of threads.
        """
        from ops.http.parallel import THREADS, each

        return each(function, items, workers=at_once or THREADS * self.settings.workers, stop=self.stop)

    @cached_property
    def output(self) -> Output:
        """Return how to print the result, as the shared options and the settings say."""
        from ops.config.private import environment, is_dumb
        from ops.ui.shapes import Output
        from ops.ui.talk import use_color

        shared = self._shared
        paged = not (shared.get("no_pager") or is_dumb())
        return Output(
            format=self.settings.output,
            fields=shared.get("fields", ""),
            sort=shared.get("sort", ""),
            filters=tuple(shared.get("filter", ())),
            limit=shared.get("limit", 0),
            headers=not shared.get("no_headers", False),
            color=use_color(self.settings.color, sys.stdout),
            wide=shared.get("wide", False),
            utc=shared.get("utc", False),
            now=self.clock(),
            pager=self.settings.pager if paged else "",
            environ={**environment(), "TRACEPARENT": self.run.record.for_children},
        )

    @property
    def for_people(self) -> bool:
        """True if the result is printed as a table."""
        return (self.output.format or ("table" if sys.stdout.isatty() else "")) == "table"

    def check_output(self) -> None:
        """Raise UsageError or DiskError if the output is impossible, before any request is sent."""
        from ops.ui.output import check

        check(self.output)
        if self.export is not None:
            from ops.files.disk import exports_folder
            from ops.ui.files import check_writable

            if self.export.parent == self.settings.exports:
                exports_folder(self.settings.exports)
            check_writable(self.export)

    def show(self, result: Rows | Item | Text | Bytes | None) -> None:
        """Print *result*, or write it to the file that --export names."""
        from ops.ui.output import show
        from ops.ui.shapes import Rows

        if self.export is None or not isinstance(result, Rows):
            if below := show(
                result, self.output, sys.stdout, self.talk.must_know, people=sys.stderr.isatty()
            ):
                self.talk.show(below, "dim")
            return
        from ops.ui.files import write_export
        from ops.version import VERSION

        meta = {
            "tool": "cfops",
            "version": VERSION,
            "task": self.command.path,
            "account": self.settings.account_id,
            "written_at": timestamp(self.clock()),
        }
        count = write_export(result, self.export, meta, self.output, say=self.talk.must_know)
        self.note(f"{count} items written to {self.export}")

    @cached_property
    def export(self) -> Path | None:
        """Return the file that --export writes; without a name, one for this task and moment in exports/."""
        named = self._shared.get("export", False)
        if named is False:
            return None
        if named and named is not True:
            return Path(named)
        moment = timestamp(self.clock()).replace(":", "-")
        return self.settings.exports / f"{self.command.path}-{moment}.json"

    def web(self, options: Mapping[str, Any]) -> Text:
        """Return the address of the dashboard's page about what *options* name; open it on a terminal."""
        from urllib.parse import quote

        from ops.config.settings import SANDBOX
        from ops.ui.shapes import Text

        if self.settings.api_host == SANDBOX:
            raise UsageError("the sandbox has no dashboard", hint="leave out --web, or `sandbox`")
        zone = self.zone(options["zone"]) if "{zone}" in self.command.page else None
        account = reach(zone, "account.id") if zone else self.account_id
        named = {**options, "account": account, **({"zone": zone["name"]} if zone else {})}
        path = self.command.page.format(**{name: quote(str(value), safe="") for name, value in named.items()})
        address = f"{DASHBOARD}/{path}"
        if sys.stdout.isatty():
            import webbrowser

            webbrowser.open(address)
        return Text(f"{address}\n")

    def use(self, **settings: Any) -> None:
        """Change *settings* for the rest of this task: credentials, the account."""
        from dataclasses import replace

        self.settings = replace(self.settings, **settings)
        self.talk.settle(self.settings)
        for cached in ("client", "account_id"):
            vars(self).pop(cached, None)

    def stage(self, **staged: Any) -> None:
        """Set settings for the tasks after this one on the line; None removes one again."""
        self.run.staging.add(self.run.position)
        self.run.staged.update(staged)
