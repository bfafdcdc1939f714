"""One task carried out: settings, call, output, and an exit code for how it ended."""

from __future__ import annotations

import sys
import traceback
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from invoke.exceptions import Exit

from ops.cli.options import EVERYWHERE, check_text
from ops.cli.run import RUN
from ops.cli.words import flag_of, option_name
from ops.errors import DiskError, Incomplete, Interrupted, OpsError, SystemFailure, Terminated, UsageError
from ops.plugins.door import DOOR
from ops.ui.shapes import Read, Rows, plain

if TYPE_CHECKING:
    from invoke.context import Context

    from ops.cli.app import App, Declaration
    from ops.config.settings import Settings
    from ops.ui.talk import Talk


# The options that name what a task works on, for its heading.
_NAMES = ("zone", "namespace", "script", "name", "host", "id")


def carry_out(
    command: Declaration, context: Context, options: dict[str, Any], *, printed: bool = True
) -> Any:
    """Run *command* and return its result, *printed* or as plain data; writes are audited.

    A failure raises Exit with its exit code.
    """
    shared = {name: options.pop(name) for name in command.shared}
    execution = _Execution(command, shared, options)
    RUN.record.begin_task(command.path)
    code = Interrupted.exit_code
    try:
        result = execution.run(context, printed=printed)
        code = 0
        execution.finish(code)
    except Exit as ending:
        code = ending.code
        execution.finish(code)
        raise
    finally:
        RUN.record.end_task(code, execution.error)
        execution.conclude(code)
    return result


class _Execution:
    def __init__(self, command: Declaration, shared: dict[str, Any], options: dict[str, Any]) -> None:
        from ops.ui.talk import Talk

        self._command = command
        self._shared = shared
        self._options = {name: tuple(v) if isinstance(v, list) else v for name, v in options.items()}
        self._talk = Talk(sys.stderr, quiet=bool(shared["quiet"]), log=RUN.log)
        self._talk.stage = RUN.stage
        self._app: App | None = None
        self._failure = {"message": "a bug of the task", "hint": ""}
        """What hooks learn about an error."""
        self.error = ""
        """The class of the error that it ended with."""

    def run(self, context: Context, *, printed: bool) -> Any:  # noqa: C901 (a branch for each way to end)
        """Return what the command returns. Raises Exit after reporting an error."""
        try:
            self._check_required()
            check_text(self._options | self._shared, self._command.raw)
            self._app = app = _app(self._command, context, self._shared, self._options, self._talk)
            app.check_output()
            self._announce()
            with self._spinning():
                web = self._shared.get("web")
                result = app.web(self._options) if web else self._command.function(app, **self._options)
                if RUN.pretended and not self._command.writes and "client" in vars(app):
                    self._talk.warn(f"{self._command.path} shows the live state, without {_simulated()}")
                result = self._hooked(result)
                if printed:
                    app.show(result)
            if app.gaps:
                raise Incomplete("; ".join(app.gaps), hint=app.remedy)
            return result if printed else plain(result)
        except Exit:
            raise
        except BrokenPipeError:
            # `inv ... | head` ends quietly: the reader has all that it asked for.
            from ops.telemetry.log import silence

            silence(sys.stdout)
            if RUN.left:
                left = ", ".join(RUN.left)
                self._talk.warn(f"the output was closed, so these were not started: {left}")
            raise Exit(code=UsageError.exit_code if RUN.left else 0) from None
        except KeyboardInterrupt:
            RUN.stop.set()
            self._end(Interrupted(f"{self._command.path} was interrupted"))
        except OpsError as error:
            self._end(error)
        except Exception as bug:  # noqa: BLE001 (a bug is reported, with its traceback under --debug)
            if (failure := _failure_of_system(bug)) is not None:
                self._end(failure)
            self.error = type(bug).__name__
            self._talk.trace("".join(traceback.format_exception(bug)))
            self._keep_report(bug)
            self._report_line()
            raise Exit(code=SystemFailure.exit_code) from None

    def _announce(self) -> None:
        self._tell("before_task")
        if RUN.several and not self._command.stages and sys.stdout.isatty():
            self._talk.show(self._heading(), "bold")

    def _check_required(self) -> None:
        path, required = self._command.path, self._command.required
        if missing := [flag_of(name) for name in required if not self._options.get(name)]:
            names = " ".join(option_name(name).upper() for name in required)
            hint = f"write `inv {path} {names}`; `inv --help {path}` shows all options"
            raise UsageError(f"{path} needs {' and '.join(missing)}", hint=hint)

    def _heading(self) -> str:
        named = (str(self._options.get(name) or "") for name in _NAMES)
        return " ".join(filter(None, ("==", self._command.path, next(filter(None, named), ""), "==")))

    def _spinning(self) -> AbstractContextManager[None]:
        """Show on a terminal what is being read while nothing else is printed for a second."""
        from ops.config.private import is_dumb
        from ops.ui.spinner import spinning

        if not sys.stderr.isatty() or self._talk.quiet or self._talk.log.as_json or is_dumb():
            return nullcontext()
        return spinning(sys.stderr, lambda: RUN.reading or self._command.path)

    def finish(self, code: int) -> None:
        """Record the end of the task, and let hooks know of it."""
        self._audit(code)
        if self._app is None:
            return
        if code:
            self._tell("on_error", exit_code=code, **self._failure)
        self._tell("after_task", exit_code=code)

    def _tell(self, point: str, **facts: Any) -> list[Any] | None:
        """Call the hooks of *point*, if there are any."""
        if not DOOR.hooks(point):
            return None
        from ops.plugins.fire import fire

        options = self._command.typed(self._options | self._shared)
        return fire(point, task=self._command.path, options=options, **facts)

    def _hooked(self, result: Any) -> Any:
        """Return *result* as the hooks for rows leave it. Raises Refused."""
        if not isinstance(result, Rows) or self._command.writes or not DOOR.hooks("on_items"):
            return result
        items = list(result.items)
        problem = getattr(result.items, "problem", "")
        replaced = self._tell("on_items", items=items)
        return result._replace(items=Read(items if replaced is None else replaced, problem))

    def _audit(self, code: int) -> None:
        """Record in the audit log what was run and how it ended."""
        app = self._app
        if app is None or app.dry or app.reads_only or not self._command.writes:
            return
        from ops.telemetry.audit import AuditLog, entry

        line = entry(
            self._command.path,
            self._command.typed(self._options | self._shared),
            redact=self._talk.redact,
            now=app.clock(),
            account=app.known_account,
            where=app.settings.api_host,
            run=RUN.id,
            id=vars(app).get("task_id", ""),
            exit_code=code,
        )
        try:
            AuditLog(app.settings.state_dir).record(line)
        except OpsError as error:
            self._talk.warn(f"this run is missing from the audit log: {error.message}")

    def conclude(self, code: int) -> None:
        """Have the channels of the settings, if any, notified about a task that ended with *code*."""
        app = self._app
        if app is not None and app.settings.channels and (ended := type(app).task_ended) is not None:
            ended(app, code)

    def _end(self, error: OpsError) -> NoReturn:
        if RUN.terminated and not isinstance(error, Terminated):
            # A task that collects failures may have caught the signal as one of them.
            error = Terminated(error.message, hint=error.hint)
        self.error = type(error).__name__
        if self._app is not None and isinstance(error, DiskError):
            _name_setting(error, self._app.settings)
        if self._app is not None and (suggest := type(self._app).suggest_offline) is not None:
            with suppress(OSError, ImportError):  # no more files may be opened, not even to read a module
                suggest(self._app, error)
        self._talk.error(error, json=self._shared["output"] in ("json", "jsonl"))
        self._failure = {"message": error.message, "hint": error.hint}
        self._report_line()
        raise Exit(code=error.exit_code)

    def _keep_report(self, bug: Exception) -> None:
        """Write what is known of *bug* into the state folder; where that cannot be written, do nothing."""
        if self._app is None:
            return
        from ops.telemetry.crash import Crash, write

        crash = Crash(
            run=RUN.id,
            tasks=RUN.line,
            task=self._command.path,
            options=list(self._command.typed(self._options | self._shared)),
            exit_code=SystemFailure.exit_code,
            bug=bug,
            requests=RUN.recording.tally.last() if RUN.recording else (),
        )
        with suppress(Exception):  # the bug is what has to be reported
            file = write(crash, self._app.settings.state_dir, self._app.clock(), self._talk.redact)
            self._talk.warn(
                f"a report without values is in {file}; nothing was sent: read it, then attach it to an issue"
            )

    def _report_line(self) -> None:
        if RUN.pretended:
            self._talk.warn(f"the state shown does not include {_simulated()}")
        if RUN.progress:
            self._talk.warn(RUN.progress)
        if RUN.wrote and (RUN.progress or RUN.line != [self._command.path]):
            self._talk.warn(f"undo the changes of this line: {RUN.undo_line(RUN.id)}")


def _record(command: Declaration, options: dict[str, Any], app: App) -> None:
    """Record that *command* begins, unless another task called it or it only reads a snapshot."""
    if len(RUN.record.tasks) > 1 or app.offline:
        return
    from ops.cli.recording import Recording
    from ops.config.settings import SANDBOX
    from ops.telemetry.redact import DATA

    if RUN.recording is None:
        RUN.recording = Recording(RUN.record, app.settings.state_dir, RUN.budget_use, app.warn)
    typed = {name: value for name, value in command.typed(options).items() if name not in DATA}
    stage = SANDBOX if app.settings.api_host == SANDBOX or command.path.startswith(f"{SANDBOX}.") else ""
    RUN.recording.begin(command.path, typed, stage=stage, stages=command.stages)


def _failure_of_system(problem: Exception) -> OpsError | None:
    """Return the error for a *problem* with a file or a limit of this machine; None for a bug."""
    from ops.files.disk import failure

    text = str(problem)
    scarce = ("can't start new thread", "can't allocate", "failed to map")
    if isinstance(problem, MemoryError) or any(words in text for words in scarce):
        hint = "`ulimit -v` and `ulimit -u` show the limits; raise them, or set CFOPS_WORKERS=1"
        return SystemFailure("this process needs more memory or more threads than it may use", hint=hint)
    if type(problem).__module__ == "sqlite3":
        return DiskError(f"a database cannot be used: {problem}", hint="`df` shows the free space")
    if isinstance(problem, OSError) and problem.errno is not None:
        return failure(problem, Path(str(problem.filename or "a file")), "used")
    return None


def _name_setting(error: OpsError, settings: Settings) -> None:
    """Name the setting of the folder that *error* is about, in its hint."""
    folders = {
        "CFOPS_STATE_DIR": settings.state_dir,
        "CFOPS_EXPORTS": settings.exports,
        "CFOPS_CACHE_DIR": settings.cache_dir,
        "CFOPS_CONFIG_DIR": settings.config_dir,
    }
    for name, folder in folders.items():
        if f"{folder}" in error.message and name not in error.hint:
            way, plain = f"set {name} to another folder", "name another folder"
            error.hint = error.hint.replace(plain, way) if plain in error.hint else f"{error.hint}; {way}"
            return


def _simulated() -> str:
    count = len(RUN.pretended)
    return f"the {count} simulated change{'s' if count > 1 else ''} of this dry run"


def _app(
    command: Declaration,
    context: Context,
    shared: dict[str, Any],
    options: dict[str, Any],
    talk: Talk,
) -> App:
    from ops.cli.app import App
    from ops.config.private import environment
    from ops.config.settings import load

    # A runbook may be run by a program other than ours.
    RUN.dry, RUN.context = RUN.dry or bool(context.config.run.dry), context
    typed = {name: shared[name] for name in EVERYWHERE if shared[name]}
    staged = {**RUN.staged, **({"debug": True} if RUN.debug else {}), **typed, **RUN.typed}
    invoke = context.config.get("ops", {})
    environ = environment()
    settings = load(staged, invoke=invoke, environ=environ, cwd=RUN.project)
    if command.writes:
        # A change is made from the current state, not from a cached one.
        settings = replace(settings, cache=0)
    if task := RUN.record.task:
        task.profile, task.account = settings.profile, settings.account_id
    talk.settle(settings)
    RUN.trace(settings, environ, talk, shared["trace"])
    for note in settings.notes:
        talk.note(note)
    about = {"account": settings.account_id, "stage": RUN.stage.strip()} if DOOR.choice else {}
    DOOR.settle(settings.state_dir, about, talk.redact, talk.warn, RUN.record.for_children if about else "")
    app = App(RUN, settings, talk, command, shared)
    _record(command, options, app)
    return app
