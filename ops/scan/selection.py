"""Selection: the declared kinds that a scan reads, and why it skips the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ops.errors import UsageError, did_you_mean
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots.manifest import SKIPPED, Section

CONTENTS = "/contents"
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
    """What is read: *resources* with all their parents, and a section for each skipped kind."""

    resources: tuple[Resource, ...]
    skipped: tuple[Section, ...] = ()
    given: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    contents: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()

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
