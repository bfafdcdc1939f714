"""What to say when a line cannot be understood: the nearest name and the next command."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from ops.ui.escape import printable

if TYPE_CHECKING:
    from invoke.collection import Collection
    from invoke.parser.context import ParserContext


def explain(problem: str, context: ParserContext | None, collection: Collection, core: ParserContext) -> str:
    """Give a sentence and a hint for a problem that Invoke's parser has reported."""
    if valueless := re.fullmatch(r"Flag (.*) needed value and was not given one!", problem):
        problem = f"{valueless[1]} needs a value"
    unknown = re.fullmatch(r"No idea what '(.*)' is!", problem, re.DOTALL)
    if not unknown:
        return _told(problem, f"`inv --help {context.name}`" if context and context.name else "`inv --list`")
    word = unknown[1]
    if word.startswith("-"):
        return _unknown_option(word, context, core)
    return _unknown_task(word, collection)


def nearest(word: str, known: Iterable[str]) -> str:
    """Give the known word most like *word*, or nothing."""
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1, cutoff=0.6)), "")


def _unknown_option(word: str, context: ParserContext | None, core: ParserContext) -> str:
    task = context.name if context and context.name else ""
    known = [*(context.flags if context else ()), *core.flags]
    guess = nearest(word, [name for name in known if name.startswith("--")])
    where = f"`inv --help {task}` shows its options" if task else "`inv --help` shows the options"
    return _told(
        f"{word} is no option of {task or 'inv'}", f"did you mean {guess}? {where}" if guess else where
    )


def _unknown_task(word: str, collection: Collection) -> str:
    guess = nearest(word, collection.task_names)
    shown = "`inv --list` shows the tasks"
    return _told(f"there is no task {word}", f"did you mean {guess}? {shown}" if guess else shown)


def _told(sentence: str, hint: str) -> str:
    return f"error: {printable(sentence)}\nhint: {printable(hint)}"
