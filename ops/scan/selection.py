"""Selection: which of the declared kinds a scan reads, and why it leaves the others out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ops.errors import UsageError, did_you_mean
from ops.items import Json
from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots.sections import SKIPPED, Section

CONTENTS = "/contents"
NOT_NAMED = "not in --only"
OUTSIDE = "lies outside of what was asked for"


@dataclass(frozen=True)
class ScanFilter:
    """What the options ask for. *only* and *skip* are kinds or products, *skip* also `<kind>/contents`.

    *given* holds items that are known already, so that their kind is not listed and nothing outside
    them is read. *values* is "keys", "values" or "none", for the kinds that store values.
    """

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    given: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    deep: bool = False
    values: str = "keys"
    contents: bool = False


@dataclass(frozen=True)
class ScanPlan:
    """What is read: *resources* with all that they lie in, and a row for each kind left out."""

    resources: tuple[Resource, ...]
    skipped: tuple[Section, ...] = ()
    given: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    contents: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()

    def within(self, scope: str) -> tuple[Resource, ...]:
        """Return the kinds that lie in *scope*; those that others lie in come first."""
        found = [resource for resource in self.resources if resource.parent == scope]
        scopes = {resource.parent for resource in self.resources}
        return tuple(sorted(found, key=lambda resource: resource.kind not in scopes))


def choose(resources: Sequence[Resource], wish: ScanFilter) -> ScanPlan:
    """Make the plan for *wish*; raises UsageError for an unknown name, and where nothing is left to read."""
    _refuse_unknown(resources, wish)
    by_kind = {resource.kind: resource for resource in resources}
    reasons = {resource.kind: _reason(resource, wish, by_kind) for resource in resources}
    needed = {
        parent for kind, reason in reasons.items() if not reason for parent in line_of(by_kind[kind], by_kind)
    }
    if not needed:
        raise UsageError("these options leave nothing to scan", hint="`inv scan` without options reads all")
    read = tuple(resource for resource in resources if resource.kind in needed)
    with_contents = [resource for resource in read if resource.contents and not reasons[resource.kind]]
    return ScanPlan(
        resources=read,
        skipped=tuple(
            Section(kind, "", SKIPPED, 0, why) for kind, why in reasons.items() if kind not in needed
        ),
        given=wish.given,
        contents=frozenset(r.kind for r in with_contents if wish.contents and not _skips_contents(r, wish)),
        values=frozenset(r.kind for r in read if r.values and wish.values == "values"),
    )


def names(given: Iterable[str]) -> tuple[str, ...]:
    """Return the names of a repeatable option whose values may also be separated by commas."""
    return tuple(name.strip() for text in given for name in text.split(",") if name.strip())


def _reason(resource: Resource, wish: ScanFilter, by_kind: Mapping[str, Resource]) -> str:
    """Say why *resource* is left out; "" when it is wanted."""
    line = line_of(resource, by_kind)
    for kind in line:
        if _named(by_kind[kind], wish.skip):
            return "--skip" if kind == resource.kind else f"{kind}, which it lies in, is left out by --skip"
    if wish.given and not set(line) & set(wish.given):
        return OUTSIDE
    if resource.values and wish.values == "none":
        return "its values and keys are left out"
    if wish.only:
        return "" if _named(resource, wish.only) else NOT_NAMED
    return "only with --deep" if resource.deep and not wish.deep else ""


def line_of(resource: Resource, by_kind: Mapping[str, Resource]) -> list[str]:
    """Return the kind and all that it lies in, up to the account."""
    line = [resource.kind]
    while resource.parent != ACCOUNT:
        resource = by_kind[resource.parent]
        line.append(resource.kind)
    return line


def _named(resource: Resource, wanted: tuple[str, ...]) -> bool:
    return resource.kind in wanted or resource.product in wanted


def _skips_contents(resource: Resource, wish: ScanFilter) -> bool:
    return resource.kind + CONTENTS in wish.skip


def _refuse_unknown(resources: Sequence[Resource], wish: ScanFilter) -> None:
    known = {resource.product for resource in resources} | {resource.kind for resource in resources}
    contents = {resource.kind + CONTENTS for resource in resources if resource.contents}
    for asked, names_of in ((wish.only, known), (wish.skip, known | contents)):
        for name in asked:
            if name not in names_of:
                known_names = ", ".join(sorted(names_of))
                hint = did_you_mean(name, names_of) or f"kinds and products: {known_names}"
                raise UsageError(f"no kind or product is called {name!r}", hint=hint)
