"""A record as a file has it: with the place it stands at, and the fields that the file says anything of."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ops.errors import OpsError, ValidationError

if TYPE_CHECKING:
    from ops.kinds.resource import Json


class Entry(NamedTuple):
    """One record of a file; *record* lacks what the file does not say, and that is left as it is."""

    place: str
    record: Json

    def refused(self, error: OpsError) -> ValidationError:
        """Give *error* with the place of the record."""
        return ValidationError(f"{self.place}: {error.message}", hint=error.hint)


class Wanted(NamedTuple):
    """What a file says: its records, what was left out of them, and the zone it names, if it does."""

    entries: list[Entry]
    notes: list[str]
    zone: str = ""
