"""Snapshots with the items of a test, as a scan would write them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ops.items import Json
from ops.kinds.resource import ACCOUNT, Compare, Content, Owner, Resource, Restore
from ops.snapshots import manifest as manifests
from ops.snapshots.compare.comparison import Comparison
from ops.snapshots.compare.side import Difference
from ops.snapshots.manifest import COMPLETE, Manifest, Section
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.writer import Writer

ACCOUNT_ID = "a" * 32


def _no_contents(_client: Any, _owner: Owner, _item: Json) -> Any:
    return iter(())


def _no_values(_client: Any, _owner: Owner, _items: Iterable[Json]) -> list[Json]:
    return []


THING = Resource(
    "flat.thing",
    ACCOUNT,
    ("name",),
    compare=Compare(volatile=("id", "modified_on", "meta.step")),
    restore=Restore(mentions=("kv.namespace",)),
)
ZONE = Resource("zones.zone", ACCOUNT, ("name",), compare=Compare(volatile=("id",)))
RECORD = Resource("dns.record", "zones.zone", ("name", "type", "content"), compare=Compare(volatile=("id",)))
SINGLE = Resource("dns.switch", "zones.zone", (), label="status")
SCRIPT = Resource("code.script", ACCOUNT, ("id",), label="id", contents=_no_contents)
STORE = Resource("kv.namespace", ACCOUNT, ("title",), label="title", compare=Compare(volatile=("id",)))
KEY = Resource("kv.key", "kv.namespace", ("name",), values=_no_values)
KINDS = (THING, ZONE, RECORD, SINGLE, SCRIPT, STORE, KEY)

Items = Mapping[tuple[str, str], Sequence[Json]]


def made(
    folder: Path,
    items: Items,
    *,
    statuses: Mapping[tuple[str, str], str] | None = None,
    contents: Mapping[str, Mapping[str, bytes]] | None = None,
    values: Mapping[str, Mapping[str, str | Json]] | None = None,
    kinds: Sequence[Resource] = KINDS,
    account_id: str = ACCOUNT_ID,
    started: str = "2026-11-22T06:10:00Z",
) -> Snapshot:
    """Write a snapshot: *items* by kind and scope, "" being the account.

    Each is a complete section unless *statuses* says otherwise; "absent" leaves the section out. *contents*
    are files by script, *values* what is stored by store.
    """
    folder.mkdir(parents=True)
    writer = Writer(folder, {resource.kind: resource.label for resource in kinds})
    by_kind = {resource.kind: resource for resource in kinds}
    sections = []
    for (kind, scope), listed in items.items():
        owner = Owner(account_id, scope or account_id, {})
        section = writer.section(by_kind[kind], owner)
        for item in listed:
            section.add(item)
        for key, value in (values or {}).get(scope, {}).items() if by_kind[kind].values else ():
            section.add_value({"key": key, **(value if isinstance(value, dict) else {"value": value})})
        section.close()
        sections.append(Section(kind, owner.id, COMPLETE, len(listed)))
    sections += _contents(writer, by_kind, contents or {}, account_id)
    sections = list(_judged(sections, statuses or {}, account_id))
    status = COMPLETE if all(section.status == COMPLETE for section in sections) else "partial"
    manifest = Manifest(
        "cfops test", account_id, "Example", started, "2026-11-22T06:11:00Z", 1, status,
        sections=tuple(sorted(sections)), files=writer.assemble(), placed=writer.placed,
    )  # fmt: skip
    manifests.write(folder, manifest)
    return Snapshot(folder, manifest)


def _contents(
    writer: Writer, by_kind: Mapping[str, Resource], contents: Mapping[str, Mapping[str, bytes]], account: str
) -> list[Section]:
    sections = []
    for script, files in contents.items():
        for name, data in files.items():
            item = {"id": script}
            content = Content(name, "application/javascript", data)
            writer.content(by_kind["code.script"], Owner(account, account, {}), item, content)
        sections.append(Section("code.script/contents", script, COMPLETE, len(files)))
    return sections


def _judged(
    sections: Iterable[Section], statuses: Mapping[tuple[str, str], str], account: str
) -> Iterable[Section]:
    wanted = {(kind, scope or account): status for (kind, scope), status in statuses.items()}
    kinds = {kind: status for (kind, scope), status in statuses.items() if scope == "*"}
    for section in sections:
        status = wanted.pop((section.kind, section.scope), section.status)
        if section.kind not in kinds and status != "absent":
            yield Section(
                section.kind, section.scope, status, section.count, "" if status == COMPLETE else "why"
            )
    for kind, status in kinds.items():
        yield Section(kind, "", status, 0, "nobody asked")
    for (kind, scope), status in wanted.items():
        if scope != "*" and status != "absent":
            yield Section(kind, scope, status, 0, "why")


def everything(_kind: str) -> bool:
    return True


def compared(
    old: Snapshot, new: Snapshot, wanted: Callable[[str], bool] = everything
) -> tuple[list[Difference], Comparison]:
    """Return the differences, and the comparison for its counts."""
    comparison = Comparison(old, new, KINDS, wanted)
    return list(comparison), comparison


def summarized(differences: Iterable[Difference]) -> list[tuple[str, str, str, str]]:
    return [(d.kind, d.scope, d.change, d.name) for d in differences]
