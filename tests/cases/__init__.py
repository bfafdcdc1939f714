"""A line for every task, so that the proofs that hold for all tasks find each of them here.

A module is a product or a collection. Its `READS` hold the tasks that read, its `WRITES` those that write.
Where a task has several cases, a word follows its name: "dns.create MX".
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
Line = tuple[str, ...]

ZONE = ("--zone", "example.com")


class Case(NamedTuple):
    """A task that writes, as it is typed: *line*, with --yes or --confirm where it asks.

    *arrange* prepares the sandbox, and files in the working folder. What is not *reversible* says *why*, in
    words that the task itself uses. *confirm* is the name to type when it is undone. *history* are the
    sandbox's kinds of documents that only ever grow, such as versions.
    """

    line: Line
    arrange: Callable[[Sandbox], None] | None = None
    reversible: bool = True
    why: str = ""
    confirm: str = ""
    history: tuple[str, ...] = ()


class Read(NamedTuple):
    """A task that writes nothing at Cloudflare: its *options*, and what shows that it did its work.

    *sends* is a pattern of a request that it makes ("METHOD target"), *leaves* one of files below the home
    folder of the test, *prints* one of its output. *code* is its exit code. *arrange* runs before it. An
    option `{word}` is filled with the id in the first row of the list that *ids* names for the word.
    """

    options: Line = ()
    sends: str = ""
    leaves: str = ""
    prints: str = ""
    code: int = 0
    arrange: Callable[[Inv], object] | None = None
    ids: Mapping[str, Line] = {}

    def line(self, task: str, inv: Inv, **known: str) -> Line:
        """Run *arrange*, then return *task* with its options; *known* are words that the test fills."""
        if self.arrange:
            self.arrange(inv)
        rows = {word: json.loads(inv(*line, "--output", "json").out) for word, line in self.ids.items()}
        words = {**{word: found[0]["id"] for word, found in rows.items()}, **known}
        return (task, *(option.format_map(words) for option in self.options))


def after(*lines: Line) -> Callable[[Inv], None]:
    """Return an `arrange` that runs *lines* one after the other."""

    def run(inv: Inv) -> None:
        for line in lines:
            done = inv(*line)
            assert done.code == 0, done.err

    return run


def _modules() -> Iterator[object]:
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem != "__init__":
            yield import_module(f"tests.cases.{file.stem}")


def reads() -> dict[str, Read]:
    """Return the case of every task that writes nothing at Cloudflare."""
    return {task: read for module in _modules() for task, read in getattr(module, "READS", {}).items()}


def writes() -> dict[str, Case]:
    """Return the cases of every task that writes."""
    return {name: case for module in _modules() for name, case in getattr(module, "WRITES", {}).items()}
