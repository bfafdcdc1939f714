"""App: what a command gets for its work."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from ops.cli.command import ON_READS

if TYPE_CHECKING:
    from ops.cli.command import Command
    from ops.cli.run import Run
    from ops.config.settings import Settings
    from ops.http.client import Client
    from ops.kinds.resource import Json
    from ops.past.past import Past
    from ops.ui.output import Output
    from ops.ui.shapes import Bytes, Item, Rows, Text
    from ops.ui.talk import Talk

T = TypeVar("T")
R = TypeVar("R")


class App:
    """What a command gets: the settings in force, the client, names turned into ids, and a voice."""

    def __init__(
        self, run: Run, settings: Settings, talk: Talk, command: Command, shared: Mapping[str, Any]
    ) -> None:
        self.run = run
        self._gaps: list[str] = []
        self.written_account = ""
        self.entries = 0
        """How many entries this task has made in the journal."""
        self._shared = shared
        self.settings = settings
        self.talk = talk
        self.command = command

    @property
    def stop(self) -> threading.Event:
        """Give the event that is set when the run shall end."""
        return self.run.stop

    @property
    def dry(self) -> bool:
        """Say that nothing may be written: `inv --dry` for the line, --dry-run for this task."""
        return self.run.dry or bool(self.option("dry_run"))

    def option(self, name: str) -> Any:
        """Give a shared option's value as it was typed; None where the command has no such option."""
        return self._shared.get(name)

    @cached_property
    def past(self) -> Past | None:
        """Give the snapshot that this task reads instead of Cloudflare (--at, --offline), if any."""
        if not any(map(self.option, ON_READS)):
            return None
        from ops.past.offline import open_past

        return open_past(self)

    @cached_property
    def client(self) -> Client:
        if self.past is not None:
            return self.past
        return self.run.client(self.settings, self.talk.warn, self.dry)

    @cached_property
    def account_id(self) -> str:
        """Give the account in force: the setting's, or the only one that the token sees."""
        if self.past is not None:
            return self.past.account_id
        from ops.products.accounts import api

        return self.settings.account_id or str(api.the_account(self.client)["id"])

    def zone(self, name: str) -> Json:
        """Give the zone called *name*, or with that id. Raises NotFound or AmbiguousName."""
        from ops.products.zones import api

        return api.find_zone(self.client, name, self.settings.account_id)

    def zone_id(self, name: str) -> str:
        return str(self.zone(name)["id"])

    def namespace_id(self, name: str) -> str:
        """Give the id of the KV namespace called *name*, or with that id."""
        from ops.products.kv import api

        return str(api.find_namespace(self.client, self.account_id, name)["id"])

    @property
    def known_account(self) -> str:
        """Give the account that this task has to do with as far as it is known; nothing is asked for it."""
        return self.written_account or self.settings.account_id or vars(self).get("account_id", "")

    @cached_property
    def task_id(self) -> str:
        """Give the id of this task of this run: what undo takes it back by."""
        return self.run.next_task()

    def note(self, text: str) -> None:
        self.talk.note(text)

    def warn(self, text: str) -> None:
        self.talk.warn(text)

    def gap(self, text: str) -> None:
        """Remember that the result is incomplete: told after the output, exit code 4."""
        self._gaps.append(text)

    @property
    def gaps(self) -> tuple[str, ...]:
        return tuple(self._gaps)

    def clock(self) -> float:
        return time.time()

    def parallel(self, function: Callable[[T], R], items: Iterable[T], *, at_once: int = 0) -> Iterator[R]:
        """Call *function* for each item, several at once; results in the order of the items.

        For requests to Cloudflare there are more threads than requests may be under way, so that answers are
        worked on meanwhile; what asks somebody else says how many may be *at_once*.
        """
        from ops.http.crowd import THREADS
        from ops.http.parallel import each

        return each(function, items, workers=at_once or THREADS * self.settings.workers, stop=self.stop)

    @cached_property
    def output(self) -> Output:
        """Give how the result is printed, as the shared options and the settings say."""
        from ops.ui.colors import use_color
        from ops.ui.output import Output

        shared = self._shared
        return Output(
            format=self.settings.output,
            fields=shared.get("fields", ""),
            sort=shared.get("sort", ""),
            filters=tuple(shared.get("filter", ())),
            limit=shared.get("limit", 0),
            headers=not shared.get("no_headers", False),
            color=use_color(self.settings.color, sys.stdout),
        )

    def check_output(self) -> None:
        """Refuse an output that cannot be made before anything is asked of the API."""
        from ops.ui.output import check

        check(self.output)
        if self.export is not None:
            from ops.files.disk import private_folder
            from ops.ui.files import check_writable

            if self.export.parent == self.settings.exports:
                private_folder(self.settings.exports)
            check_writable(self.export)

    def show(self, result: Rows | Item | Text | Bytes | None) -> None:
        """Print *result*, or write it to the file that --export names."""
        from ops.ui.output import show
        from ops.ui.shapes import Rows

        if self.export is not None and isinstance(result, Rows):
            self._write(result, self.export)
        else:
            show(result, self.output, sys.stdout, sys.stderr)

    @cached_property
    def export(self) -> Path | None:
        """Give the file that --export writes: the named one, or one for this task and moment in exports/."""
        named = self._shared.get("export", False)
        if named is False:
            return None
        if named and named is not True:
            return Path(named)
        moment = time.strftime("%Y-%m-%dT%H-%M-%SZ", time.gmtime(self.clock()))
        return self.settings.exports / f"{self.command.path}-{moment}.json"

    def _write(self, rows: Rows, path: Path) -> None:
        from ops.ui.files import write_export
        from ops.version import VERSION

        account = self.settings.account_id
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.clock()))
        meta = {"tool": "cfops", "version": VERSION, "task": self.command.path, "account": account}
        count = write_export(rows, path, meta | {"written_at": moment}, self.output)
        self.note(f"{count} items written to {path}")

    def stage(self, **staged: Any) -> None:
        """Set the stage for the tasks after this one on the line; None takes a setting back."""
        self.run.staging.add(self.run.position)
        for name, value in staged.items():
            self.run.staged[name] = value

    def at_end(self, ending: Callable[[], None]) -> None:
        """Call *ending* when the line is over."""
        self.run.at_end(ending)
