"""Measure, print a table and write it to a file: `python -m tests.tools.bench [JOB…]`.

Exit 1 if a goal was missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from tests.tools.bench import jobs, table
from tests.tools.bench.jobs.start import empty
from tests.tools.bench.peers import PEERS, Peer
from tests.tools.bench.stage import measured

ROUNDS = 7


def main(arguments: list[str]) -> int:
    """Run the named jobs, or all, and write the table to a file as it is printed."""
    options = _options(arguments)
    peers = () if options.alone else PEERS
    versions = {peer.name: peer.install() for peer in peers}
    start = _start()
    with Path(options.to).open("w", encoding="utf-8") as file:
        missed = 0
        for text, failed in _lines(options.jobs or list(jobs.NAMES), peers, versions, start):
            print(text, flush=True)
            print(text, file=file, flush=True)
            missed += failed
    print(f"\n{missed} goals missed; written to {options.to}")
    return min(missed, 1)


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.bench", description=__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help=", ".join(jobs.NAMES))
    parser.add_argument("--to", default="bench.md", metavar="FILE", help="where the table is written")
    parser.add_argument("--alone", action="store_true", help="without the peers")
    return parser.parse_args(arguments)


def _lines(
    names: list[str], peers: tuple[Peer, ...], versions: dict[str, str], start: float
) -> Iterator[tuple[str, int]]:
    """Yield the document in pieces, each with the number of goals that were missed."""
    yield table.preface(versions, start), 0
    yield table.head(versions), 0
    for name in names:
        for row in jobs.module(name).measure(start, peers):
            yield table.line(row.cells(versions)), len(row.missed)


def _start() -> float:
    """Return the seconds that an empty task takes from start to end."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        runs = [measured(empty(folder), {"HOME": name}, folder) for _ in range(ROUNDS)]
    return median(run.seconds for run in runs[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
