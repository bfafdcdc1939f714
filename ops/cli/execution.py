"""One task carried out: settings, call, output, and an ending with a sentence and an exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn

from invoke.exceptions import Exit

from ops.cli.command import EVERYWHERE
from ops.cli.run import RUN
from ops.errors import (
    ApiError,
    Incomplete,
    Interrupted,
    NetworkError,
    OpsError,
    SystemFailure,
    Terminated,
    UsageError,
)

if TYPE_CHECKING:
    from invoke.context import Context

    from ops.cli.app import App
    from ops.cli.command import Command
    from ops.config.settings import Settings
    from ops.ui.talk import Talk


def carry_out(command: Command, context: Context, options: dict[str, Any]) -> Any:
    """Run *command* as a task; a failure ends the line with its exit code. What writes is audited."""
    shared = {name: options.pop(name) for name in command.shared}
    execution = _Execution(command, shared, options)
    try:
        result = execution.run(context)
    except Exit as ending:
        execution.record(ending.code)
        raise
    execution.record(0)
    return result


class _Execution:
    """A task with the options it was given."""

    def __init__(self, command: Command, shared: dict[str, Any], options: dict[str, Any]) -> None:
        self._command = command
        self._shared = shared
        self._options = options
        self._talk = _talk(shared)
        self._app: App | None = None

    def run(self, context: Context) -> Any:
        """Give what the command gives; raises Exit, once it has been told why."""
        try:
            return self._run(context)
        except Exit:
            raise
        except BrokenPipeError:
            self._reader_has_enough()
        except KeyboardInterrupt:
            RUN.stop.set()
            self._end(Interrupted(f"{self._command.path} was interrupted"))
        except OpsError as error:
            self._end(error)
        except Exception as bug:
            self._end_with_bug(bug)

    def _run(self, context: Context) -> Any:
        for name in self._command.required:
            if not self._options.get(name):
                raise UsageError(
                    f"{self._command.path} needs --{name.replace('_', '-')}",
                    hint=f"`inv --help {self._command.path}`",
                )
        self._app = app = _app(self._command, context, self._shared, self._talk)
        app.check_output()
        result = self._command.function(app, **self._given())
        if RUN.pretended and not self._command.writes and "client" in vars(app):
            self._talk.warn(f"{self._command.path} shows what is there, without {_unmade()}")
        app.show(result)
        if app.gaps:
            raise Incomplete("; ".join(app.gaps))
        return result

    def _given(self) -> dict[str, Any]:
        return {name: tuple(v) if isinstance(v, list) else v for name, v in self._options.items()}

    def record(self, code: int) -> None:
        """Note in the audit log what was run with which end."""
        app = self._app
        if app is None or app.dry or not self._command.writes:
            return
        from ops.telemetry.audit import AuditLog, entry

        line = entry(
            self._command.path,
            self._command.typed(self._given() | self._shared),
            redact=self._talk.redact,
            now=app.clock(),
            account=app.known_account,
            where=app.settings.api_host,
            run=RUN.id,
            exit_code=code,
        )
        try:
            AuditLog(app.settings.state_dir).record(line)
        except OpsError as error:
            self._talk.warn(f"this is missing in the audit log: {error.message}")

    def _end(self, error: OpsError) -> NoReturn:
        """Say what went wrong and end the line with its exit code."""
        if RUN.terminated and not isinstance(error, Terminated):
            # Where every failure is a finding, or one of many, the signal has been taken for one too.
            error = Terminated(error.message, hint=error.hint)
        if self._app is not None and isinstance(error, ApiError | NetworkError):
            from ops.past.offline import name_offline

            name_offline(self._app, error)
        self._talk.error(error, json=self._shared["output"] in ("json", "jsonl"))
        self._tell_of_the_line()
        raise Exit(code=error.exit_code)

    def _end_with_bug(self, bug: Exception) -> NoReturn:
        self._talk.trace("".join(traceback.format_exception(bug)))
        self._tell_of_the_line()
        raise Exit(code=SystemFailure.exit_code)

    def _tell_of_the_line(self) -> None:
        """Say which tasks were done, which were not, and what takes back what was done."""
        if RUN.pretended:
            self._talk.warn(f"this was read without {_unmade()}")
        if RUN.standing:
            self._talk.warn(RUN.standing)
        if RUN.wrote and (RUN.standing or RUN.line != [self._command.path]):
            self._talk.warn(f"what was done is taken back by: {RUN.undo_line(RUN.id)}")

    def _reader_has_enough(self) -> NoReturn:
        """End quietly, as `inv ... | head` wants it: whoever reads has all that was asked for."""
        from ops.ui.streams import silence_stdout

        silence_stdout()
        left = RUN.left
        if left:
            self._talk.warn(f"the output was closed, so these were not started: {', '.join(left)}")
        raise Exit(code=UsageError.exit_code if left else 0)


def _unmade() -> str:
    count = len(RUN.pretended)
    return f"the {count} change{'s' if count > 1 else ''} that this dry run has not made"


def _app(command: Command, context: Context, shared: dict[str, Any], talk: Talk) -> App:
    from ops.cli.app import App
    from ops.telemetry.redact import Redactor

    # A runbook may be run by a program that is not ours.
    RUN.dry = RUN.dry or bool(context.config.run.dry)
    settings = _settings(context, shared)
    if command.writes:
        # A change is made of what is there, not of what was a while ago.
        settings = replace(settings, cache=0)
    talk.settle(settings, Redactor(settings.secrets()))
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

    talk = Talk(sys.stderr, quiet=bool(shared["quiet"]))
    # What is wrong with the settings is told in this form too.
    talk.log = shared["log_format"] == "json"
    return talk
