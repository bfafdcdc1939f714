"""Invoke's parser, which builds the options of a task when the line names it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from invoke.parser.context import ParserContext
from invoke.parser.parser import Parser
from invoke.tasks import Task

from ops.cli.words import place


class TaskContext(ParserContext):
    """A task's options, built when the parser meets the task, since a line names few of them."""

    def __init__(self, name: str, aliases: Iterable[str], task: Task[Any]) -> None:
        self.name, self.aliases, self.task = name, tuple(aliases), task

    def __getattr__(self, attribute: str) -> Any:
        if attribute not in ("args", "flags", "inverse_flags", "positional_args"):
            raise AttributeError(attribute)
        super().__init__(self.name, self.aliases, self.task.get_arguments())
        return self.__dict__[attribute]

    def __deepcopy__(self, memo: object) -> TaskContext:
        assert self.name is not None  # noqa: S101 (Invoke's type allows a nameless core context)
        return TaskContext(self.name, self.aliases, self.task)

    def __repr__(self) -> str:
        return f"<TaskContext {self.name}>"

    __str__ = __repr__


class OpsParser(Parser):
    """Invoke's parser, which understands main arguments only as options."""

    def parse_argv(self, argv: list[str]) -> Any:
        tasks = {word: self.contexts[word].task for word in argv if word in self.contexts}
        return super().parse_argv(place(argv, self.contexts, tasks, self.initial or ParserContext()))
