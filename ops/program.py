"""The program behind `cfops`, and behind plain `inv` once tasks.py is loaded.

Invoke's own program does not explain an unknown task, drops a task that is written twice, and lets SIGTERM
and SIGHUP end the process without clean-up. This module corrects that for both, and connects the floors.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from copy import copy
from functools import partial
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.executor import Executor
from invoke.main import program as inv
from invoke.parser.parser import Parser
from invoke.program import Program
from invoke.tasks import Call
from invoke.vendor.lexicon import Lexicon

from ops.cli.command import Command, collection_of
from ops.cli.configuration import OpsConfig
from ops.cli.parsing import OpsParser, TaskContext
from ops.config.values import invoke_defaults
from ops.errors import Interrupted, Terminated
from ops.kinds.catalog import task_modules
from ops.plugins.door import DOOR, value_of
from ops.typed import INV, SHELL_OPTIONS, program, start_as

if TYPE_CHECKING:
    from ops.plugins.choice import Plugin

ALIASES = {"do": "durable-objects"}

# The number of new objects after which the garbage collector looks for cycles.
GC_THRESHOLD = 50_000
# Seconds after which a thread that waits for the interpreter gets it. Python's default of 5 ms would delay
# the next request while a response is processed.
SWITCH_INTERVAL = 0.0001

COMMANDS = (
    "scan snapshots items history query checks report metrics alerts undo sandbox config doctor schedule "
    "plugins docs init permissions completion each_account"
)
TASKS = (*task_modules(), *(f"ops.commands.{name}" for name in COMMANDS.split()))


class Folder(Collection):
    """A collection whose tasks are loaded when they are used, since a line names few of them.

    That of a *foreign* package, a plugin, is loaded only where a word names one of its tasks.
    """

    def __init__(self, name: str, load: Callable[[], Iterable[Command]], *, foreign: bool = False) -> None:
        super().__init__(name)
        self._load, self.foreign = load, foreign
        del self.tasks

    def __getattr__(self, attribute: str) -> Any:
        if attribute != "tasks":
            raise AttributeError(attribute)
        self.tasks = Lexicon()  # type: ignore[no-untyped-call]  # Invoke has not typed it
        for command in self._load():
            # A plugin has no default task: its name alone on a line need not mean it.
            self.add_task(command, default=False if self.foreign else None)
        return self.tasks


class Root(Collection):
    """The root collection, never empty: Invoke would load every collection to find out."""

    def __bool__(self) -> bool:
        return True


class TrackingExecutor(Executor):
    """Invoke's executor; the run knows the current task."""

    def expand_calls(self, calls: list[Call]) -> list[Call]:
        from ops.cli.run import RUN

        expanded = super().expand_calls(calls)
        # Invoke also asks for the tasks before and after each one, of which there are none.
        if calls and {getattr(call.task, "path", "") for call in expanded} <= DOOR.UNNEEDED:
            DOOR.close()
        return RUN.follow(expanded)  # type: ignore[return-value]  # it is iterated once


class OpsProgram(Program):
    """Invoke's program with our messages, exit codes and signal handlers."""

    def _make_parser(self) -> Parser:
        # The collections that no word of the line begins with are left out.
        words = {part for word in self.argv for part in word.split("=")}
        first = {word.partition(".")[0] for word in words}
        dotted = {word.partition(".")[0] for word in words if "." in word}
        named = copy(self.collection)
        named.collections = Lexicon()  # type: ignore[no-untyped-call]  # Invoke has not typed it
        for name, inner in self.collection.collections.items():
            named_by = dotted if isinstance(inner, Folder) and inner.foreign else first
            if not isinstance(inner, Folder) or named_by & {name, ALIASES.get(name)}:
                named.collections[name] = inner
        contexts = []
        for name, aliases in named.task_names.items():
            folder, dot, task = name.partition(".")
            second = [f"{ALIASES[folder]}{dot}{task}"] if folder in ALIASES else []
            contexts.append(TaskContext(name, [*aliases, *second], self.collection[name]))
        return OpsParser(initial=self.initial_context, contexts=contexts)

    def print_task_help(self, name: str) -> None:
        context = self.parser.contexts[name]
        if not isinstance(context.task, Command):
            super().print_task_help(context.name)
            return
        from ops.cli.help import task_help

        print(task_help(context.name, context.task))

    def print_help(self) -> None:
        from ops.commands.welcome import program_help, welcome

        if self.args.help.value is True:
            print(program_help(self.collection))
            return
        print(welcome(self.collection, self.config.get("ops", {})))

    def parse_core(self, argv: list[str] | None) -> None:
        with self._explained():
            super().parse_core(argv)
            self._adopt_logging()

    def parse_tasks(self) -> None:
        signal.signal(signal.SIGINT, _stopped_early)
        self._adopt_logging()
        # `--export` takes a value only after `=`, so that a task may follow it on the line.
        if "--export" in self.core.unparsed:
            tasks = {"", *self.collection.task_names}
            self.core.unparsed = [
                "--export=" if word == "--export" and (after in tasks or after.startswith("-")) else word
                for word, after in pairwise([*self.core.unparsed, ""])
            ]
        words = self.core.unparsed
        if words[1:] in (["-h"], ["--help"]) and words[0] in self.collection.collections:
            words = ["help", words[0]]
        words = words[1:] if words[:2] == ["sandbox", "help"] else words
        if words[:1] == ["help"]:
            # `inv help TASK` is `inv --help TASK`; `inv help sandbox TASK` is the help of TASK.
            self.args.help.set_value(words[-1] if words[1:] else True, cast=False)
            self.core.unparsed = []
        if "--" in self.argv:
            self.core.unparsed += self.argv[self.argv.index("--") :]
        with self._explained():
            super().parse_tasks()
            for option in SHELL_OPTIONS if program() != INV else ():
                if self.args[option.removeprefix("--")].got_value:
                    raise ParseError(
                        f"{option} is for commands in a shell, and no task of {program()} runs one"
                    )

    def parse_cleanup(self) -> None:
        with self._explained():
            try:
                if self.args.help.value == "shared":
                    from ops.cli.help import shared_help

                    print(shared_help())
                    raise Exit
                if self.args.help.value in self.collection.collections:
                    self.args.list.set_value(self.args.help.value, cast=False)
                    self.args.help.set_value(None, cast=False)
                super().parse_cleanup()
            finally:
                # A closed pipe must fail here, not at the end of the process, where nothing catches it.
                sys.stdout.flush()

    def execute(self) -> None:
        from ops.cli.outside import log_options, reported
        from ops.cli.run import RUN

        connect()
        self.config.tasks.dedupe = False
        self.executor_class = TrackingExecutor
        RUN.begin(
            project=Path(self.collection.loaded_from or Path.cwd()),
            collection=self.collection,
            dry=bool(self.config.run.dry),
            debug=bool(self.args.debug.value),
        )
        RUN.typed = log_options(self.tasks)
        RUN.invoke = self.config.get("ops", {})
        # For the commands that tasks of the user's own start.
        self.config.run.env["TRACEPARENT"] = RUN.record.for_children
        signal.signal(signal.SIGTERM, _terminated)
        signal.signal(signal.SIGINT, _interrupted)
        # Under nohup the run outlives its terminal.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, _terminated)
        # Python itself ends with the signal if it arrives while the interpreter shuts down.
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)
        # The first statement of each branch sets `over`: from there on the handlers raise nothing, so that a
        # signal cannot break the ending. Between tasks nothing else handles it.
        try:
            super().execute()
            RUN.over = True
        except KeyboardInterrupt:
            RUN.over = True
            raise _ending("interrupted", Interrupted.exit_code) from None
        except Terminated:
            RUN.over = True
            raise _ending("terminated", Terminated.exit_code) from None
        except BaseException as problem:
            RUN.over = True
            if (ending := reported(problem)) is problem:
                raise
            raise ending from None
        finally:
            RUN.end(sys.exc_info()[1])

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except ParseError as error:
            from ops.ui.mistakes import explain

            collection = self.collection if hasattr(self, "collection") else Collection()
            text = explain(error, collection, self.initial_context)
            raise self._mistake(text) from None
        except BrokenPipeError:
            from ops.telemetry.log import silence

            silence(sys.stdout)
            raise Exit(code=0) from None
        except Exit as ending:
            # Invoke ends with 0 when `--list` names a collection that is not there.
            raise (self._mistake(ending.message) if ending.message else self._ended(ending)) from None

    def _mistake(self, text: str) -> Exit:
        from ops.cli.outside import mistake, warn

        # The task may be one of a plugin that is off.
        return mistake(self.argv, self._settings(), text, first=lambda: DOOR.tell(warn))

    def _ended(self, ending: Exit) -> Exit:
        if DOOR.pending:
            from ops.cli.outside import begin, warn

            begin(self.argv, self._settings())
            DOOR.tell(warn)
        return ending

    def _adopt_logging(self) -> None:
        if self.args.debug.value:
            from ops.cli.outside import adopt_logging

            adopt_logging(self.argv, self._settings())

    def _settings(self) -> Mapping[str, Any]:
        """Return `ops:` in Invoke's configuration."""
        ops: Mapping[str, Any] = self.config.get("ops", {}) if hasattr(self, "config") else {}
        return ops


def connect() -> None:
    """Let the app know what opens a snapshot, and what reports, on higher floors; imported when called."""
    from ops.cli.app import App

    def late(name: str, module: str = "ops.past.past") -> Callable[..., Any]:
        return lambda *given: getattr(import_module(module), name)(*given)

    App.open_past, App.suggest_offline = late("open_past"), late("suggest_offline")
    App.task_ended = late("task_ended", "ops.alerts.ending")


def _ending(how: str, code: int) -> Exit:
    """Report that the line was stopped outside of its tasks, and return what ends it."""
    from ops.cli.outside import report
    from ops.cli.run import RUN

    undo = f"\nhint: undo the changes of this line: {RUN.undo_line(RUN.id)}" if RUN.wrote else ""
    report(f"error: the line was {how}{undo}", code)
    return Exit(code=code)


def _stopped_early(*_: object) -> None:
    # Nothing is open yet, so nothing has to be closed.
    text = "error: interrupted before anything was started"
    try:
        from ops.cli.outside import mistake

        mistake(sys.argv, {}, text, Interrupted.exit_code)
    except BaseException:  # noqa: BLE001 (the process ends here)
        with suppress(OSError):
            os.write(2, f"{text}\n".encode())
    os._exit(Interrupted.exit_code)


def _interrupted(*_: object) -> None:
    # Other threads see it at once, before the main thread handles the exception.
    from ops.cli.run import RUN

    RUN.stop.set()
    if not RUN.over:
        raise KeyboardInterrupt


def _terminated(number: int = signal.SIGTERM, _: object = None) -> None:
    if number == signal.SIGHUP:
        # The kernel and a shell that ends may both send it; the second must not disturb the clean-up.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    # The default action would skip every `finally`: locks, temporary files, the partial snapshot.
    from ops.cli.run import RUN

    RUN.terminated = True
    RUN.stop.set()
    if not RUN.over:
        raise Terminated("terminated")


def _check_system() -> None:
    if not hasattr(signal, "SIGHUP"):
        raise SystemExit(
            f"error: {program()} needs Linux, macOS or another POSIX system\n"
            "hint: on Windows, install it in WSL, the Windows Subsystem for Linux"
        )


def collection(plugins: Sequence[str] = ()) -> Collection:
    """Return the root collection, and make plain `inv` use the program above.

    *plugins* are distributions to enable for this repository, besides those that the user has enabled.
    """
    _check_system()
    # Where a standard stream is closed, a file of ours must not take its number.
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    # A closed stdin stays None, so that a value is not read as empty.
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 (for the process)
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    inv.__class__ = OpsProgram
    if hasattr(inv, "config"):
        inv.config.__class__ = OpsConfig
    # Looking for cycles every few hundred objects takes a good part of a short run, and finds none.
    gc.set_threshold(GC_THRESHOLD)
    sys.setswitchinterval(SWITCH_INTERVAL)
    root = Root()
    root.configure(invoke_defaults())
    for module in TASKS:
        if name := collection_of(module):
            root.add_collection(Folder(name, partial(_commands, module)))
        else:
            for task in _commands(module):
                root.add_task(task)
    DOOR.begin(plugins, {*root.collections, *root.tasks, *ALIASES.values()})
    for plugin in DOOR.enabled():
        root.add_collection(Folder(plugin.name, partial(_foreign_commands, plugin), foreign=True))
    gc.freeze()
    return root


def _commands(module: str) -> list[Command]:
    return [value for value in vars(import_module(module)).values() if isinstance(value, Command)]


def _foreign_commands(plugin: Plugin) -> list[Command]:
    module, package = value_of(plugin, "TASKS"), plugin.module.partition(".")[0]
    commands = (value for value in vars(module).values() if isinstance(value, Command)) if module else ()
    # One of ours that it imports to call stays ours.
    found = [command for command in commands if command.__module__.partition(".")[0] == package]
    for command in found:
        command.adopt(plugin.name)
    return found


def main() -> None:
    """Run `cfops`: the same tasks as tasks.py, from any folder."""
    signal.signal(signal.SIGINT, _stopped_early)
    start_as("cfops", sys.argv[0])
    _check_system()
    from ops.version import VERSION

    OpsProgram(VERSION, collection(), "cfops", program(), config_class=OpsConfig).run(sys.argv)
