"""Messages from outside of our tasks: mistakes in the line, an interrupt, the failure of another task."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from invoke.exceptions import Exit, UnexpectedExit
from invoke.parser.context import ParserContext

from ops.cli.run import RUN
from ops.errors import Interrupted, OpsError, Terminated, UsageError
from ops.telemetry.log import ERROR, WARNING
from ops.typed import in_message
from ops.ui.escape import printable

LOG_OPTIONS = ("log_format", "log_file")
_CLASSES: dict[int, type[OpsError]] = {one.exit_code: one for one in (UsageError, Interrupted, Terminated)}


def begin(words: Sequence[str], invoke: Mapping[str, Any]) -> None:
    """Start a line without a task: *words* are what was typed, *invoke* is `ops:` in the configuration."""
    RUN.begin(project=Path.cwd(), dry=False, debug=False)
    RUN.invoke, RUN.typed = invoke, {}
    for word, after in zip(words, [*words[1:], ""], strict=False):
        option, equals, value = word.partition("=")
        name = option.removeprefix("--").replace("-", "_")
        if option.startswith("--") and name in LOG_OPTIONS and (value := value if equals else after):
            RUN.typed[name] = _absolute(name, value)


def log_options(contexts: Sequence[ParserContext]) -> dict[str, str]:
    """Return the options of the log on a line; the last one applies to all of its tasks."""
    given = [context.args for context in contexts]
    return {
        name: _absolute(name, args[name].value)
        for args in given
        for name in LOG_OPTIONS
        if name in args and args[name].value
    }


def _absolute(name: str, value: str) -> str:
    """Return the path that was typed from the current folder on; paths in settings begin elsewhere."""
    return str(Path.cwd() / value) if name == "log_file" else value


def mistake(
    words: Sequence[str],
    invoke: Mapping[str, Any],
    text: str,
    code: int = 1,
    first: Callable[[], None] = lambda: None,
) -> Exit:
    """Report a line that cannot be run, after what *first* reports, and return what ends it."""
    begin(words, invoke)
    first()
    report(text, code)
    return Exit(code=code)


def warn(text: str) -> None:
    """Print a warning that belongs to no task."""
    text = in_message(text)
    RUN.log.add(WARNING, "warning", text, text=[printable(f"warning: {RUN.log.redact(text)}")])


def report(text: str, code: int) -> None:
    """Print *text*, a line `error: …` and perhaps `hint: …`, for a run that ends with *code*."""
    lines = RUN.log.redact(in_message(text)).split("\n")
    hints = [line.removeprefix("hint: ") for line in lines if line.startswith("hint: ")]
    sentence = "\n".join(line.removeprefix("error: ") for line in lines if not line.startswith("hint: "))
    kind = _CLASSES.get(code, OpsError).__name__
    error = {"error": kind, "exit_code": code, **({"hint": "\n".join(hints)} if hints else {})}
    RUN.log.add(ERROR, "error", sentence, text=lines, error=error)


def reported(problem: BaseException) -> BaseException:
    """Return what ends the line after *problem*, which a task that is not ours has raised.

    It is the same if Python or Invoke print it, which cannot write JSON.
    """
    if isinstance(problem, Exit):
        return Exit(code=report_problem(problem)) if problem.message else problem
    if not isinstance(problem, Exception) or isinstance(problem, OpsError) or not RUN.log.as_json:
        return problem
    return Exit(code=report_problem(problem))


def report_problem(problem: Exception) -> int:
    """Report what a task that is not ours has raised, unless its output did; return its exit code."""
    if isinstance(problem, Exit):
        if problem.message:
            report(problem.message, problem.code)
        return problem.code
    if isinstance(problem, UnexpectedExit):
        if problem.result.hide:
            report(str(problem).strip(), problem.result.exited)
        return problem.result.exited
    text = "".join(traceback.format_exception(problem))
    error = {"error": type(problem).__name__, "exit_code": 1}
    RUN.log.add(ERROR, "bug", text, text=[text.rstrip()], error=error)
    return 1


class _Handler(logging.Handler):
    """Writes what Invoke logs with --debug."""

    def emit(self, record: logging.LogRecord) -> None:
        RUN.log.detail("invoke", f"{record.name}: {record.getMessage()}")


def adopt_logging(words: Sequence[str], invoke: Mapping[str, Any]) -> None:
    """Let what Invoke logs with --debug be JSON too, if that is the form of the log."""
    root = logging.getLogger()
    printing = [h for h in root.handlers if type(h) is logging.StreamHandler and h.stream is sys.stderr]
    if not printing:
        return
    begin(words, invoke)
    if RUN.log.as_json:
        for handler in printing:
            root.removeHandler(handler)
        root.addHandler(_Handler())
