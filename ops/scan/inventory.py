"""What a scan reads, and its inventory: the result, section by section, and the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import NamedTuple

from ops.errors import OpsError, UsageError, did_you_mean
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots.manifest import (
    COMPLETE,
    CONTENTS,
    DENIED,
    SKIPPED,
    UNAVAILABLE,
    WHOLE,
    Section,
    counts,
    items_read,
    kinds_read,
    known,
    worst,
)
from ops.telemetry.record import ScanSeen

NOT_NAMED = "not in --only"
OUTSIDE = "outside of what was requested"


@dataclass(frozen=True)
class ScanFilter:
    """What the options select. *only* and *skip* are kinds or products, *skip* also `<kind>/contents`.

    *given* holds items that are known already: their kind is not listed, and nothing outside them is read.
    *values* is "keys", "values" or "none", for the kinds that store values.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    given: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    deep: bool = False
    values: str = "keys"
    contents: bool = False


@dataclass(frozen=True)
class ScanPlan:
    """What is read: *resources* with all their parents, and a section for each skipped kind.

    *everywhere*: also where what a kind belongs to does not exist, because it may have been deleted.
    """

    resources: tuple[Resource, ...]
    skipped: tuple[Section, ...] = ()
    given: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    contents: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()
    everywhere: bool = False

    def within(self, parent: str) -> tuple[Resource, ...]:
        """Return the kinds with this *parent*; those that are parents themselves come first."""
        found = [resource for resource in self.resources if resource.parent == parent]
        parents = {resource.parent for resource in self.resources}
        return tuple(sorted(found, key=lambda resource: resource.kind not in parents))


def choose(resources: Sequence[Resource], chosen: ScanFilter) -> ScanPlan:
    """Return the plan for *chosen*. Raises UsageError for an unknown name, and if nothing is left to read."""
    _refuse_unknown(resources, chosen)
    by_kind = {resource.kind: resource for resource in resources}
    reasons = {resource.kind: _reason(resource, chosen, by_kind) for resource in resources}
    needed = {
        parent for kind, reason in reasons.items() if not reason for parent in line_of(by_kind[kind], by_kind)
    }
    if not needed:
        raise UsageError("these options leave nothing to scan", hint="`inv scan` without options reads all")
    read = tuple(resource for resource in resources if resource.kind in needed)
    skipped = (Section(kind, "", SKIPPED, 0, why) for kind, why in reasons.items() if kind not in needed)
    contents = (r.kind for r in read if r.contents and not reasons[r.kind] and chosen.contents)
    return ScanPlan(
        resources=read,
        skipped=tuple(skipped),
        given=chosen.given,
        contents=frozenset(kind for kind in contents if kind + CONTENTS not in chosen.skip),
        values=frozenset(r.kind for r in read if r.values and chosen.values == "values"),
    )


def names(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names in a repeatable option whose values may also be separated by commas."""
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def _reason(resource: Resource, chosen: ScanFilter, by_kind: Mapping[str, Resource]) -> str:
    line = line_of(resource, by_kind)
    for kind in line:
        if _named(by_kind[kind], chosen.skip):
            return "--skip" if kind == resource.kind else f"its parent {kind} is skipped by --skip"
    if chosen.given and not set(line) & set(chosen.given):
        return OUTSIDE
    if resource.values and chosen.values == "none":
        return "--kv none: its keys and values are skipped"
    if chosen.only:
        return "" if _named(resource, chosen.only) else NOT_NAMED
    if resource.by_name:
        return resource.by_name
    return "only with --deep" if resource.deep and not chosen.deep else ""


def line_of(resource: Resource, by_kind: Mapping[str, Resource]) -> list[str]:
    """Return the kind and all its parents, up to the account."""
    line = [resource.kind]
    while resource.parent != ACCOUNT:
        resource = by_kind[resource.parent]
        line.append(resource.kind)
    return line


def _named(resource: Resource, names: tuple[str, ...]) -> bool:
    return resource.kind in names or resource.product in names


def _refuse_unknown(resources: Sequence[Resource], chosen: ScanFilter) -> None:
    known = {resource.product for resource in resources} | {resource.kind for resource in resources}
    contents = {resource.kind + CONTENTS for resource in resources if resource.contents}
    for named, names_of in ((chosen.only, known), (chosen.skip, known | contents)):
        for name in named:
            if name not in names_of:
                known_names = ", ".join(sorted(names_of))
                hint = did_you_mean(name, names_of) or f"kinds and products: {known_names}"
                raise UsageError(f"no kind or product is called {name!r}", hint=hint)


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
        return items_read(self.sections)

    @property
    def kinds(self) -> int:
        """Return the number of kinds of which anything was read."""
        return kinds_read(self.sections)

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
        short = list(self._shortfalls())
        denied = [kind for kind, statuses, _ in short if statuses == {DENIED}]
        if len(denied) < 2:
            denied = []
        texts = (f"{kind}: {text}" for kind, _, text in short if kind not in denied)
        return "; ".join((*([f"denied: {', '.join(denied)}"] if denied else ()), *texts))

    def seen(self) -> ScanSeen:
        """Return the items of the kinds read whole and the sections by status, for the record of the run."""
        items = counts(self.sections)
        counted = {kind: count for kind, count in items.items() if not kind.endswith(CONTENTS)}
        return ScanSeen(counted, Counter(section.status for section in self.sections))

    def rows(self) -> Iterator[Json]:
        """Yield a row per kind: kind, items (None: unknown), sections, status, note."""
        for kind, sections in _by_kind(self.sections):
            yield {
                "kind": kind,
                "items": known(sections),
                "sections": sum(1 for section in sections if section.scope),
                "status": worst(sections),
                "note": "; ".join(filter(None, (_note(sections), _carried(sections)))),
            }

    def gaps(self, resources: Sequence[Resource]) -> list[str]:
        """Return a sentence for each incomplete kind of *resources*, or each permission that several lack."""
        needs = {resource.kind: resource.needs for resource in resources}
        sentences: dict[str, str] = {}
        lacking: dict[str, list[str]] = {}
        for kind, statuses, text in self._shortfalls():
            needed = needs.get(kind.removesuffix(CONTENTS), "") if DENIED in statuses else ""
            sentences[kind] = f"{kind}: {text}{f' (it takes {needed})' if needed else ''}"
            lacking.setdefault(needed if statuses == {DENIED} and needed else kind, []).append(kind)
        return [
            sentences[kinds[0]] if len(kinds) == 1 else f"denied without {needed}: {', '.join(kinds)}"
            for needed, kinds in lacking.items()
        ]

    def skippable(self, resources: Sequence[Resource]) -> list[str]:
        """Return what `--skip` takes to leave out what was denied or is not available.

        A product stands for its kinds if all of those among *resources* are to be left out, and are several.
        """
        left = {kind for kind, statuses, _ in self._shortfalls() if statuses & {DENIED, UNAVAILABLE}}
        of_product: dict[str, set[str]] = {}
        for resource in resources:
            of_product.setdefault(resource.product, set()).add(resource.kind)
        whole = {product for product, held in of_product.items() if len(held) > 1 and held <= left}
        return sorted(whole | {kind for kind in left if kind.partition(".")[0] not in whole})

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


def _note(sections: list[Section]) -> str:
    odd = [section for section in sections if section.status != COMPLETE]
    return odd[0].reason if odd and len(sections) == 1 else _described(odd, len(sections))


def _carried(sections: list[Section]) -> str:
    """Return how many of *sections* were carried over and when the oldest was read; "" if none was."""
    times = [section.read_at for section in sections if section.carried_from]
    return f"{len(times)} of {len(sections)} carried over, the oldest read {min(times)}" if times else ""
