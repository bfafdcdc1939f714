"""Inventory: all that one scan found out, section by section, and how to say it in few words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from ops.errors import OpsError
from ops.items import Json
from ops.scan.selection import CONTENTS
from ops.snapshots.sections import COMPLETE, DENIED, SKIPPED, UNAVAILABLE, WHOLE, Section, worst


class Inventory(NamedTuple):
    """*sections* in order of kind and scope; *ended_by* is what stopped the scan before its end.

    *failure* is the first section's that failed, in the order of the catalog.
    """

    sections: tuple[Section, ...]
    account_name: str = ""
    ended_by: BaseException | None = None
    failure: OpsError | None = None

    @property
    def items(self) -> int:
        """Count the items; the contents of scripts are files that belong to one."""
        return sum(section.count for section in self.sections if not section.kind.endswith(CONTENTS))

    @property
    def kinds(self) -> int:
        kinds = {section.kind for section in self.sections if section.status != SKIPPED or section.count}
        return sum(1 for kind in kinds if not kind.endswith(CONTENTS))

    @property
    def whole(self) -> bool:
        """True if all that was asked for was read."""
        return self.ended_by is None and all(section.status in WHOLE for section in self.sections)

    @property
    def empty(self) -> bool:
        """True if nothing at all could be read."""
        return not any(section.count or section.status == COMPLETE for section in self.sections)

    @property
    def reason(self) -> str:
        """Say in one sentence why it is not whole; "" when it is."""
        if self.ended_by is not None:
            return stopped_by(self.ended_by)
        return "; ".join(f"{kind}: {told}" for kind, told in self._shortfalls())

    def rows(self) -> Iterator[Json]:
        """Yield a row a kind: kind, items, sections, status, note."""
        for kind, sections in _by_kind(self.sections):
            yield {
                "kind": kind,
                "items": sum(section.count for section in sections),
                "sections": sum(1 for section in sections if section.scope),
                "status": worst({section.status for section in sections}),
                "note": _note(sections),
            }

    def gaps(self, needs: dict[str, str]) -> list[str]:
        """Return a sentence for each kind that is not whole; *needs* names the permission of a kind."""
        return [f"{kind}: {told}{_way_on(kind, told, needs)}" for kind, told in self._shortfalls()]

    def _shortfalls(self) -> Iterator[tuple[str, str]]:
        for kind, sections in _by_kind(self.sections):
            counts = Counter(section.status for section in sections if section.status not in WHOLE)
            if counts:
                yield kind, _counted(counts, len(sections))


def stopped_by(error: BaseException) -> str:
    """Say what stopped a scan; of a bug only its name, since its text may hold anything."""
    if isinstance(error, KeyboardInterrupt):
        return "stopped: interrupted"
    return f"stopped: {error.message if isinstance(error, OpsError) else type(error).__name__}"


def _by_kind(sections: Iterable[Section]) -> Iterator[tuple[str, list[Section]]]:
    for kind, group in groupby(sections, key=lambda section: section.kind):
        yield kind, list(group)


def _counted(counts: Counter[str], total: int) -> str:
    return ", ".join(
        status if count == total == 1 else f"{status} in {count} of {total}"
        for status, count in sorted(counts.items())
    )


def _note(sections: list[Section]) -> str:
    """Return what is not complete about a kind, with the first reason."""
    odd = [section for section in sections if section.status != COMPLETE]
    if not odd:
        return ""
    told = _counted(Counter(section.status for section in odd), len(sections))
    reason = next((section.reason for section in odd if section.reason), "")
    return reason if len(sections) == 1 else f"{told}: {reason}".removesuffix(": ")


def _way_on(kind: str, told: str, needs: dict[str, str]) -> str:
    if DENIED not in told and UNAVAILABLE not in told:
        return ""
    permission = f" (it takes {needs[kind]})" if DENIED in told and needs.get(kind) else ""
    return f"{permission}; `--skip {kind}` leaves it out"
