"""The history of runs, as the rules need it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.alerts.rules import LOST, RunLine
from ops.files.disk import DAY
from ops.telemetry.ledger import Ledger

if TYPE_CHECKING:
    from ops.alerts.policy import Policy
    from ops.config.settings import Settings

# A task that has not run for longer is not a job any more.
_DAYS = 35


def run_lines(settings: Settings, account: str, policy: Policy, now: float) -> list[RunLine]:
    """Return the runs of *account* that are judged, oldest first. Raises DiskError.

    Those that failed before their account was known count too, unless they were on the sandbox.
    """
    found = []
    for line in Ledger(settings.state_dir).lines(now - _DAYS * DAY):
        if line.get("account") in (account, "", None) and policy.judges(str(line.get("task"))):
            found.append(
                RunLine(
                    run=str(line["run"]),
                    task=str(line["task"]),
                    started=float(line["started"]),
                    seconds=float(line.get("seconds") or 0),
                    code=LOST if line.get("lost") else int(line["exit_code"]),
                    error=str(line.get("error") or ""),
                    requests=int(line.get("requests") or 0),
                    items=sum((line.get("items") or {}).values()),
                    like=str(line.get("task")),
                )
            )
    return found
