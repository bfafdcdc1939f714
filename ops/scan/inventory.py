"""Inventory: the result of one scan, section by section, and its summary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

from ops.errors import OpsError
from ops.items import Json
from ops.scan.selection import CONTENTS
from ops.snapshots.manifest import COMPLETE, DENIED, SKIPPED, UNAVAILABLE, WHOLE, Section, worst


class Inventory(NamedTuple):
    """*sections* in order of kind and scope; *ended_by* is what stopped the scan before its end.

    *failure* is that of the first failed section, in the order of the catalog.
    """

    sections: tuple[Section, ...]
    account_name: str = ""
    ended_by: BaseException | None = None
    failure: OpsError | None = None

    @property
    def items(self) -> int:
        """Return the number of items; the contents of scripts are not items."""
        return sum(section.count for section in self.sections if not section.kind.endswith(CONTENTS))

    @property
    def kinds(self) -> int:
        """Return the number of kinds that were read."""
        kinds = {section.kind for section in self.sections if section.status != SKIPPED or section.count}
        return sum(1 for kind in kinds if not kind.endswith(CONTENTS))

    @property
    def whole(self) -> bool:
        """True if everything requested was read."""
        return self.ended_by is None and all(section.status in WHOLE for section in self.sections)

    @property
    def empty(self) -> bool:
        """True if nothing at all could be read."""
        return not any(section.count or section.status == COMPLETE for section in self.sections)

    @property
    def reason(self) -> str:
        """Return why it is incomplete, in one sentence; "" if it is complete."""
        if self.ended_by is not None:
            return stopped_by(self.ended_by)
        return "; ".join(f"{kind}: {text}" for kind, _, text in self._shortfalls())

    def rows(self) -> Iterator[Json]:
        """Yield a row per kind: kind, items, sections, status, note."""
        for kind, sections in _by_kind(self.sections):
            yield {
                "kind": kind,
                "items": sum(section.count for section in sections),
                "sections": sum(1 for section in sections if section.scope),
                "status": worst({section.status for section in sections}),
                "note": _note(sections, [section for section in sections if section.status != COMPLETE]),
            }

    def gaps(self, needs: dict[str, str]) -> list[str]:
        """Return a sentence for each incomplete kind; *needs* has the permission of each kind."""
        found = []
        for kind, statuses, text in self._shortfalls():
            needed = f" (it takes {needs[kind]})" if DENIED in statuses and needs.get(kind) else ""
            skip = f"; `--skip {kind}` leaves it out" if statuses & {DENIED, UNAVAILABLE} else ""
            found.append(f"{kind}: {text}{needed}{skip}")
        return found

    def _shortfalls(self) -> Iterator[tuple[str, set[str], str]]:
        for kind, sections in _by_kind(self.sections):
            if short := [section for section in sections if section.status not in WHOLE]:
                yield kind, {section.status for section in short}, _described(short, len(sections))


def stopped_by(error: BaseException) -> str:
    """Return what stopped a scan; of a bug only its name, since its message may hold anything."""
    if isinstance(error, KeyboardInterrupt):
        return "stopped: interrupted"
    return f"stopped: {error.reason if isinstance(error, OpsError) else type(error).__name__}"


def _by_kind(sections: Iterable[Section]) -> Iterator[tuple[str, list[Section]]]:
    for kind, group in groupby(sections, key=lambda section: section.kind):
        yield kind, list(group)


def _described(sections: list[Section], total: int) -> str:
    """Return how many of *total* sections have each status of *sections*, with its first reason."""
    reasons: dict[str, list[str]] = {}
    for section in sections:
        reasons.setdefault(section.status, []).append(section.reason)
    parts = (
        f"{status}{'' if len(given) == total == 1 else f' in {len(given)} of {total}'}: "
        f"{next(filter(None, given), '')}".removesuffix(": ")
        for status, given in sorted(reasons.items())
    )
    return "; ".join(parts)


def _note(sections: list[Section], odd: list[Section]) -> str:
    return odd[0].reason if odd and len(sections) == 1 else _described(odd, len(sections))
