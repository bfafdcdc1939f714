"""Asking before what takes something away."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.journal import shown
from ops.kinds.change import DELETE
from ops.ui.questions import confirm, typed_name

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.change import Change


class Consent:
    """What the user has said yes to in this task; one yes holds for all that the question named."""

    def __init__(self, app: App, question: str = "") -> None:
        self._app = app
        self._question = question
        self._asked = False

    def ask(self, changes: Sequence[Change]) -> None:
        """Return where *changes* may be made; raises Refused where a deletion is not confirmed."""
        deletions = [change for change in changes if change.action == DELETE]
        severe = [c for c in deletions if c.resource.writes and c.resource.writes.severe]
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
        if writes and (writes.lost or writes.final):
            self._app.warn(f"{shown.name(change)}: {writes.final or f'gone for good are {writes.lost}'}")


def attended() -> bool:
    """Say whether somebody is there to answer."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()


def _question(deletions: Sequence[Change]) -> str:
    if len(deletions) == 1:
        return f"{shown.line(deletions[0])}?"
    return f"delete {len(deletions)} items?"
