"""Ask before a deletion, and refuse plans that change too much."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from ops.errors import Refused
from ops.items import timestamp
from ops.kinds.resource import DELETE, UPDATE
from ops.ui.cells import readable_size
from ops.ui.questions import confirm, typed_name
from ops.writes import describe

if TYPE_CHECKING:
    from pathlib import Path

    from ops.kinds.resource import Change

SHARE = 0.3
ITEMS = 50
# Without them the domain or its mail stops working.
_APEX_TYPES = ("NS", "MX")


def check(changes: Sequence[Change], total: int, *, force: bool) -> None:
    """Raise Refused if *changes*, of *total* items, need *force* and it is not given."""
    if not force and total:
        touched = sum(change.action in (UPDATE, DELETE) for change in changes)
        check_counts(touched, total, map(apex_record, changes))


def check_counts(touched: int, total: int, apex: Iterable[str]) -> None:
    """Raise Refused if *touched* of *total* items are too many, or *apex* names a record of a zone's apex."""
    many = touched > ITEMS or touched > SHARE * total
    reasons = [f"it changes or deletes {touched} of {total} items"] if many else []
    reasons += [f"it changes the {record}" for record in sorted(set(filter(None, apex)))]
    if reasons:
        raise Refused(
            f"this plan needs --force: {'; '.join(reasons)}",
            hint="check it with --dry-run, then apply it with --force",
        )


def apex_record(change: Change) -> str:
    """Return the name of the NS or MX record of the zone's apex that *change* touches; "" for any other."""
    zone = change.owner.item.get("name")
    for side in filter(None, (change.before, change.after)):
        if zone and side.get("type") in _APEX_TYPES and side.get("name") == zone:
            return f"{side['type']} record of {zone}"
    return ""


class Consent:
    """The answers of the user in one task: *yes* to all questions, *names* to deletions by name."""

    def __init__(self, warn: Callable[[str], None], *, yes: bool, names: str, question: str = "") -> None:
        self._warn = warn
        self._yes = yes
        self._names = names
        self._question = question
        # One yes covers everything that the task changes later.
        self._asked = False

    def ask(self, changes: Sequence[Change], question: str = "") -> None:
        """Raise Refused unless the user confirms the deletions of *changes*, and *question* if any."""
        question = question or self._question
        deletions = [change for change in changes if change.action == DELETE]
        by_name = [c for c in deletions if c.resource.writes and c.resource.writes.confirm_by_name]
        for change in by_name:
            self._warn_of_loss(change)
        if len(by_name) > 1 and not self._names and not attended():
            names = ",".join(change.label for change in by_name)
            raise Refused(
                f"not confirmed: {names}", hint=f"there is no terminal to ask on; --confirm {names}"
            )
        for change in by_name:
            typed_name(change.label, given=self._names, terminal=attended())
        if (question or len(deletions) > len(by_name)) and not self._asked:
            for change in deletions:
                self._warn_of_loss(change)
            if not question and len(deletions) == 1:
                question = f"{describe.line(deletions[0])}?"
            question = question or f"delete {len(deletions)} items?"
            confirm(question, assume_yes=self._yes, terminal=attended())
            self._asked = True

    def _warn_of_loss(self, change: Change) -> None:
        writes = change.resource.writes
        deleted = f"this permanently deletes {writes.lost}" if writes and writes.lost else ""
        if loss := (writes and writes.irreversible) or deleted:
            self._warn(f"{describe.name(change)}: {loss}")


def confirm_replacement(file: Path, *, force: bool) -> None:
    """Raise Refused if *file* exists, unless *force* is set or the user confirms that it is replaced."""
    if file.exists() and not force:
        found = file.stat()
        question = f"replace {file} ({readable_size(found.st_size)}, {timestamp(found.st_mtime)})?"
        confirm(question, assume_yes=False, terminal=attended(), option="--force")


def attended() -> bool:
    """True if a person can answer on this terminal."""
    return sys.stdin is not None and sys.stdin.isatty() and sys.stderr.isatty()
