"""Blame: who made a difference and when, as far as the account's own history tells."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from ops.errors import ApiError, NotFound, PermissionDenied, ValidationError
from ops.kinds.resource import AuditEvent
from ops.snapshots.compare.difference import UNKNOWN, Difference
from ops.snapshots.compare.side import CONTENTS

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 20_000
"""So many deeds are looked at; an account where more was done has a log of its own to look at."""
_ONE_OF_A_KIND = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Blame:
    """Finds the newest deed behind a difference; *read* gives the history, and is called at the first one.

    *say* is told why nobody can be named, where the history cannot be read.
    """

    def __init__(self, read: Callable[[], Iterable[AuditEvent]], say: Callable[[str], None]) -> None:
        self._read, self._say = read, say

    def of(self, difference: Difference) -> AuditEvent | None:
        """Give the newest deed that was done to what *difference* is about; None where none is known."""
        if difference.change == UNKNOWN:
            return None
        found = [
            deed for id in difference.ids for deed in self._deeds.get(id, ()) if _fits(difference, id, deed)
        ]
        if not found and not difference.name:
            # What an owner has one of has no name; its address ends in what it is.
            word = difference.kind.removesuffix(CONTENTS).rpartition(".")[2]
            found = [deed for deed in self._deeds.get(word, ()) if deed.within & set(difference.owners)]
        return max(found, key=lambda deed: deed.when, default=None)

    @cached_property
    def _deeds(self) -> dict[str, list[AuditEvent]]:
        named: dict[str, list[AuditEvent]] = defaultdict(list)
        try:
            deeds = list(islice(self._read(), MOST + 1))
        except (PermissionDenied, NotFound, ValidationError, ApiError) as error:
            self._say(f"who made the changes is not known: {error.message}")
            return {}
        if len(deeds) > MOST:
            self._say(f"who made the changes is looked for in the newest {MOST:,} entries of the audit log")
        for deed in deeds:
            for name in deed.thing:
                named[name].append(deed)
        return named


def _fits(difference: Difference, id: str, deed: AuditEvent) -> bool:
    """An id is of one thing alone; a name may be used in many owners, so the owner has to fit too."""
    return bool(_ONE_OF_A_KIND.fullmatch(id) or not difference.owners or deed.within & set(difference.owners))
