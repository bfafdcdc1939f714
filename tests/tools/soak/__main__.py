"""Run, print, exit 1 at a failure: `python -m tests.tools.soak --minutes N [--seed S] [--round K]`."""

from __future__ import annotations

import argparse
import multiprocessing
import secrets
import sys
import time
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait

from tests.tools.soak.episode import ROUNDS, Outcome, Tally, run


def main(arguments: list[str]) -> int:
    """Run episodes for the given minutes, or repeat one up to the given round."""
    options = _options().parse_args(arguments)
    seed = options.seed or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    if options.round is not None:
        episode, number = divmod(options.round, ROUNDS)
        return _end(Tally(), [(episode, run(f"{seed}/{episode}", number + 1))], seed)
    total, failed = Tally(), []
    for episode, outcome in _episodes(seed, options.minutes * 60, options.jobs):
        total.add(outcome.tally)
        print(
            f"episode {episode}: {total.rounds} rounds, codes {dict(sorted(total.codes.items()))}", flush=True
        )
        if outcome.failed is not None:
            failed.append((episode, outcome))
    return _end(total, failed, seed)


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.tools.soak", description=__doc__)
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="start no episode after N minutes (default 20)"
    )
    parser.add_argument("--seed", default="", help="draw from this seed (default: a new one)")
    parser.add_argument("--round", type=int, help="repeat only the episode of this round, up to the round")
    parser.add_argument("--jobs", type=int, default=3, help="episodes at a time (default 3)")
    return parser


def _episodes(seed: str, seconds: float, jobs: int) -> Iterator[tuple[int, Outcome]]:
    """Yield episodes as they end, until the time is over or one has failed."""
    until, started, failed = time.monotonic() + seconds, 0, False
    # An episode waits more than it computes. Each has a process of its own, so that none affects another.
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        running: dict[Future[Outcome], int] = {}
        while running or started == 0:
            while len(running) < jobs and not failed and (time.monotonic() < until or started == 0):
                running[pool.submit(run, f"{seed}/{started}")] = started
                started += 1
            for ended in wait(running, return_when=FIRST_COMPLETED).done:
                outcome = ended.result()
                failed = failed or outcome.failed is not None
                yield running.pop(ended), outcome


def _end(total: Tally, ended: list[tuple[int, Outcome]], seed: str) -> int:
    """Print the summary and every failure; return the exit code."""
    failures = [(episode, outcome) for episode, outcome in ended if outcome.failed is not None]
    if total.rounds:
        print(f"rounds    {total.rounds}, {sum(total.tasks.values())} tasks of {len(total.tasks)} kinds")
        for name in ("tasks", "faults", "codes", "signals"):
            print(f"{name:<9} {_counted(getattr(total, name))}")
        print(f"{total.drawn} faults drawn, {sum(total.faults.values())} injected")
        print(f"undone    {total.undone} tasks or lines, {total.resolved} unknown outcomes resolved")
        print(f"kept      {total.snapshots} snapshots")
    for episode, outcome in failures:
        number = episode * ROUNDS + (outcome.failed or 0)
        print(f"\nround {number} (episode {episode}, seed {seed})\n{outcome.report}")
        print(f"repeat: python -m tests.tools.soak --seed {seed} --round {number}")
    print("failed" if failures else "clean")
    return 1 if failures else 0


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
