"""`python -m tests.bench [scan] [keys] [start]`: measure, print, exit 1 when a goal is missed."""

from __future__ import annotations

import sys

from tests.bench import keys, scan, start
from tests.bench.table import HEADER

JOBS = {"start": start.measure, "scan": scan.measure, "keys": keys.measure}


def main(names: list[str]) -> int:
    """Run the named jobs, or all, and print a row for each number."""
    print(HEADER)
    missed = 0
    for name in names or JOBS:
        for row in JOBS[name]():
            print(row, flush=True)
            missed += not row.reached
    return min(missed, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
