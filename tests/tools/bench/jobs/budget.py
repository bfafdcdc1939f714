"""Jobs limited by the budget: the rate that one process and two reach, as a share of the allowed rate."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.tools.bench import limits
from tests.tools.bench.job import Peers, Rows
from tests.tools.bench.stage import Run, Stage, stage
from tests.tools.bench.table import Goal, Row

BUDGET, WINDOW, WORKERS = 600, 10.0, 16
# The server allows a fifth more, which is left to the dashboard.
QUOTA = (BUDGET * 6 // 5, WINDOW)
SHARE = 0.98


def measure(start: float, peers: Peers) -> Rows:
    for processes, zones in ((1, 600), (2, 300)):
        with stage({"zones": zones, "records": 10, "keys": 0}, quota=QUOTA) as sandbox:
            runs = _at_once(sandbox, processes)
            traffic = sandbox.traffic()
        share = limits.share(traffic.times, budget=BUDGET, window=WINDOW)
        done = not any(run.code for run in runs)
        yield Row(
            f"scan under a budget, {processes} at once",
            seconds=max(run.seconds for run in runs),
            requests=len(traffic.requests),
            memory=max(run.memory for run in runs),
            goals=(
                Goal(f"{share:.1%} of the allowed rate, at least {SHARE:.0%}", done and share >= SHARE),
                Goal(f"{traffic.refused} x 429", not traffic.refused),
            ),
        )


def _at_once(sandbox: Stage, processes: int) -> list[Run]:
    with ThreadPoolExecutor(processes) as pool:
        runs = [pool.submit(_scan, sandbox) for _ in range(processes)]
        return [run.result() for run in runs]


def _scan(sandbox: Stage) -> Run:
    return sandbox.inv("scan", "--quiet", budget=BUDGET, window=WINDOW, workers=WORKERS, cold=False)
