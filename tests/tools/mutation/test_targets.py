"""The list of mutated modules must not fall behind the code."""

from __future__ import annotations

import pytest

from tests.tools.mutation.stage import ROOT
from tests.tools.mutation.targets import TARGETS

# Tasks are decorated functions, which mutmut leaves alone.
LEFT_OUT = {"__init__.py", "tasks.py"}


@pytest.mark.parametrize("name", TARGETS)
def test_the_files_of_a_target_exist(name: str) -> None:
    target = TARGETS[name]

    assert [file for file in (*target.mutate, *target.tests) if not (ROOT / file).is_file()] == []


@pytest.mark.parametrize("name", TARGETS)
def test_what_a_target_leaves_out_is_in_its_tests(name: str) -> None:
    target = TARGETS[name]
    text = "".join((ROOT / file).read_text() for file in target.tests)

    assert [one for one in target.without.split(" or ") if one not in text] == []


def test_every_module_of_the_writes_is_mutated() -> None:
    mutated = {file for target in TARGETS.values() for file in target.mutate}
    modules = {path for path in (ROOT / "ops" / "journal").glob("*.py") if path.name not in LEFT_OUT}

    assert {str(path.relative_to(ROOT)) for path in modules} <= mutated
