"""The words of a line: which are tasks, which are options, and which main argument each other word is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from invoke.exceptions import ParseError
from invoke.parser.context import to_flag

if TYPE_CHECKING:
    from invoke.parser.argument import Argument
    from invoke.parser.context import ParserContext
    from invoke.tasks import Task


# The main arguments that name a task or a page, so that the next word is theirs whatever it names.
_NAMES = ("task", "page")


class Segment:
    """One task of a line and the words up to the next task."""

    def __init__(self, name: str, context: ParserContext, task: Task[Any]) -> None:
        self.context = context
        self.words = [name]
        self.bare: list[int] = []
        """Where in `words` those are that are neither options nor values of options."""
        # A task of another package has none: Invoke fills its positional arguments and has what follows `--`.
        self.known = hasattr(task, "arguments")
        self._arguments: tuple[str, ...] = getattr(task, "arguments", ())
        self._required: tuple[str, ...] = getattr(task, "required", ())
        self._given: set[str] = set()

    def option(self, word: str, core: ParserContext) -> bool:
        """Add an option; return whether the next word is its value."""
        name, equals, _value = word.partition("=")
        if name == "--json" and not equals and "--output" in self.context.flags:
            name, equals, word = "--output", "=", "--output=json"
        if not name.startswith("--") and len(name) > 2 and name not in self.context.flags:
            # Several short options in one word: the first that takes a value has the rest of the word.
            while len(word) > 2 and (argument := self._flag(word[:2], core)) and not argument.takes_value:
                self.words.append(word[:2])
                word = f"-{word[2:]}"
            name, equals = word[:2], word[2:]
        self.words.append(word)
        argument = self._flag(name, core)
        if argument is None:
            return False
        self._given.add(argument.attr_name or str(argument.name))
        return not equals and argument.takes_value and not argument.optional

    def _flag(self, name: str, core: ParserContext) -> Argument | None:
        flags = next((f.flags for f in (self.context, core) if name in f.flags), None)
        return flags[name] if flags else None  # `get` would not know the short names

    def add(self, word: str) -> None:
        """Add a word that is neither an option nor the value of one."""
        self.bare.append(len(self.words))
        self.words.append(word)

    def takes(self, bare: int) -> list[str]:
        """Return which main argument each of *bare* words is; the last one may be repeatable."""
        left = [name for name in self._arguments if name not in self._given]
        if left and self.context.flags[flag_of(left[-1])].kind is list:
            left += left[-1:] * (bare - len(left))
        return left

    def takes_any(self) -> bool:
        """True if the next word is this task's even if it is the name of a task.

        So are positional arguments as Invoke has them, and the main arguments that name tasks or pages.
        """
        next = self.takes(len(self.bare) + 1)[len(self.bare) :]
        return len(self.bare) < len(self.context.positional_args) or (next != [] and next[0] in _NAMES)

    def needed(self) -> str:
        """Return the first required main argument that is missing, or ""."""
        left = self.takes(0)[len(self.bare) :]
        return next((name for name in left if name in self._required), "")

    def placed(self) -> list[str]:
        """Return the words with each bare one written as the option that it stands for."""
        for index, name in zip(self.bare, self.takes(len(self.bare)), strict=False):
            self.words[index] = f"{flag_of(name)}={self.words[index]}"
        return self.words


def option_name(parameter: str) -> str:
    """Return what the parameter of a task is called on the line: "for" for `for_`."""
    return parameter.rstrip("_").replace("_", "-")


def flag_of(parameter: str) -> str:
    """Return the option of a parameter as it is typed: "--dry-run", "-a"."""
    return to_flag(option_name(parameter))


def place(
    words: Sequence[str],
    contexts: Mapping[str, ParserContext],
    tasks: Mapping[str, Task[Any]],
    core: ParserContext,
) -> list[str]:
    """Return *words* with main arguments as options: `zones.info a.example` as `zones.info --zone=a.example`.

    *contexts* and *tasks* are the tasks by name, *core* has Invoke's own options. A word that is the name of
    a task is the next task. Raises ParseError where the task before it still needs a main argument, because
    then the word could be either. `-h` after a task asks for its help and nothing else. Words after
    `--` are main arguments, with a dash or without.
    """
    body, rest = list(words), []
    if "--" in body:
        body, rest = body[: body.index("--")], body[body.index("--") :]
    line: list[Segment] = []
    before: list[str] = []
    value = False
    for word in body:
        here = line[-1] if line else None
        if value or (here is None and word not in contexts):
            (here.words if here else before).append(word)
            value = False
        elif here is not None and word in ("-h", "--help"):
            core.flags["--help"].value = here.words[0]
            return before
        elif here is not None and word.startswith("-") and len(word) > 1:
            value = here.option(word, core)
        elif word in contexts and not (here is not None and here.takes_any()):
            if here is not None and (name := here.needed()):
                raise _either(word, here.words[0], name)
            line.append(Segment(word, contexts[word], tasks[word]))
        else:
            line[-1].add(word)
    while line and rest[1:] and len(line[-1].takes(len(line[-1].bare) + 1)) > len(line[-1].bare):
        line[-1].add(rest.pop(1))
    if line and rest[1:] and line[-1].known:
        raise ParseError(f"{line[-1].words[0]} has no main argument left for {rest[1]}", line[-1].context)
    return [*before, *(word for segment in line for word in segment.placed()), *rest]


def _either(word: str, task: str, argument: str) -> ParseError:
    flag = flag_of(argument)
    error = ParseError(f"{word} is the name of a task, and {task} still needs {flag}")
    error.hint = (  # type: ignore[attr-defined]  # ops.ui.mistakes shows it
        f"write {flag}={word} if you mean that; otherwise give {flag} before the next task"
    )
    return error
