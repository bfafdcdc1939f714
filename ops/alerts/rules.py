"""The rules: pure functions of facts and thresholds, which return what fires, if anything does."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import NamedTuple

from ops.alerts.policy import ANOMALY, Policy
from ops.errors import CredentialsError, DifferencesFound, Incomplete, PermissionDenied

WARNING, CRITICAL = "warning", "critical"
SEVERITIES = (WARNING, CRITICAL)
LOST = "lost"
# Other runs, such as one that met a lock or was typed wrong, say nothing about the job.
_DONE = (0, Incomplete.exit_code, DifferencesFound.exit_code)

EXPORT = "scan.export"
# What an export that has failed brings about by itself.
CONSEQUENCES = frozenset({"partial-twice", "no-snapshot", "counts-fell", "many-deletions", ANOMALY})
_LIKE_RUNS, _FEWEST_RUNS, _SPREAD = 14, 7, 5
_DAY = 86_400.0
_SHOWN = 100


class RunLine(NamedTuple):
    """One run in the history. *code* is its exit code, or LOST if it was killed; *error* the class of its
    error. *like* is equal for runs of the same task with the same options."""

    run: str
    task: str
    started: float
    seconds: float
    code: int | str
    error: str = ""
    requests: int = 0
    items: int = 0
    like: str = ""


class Certificate(NamedTuple):
    """A certificate of a zone; times are in seconds since 1970."""

    zone: str
    names: str
    begins: float
    ends: float


class Pair(NamedTuple):
    """What changed between the two newest snapshots: counts of the kinds that both hold completely."""

    old: str
    new: str
    before: Mapping[str, int]
    after: Mapping[str, int]
    deletions: Mapping[str, int]
    apex: tuple[str, ...] = ()


class Facts(NamedTuple):
    """What the rules judge; runs are of one account, oldest first. None: not known, so nothing is judged.

    *complete_since* is when the newest complete snapshot was started, 0 if there is none. *token_ends* is 0
    for a token that does not expire.
    """

    now: float
    runs: Sequence[RunLine] = ()
    complete_since: float | None = None
    pair: Pair | None = None
    certificates: Sequence[Certificate] | None = None
    token_ends: float | None = None
    damage: Sequence[str] | None = None


class Finding(NamedTuple):
    """A rule that fires: a sentence, and a line for each *subject* that it concerns.

    A subject that is new, like a higher severity, makes a known finding worse.
    """

    rule: str
    severity: str
    summary: str
    lines: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()


Verdict = Finding | None | bool
"""A finding; None if the rule does not fire; False if that is not known."""


def judged(facts: Facts, policy: Policy) -> dict[str, Finding | bool | None]:
    """Return the verdict of every rule, by name, composites included."""
    verdicts = {name: rule(facts, policy) for name, rule in _RULES.items()}
    for name, rules in policy.composites.items():
        verdicts[name] = _composite(name, [verdicts[rule] for rule in rules])
    return verdicts


def suppressed(facts: Facts, policy: Policy) -> frozenset[str]:
    """Return the rules that are not reported now, because an export that has failed explains them."""
    failed = _failures(facts, policy).items()
    return CONSEQUENCES if any(times and EXPORT in task for task, (times, _) in failed) else frozenset()


def _composite(name: str, parts: Sequence[Finding | bool | None]) -> Finding | bool | None:
    if None in parts:
        return None
    findings = [part for part in parts if isinstance(part, Finding)]
    if len(findings) < len(parts):
        return False
    severity = max((part.severity for part in findings), key=SEVERITIES.index)
    lines = tuple(line for part in findings for line in (part.summary, *part.lines))
    return Finding(name, severity, " and ".join(part.rule for part in findings), lines)


def _failures(facts: Facts, policy: Policy) -> dict[str, tuple[int, RunLine]]:
    """Return the last run of each task that failed, with the number of failures in a row up to now.

    A killed run is known only once the next one has begun, so that one does not end it: its number is 0.
    """
    codes: set[int | str] = {*policy.failed_codes, LOST}
    failed = {}
    for task, runs in _by_task(facts.runs, codes).items():
        if times := _last(runs, lambda run: run.code in codes):
            failed[task] = (times, runs[-1])
        elif len(runs) > 1 and runs[-2].code == LOST:
            failed[task] = (0, runs[-2])
    return failed


def _run_failed(facts: Facts, policy: Policy) -> Finding | None:
    failed = _failures(facts, policy)
    if not failed:
        return None
    lines = tuple(
        f"{task} {_ended(run)}{f', {times} failures in a row' if times > 1 else ''}"
        f"{'' if times else '; the next run did not fail'}"
        f" (run {run.run}, {_date(run.started)})"
        for task, (times, run) in sorted(failed.items())
    )
    severity = CRITICAL if max(times for times, _ in failed.values()) >= 3 else WARNING
    return Finding(
        "run-failed", severity, f"failed: {', '.join(sorted(failed))}", lines, tuple(sorted(failed))
    )


def _partial_twice(facts: Facts, policy: Policy) -> Finding | None:
    found = {}
    for task, runs in _by_task(facts.runs, policy.failed_codes).items():
        times = _last(runs, lambda run: run.code == Incomplete.exit_code)
        if policy.partial_runs and times >= policy.partial_runs:
            found[task] = times
    if not found:
        return None
    lines = tuple(f"{task}: {times} incomplete runs in a row" for task, times in sorted(found.items()))
    severity = CRITICAL if max(found.values()) >= 3 * policy.partial_runs else WARNING
    return Finding(
        "partial-twice", severity, f"incomplete: {', '.join(sorted(found))}", lines, tuple(sorted(found))
    )


def _no_snapshot(facts: Facts, policy: Policy) -> Verdict:
    if facts.complete_since is None:
        return False
    age = facts.now - facts.complete_since
    if age <= policy.snapshot_age:
        return None
    limit = f"the limit is {policy.snapshot_age / 3600:g} h"
    if not facts.complete_since:
        return Finding("no-snapshot", CRITICAL, f"there is no complete snapshot; {limit}")
    severity = CRITICAL if age > 2 * policy.snapshot_age else WARNING
    text = (
        f"the newest complete snapshot is {age / 3600:.0f} h old, of {_date(facts.complete_since)}; {limit}"
    )
    return Finding("no-snapshot", severity, text)


def _counts_fell(facts: Facts, policy: Policy) -> Verdict:
    if facts.pair is None:
        return False
    before, after = facts.pair.before, facts.pair.after
    fallen = {
        kind: (before[kind] - after[kind]) * 100 // before[kind]
        for kind in sorted(before.keys() & after.keys())
        if before[kind] and (before[kind] - after[kind]) * 100 > before[kind] * policy.fall_percent
    }
    if not fallen:
        return None
    lines = tuple(
        f"{kind}: {before[kind]:,} to {after[kind]:,} (-{percent} %)" for kind, percent in fallen.items()
    )
    severity = CRITICAL if max(fallen.values()) > 2 * policy.fall_percent else WARNING
    between = f"from {facts.pair.old} to {facts.pair.new}"
    text = f"{len(fallen)} kinds fell by more than {policy.fall_percent} % {between}"
    return Finding("counts-fell", severity, text, lines, tuple(fallen))


def _many_deletions(facts: Facts, policy: Policy) -> Verdict:
    if facts.pair is None:
        return False
    total = sum(facts.pair.deletions.values())
    if total <= policy.deletions:
        return None
    most = sorted(facts.pair.deletions.items(), key=lambda pair: (-pair[1], pair[0]))
    severity = CRITICAL if total > 10 * policy.deletions else WARNING
    between = f"from {facts.pair.old} to {facts.pair.new}"
    text = f"{total:,} items were deleted {between}; the limit is {policy.deletions}"
    return Finding("many-deletions", severity, text, tuple(f"{kind}: {count:,}" for kind, count in most))


def _apex_changed(facts: Facts, _policy: Policy) -> Verdict:
    if facts.pair is None:
        return False
    if not facts.pair.apex:
        return None
    text = f"name servers or mail servers changed from {facts.pair.old} to {facts.pair.new}"
    return Finding("apex-changed", CRITICAL, text, facts.pair.apex[:_SHOWN], facts.pair.apex)


def _certificate_old(facts: Facts, policy: Policy) -> Verdict:
    if facts.certificates is None:
        return False
    old = sorted(
        (one for one in facts.certificates if _left(one, facts.now) * 100 < policy.certificate_percent),
        key=lambda one: (one.ends, one.zone, one.names),
    )
    if not old:
        return None
    lines = tuple(_validity(one, facts.now) for one in old[:_SHOWN])
    subjects = tuple(f"{one.zone} {one.names} {one.ends:.0f}" for one in old)
    worst = min(_left(one, facts.now) for one in old)
    severity = CRITICAL if worst * 200 < policy.certificate_percent else WARNING
    text = f"certificates with less than {policy.certificate_percent} % of their life left: {len(old)}"
    return Finding("certificate-old", severity, text, lines, subjects)


def _token_expires(facts: Facts, policy: Policy) -> Verdict:
    if facts.token_ends is None:
        return False
    days = (facts.token_ends - facts.now) / _DAY
    if not facts.token_ends or days >= policy.token_days:
        return None
    how = "has expired" if days <= 0 else f"expires in {days:.0f} days"
    severity = CRITICAL if days < policy.token_days / 4 else WARNING
    return Finding("token-expires", severity, f"the API token {how}, on {_date(facts.token_ends)}")


def _auth_refused(facts: Facts, policy: Policy) -> Finding | None:
    refusals = (CredentialsError.__name__, PermissionDenied.__name__)
    times = _last(facts.runs, lambda run: run.error in refusals)
    if not policy.refused_runs or times < policy.refused_runs:
        return None
    text = f"Cloudflare refused the credentials in the last {times} runs; `inv doctor` shows why"
    return Finding("auth-refused", CRITICAL, text)


def _damaged(facts: Facts, _policy: Policy) -> Verdict:
    if facts.damage is None:
        return False
    if not facts.damage:
        return None
    text = "what is stored is not what was written; `inv snapshots.verify` and `inv audit` show it"
    return Finding("damaged", CRITICAL, text, tuple(facts.damage[:_SHOWN]), tuple(facts.damage))


def _anomaly(facts: Facts, _policy: Policy) -> Verdict:
    """Judge the newest run of each task by the like runs before it that succeeded."""
    lines = []
    for task, runs in sorted(_by_task(facts.runs).items()):
        last = runs[-1]
        like = [run for run in runs[:-1] if run.like == last.like and run.code == 0][-_LIKE_RUNS:]
        if last.code != 0 or len(like) < _FEWEST_RUNS:
            continue
        for name in ("seconds", "requests", "items"):
            usual = median(getattr(run, name) for run in like)
            spread = median(abs(getattr(run, name) - usual) for run in like)
            # Equal runs have no spread, and one request more is not an anomaly.
            limit = _SPREAD * max(spread, usual / 100)
            if abs(getattr(last, name) - usual) > limit:
                lines.append(
                    f"{task}: {getattr(last, name):,.6g} {name}, usually {usual:,.6g} ± {limit:,.6g}"
                )
    return Finding(ANOMALY, WARNING, "a run is unlike those before it", tuple(lines)) if lines else None


_RULES: dict[str, Callable[[Facts, Policy], Verdict]] = {
    "run-failed": _run_failed,
    "partial-twice": _partial_twice,
    "no-snapshot": _no_snapshot,
    "counts-fell": _counts_fell,
    "many-deletions": _many_deletions,
    "apex-changed": _apex_changed,
    "certificate-old": _certificate_old,
    "token-expires": _token_expires,
    "auth-refused": _auth_refused,
    "damaged": _damaged,
    ANOMALY: _anomaly,
}


def _by_task(runs: Sequence[RunLine], failures: Collection[int | str] = ()) -> dict[str, list[RunLine]]:
    """Return the runs of each task that did their work, or ended with one of *failures*."""
    found: dict[str, list[RunLine]] = {}
    for run in runs:
        if run.code in _DONE or run.code in failures:
            found.setdefault(run.task, []).append(run)
    return found


def _last(runs: Sequence[RunLine], holds: Callable[[RunLine], bool]) -> int:
    """Return for how many of the newest runs *holds* is true, without a gap."""
    return next((number for number, run in enumerate(reversed(runs)) if not holds(run)), len(runs))


def _ended(run: RunLine) -> str:
    return (
        "was killed"
        if run.code == LOST
        else f"ended with exit code {run.code}{f' ({run.error})' if run.error else ''}"
    )


def _left(one: Certificate, now: float) -> float:
    """Return which part of its life a certificate has left, from 0 to 1."""
    return max(0.0, one.ends - now) / max(1.0, one.ends - one.begins)


def _validity(one: Certificate, now: float) -> str:
    days = (one.ends - now) / _DAY
    how = "expired" if days <= 0 else f"{days:.0f} days left"
    return f"{one.zone}: {one.names}: {how}, until {_date(one.ends)}"


def _date(moment: float) -> str:
    return f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d %H:%M} UTC"
