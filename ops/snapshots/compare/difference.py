"""Difference: one item that is not as it was, or a part of the account of which that cannot be told."""

from __future__ import annotations

from typing import NamedTuple

from ops.kinds.resource import Json
from ops.snapshots.compare.fields import Field
from ops.snapshots.compare.side import ABSENT
from ops.snapshots.sections import COMPLETE, SKIPPED, Section

CREATED, DELETED, CHANGED, UNKNOWN = "created", "deleted", "changed", "unknown"


class Difference(NamedTuple):
    """One item that is not as it was, or a part of the account of which that cannot be told.

    *scope* names the owner, empty for the account; *fields* are those that changed; *before* and *after* are
    the item without what changes by itself; *ids* are what the item goes by, *owners* what its owner does.
    Of what is unknown *fields* holds the status on either side, and *reason* says why.
    """

    kind: str
    scope: str
    change: str
    name: str
    fields: tuple[Field, ...] = ()
    before: Json | None = None
    after: Json | None = None
    ids: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    reason: str = ""


def unknown(kind: str, scope: str, was: Section, now: Section) -> Difference:
    """Say that of *kind* in *scope* it cannot be told, by how well either side knows it."""
    reason = " / ".join(dict.fromkeys(filter(None, (was.reason, now.reason))))
    return Difference(kind, scope, UNKNOWN, "", (("", was.status, now.status),), reason=reason)


def one_sided(kind: str, *, read_by_old: bool) -> Difference:
    """Say that only one side holds *kind*."""
    standing = ("", COMPLETE, ABSENT) if read_by_old else ("", ABSENT, COMPLETE)
    return Difference(kind, "", UNKNOWN, "", (standing,), reason="not in the snapshot")


def whole(was: Section, now: Section) -> bool:
    """Say whether all can be told; of what both sides were not asked to list, nobody wants to hear."""
    # A section that was skipped and holds items holds those that were asked for by name.
    if was.status == now.status == SKIPPED and was.count and now.count:
        return True
    return was.status == now.status == COMPLETE
