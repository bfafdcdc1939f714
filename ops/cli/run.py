"""One run: the tasks of one `inv` line, and what they share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from invoke.tasks import Call

    from ops.config.settings import Settings
    from ops.http.client import Client
    from ops.kinds.change import Change


class Run:
    """What the tasks of one line share: the stage that was set, the connection, the wish to stop."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.terminated = False
        """Whether it was SIGTERM that said to stop."""
        self.staged: dict[str, Any] = {}
        self.project = Path()
        self.dry = self.debug = False
        self.pretended: list[Change] = []
        """What the dry tasks so far would have changed."""
        self.wrote: set[str] = set()
        """The ids of the tasks that have changed something."""
        self.line: list[str] = []
        self.position = 0
        self.staging: set[int] = set()
        """The places on the line of those tasks that set the stage for the others."""
        self._id = ""
        self._tasks = 0
        self._clients: dict[tuple[Settings, bool], Client] = {}
        self._endings: list[Callable[[], None]] = []

    def begin(self, *, project: Path, dry: bool, debug: bool) -> None:
        """Start a line of tasks afresh; *project* is the folder of tasks.py, or the one `cfops` runs in."""
        self.__init__()  # type: ignore[misc]  # the same object stays known to those who hold it
        self.project, self.dry, self.debug = project, dry, debug

    def follow(self, calls: Sequence[Call]) -> Iterator[Call]:
        """Yield the tasks of the line, and know which of them it has come to."""
        self.line = [call.called_as or call.task.name for call in calls]
        for self.position, call in enumerate(calls):
            yield call

    @property
    def left(self) -> list[str]:
        """Give the tasks of the line after the present one."""
        return self.line[self.position + 1 :]

    @property
    def standing(self) -> str:
        """Say what became of each task of a line that stops at the present one; "" for a line of one task.

        What only set the stage is not counted.
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

    def undo_line(self, id: str, task: str = "apply") -> str:
        """Give the line that takes back, or shows, what was done under *id* on the stage of this line."""
        profile = f"profile --name {self.staged['profile']} " if self.staged.get("profile") else ""
        stage = "sandbox " if self.staged.get("base_url") else profile
        return f"inv {stage}undo.{task} --id {id}"

    def client(self, settings: Settings, say: Callable[[str], None], dry: bool = False) -> Client:
        """Give the one client for these settings, opened at first use; a *dry* one sends no writes."""
        if (settings, dry) not in self._clients:
            from ops.http.stack import open_client

            self._clients[settings, dry] = open_client(settings, say=say, stop=self.stop, dry=dry)
        return self._clients[settings, dry]

    @property
    def id(self) -> str:
        """Give what names this run in the journal and the audit log."""
        if not self._id:
            from secrets import token_hex

            self._id = token_hex(5)
        return self._id

    def next_task(self) -> str:
        """Give the id of one more task of this run."""
        self._tasks += 1
        return f"{self.id}-{self._tasks}"

    def at_end(self, ending: Callable[[], None]) -> None:
        """Call *ending* when the line is over, however it ends."""
        self._endings.append(ending)

    def end(self) -> None:
        """Close what the line has opened."""
        for client in self._clients.values():
            client.close()
        for ending in reversed(self._endings):
            ending()


RUN = Run()
