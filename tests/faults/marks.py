"""Which tests prove which ids, read from the tests' source: nothing is imported, nothing runs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parent.parent


class Proof(NamedTuple):
    """A test function that is marked with *id*; *long* ones run separately."""

    id: str
    file: str
    test: str
    long: bool


def proofs(folder: Path = TESTS) -> Iterator[Proof]:
    """Yield every id that marks a test function in *folder*, in the order of files and lines."""
    for file in sorted(folder.rglob("test_*.py")):
        text = file.read_text(encoding="utf-8")
        if "mark.fault" not in text:
            continue
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                yield from _carried(node, file.relative_to(folder.parent).as_posix())


def _carried(function: ast.FunctionDef, file: str) -> Iterator[Proof]:
    marks = [ast.unparse(mark) for mark in function.decorator_list]
    for mark in function.decorator_list:
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fault":
            for given in mark.args:
                yield Proof(str(ast.literal_eval(given)), file, function.name, "pytest.mark.long" in marks)
