"""The README cannot lie: its commands are the ones that run, its tasks are the ones there are."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

from ops.program import collection
from ops.sandbox.fault_kinds import KINDS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TRY = "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/inv sandbox scan.export"
TEST = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"


def named() -> set[str]:
    """Give the tasks that the table of the README names."""
    table = README.partition("## Tasks")[2].partition("The inventory also")[0]
    return {
        word for line in table.splitlines() if line.startswith("|") for word in re.findall(r"`([^`]+)`", line)
    }


def test_the_first_screen_holds_the_two_commands() -> None:
    first_screen = "\n".join(README.splitlines()[:20])

    assert TRY in first_screen
    assert TEST in first_screen


def test_the_continuous_integration_runs_both_commands_as_they_stand() -> None:
    script = (ROOT / ".ci" / "run").read_text()

    assert TRY in script
    assert TEST in script


def test_the_table_names_every_task_and_no_other() -> None:
    names = collection().task_names
    known = {aliases[0] if aliases else name for name, aliases in names.items()}

    assert named() == known


def test_every_line_that_is_shown_names_tasks_that_exist() -> None:
    names = collection().task_names
    known = {*names, *(alias for aliases in names.values() for alias in aliases)}

    assert shown_tasks() - known == set()


def shown_tasks() -> set[str]:
    """Give what stands in the place of a task on the lines that the README shows."""
    lines = [line.partition("#")[0].split() for line in re.findall(r"\b(?:inv|cfops) (.+)", README)]
    pairs = (pair for words in lines for pair in pairwise(["", *words]))
    return {
        word.strip("`,;:)")
        for before, word in pairs
        if re.fullmatch(r"[a-z-]+\.[a-z-]+[`,;:)]*", word) and not before.startswith("--")
    }


def test_the_readme_names_every_kind_of_fault() -> None:
    listed = README.partition("the kinds are")[2].partition("\n\n")[0]

    assert {kind for kind in KINDS if kind != "5xx"} - set(re.findall(r"[a-z0-9-]+", listed)) == set()
