"""What is told of a command that writes, so that the proof of all of them holds for it too."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ops.sandbox.server import Sandbox


class Case(NamedTuple):
    """A command that writes, as it is typed: *line*, with --yes or --confirm where it asks.

    *arrange* prepares the sandbox, and files in the working folder. What is not *reversible* says *why*, in
    words that the command itself uses. *confirm* is the name to type when it is taken back. *history* are the
    sandbox's kinds of documents that only ever grow, such as versions.

    `CASES` of a module `cases_<product>.py` maps a command's path to its case; several cases of one command
    have a word more behind the path: "dns.create MX".
    """

    line: tuple[str, ...]
    arrange: Callable[[Sandbox], None] | None = None
    reversible: bool = True
    why: str = ""
    confirm: str = ""
    history: tuple[str, ...] = ()
