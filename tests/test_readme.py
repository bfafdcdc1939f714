"""The README is true: its commands work, its output is what they print, its tasks are those that exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from ops.program import collection
from ops.sandbox.faults import ARGUMENTS
from tests.conftest import Result

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TRY = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/inv sandbox scan.export"
TEST = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def named() -> set[str]:
    """Return the tasks that the table of the README names."""
    table = README.partition("## Tasks")[2].partition("The inventory also")[0]
    return {
        word for line in table.splitlines() if line.startswith("|") for word in re.findall(r"`([^`]+)`", line)
    }


def test_the_first_screen_holds_the_two_commands() -> None:
    first_screen = "\n".join(README.splitlines()[:20])

    assert TRY in first_screen
    assert TEST in first_screen


def test_the_continuous_integration_runs_both_commands_unchanged() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert TRY in script
    assert TEST in script


def test_the_table_names_every_task_and_no_other() -> None:
    names = collection().task_names
    known = {aliases[0] if aliases else name for name, aliases in names.items()}

    assert named() == known


def test_every_shown_line_names_tasks_that_exist() -> None:
    names = collection().task_names
    known = {*names, *(alias for aliases in names.values() for alias in aliases)}

    assert shown_tasks() - known == set()


def shown_tasks() -> set[str]:
    """Return the words in the position of a task on the lines that the README shows."""
    lines = [line.partition("#")[0].split() for line in re.findall(r"\b(?:inv|cfops) (.+)", README)]
    pairs = (pair for words in lines for pair in pairwise(["", *words]))
    return {
        word.strip("`,;:)")
        for before, word in pairs
        if re.fullmatch(r"[a-z-]+\.[a-z-]+[`,;:)]*", word) and not before.startswith("--")
    }


def test_the_readme_names_every_kind_of_fault() -> None:
    listed = README.partition("the kinds are")[2].partition("\n\n")[0]

    assert {kind for kind in ARGUMENTS if kind != "5xx"} - set(re.findall(r"[a-z0-9-]+", listed)) == set()


# What differs between runs, or is shown only once: ids, paths, times, sizes, the sandbox's note, a question.
VARYING = (
    (re.compile(r"^(sandbox: the tasks|.*\[y/N\]).*$", re.MULTILINE), ""),
    (re.compile(r"\S*/\S+|\b[0-9a-f]{32}\b|\b[0-9a-f]{10}-[\d.]+"), "ID"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\dZ)?"), "TIME"),
    (re.compile(r"[\d.]+ (s|kB)\b|(seconds +)[\d.]+"), "SIZE"),
    (re.compile(r"-{2,}|\s+"), " "),
)


def comparable(text: str) -> str:
    for pattern, constant in VARYING:
        text = pattern.sub(constant, text)
    return " ".join(text.split())


def test_the_shown_sessions_are_what_the_commands_print(inv: Callable[..., Result]) -> None:
    sessions = re.findall(r"^    \$ inv (.+)\n((?:    .+\n)+)", README, re.MULTILINE)

    for line, shown in sessions:
        if "--ttl" in line:
            inv(*shlex.split(line.replace("192.0.2.51 --ttl 300", "192.0.2.50")))
        answer = ["--yes"] if "undo.last" in line else []
        result = inv(*shlex.split(line), *answer, "--output", "table")
        printed = comparable(result.err + result.out)
        assert printed.startswith(comparable(re.sub("^    ", "", shown, flags=re.MULTILINE))), line

    assert len(sessions) == 6
