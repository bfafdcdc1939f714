"""Inventory: the result of one scan, section by section, and its summary."""

from __future__ import annotations

from collections import Counter
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
        return "; ".join(f"{kind}: {text}" for kind, text in self._shortfalls())

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
        for kind, text in self._shortfalls():
            needed = f" (it takes {needs[kind]})" if DENIED in text and needs.get(kind) else ""
            skip = f"; `--skip {kind}` leaves it out" if DENIED in text or UNAVAILABLE in text else ""
            found.append(f"{kind}: {text}{needed}{skip}")
        return found

    def _shortfalls(self) -> Iterator[tuple[str, str]]:
        for kind, sections in _by_kind(self.sections):
            if counts := Counter(section.status for section in sections if section.status not in WHOLE):
                yield kind, _counted(counts, len(sections))


def stopped_by(error: BaseException) -> str:
    """Return what stopped a scan; of a bug only its name, since its message may hold anything."""
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


def _note(sections: list[Section], odd: list[Section]) -> str:
    reason = next((section.reason for section in odd if section.reason), "")
    if len(sections) == 1 or not odd:
        return reason
    counts = Counter(section.status for section in odd)
    return f"{_counted(counts, len(sections))}: {reason}".removesuffix(": ")
