"""Entries whose outcome nobody has heard of: looked for where they were to lead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.journal.compare import stands, untouched
from ops.journal.entries import ADOPTED, FAILED, UNKNOWN, Entry
from ops.journal.sending import probes, standing
from ops.kinds.change import Change
from ops.kinds.resource import Owner

if TYPE_CHECKING:
    from ops.http.client import Client
    from ops.journal.journal import Journal
    from ops.journal.writing import Writing
    from ops.kinds.resource import Resource

NEVER = "it was not carried out"


def resolve(client: Client, writing: Writing, entry: Entry, resource: Resource) -> Entry:
    """Give *entry* as it really ended, and note that; one that cannot be told stays UNKNOWN.

    Raises Locked while the run that made it is still at work.
    """
    if entry.state != UNKNOWN or resource.writes is None:
        return entry
    changes = _changes(writing.journal, entry, resource)
    writing.lock(changes)
    sample = probes(changes)
    found = [resource.writes.find(client, change.owner, change.item) for change in sample]
    if all(map(stands, sample, found)):
        items = standing(client, resource.writes, changes)
        writing.journal.finish(entry.id, ADOPTED, changes, items)
    elif all(map(untouched, sample, found)):
        writing.journal.finish(entry.id, FAILED, why=NEVER)
    else:
        return entry
    return writing.journal.entries()[entry.id]


def _changes(journal: Journal, entry: Entry, resource: Resource) -> list[Change]:
    owner = Owner(*entry.owner)
    return [Change(resource, owner, before, after) for before, after in journal.changes(entry)]
