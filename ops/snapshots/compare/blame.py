"""Blame: who made a difference and when, as far as the account's audit log shows."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import islice

from ops.errors import ApiError, NotFound, PermissionDenied, ValidationError
from ops.kinds.resource import AuditEvent
from ops.snapshots.compare.difference import UNKNOWN, Difference
from ops.snapshots.compare.side import CONTENTS

MOST = 20_000
"""Events that are read: an account with more of them keeps its log elsewhere."""
_UNIQUE = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Blame:
    """Finds the newest event behind a difference. *read* returns the audit log; it is called on first use.

    *warn* is called with the reason if the log cannot be read.
    """

    def __init__(self, read: Callable[[], Iterable[AuditEvent]], warn: Callable[[str], None]) -> None:
        self._read, self._warn = read, warn

    def of(self, difference: Difference) -> AuditEvent | None:
        """Return the newest event on the item of *difference*; None if the log has none."""
        if difference.change == UNKNOWN:
            return None
        found = [
            event
            for id in difference.ids
            for event in self._events.get(id, ())
            if _matches(difference, id, event)
        ]
        if not found and not difference.name:
            # The single item of a parent has no name; its address ends in the kind.
            word = difference.kind.removesuffix(CONTENTS).rpartition(".")[2]
            found = [event for event in self._events.get(word, ()) if event.within & set(difference.owners)]
        return max(found, key=lambda event: event.when, default=None)

    @cached_property
    def _events(self) -> dict[str, list[AuditEvent]]:
        by_name: dict[str, list[AuditEvent]] = defaultdict(list)
        try:
            events = list(islice(self._read(), MOST + 1))
        except (PermissionDenied, NotFound, ValidationError, ApiError) as error:
            self._warn(f"who made the changes is not known: {error.message}")
            return {}
        if len(events) > MOST:
            self._warn(f"only the newest {MOST:,} entries of the audit log are searched for who made changes")
        for event in events:
            for name in event.thing:
                by_name[name].append(event)
        return by_name


def _matches(difference: Difference, id: str, event: AuditEvent) -> bool:
    """True if *event* is about the same item: other names need the same parent too."""
    owners = set(difference.owners)
    return bool(_UNIQUE.fullmatch(id) or not owners or event.within & owners)
