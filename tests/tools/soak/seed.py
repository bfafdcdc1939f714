"""The start of an episode: a sandbox small enough for quick scans, and files that tasks name."""

from __future__ import annotations

import json
from pathlib import Path

from ops.sandbox import dns_records
from ops.sandbox.routes.kv import KIND, Pair, write
from ops.sandbox.seed import seed_all
from ops.sandbox.seed_workers import namespace_id
from ops.sandbox.store import ACCOUNT_ID, Store, past, stable_id, zone_id
from tests.tools.soak.draw_account import MODULES
from tests.tools.soak.draw_dns import ADDED, RECORDS_FILE, WANTED, ZONE_FILE
from tests.tools.soak.drawing import NAMESPACES, ZONES

ROOT = Path(__file__).parents[3]
RECORDS = (
    ("A", "tmp", "192.0.2.1"),
    ("A", "*", "192.0.2.2"),
    ("A", "new", "198.51.100.7"),
    ("TXT", "tmp", "two words"),
    ("TXT", "@", "v=spf1 -all"),
    ("AAAA", "new", "2001:db8::1"),
)
KEYS = ("a", "user:1", "user:2", "line\nbreak")
_KEPT = tuple(zone_id(name) for name in ZONES)


def small(store: Store) -> None:
    """Write three zones, four namespaces and the other items of an account."""
    seed_all(store)
    marks = ", ".join("?" * len(_KEPT))
    for zone in store.texts(f"SELECT id FROM document WHERE kind = 'zone' AND id NOT IN ({marks})", _KEPT):
        store.run("DELETE FROM document WHERE id = ? OR owner = ?", (zone, zone))
        store.run("DELETE FROM dns_record WHERE zone = ?", (zone,))
    for title in ("sessions", "assets"):
        store.run("DELETE FROM document WHERE kind = ? AND id = ?", (KIND, namespace_id(title)))
        store.run("DELETE FROM kv_pair WHERE namespace = ?", (namespace_id(title),))
    store.run("DELETE FROM do_object")
    _set_settings(store)
    _add_records(store)
    _add_namespaces(store)


def _set_settings(store: Store) -> None:
    """Write the settings that tasks change; the sandbox stores a setting only after its first change."""
    for zone in _KEPT:
        for id, value in (("ssl", "full"), ("min_tls_version", "1.0"), ("brotli", "on")):
            body = {"id": id, "value": value, "modified_on": past("setting", zone, id), "editable": True}
            store.put_document("setting", zone, id, body)


def _add_records(store: Store) -> None:
    """Write records that tasks may update and delete, under names that are not in use."""
    for name in ("example.net", "example.org"):
        zone = dns_records.zone_of(store, zone_id(name))
        store.run("DELETE FROM dns_record WHERE zone = ?", (zone.id,))
        for type, label, content in RECORDS:
            words = (name, type, label, content)
            sent = {"type": type, "name": label, "content": content}
            record = dns_records.built(zone, sent, stable_id("record", *words), past("record", *words))
            dns_records.save(store, zone.id, record)


def _add_namespaces(store: Store) -> None:
    for title in NAMESPACES:
        id = namespace_id(title)
        about = {"id": id, "title": title, "supports_url_encoding": True}
        store.put_document(KIND, ACCOUNT_ID, id, about, sort=title)
        write(store, id, [Pair(key, key.encode()) for key in KEYS])


def furnish(work: Path) -> None:
    """Write the files that tasks name."""
    work.mkdir()
    (work / "tasks.py").write_text((ROOT / "tasks.py").read_text())
    lines = [f"{label} 300 IN {type} {_quoted(type, content)}" for type, label, content in ADDED]
    (work / ZONE_FILE).write_text("\n".join(lines) + "\n")
    records = [{"type": type, "name": label, "content": content} for type, label, content in WANTED]
    (work / RECORDS_FILE).write_text(json.dumps(records))
    for module in MODULES:
        code = f"export default {{ async fetch(request) {{ return new Response('{module}') }} }};\n"
        (work / module).write_text(code)


def _quoted(type: str, content: str) -> str:
    return json.dumps(content) if type == "TXT" else content
