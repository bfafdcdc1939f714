"""Gone, or not available? A 404 for what lies in a zone or script can mean either.

It was deleted after it was listed, which is no error; or it never had the product, which leaves a gap in
the inventory. Where everything in it answered 404 it is gone. Else one more request settles it: something
of it that could be read is asked for again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import NotFound
from ops.kinds.resource import ACCOUNT
from ops.scan.reading import Reading
from ops.snapshots.sections import COMPLETE, GONE

if TYPE_CHECKING:
    from ops.http.client import Client

REASON = "deleted while the scan ran"


class Doubt(NamedTuple):
    """Sections of one owner that answered 404, and one that did not and can be asked again."""

    missing: list[Reading]
    witness: Reading

    def settle(self, client: Client) -> None:
        """Ask the witness; its own 404 shows that the owner is gone. Raises what else the request raises."""
        try:
            next(iter(self.witness.resource.list(client, self.witness.owner)), None)
        except NotFound:
            mark_gone(self.missing)


def doubts(readings: Iterable[Reading]) -> Iterator[Doubt]:
    """Mark what is surely gone, and yield what takes a request to tell."""
    owned = sorted((r for r in readings if r.lies_in != ACCOUNT), key=_owner)
    for _, group in groupby(owned, key=_owner):
        together = list(group)
        missing = [reading for reading in together if reading.missing]
        witnesses = (r for r in together if r.status == COMPLETE and r.kind == r.resource.kind)
        if len(missing) == len(together):
            mark_gone(missing)
        elif missing and (witness := next(witnesses, None)):
            yield Doubt(missing, witness)


def mark_gone(readings: Iterable[Reading]) -> None:
    for reading in readings:
        reading.status, reading.reason = GONE, REASON


def _owner(reading: Reading) -> tuple[str, str]:
    return reading.lies_in, reading.scope
