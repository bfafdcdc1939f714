"""Asking before what takes something away."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.kinds.change import DELETE, UPDATE
from ops.ui.questions import confirm, typed_name
from ops.writes import describe

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.change import Change

SHARE = 0.3
ITEMS = 50
# Without them the domain, or its mail, is gone.
_APEX = ("NS", "MX")


def check(changes: Sequence[Change], total: int, *, force: bool) -> None:
    """Raise Refused where *changes*, of *total* items, go beyond what is done without *force*."""
    if not force and total:
        touched = sum(change.action in (UPDATE, DELETE) for change in changes)
        refuse(touched, total, filter(None, map(at_the_apex, changes)))


def refuse(touched: int, total: int, apex: Iterable[str]) -> None:
    """Raise Refused where *touched*, of *total* items, are too many, or any is at the *apex*."""
    many = touched > ITEMS or touched > SHARE * total
    reasons = [f"{touched} of {total} items are changed or deleted"] if many else []
    if reasons := [*reasons, *sorted(set(apex))]:
        raise Refused(
            f"this plan goes far: {'; '.join(reasons)}",
            hint="look at it with --dry-run; --force carries it out",
        )


def at_the_apex(change: Change) -> str:
    """Say which record of the zone itself *change* touches; "" for any other."""
    zone = change.owner.item.get("name")
    for side in filter(None, (change.before, change.after)):
        if zone and side.get("type") in _APEX and side.get("name") == zone:
            return f"it touches {side['type']} of {zone} itself"
    return ""


class Consent:
    """What the user has said yes to in this task; one yes holds for all that the question named."""

    def __init__(self, app: App, question: str = "") -> None:
        self._app = app
        self._question = question
        self._asked = False

    def ask(self, changes: Sequence[Change]) -> None:
        """Return where *changes* may be made; raises Refused where a deletion is not confirmed."""
        deletions = [change for change in changes if change.action == DELETE]
        severe = [c for c in deletions if c.resource.writes and c.resource.writes.confirm_by_name]
        for change in severe:
            self._warn(change)
        given = self._app.option("confirm") or ""
        if len(severe) > 1 and not given and not attended():
            names = ",".join(change.label for change in severe)
            raise Refused(
                f"not confirmed: {names}", hint=f"there is no terminal to ask on; --confirm {names}"
            )
        for change in severe:
            typed_name(change.label, given=given, terminal=attended())
        if (self._question or len(deletions) > len(severe)) and not self._asked:
            for change in deletions:
                self._warn(change)
            question = self._question or _question(deletions)
            confirm(question, assume_yes=bool(self._app.option("yes")), terminal=attended())
            self._asked = True

    def _warn(self, change: Change) -> None:
        writes = change.resource.writes
        if writes and (writes.lost or writes.irreversible):
            self._app.warn(
                f"{describe.name(change)}: {writes.irreversible or f'this permanently deletes {writes.lost}'}"
            )


def attended() -> bool:
    """Say whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _question(deletions: Sequence[Change]) -> str:
    if len(deletions) == 1:
        return f"{describe.line(deletions[0])}?"
    return f"delete {len(deletions)} items?"
