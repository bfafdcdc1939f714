"""The facts that the rules judge, read from the history of runs, the stored snapshots and the audit log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ops.alerts.rules import EXPORT, Certificate, Facts, Pair, RunLine
from ops.errors import OpsError
from ops.kinds.catalog import kinds, resources
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.compare.side import CREATED, DELETED, UNKNOWN, Difference, name_of
from ops.snapshots.library import DAMAGED, Library, newest
from ops.snapshots.manifest import WHOLE, check, counts
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.verify import verify
from ops.telemetry.audit import AuditLog

if TYPE_CHECKING:
    from pathlib import PurePath

    from ops.alerts.state import State
    from ops.config.settings import Settings
    from ops.kinds.resource import Resource
    from ops.snapshots.library import Entry
    from ops.snapshots.manifest import Manifest

RECORD, ZONE = "dns.record", "zones.zone"
_APEX = ("NS", "MX")
_NAME_SERVERS = "name_servers"


def gather(
    settings: Settings, account: str, runs: Sequence[RunLine], state: State, now: float, *, thorough: bool
) -> Facts:
    """Return the facts about *account*; *thorough* reads every line of the newest snapshot.

    *state* has the end of the token, and keeps the comparison of the two newest snapshots. What cannot be
    read is not known, except of the newest snapshot and the audit log: that is damage.
    """
    library = Library(settings.exports, account)
    entries = library.all()
    complete = newest(entries)
    since = complete.started if complete else 0.0
    used = bool(entries) or any(run.task == EXPORT for run in runs)
    latest = next((e for e in entries if e.manifest and not e.narrowed), None)
    return Facts(
        now=now,
        runs=runs,
        complete_since=since if used else None,
        pair=_pair(latest, entries, state) if latest else None,
        certificates=_certificates(latest.path, latest.manifest) if latest and latest.manifest else None,
        token_ends=state.token_ends,
        damage=_damage(settings, entries, thorough=thorough),
    )


def _pair(latest: Entry, entries: Sequence[Entry], state: State) -> Pair | None:
    """Return what changed between *latest* and the newest complete one before it; None without one."""
    older = (e for e in entries if e.order < latest.order and e.complete and not e.narrowed and e.manifest)
    before = next(older, None)
    if before is None or before.manifest is None or latest.manifest is None:
        return None
    names = {"old": before.name, "new": latest.name}
    if state.pair and names.items() <= state.pair.items():
        return Pair(**{**state.pair, "apex": tuple(state.pair["apex"])})
    old, new = (Snapshot(e.path, e.manifest) for e in (before, latest) if e.manifest)  # type: ignore[arg-type]  # local
    deletions: Counter[str] = Counter()
    apex: list[str] = []
    try:
        for difference in Comparison(old, new, resources(), lambda _kind: True):
            if difference.change == DELETED:
                deletions[difference.kind] += 1
            apex += _apex(difference)
    except OpsError:
        return None  # damage is a rule of its own
    apex += _name_servers(old, new)
    found = Pair(
        **names,
        before=counts(before.manifest.sections),
        after=counts(latest.manifest.sections),
        deletions=deletions,
        apex=tuple(apex),
    )
    state.pair = {**found._asdict(), "deletions": dict(deletions), "apex": apex}
    return found


def _apex(difference: Difference) -> Iterator[str]:
    """Yield a line for a record that delegates a zone, or receives its mail, at the zone's own name."""
    if difference.kind != RECORD or difference.change == UNKNOWN:
        return
    item = difference.after or difference.before or {}
    if item.get("type") in _APEX and item.get("name") == difference.scope:
        old, new = (str((side or {}).get("content") or "-") for side in (difference.before, difference.after))
        shown = new if difference.change == CREATED else f"{old} to {new}" if new != "-" else old
        yield f"{difference.scope}: {item['type']} {difference.change}: {shown}"


def _name_servers(old: Snapshot, new: Snapshot) -> Iterator[str]:
    """Yield a line for each zone whose name servers at Cloudflare are others; a comparison ignores them."""
    try:
        held = {str(zone.get("id")): zone.get(_NAME_SERVERS) for _, zone in old.items(ZONE)}
        for _, zone in new.items(ZONE):
            before, after = held.get(str(zone.get("id"))), zone.get(_NAME_SERVERS)
            if before and after and sorted(before) != sorted(after):
                yield f"{zone.get('name')}: name servers changed: {', '.join(before)} to {', '.join(after)}"
    except (OpsError, TypeError):
        return


def _certificates(path: PurePath, manifest: Manifest) -> list[Certificate] | None:
    """Return what expires of the kinds that a snapshot holds completely; None if it holds none of them."""
    snapshot = Snapshot(path, manifest)  # type: ignore[arg-type]  # of this machine
    found: list[Certificate] = []
    read = {section.kind for section in manifest.sections if section.scope}
    short = {section.kind for section in manifest.sections if section.status not in WHOLE}
    kinds_read = [one for one in resources() if one.lifetime and one.kind in read - short]
    try:
        for resource in kinds_read:
            parents = _names(snapshot, kinds()[resource.parent])
            for scope, item in snapshot.items(resource.kind):
                if resource.lifetime and (life := resource.lifetime(item)):
                    names = ", ".join(map(str, item.get("hosts") or ())) or name_of(resource, item)
                    found.append(Certificate(parents.get(scope, scope), names, *life))
    except OpsError:
        return None
    return found if kinds_read else None


def _names(snapshot: Snapshot, resource: Resource) -> dict[str, str]:
    items = (item for _, item in snapshot.items(resource.kind))
    return {str(item.get(resource.key)): name_of(resource, item) for item in items}


def _damage(settings: Settings, entries: Sequence[Entry], *, thorough: bool) -> list[str]:
    found = [e.failure.message for e in entries[:1] if e.failure and e.status == DAMAGED]
    for entry in entries[:1]:
        if entry.manifest is None:
            continue
        folder = settings.exports / entry.path
        try:
            if thorough:
                found += [f"{entry.name}: {line}" for line in verify(folder, entry.manifest, kinds()).damage]
            else:
                check(folder, entry.manifest)
        except OpsError as problem:
            found.append(f"{entry.name}: {problem.message}")
        except OSError as problem:
            found.append(f"{entry.name}: {problem.strerror}")
    try:
        broken = AuditLog(settings.state_dir).verify().problem
    except OpsError as error:
        broken = error.message
    return [*found, *([f"the audit log: {broken}"] if broken else [])]
