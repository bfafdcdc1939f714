"""The history of runs, as the rules need it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.alerts.rules import LOST, RunLine
from ops.config.settings import SANDBOX
from ops.files.disk import DAY
from ops.telemetry.ledger import Ledger

if TYPE_CHECKING:
    from ops.alerts.policy import Policy
    from ops.config.settings import Settings
    from ops.items import Json

# A task that has not run for longer is not a job any more.
_DAYS = 35


def run_lines(settings: Settings, account: str, policy: Policy, now: float) -> Iterator[RunLine]:
    """Yield the runs of *account* that are judged, in the order in which they were recorded.

    Those that failed before their account was known count too. Raises DiskError, ValidationError.
    """
    played = settings.api_host == SANDBOX
    for line in Ledger(settings.state_dir).lines(now - _DAYS * DAY):
        known, staged = line.get("account"), str(line.get("stage")).startswith(SANDBOX)
        if staged != played or known not in (account, "", None):
            continue
        if any(map(policy.judges, str(line["task"]).split(", "))):
            yield run_line(line)


def run_line(line: Json) -> RunLine:
    """Return what the rules need of a line of the ledger."""
    return RunLine(
        run=str(line["run"]),
        task=str(line["task"]),
        started=float(line["started"]),
        seconds=float(line["seconds"]),
        code=LOST if line.get("lost") else int(line["exit_code"]),
        error=str(line["error"]),
        requests=int(line["requests"]),
        items=sum(line["items"].values()),
        like=str(line["like"]),
    )
