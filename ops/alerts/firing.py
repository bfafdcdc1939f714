"""What fires now, for those who look: judged as at the end of a run, but nothing is sent and nothing kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.alerts.facts import gather
from ops.alerts.history import run_line, run_lines
from ops.alerts.policy import read_policy
from ops.alerts.rules import judged, suppressed
from ops.alerts.state import Entry, advance, read_state, state_file
from ops.config.settings import SANDBOX

if TYPE_CHECKING:
    from ops.config.settings import Settings
    from ops.items import Json


def firing(settings: Settings, account: str, now: float, current: Json | None = None) -> dict[str, Entry]:
    """Return the rules that fire for *account*, except those that are off, silenced or explained by others.

    *current* is the line of the run that asks, as it will end, if it is to be judged too. Raises UsageError
    for wrong settings, Newer, DiskError.
    """
    policy = read_policy(settings.alerts)
    if settings.api_host == SANDBOX and not policy.sandbox:
        return {}
    state = read_state(state_file(settings.state_dir, settings.api_host, account))
    runs = list(run_lines(settings, account, policy, now))
    if current is not None and policy.judges(str(current["task"])):
        runs.append(run_line(current))
    facts = gather(settings, account, runs, state, now, thorough=False)
    held = suppressed(facts, policy)
    advance(state, judged(facts, policy), now, held)
    return {
        rule: entry
        for rule, entry in state.entries.items()
        if not (entry.ended or rule in policy.off or rule in held or state.silenced(rule, now))
    }
