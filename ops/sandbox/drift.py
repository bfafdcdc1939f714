"""Changes lists behind a reader's back: records or keys appear and vanish between two pages."""

from __future__ import annotations

import json
import random

from ops.sandbox.router import segments
from ops.sandbox.store import Store
from ops.sandbox.wire import Request, dumps


def drift(request: Request, store: Store, chance: random.Random, inserts: int, deletes: int) -> None:
    """Insert up to *inserts* and delete up to *deletes* items of the list that the request is about.

    Knows DNS records and KV keys; other lists are left alone.
    """
    words = segments(request.path)
    added, gone = chance.randint(0, inserts), chance.randint(0, deletes)
    if words[:1] == ["zones"] and words[2:3] == ["dns_records"]:
        _drift_records(store, words[1], chance, added, gone)
    elif words[2:5] == ["storage", "kv", "namespaces"] and words[6:7] == ["keys"]:
        _drift_keys(store, words[5], chance, added, gone)


def _drift_records(store: Store, zone: str, chance: random.Random, added: int, gone: int) -> None:
    with store.transaction():
        sample = store.value("SELECT body FROM dns_record WHERE zone = ? AND type = 'A' LIMIT 1", (zone,))
        ids = store.texts("SELECT id FROM dns_record WHERE zone = ? ORDER BY id", (zone,))
        for id in chance.sample(ids, min(gone, len(ids))):
            store.run("DELETE FROM dns_record WHERE zone = ? AND id = ?", (zone, id))
        for _ in range(added if sample else 0):
            _copy_record(store, zone, json.loads(sample), chance)


def _copy_record(store: Store, zone: str, record: dict[str, object], chance: random.Random) -> None:
    id, label = f"{chance.getrandbits(128):032x}", f"{chance.getrandbits(48):012x}"
    name = f"{label}.{str(record['name']).split('.', 1)[-1]}"
    body = dumps({**record, "id": id, "name": name, "content": "192.0.2.77"})
    columns = (zone, id, "A", name, "192.0.2.77", record["ttl"], 0, None, "[]", body)
    store.run("INSERT INTO dns_record VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", columns)


def _drift_keys(store: Store, namespace: str, chance: random.Random, added: int, gone: int) -> None:
    with store.transaction():
        sql = "SELECT name FROM kv_pair WHERE namespace = ? ORDER BY name"
        names = store.texts(sql, (namespace,))
        for name in chance.sample(names, min(gone, len(names))):
            store.run("DELETE FROM kv_pair WHERE namespace = ? AND name = ?", (namespace, name))
        for _ in range(added):
            name = f"{chance.getrandbits(48):012x}"
            row = (namespace, name, dumps({"name": name}), None, store.now(), None, None, b"drift")
            store.run("INSERT OR REPLACE INTO kv_pair VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
