"""Snapshots in a library: small, complete, of the declared kinds, with a time that the test chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ops.items import Json
from ops.kinds.catalog import kinds
from ops.kinds.resource import Content, Owner
from ops.snapshots import manifest as manifests
from ops.snapshots.layout import account_folder, snapshot_name
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.writer import Writer

ACCOUNT_ID = "a" * 32
NOW = 1_795_414_202.0  # 2026-11-23 06:10:02 UTC
HOUR, DAY = 3600.0, 86_400.0

Items = Mapping[tuple[str, str], Sequence[Json]]

ITEMS: Items = {
    ("zones.zone", ACCOUNT_ID): [
        {"id": "z1", "name": "example.com", "account": {"id": ACCOUNT_ID}},
        {"id": "z2", "name": "example.org", "account": {"id": ACCOUNT_ID}},
    ],
    ("dns.record", "z1"): [
        {"id": "r1", "type": "A", "name": "a.example.com", "content": "192.0.2.1", "ttl": 300},
        {"id": "r2", "type": "TXT", "name": "b.example.com", "content": '"é"', "ttl": 1},
    ],
    ("dns.record", "z2"): [
        {"id": "r3", "type": "A", "name": "example.org", "content": "192.0.2.9", "ttl": 1}
    ],
    ("workers.script", ACCOUNT_ID): [{"id": "hello", "etag": "1"}],
    ("workers.route", "z1"): [{"id": "w1", "pattern": "example.com/*", "script": "hello"}],
    ("workers.route", "z2"): [],
    ("kv.namespace", ACCOUNT_ID): [{"id": "n1", "title": "cache"}],
    ("kv.key", "n1"): [{"name": "one"}, {"name": "two"}],
}


def made(
    root: Path, started: float = NOW, chance: str = "beef", items: Items = ITEMS, **manifest: Any
) -> Path:
    """Make a snapshot in its account's folder under *root*; *manifest* changes fields of its manifest."""
    account = manifest.get("account_id", ACCOUNT_ID)
    folder = root / account_folder(account) / snapshot_name(started, chance)
    folder.mkdir(parents=True, mode=0o700)
    declared = kinds()
    writer = Writer(folder, {kind: resource.label for kind, resource in declared.items()})
    sections: list[Section] = []
    for (kind, scope), found in items.items():
        owner = Owner(account, scope, {})
        section = writer.section(declared[kind], owner)
        for item in found:
            section.add(item)
            if kind == "workers.script":
                content = Content("index.js", "text/javascript", b"export default {}\n")
                writer.content(declared[kind], owner, item, content)
                sections.append(Section(f"{kind}/contents", item["id"], "complete", 1))
        sections.append(Section(kind, scope, "complete", len(found)))
    whole = _manifest(started, account, tuple(sections))
    whole = replace(whole, files=writer.assemble(), placed=writer.placed)
    manifests.write(folder, replace(whole, **manifest))
    return folder


def _manifest(started: float, account_id: str, sections: tuple[Section, ...]) -> Manifest:
    moment = f"{datetime.fromtimestamp(started, UTC):%Y-%m-%dT%H:%M:%SZ}"
    return Manifest("cfops test", account_id, "Example", moment, moment, 9, "complete", sections=sections)
