"""A forecast of long work: the requests that it will take, from earlier runs or the newest snapshot."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from ops.cli.app import App
from ops.errors import OpsError
from ops.http.budget import Budget
from ops.items import Json, duration
from ops.kinds.paging import Parts
from ops.kinds.resource import ACCOUNT
from ops.metrics.history import COMPLETE, DIFFERS, PARTIAL, outcome
from ops.scan.inventory import ScanPlan
from ops.snapshots.library import Library
from ops.snapshots.manifest import NOT_ASKED, Manifest, Section, known
from ops.telemetry.ledger import Ledger

LONG = 60.0
"""Work that takes less, in seconds, is not announced."""


class Forecast(NamedTuple):
    """The *requests* of work, and the *seconds* that they take without a limit; 0 if that is unknown."""

    requests: int
    seconds: float = 0.0

    def sentence(self, budget: Budget | None, now: float) -> str:
        """Return what the work will take, "" if it is not long; *now* is wall time."""
        waits = budget.forecast(self.requests, now) if budget else ""
        if waits:
            return f"about {self.requests:,} requests, {waits}"
        return f"about {self.requests:,} requests, {duration(self.seconds)}" if self.seconds >= LONG else ""


def announce(app: App, account_id: str = "", plan: ScanPlan | None = None) -> None:
    """Report what long work will take: as the last run like it, or else *plan* by the newest snapshot."""
    if app.offline or app.run.recording is None:
        return
    with suppress(OpsError):
        like = app.run.recording.like
        found = from_history(Ledger(app.settings.state_dir).lines(like=like), like)
        if found is None and plan is not None:
            complete = Library(app.settings.exports, account_id).complete()
            counted = (entry.manifest for entry in complete if entry.manifest and not entry.narrowed)
            found = next((from_counts(plan, manifest) for manifest in counted), None)
        if found and (sentence := found.sentence(app.client.budget, app.clock())):
            app.note(sentence)


def from_history(lines: Iterable[Json], like: str) -> Forecast | None:
    """Return the forecast from the newest of *lines* (oldest first) that is *like* this run and finished."""
    found = None
    for line in lines:
        if line.get("like") == like and outcome(line) in (COMPLETE, PARTIAL, DIFFERS):
            found = line
    if found is None:
        return None
    # A run that waited for the budget says nothing about the time without it.
    return Forecast(found["requests"], 0.0 if found["waited"] else found["seconds"])


def from_counts(plan: ScanPlan, manifest: Manifest) -> Forecast:
    """Return the forecast from the counts of an earlier snapshot: the pages of each list of a chosen kind."""
    by_kind: dict[str, list[Section]] = {}
    for section in manifest.sections:
        by_kind.setdefault(section.kind, []).append(section)
    requests = 0
    for resource in plan.resources:
        if resource.kind not in plan.given:
            lists = 1 if resource.parent == ACCOUNT else _items(resource.parent, plan, by_kind)
            if resource.parent not in plan.given:
                lists -= sum(s.reason.startswith(NOT_ASKED) for s in by_kind.get(resource.kind, ()))
            requests += lists * _requests_of(resource.paging)
            requests += _further_pages(resource.paging, by_kind.get(resource.kind, []))
        if resource.kind in plan.contents:
            requests += _items(resource.kind, plan, by_kind)
    return Forecast(requests)


def _items(kind: str, plan: ScanPlan, by_kind: Mapping[str, Sequence[Section]]) -> int:
    """Return how many items of *kind* there are: those that were chosen, or else those counted."""
    given = plan.given.get(kind)
    return (known(by_kind.get(kind, ())) or 0) if given is None else len(given)


def _requests_of(paging: object) -> int:
    return len(paging.paths) if isinstance(paging, Parts) else 1


def _further_pages(paging: object, sections: Sequence[Section]) -> int:
    """Return how many pages follow the first ones, as far as the kind declares the size of a page."""
    if not (size := getattr(paging, "size", 0)):
        return 0
    return sum(max(0, -(-section.count // size) - 1) for section in sections)
