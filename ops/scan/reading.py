"""Reading: a section on its way, and what it became."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from ops.errors import NotFound, OpsError
from ops.items import Json
from ops.kinds.resource import Owner, Resource
from ops.snapshots.sections import FAILED, SKIPPED, Section


class Shelf(Protocol):
    """Where the items of one section go; *count* is how many it has taken."""

    @property
    def count(self) -> int: ...

    def add(self, item: Json, /) -> None: ...

    def add_value(self, line: Json, /) -> None: ...

    def close(self) -> None: ...


@dataclass
class Reading:
    """The reading of *kind* in *scope*, which is an item of the kind *lies_in*, or the account.

    The status is empty until it has ended; *files* counts the contents of an item.
    """

    resource: Resource
    owner: Owner
    kind: str
    scope: str
    lies_in: str
    status: str = ""
    reason: str = ""
    begun: bool = False
    files: int = 0
    shelf: Shelf | None = None
    error: OpsError | None = None

    @property
    def missing(self) -> bool:
        """True if the API knew nothing of it."""
        return isinstance(self.error, NotFound)

    def section(self, stopped: str) -> Section:
        """Return the row of the manifest; *stopped* says why a reading may not have ended, or begun."""
        count = self.shelf.count if self.shelf else self.files
        if self.status:
            return Section(self.kind, self.scope, self.status, count, self.reason)
        return Section(self.kind, self.scope, FAILED if self.begun else SKIPPED, count, stopped)
