"""Judge what the suite ran: `pytest --cov --cov-report=json:FILE`, then `python -m tests.tools.covered FILE`.

It fails below the least percentages of lines and branches, and for each function that nothing enters: such a
function is dead, or it has no test. It lists the modules with the most lines and branches that nothing ran.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

LINES, BRANCHES = 98, 96
"""The least percentages, a little below what is measured: a machine may lack what some tests need."""
SHOWN = 15

Files = Mapping[str, Mapping[str, Any]]


def problems(report: Mapping[str, Any]) -> Iterator[str]:
    """Yield what is below the bounds, and the functions that were never entered."""
    for what, part, whole, least in (
        ("lines", "covered_lines", "num_statements", LINES),
        ("branches", "covered_branches", "num_branches", BRANCHES),
    ):
        percent = 100 * report["totals"][part] / report["totals"][whole]
        if percent < least:
            yield f"{percent:.2f} % of the {what} were run, less than {least:g} %"
    yield from (f"never entered: {name}" for name in never_entered(report["files"]))


def never_entered(files: Files) -> Iterator[str]:
    """Yield the functions without a line that was run."""
    for file, found in sorted(files.items()):
        for name, function in found["functions"].items():
            summary = function["summary"]
            if name and summary["num_statements"] and not summary["covered_lines"]:
                yield f"{file} {name}"


def gaps(files: Files) -> list[str]:
    """Return the modules with the most lines and branches that nothing ran."""
    missing = {
        file: (
            found["summary"]["missing_lines"] + found["summary"]["missing_branches"],
            found["missing_lines"],
            [f"{first}→{then}" for first, then in found["missing_branches"]],
        )
        for file, found in files.items()
    }
    most = sorted(missing.items(), key=lambda entry: -entry[1][0])
    return [f"{file}: lines {lines}, branches {branches}" for file, (count, lines, branches) in most if count]


def main() -> int:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("file", type=Path, help="the report of coverage in JSON")
    reader.add_argument("--gaps", type=int, default=SHOWN, help="the number of modules to show (default: 15)")
    options = reader.parse_args()
    report = json.loads(options.file.read_text())
    totals = report["totals"]
    lines = 100 * totals["covered_lines"] / totals["num_statements"]
    branches = 100 * totals["covered_branches"] / totals["num_branches"]
    print(f"{lines:.2f} % of {totals['num_statements']:,} lines were run, {branches:.2f} % of the branches")
    print(*gaps(report["files"])[: options.gaps], sep="\n")
    found = list(problems(report))
    print(*found, sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
