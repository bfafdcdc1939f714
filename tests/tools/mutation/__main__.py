"""Change the code slightly and see whether the tests notice: `python -m tests.tools.mutation [TARGET …]`.

Print how many mutants of each target were killed, and exit 1 if fewer than 85 % were. The mutants stay
in `.mutation/TARGET`, where `mutmut results` lists those that survived and `mutmut show NAME` shows one;
survivors.md explains why the known survivors change nothing.
"""

from __future__ import annotations

import argparse
import sys
from subprocess import CalledProcessError

from tests.tools.mutation.stage import counts, mutmut, prepare
from tests.tools.mutation.targets import TARGETS

GOAL = 0.85
ROW = "{:<10} {:>7} {:>7} {:>8} {:>7} {:>8} {:>7}"


def measure(name: str, processes: int) -> tuple[float, str]:
    """Return the share of *name*'s mutants that were killed, and its row."""
    folder = prepare(name, TARGETS[name])
    try:
        mutmut(folder, "run", "--max-children", str(processes))
    except CalledProcessError:
        return 0.0, f"{name:<10} could not be measured: {folder / 'mutmut.log'} says why"
    found = counts(folder)
    score = (found["killed"] + found["timeout"]) / found["total"]
    numbers = (found[key] for key in ("total", "killed", "timeout", "survived", "no_tests"))
    return score, ROW.format(name, *numbers, f"{score:.1%}")


def main(line: list[str]) -> int:
    """Measure the named targets, or all; return 1 if one misses the goal."""
    parser = argparse.ArgumentParser(prog="python -m tests.tools.mutation", description=__doc__)
    parser.add_argument("targets", nargs="*", choices=[[], *TARGETS], metavar="TARGET")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args(line)
    print(ROW.format("target", "mutants", "killed", "timeout", "survived", "no tests", "score"))
    lowest = 1.0
    for name in options.targets or TARGETS:
        score, row = measure(name, options.processes)
        print(row, flush=True)
        lowest = min(lowest, score)
    return int(lowest < GOAL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
