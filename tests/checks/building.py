"""A small account as a snapshot, for one check: a zone, what is in it, and what is in the account."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ops.checks.catalog import find
from ops.checks.model import View
from ops.checks.run import Result, run
from ops.items import Json, seconds_of
from ops.kinds.catalog import resources
from ops.kinds.resource import ACCOUNT, Resource
from ops.snapshots.whole import WholeSections
from tests.snapshots.making import ACCOUNT_ID, made

ZONE_ID = "f" * 32
OTHER_ID = "e" * 32
NOW = seconds_of("2026-11-22T06:10:00Z")
# Kinds that no scan reads yet.
FUTURE = tuple(
    Resource(kind, ACCOUNT, ("name",))
    for kind in (
        "registrar.domain", "accounts.account", "accounts.member", "accounts.token", "notifications.policy",
        "r2.managed_domain", "tunnels.tunnel",
    )
)  # fmt: skip
KINDS = (*resources(), *FUTURE)


class Given(NamedTuple):
    """What a check is given: *records*, *settings* and what else is *inside* the zone and the *account*.

    *scripts* are the settings by the script's name. *others* are the records of other own zones by name.
    *unread* are kinds that were denied, or the names of own zones whose records were. *dead* are the names
    that DNS does not know; None asks nobody.
    """

    records: Sequence[Json] = ()
    settings: Mapping[str, Any] = {}
    inside: Mapping[str, Sequence[Json]] = {}
    account: Mapping[str, Sequence[Json]] = {}
    scripts: Mapping[str, Json] = {}
    others: Mapping[str, Sequence[Json]] = {}
    zone: Mapping[str, Any] = {}
    unread: Sequence[str] = ()
    dead: Mapping[str, bool | None] | None = None
    elsewhere: Mapping[str, Sequence[Json]] = {}


def record(type: str, name: str, content: str, *, proxied: bool = False, **more: Any) -> Json:
    """Return a record of example.com; *name* may be short."""
    full = name if name.endswith("example.com") else f"{name}.example.com".removeprefix("@.")
    id = f"{type}-{full}-{content}"
    facts = {"id": id, "type": type, "name": full, "content": content, "proxied": proxied}
    return {**facts, "proxiable": type in ("A", "AAAA", "CNAME"), **more}


def results(folder: Path, id: str, given: Given) -> list[Result]:
    """Return what the check *id* makes of *given*."""
    sections = written(folder / "snapshot", given)
    dead: Callable[[str], bool | None] | None = given.dead.get if given.dead is not None else None
    return list(run((find(id),), View(sections, NOW, dead, lambda: _others(folder, given))))


def _others(folder: Path, given: Given) -> list[WholeSections]:
    items = {(kind, ""): list(listed) for kind, listed in given.elsewhere.items()}
    known = {resource.kind: resource for resource in KINDS}
    return [WholeSections(made(folder / "other", items, kinds=KINDS, account_id="b" * 32), known)]


def written(folder: Path, given: Given) -> WholeSections:
    """Write the snapshot of *given*, and return its sections."""
    zone = {"id": ZONE_ID, "name": "example.com", "status": "active", "type": "full", "paused": False}
    zones = [{**zone, **given.zone}]
    items: dict[tuple[str, str], Sequence[Json]] = {("dns.record", ZONE_ID): list(given.records)}
    for number, (name, records) in enumerate(given.others.items()):
        zones.append({**zone, "id": f"{OTHER_ID[:-1]}{number}", "name": name})
        items["dns.record", zones[-1]["id"]] = list(records)
    items["zones.zone", ""] = zones
    settings = [{"id": name, "value": value} for name, value in given.settings.items()]
    items["zones.setting", ZONE_ID] = settings
    items |= {(kind, ZONE_ID): list(listed) for kind, listed in given.inside.items()}
    for kind, listed in given.account.items():
        # What belongs to scripts is the same for each of them.
        in_scripts = next(one.parent for one in KINDS if one.kind == kind) == "workers.script"
        items |= {(kind, scope): list(listed) for scope in (given.scripts if in_scripts else ("",))}
    if given.scripts:
        items["workers.script", ""] = [{"id": name, "handlers": ["fetch"]} for name in given.scripts]
    for name, found in given.scripts.items():
        items["workers.settings", name] = [found]
        items.setdefault(("workers.schedule", name), [])
    statuses = {key: "denied" for key in items if key[0] in given.unread}
    statuses |= {("dns.record", one["id"]): "denied" for one in zones if one["name"] in given.unread}
    names = {one["name"] for one in zones}
    kinds = (kind for kind in given.unread if kind not in names)
    statuses |= {(kind, "*"): "skipped" for kind in kinds if not any(k == kind for k, _ in items)}
    known = {resource.kind: resource for resource in KINDS}
    snapshot = made(folder, items, statuses=statuses, kinds=KINDS, account_id=ACCOUNT_ID)
    return WholeSections(snapshot, known)


def subjects(found: Sequence[Result]) -> list[str]:
    return [subject.name for result in found for subject in result.subjects]


def gaps(found: Sequence[Result]) -> set[str]:
    return {gap.kind for result in found for gap in result.gaps}
