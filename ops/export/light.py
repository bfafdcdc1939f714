"""A light export: what must hold before sections are carried over, and what is reported after the scan."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from ops.errors import OpsError
from ops.items import Json
from ops.scan.base import Finding, Light
from ops.scan.inventory import Inventory
from ops.scan.light import DAY, Rules
from ops.snapshots.library import Entry, Library
from ops.snapshots.manifest import PARTIAL, Manifest, Section
from ops.version import VERSION

UNEXPLAINED = "changed without an audit entry"
"""How the reason of a section begins that was compared with the base and differs unexplained."""
_OPTIONS = ("only", "skip", "zone", "secrets")


class Since(NamedTuple):
    """The options of a light export: the *name* of the base, the *rules*, and what opens it if encrypted."""

    name: str
    rules: Rules = Rules()
    identity: str = ""
    passphrase_file: str = ""


class LightRun(NamedTuple):
    """A light scan: *light* decides what is read, *words* reads the words of the log again."""

    light: Light
    words: Callable[[], set[str]]

    def judged(self, inventory: Inventory) -> tuple[Inventory, str]:
        """Return *inventory* with the unexplained differences marked, and what they are; "" if none."""
        if not (findings := self.unexplained()):
            return inventory, ""
        sections = marked(inventory.sections, findings)
        return inventory._replace(sections=sections), f"{UNEXPLAINED}: {'; '.join(map(str, findings))}"

    def unexplained(self) -> list[Finding]:
        """Return the differences that no entry explains, also none that has arrived during the scan."""
        if not (findings := self.light.findings):
            return []
        try:
            named = self.words()
        except OpsError:
            return findings
        return [found for found in findings if found.unit.names.isdisjoint(named)]


def unfit(entry: Entry, now: float, *, has_key: bool) -> str:
    """Return why nothing can be carried over from the snapshot *entry*; "" if its manifest must decide."""
    if entry.failure is not None:
        return f"{entry.name} is damaged"
    if not entry.complete:
        return f"{entry.name} is partial"
    if entry.started > now:
        return f"{entry.name} is later than this machine's clock"
    if now - entry.started > DAY:
        return f"{entry.name} is more than a day old"
    if entry.sealed and not has_key:
        return f"{entry.name} is encrypted: --identity or --passphrase-file opens it"
    return ""


def alarm(library: Library, base: Entry) -> str:
    """Return why a snapshot newer than *base* says that the log cannot be trusted; "" if none does."""
    for entry in library.entries():
        if entry.order <= base.order:
            return ""
        if entry.sealed and entry.status == PARTIAL:
            return f"{entry.name} is partial and encrypted, so why is not known"
        sections = entry.manifest.sections if entry.manifest else ()
        if not entry.narrowed and any(section.reason.startswith(UNEXPLAINED) for section in sections):
            return f"{entry.name} found what {UNEXPLAINED}"
    return ""


def mismatch(manifest: Manifest, options: Mapping[str, object]) -> str:
    """Return how the snapshot of *manifest* was made otherwise than *options* ask; "" if it fits.

    A deep snapshot holds what a lean scan reads. The kinds of another version may differ.
    """
    held: Json = manifest.options
    differing = [name for name in _OPTIONS if (held.get(name) or None) != (options.get(name) or None)]
    if options.get("deep") and not held.get("deep"):
        differing.append("deep")
    if differing:
        return f"it was made with other options: {', '.join(f'--{name}' for name in differing)}"
    return "" if manifest.tool == f"cfops {VERSION}" else f"it was made by {manifest.tool}"


def marked(sections: Iterable[Section], findings: Iterable[Finding]) -> tuple[Section, ...]:
    """Return *sections* with the reason in those that differ from the base unexplained."""
    reasons = {
        (one.kind, one.scope): f"{UNEXPLAINED}: {', '.join(filter(None, one.names)) or one.unit.label}"
        for one in findings
    }
    return tuple(
        replace(one, reason=reasons.get((one.kind, one.scope), one.reason)) if reasons else one
        for one in sections
    )
