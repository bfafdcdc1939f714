"""The help of a task: how it is typed, what it does, its own options; and that of the shared options."""

from __future__ import annotations

import inspect
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from ops.cli.command import EXIT_CODES, Command
from ops.cli.options import HELP, SHARED, SHORT
from ops.cli.words import flag_of, option_name
from ops.typed import in_text, program

# How wide the column of options may be before its texts start on lines of their own.
OPTIONS = 24


def task_help(name: str, command: Command) -> str:
    """Return the help of the task *name*, wrapped to the terminal."""
    own = command.own | command.guards
    first = [n for n in command.arguments if n in own]
    options = {n: own[n] for n in [*first, *command.required, *own]}
    parts = [usage(name, command), _indented(command.__doc__ or "")]
    if options:
        parts.append("\n".join(("Options (* must be given):", *_table(options, command))))
    shared = " ".join(flag_of(n) for n in command.shared if n not in own)
    parts.append(wrapped(f"Shared options (`{program()} --help shared`): {shared}", ""))
    if "exit_code" in own:
        codes = "Exit codes: 5 if there are differences, with --exit-code; the others are the usual ones."
        parts.append(wrapped(codes, ""))
    return "\n\n".join(parts)


def usage(name: str, command: Command) -> str:
    """Return the line that shows how the task is typed, main arguments first."""
    names = ((n, option_name(n).upper()) for n in command.arguments)
    shown = [name if n in command.required else f"[{name}]" for n, name in names]
    return " ".join(("Usage:", program(), name, *shown, "[options]", "[next task …]"))


def shared_help() -> str:
    """Return the options that many tasks share, and the exit codes."""
    parts = ["\n".join((f"{title}:", *_table(options, None))) for title, options in SHARED]
    return "\n\n".join((*parts, "--json is short for --output json.", in_text(EXIT_CODES)))


def _indented(doc: str) -> str:
    """Return the text wrapped to the terminal, with its examples set apart."""
    parts = []
    for part in in_text(inspect.cleandoc(doc)).split("\n\n"):
        lines = [f"  {line}" if line.startswith(f"{program()} ") else line for line in part.splitlines()]
        apart = any(line.startswith(" ") for line in lines)
        parts.append("\n".join(lines) if apart else wrapped(" ".join(lines), "", ""))
    return "\n\n".join(parts)


def _table(options: Mapping[str, Any], command: Command | None) -> Iterator[str]:
    texts = command.texts if command else HELP
    required = command.required if command else ()
    for name, default in options.items():
        mark = "* " if name in required else "  "
        left = f"{mark}{_names(name, default)}"
        text = in_text(texts.get(name, ""))
        if isinstance(default, tuple) and "repeated" not in text:
            text += "; may be repeated"
        if len(left) > OPTIONS - 2:
            yield left
            left = ""
        yield wrapped(text, left.ljust(OPTIONS))


def _names(name: str, default: Any) -> str:
    short = "".join(f"-{letter}, " for letter in SHORT.get(name, ()))
    kind = {bool: "", int: "N", float: "N"}.get(type(default), "TEXT")
    kind = f"[={kind or 'FILE'}]" if name == "export" else f" {kind}" if kind else ""
    return f"{short}{flag_of(name)}{kind}"


def wrapped(text: str, start: str, rest: str = "  ") -> str:
    """Return *text* after *start*, wrapped to the terminal; later lines begin below it, or with *rest*."""
    columns = shutil.get_terminal_size().columns
    return textwrap.fill(
        text,
        width=max(columns, 40),
        initial_indent=start,
        subsequent_indent=" " * len(start) or rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
