"""One run: the tasks of one `inv` line, what they share, and how each of them ends."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from invoke.exceptions import Exit

from ops.command import EVERYWHERE
from ops.errors import Incomplete, Interrupted, OpsError, SystemFailure, UsageError

if TYPE_CHECKING:
    from invoke.context import Context

    from ops.app import App
    from ops.command import Command
    from ops.config.settings import Settings
    from ops.http.client import Client
    from ops.ui.talk import Talk


class Run:
    """What the tasks of one line share: the stage that was set, the connection, the wish to stop."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.staged: dict[str, Any] = {}
        self.project = Path()
        self.dry = self.debug = False
        self._clients: dict[Settings, Client] = {}
        self._endings: list[Callable[[], None]] = []

    def begin(self, *, project: Path, dry: bool, debug: bool) -> None:
        """Start a line of tasks afresh; *project* is the folder of tasks.py, or the one `cfops` runs in."""
        self.__init__()  # type: ignore[misc]  # the same object stays known to those who hold it
        self.project, self.dry, self.debug = project, dry, debug

    def client(self, settings: Settings, say: Callable[[str], None]) -> Client:
        """Give the one client for these settings, opened at first use."""
        if settings not in self._clients:
            from ops.http.stack import open_client

            self._clients[settings] = open_client(settings, say=say, stop=self.stop)
        return self._clients[settings]

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


def carry_out(command: Command, context: Context, options: dict[str, Any]) -> Any:
    """Run *command* as a task: settings, call, output; a failure ends the line with its exit code."""
    shared = {name: options.pop(name) for name in command.shared}
    talk = _talk(shared)
    try:
        return _carry_out(command, context, shared, options, talk)
    except Exit:
        raise
    except BrokenPipeError:
        _reader_has_enough()
    except KeyboardInterrupt:
        RUN.stop.set()
        _end(talk, shared, Interrupted(f"{command.path} was interrupted"))
    except OpsError as error:
        _end(talk, shared, error)
    except Exception as bug:
        _end_with_bug(talk, bug)


def _carry_out(
    command: Command, context: Context, shared: dict[str, Any], options: dict[str, Any], talk: Talk
) -> Any:
    for name in command.required:
        if not options.get(name):
            raise UsageError(
                f"{command.path} needs --{name.replace('_', '-')}", hint=f"`inv --help {command.path}`"
            )
    app = _app(command, context, shared, talk)
    app.check_output()
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    result = command.function(app, **given)
    app.show(result)
    if app.gaps:
        raise Incomplete("; ".join(app.gaps))
    return result


def _app(command: Command, context: Context, shared: dict[str, Any], talk: Talk) -> App:
    from ops.app import App
    from ops.telemetry.redact import Redactor

    settings = _settings(context, shared)
    talk.settle(settings, Redactor(settings.credentials.secrets()))
    for note in settings.notes:
        talk.note(note)
    return App(RUN, settings, talk, command, shared)


def _settings(context: Context, shared: Mapping[str, Any]) -> Settings:
    from ops.config.environment import environment
    from ops.config.settings import load

    typed = {name: shared[name] for name in EVERYWHERE if shared[name]}
    debug = {"debug": True} if RUN.debug else {}
    invoke = context.config.get("ops", {})
    return load({**RUN.staged, **debug, **typed}, invoke=invoke, environ=environment(), cwd=RUN.project)


def _talk(shared: Mapping[str, Any]) -> Talk:
    from ops.ui.talk import Talk

    return Talk(sys.stderr, quiet=bool(shared["quiet"]))


def _end(talk: Talk, shared: Mapping[str, Any], error: OpsError) -> NoReturn:
    """Say what went wrong and end the line with its exit code."""
    talk.error(error, json=shared["output"] in ("json", "jsonl"))
    raise Exit(code=error.exit_code)


def _end_with_bug(talk: Talk, bug: Exception) -> NoReturn:
    talk.trace("".join(traceback.format_exception(bug)))
    raise Exit(code=SystemFailure.exit_code)


def _reader_has_enough() -> NoReturn:
    """End quietly, as `inv ... | head` wants it: whoever reads has all that was asked for."""
    from ops.ui.streams import silence_stdout

    silence_stdout()
    raise Exit(code=0)
