"""Errors in a line that Invoke's parser reports: a sentence, and a hint that fits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ops.errors import did_you_mean
from ops.typed import INV, SHELL_OPTIONS, program
from ops.ui.escape import printable

if TYPE_CHECKING:
    from invoke.collection import Collection
    from invoke.exceptions import ParseError
    from invoke.parser.context import ParserContext


def explain(error: ParseError, collection: Collection, core: ParserContext) -> str:
    """Return `error: …` and `hint: …` for what Invoke's parser reported; *core* has Invoke's own options."""
    problem, context = str(error), error.context
    if unknown := re.fullmatch(r"No idea what '(.*)' is!", problem, re.DOTALL):
        word = unknown[1]
        if word.startswith("-"):
            task = context.name if context and context.name else ""
            absent = SHELL_OPTIONS if program() != INV else ()
            known = {*(context.flags if context else ()), *core.flags}.difference(absent)
            guess = did_you_mean(word, sorted(name for name in known if name.startswith("--")))
            shown = f"`inv --help {task}` shows its options" if task else "`inv --help` shows the options"
            return _joined(f"{task or program()} has no option {word}", f"{guess} {shown}".strip())
        tasks = sorted(collection.task_names)
        if inside := [name for name in tasks if name.startswith(f"{word}.")]:
            text = f"{word} is a collection of tasks, not a task"
            return _joined(text, f"its tasks are {', '.join(inside)}")
        guess = did_you_mean(word, tasks)
        folder = word.partition(".")[0]
        shown = f"`inv --list {folder}`" if folder in collection.collections else "`inv --list`"
        shown += " shows the tasks"
        if context and context.name and not guess and folder == word:
            shown += f", `inv --help {context.name}` what {context.name} takes"
        return _joined(f"there is no task {word}", f"{guess} {shown}".strip())
    if missing := re.fullmatch(r"Flag (.*) needed value and was not given one!", problem):
        problem = f"{missing[1]} needs a value"
    task = f"`inv --help {context.name}` shows the options" if context and context.name else ""
    return _joined(problem, getattr(error, "hint", "") or task or "`inv --list` shows the tasks")


def _joined(sentence: str, hint: str) -> str:
    return f"error: {printable(sentence)}\nhint: {printable(hint)}"
