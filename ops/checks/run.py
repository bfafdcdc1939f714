"""Run checks over a snapshot: a result for each check and each zone, never a verdict on what was not read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from ops.checks.model import ACCOUNT, ANY_ZONE, SEVERITIES, Check, Subject, View, ZoneView
from ops.items import Json
from ops.snapshots.manifest import SKIPPED
from ops.snapshots.whole import NotRead

FINDING, UNKNOWN, PASSED = "finding", "unknown", "passed"
SHOWN = 5
"""How many subjects of a finding are named; the others are counted."""


class Result(NamedTuple):
    """What *check* found in *zone*, "" for the account.

    *subjects* are those that are new, *accepted* those that the baseline has; *gaps* are what was not read. A
    check may find something in what was read, and not know about the rest.
    """

    check: Check
    zone: str
    zone_id: str
    subjects: tuple[Subject, ...] = ()
    accepted: tuple[Subject, ...] = ()
    gaps: tuple[NotRead, ...] = ()

    @property
    def status(self) -> str:
        if self.subjects:
            return FINDING
        return UNKNOWN if self.gaps else PASSED

    @property
    def severity(self) -> str:
        """Return the severity of the worst of the subjects, or that of the check."""
        found = [subject.severity or self.check.severity for subject in self.subjects]
        return max(found or [self.check.severity], key=SEVERITIES.index)

    @property
    def problem(self) -> str:
        """Return the problem of the first subject, and what else was found."""
        problems = list(dict.fromkeys(subject.problem for subject in self.subjects))
        more = len(problems) - 1
        return f"{problems[0]}{f' (and {more} more)' if more else ''}" if problems else ""


def run(
    checks: Sequence[Check], view: View, wanted: Callable[[str, str], bool] = lambda _check, _zone: True
) -> Iterator[Result]:
    """Yield the results, zone by zone in the order of the snapshot, then those of the account.

    The items of one zone at a time are in memory. *wanted* takes the id of a check and the name of a zone.
    """
    for_zones = [check for check in checks if check.judges != ACCOUNT]
    for zone in view.zones if for_zones else ():
        seen = ZoneView(view, zone)
        active = zone.get("status") == "active" and not zone.get("paused")
        for check in for_zones:
            if (active or check.judges == ANY_ZONE) and wanted(check.id, seen.name):
                yield _judged(check, seen)
    unlisted = view.sections.gap("zones.zone")
    for check in checks:
        if check.judges == ACCOUNT:
            yield _judged(check, view)
        elif unlisted is not None and unlisted.status != SKIPPED:
            # There may be further zones, which nobody has looked at. With --zone somebody chose them.
            yield Result(check, "", "", gaps=(unlisted,))


def _judged(check: Check, view: View | ZoneView) -> Result:
    name, scope = (view.name, view.scope) if isinstance(view, ZoneView) else ("", "")
    gaps = [gap for kind in check.needs if (gap := view.gap(kind)) is not None]
    # What a zone needs of the account is asked for by the check itself.
    subjects: list[Subject] = []
    try:
        for found in () if gaps else check.judge(view):  # type: ignore[arg-type]  # `judges` says which it takes
            if isinstance(found, NotRead):
                gaps.append(found)
            else:
                subjects.append(found)
    except NotRead as gap:
        gaps.append(gap)
    return Result(check, name, scope, tuple(subjects), gaps=tuple(gaps))


def path_of(result: Result, subject: Subject) -> str:
    """Return the name of a subject that a restore does not change: "example.com/www.example.com A"."""
    return f"{result.zone}/{subject.name}" if result.zone else subject.name


def fingerprint(result: Result, subject: Subject) -> str:
    """Return what identifies a finding from run to run."""
    parts = (result.check.id, subject.kind, result.zone, subject.name)
    return sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()


class Age(NamedTuple):
    """Since when a finding exists, and if it is *new*: the snapshot before lacks it. None: not known."""

    since: str | None = None
    new: bool | None = None


AgeOf = Callable[[Result, Subject], Age]


def rows(results: Iterable[Result], age: AgeOf = lambda _result, _subject: Age()) -> Iterator[Json]:
    """Yield a row for each finding, the most severe first, then one for each reason of a gap.

    `since` is the earliest *age* of the subjects, `new` how many are new; None if not all ages are known.
    """
    kept = list(results)
    findings = [result for result in kept if result.subjects]
    for result in sorted(findings, key=_order):
        ages = [age(result, subject) for subject in result.subjects]
        yield {
            "severity": result.severity,
            "check": result.check.id,
            "zone": result.zone or None,
            "status": FINDING,
            "since": min((one.since for one in ages if one.since), default=None),
            "count": len(result.subjects),
            "new": None if any(one.new is None for one in ages) else sum(one.new is True for one in ages),
            "accepted": len(result.accepted),
            "subjects": [subject.name for subject in result.subjects[:SHOWN]],
            "problem": result.problem,
            "title": result.check.title,
        }
    yield from _gap_rows(result for result in kept if result.gaps)


def _order(result: Result) -> tuple[int, str, str]:
    return -SEVERITIES.index(result.severity), result.check.id, result.zone


def _gap_rows(results: Iterable[Result]) -> Iterator[Json]:
    """Yield a row for each reason, with the checks that it stops; *count* is the number of zones."""
    grouped: dict[str, list[Result]] = {}
    for result in results:
        for gap in result.gaps:
            grouped.setdefault(str(gap), []).append(result)
    for reason, group in grouped.items():
        zones = list(dict.fromkeys(result.zone for result in group if result.zone))
        stopped = {result.check.id: result.check for result in group}
        yield {
            "severity": max((check.severity for check in stopped.values()), key=SEVERITIES.index),
            "check": ", ".join(stopped),
            "zone": zones[0] if len(zones) == 1 else None,
            "status": UNKNOWN,
            "since": None,
            "count": len(zones) or 1,
            "new": None,
            "accepted": 0,
            "subjects": zones[:SHOWN],
            "problem": f"not read: {reason}",
            "title": "not known",
        }


def counts(results: Sequence[Result]) -> dict[str, int]:
    """Return the number of new findings by severity, the most severe first."""
    found = [result.severity for result in results if result.subjects]
    return {severity: found.count(severity) for severity in reversed(SEVERITIES) if severity in found}


def unsure(results: Iterable[Result]) -> set[str]:
    """Return the ids of the checks that do not know everything."""
    return {result.check.id for result in results if result.gaps}
