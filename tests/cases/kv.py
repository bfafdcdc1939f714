"""The tasks of kv."""

from __future__ import annotations

import json
import time
from pathlib import Path

from ops.products.kv.dumpfile import FORMAT, item_line, to_line
from ops.sandbox.seed_workers import namespace_id
from ops.sandbox.server import Sandbox
from tests.cases import Case, Read
from tests.products.kv_stage import fill, new_namespace

BYTES = bytes(range(256)) * 5


def _mixed(sandbox: Sandbox) -> None:
    """A namespace with text, bytes, metadata and expiry."""
    later = int(time.time()) + 100_000
    namespace = new_namespace(sandbox, "mixed")
    fill(sandbox, namespace, {"user:1": b"one", "user:2": BYTES}, metadata={"n": [1, None]}, expiration=later)
    fill(sandbox, namespace, {"user:3": b"three", "other": b"stays", "old": b"old \xff"})


def _dumped(sandbox: Sandbox) -> None:
    """A namespace, and a dump that brings it a new pair, one that overwrites, and one that is equal."""
    from hashlib import sha256

    _mixed(sandbox)
    items = [
        {"key": "new", "value": BYTES, "metadata": "m"},
        {"key": "old", "value": b"text now", "expiration": int(time.time()) + 90_000},
        {"key": "other", "value": b"stays"},
        {"key": "zzz", "value": b""},
    ]
    lines = b"".join(map(item_line, items))
    last = {"dump": FORMAT, "pairs": len(items), "sha256": sha256(lines).hexdigest()}
    Path("dump.jsonl").write_bytes(lines + to_line(last))


def _empty(sandbox: Sandbox) -> None:
    new_namespace(sandbox, "mixed")


CONFIG = ("--namespace", "config")
READS = {
    "kv.list": Read(sends="GET .*/storage/kv/namespaces"),
    "kv.stats": Read(CONFIG, sends="POST /graphql"),
    "kv.keys": Read(CONFIG, sends=r"GET .*/namespaces/\w+/keys"),
    "kv.get": Read((*CONFIG, "--key", "%2e%2e"), sends=r"GET .*/namespaces/\w+/values/%252e%252e"),
    "kv.dump": Read(
        (*CONFIG, "--to", "config.jsonl", "--force"), sends=r"POST .*/bulk/get", leaves="work/config.jsonl"
    ),
}

WRITES = {
    "kv.create": Case(("kv.create", "--title", "brand new"), confirm="brand new"),
    "kv.rename": Case(("kv.rename", "--namespace", "sessions", "--title", "sitzungen")),
    "kv.rename by id": Case(("kv.rename", "--namespace", namespace_id("config"), "--title", "settings")),
    "kv.remove": Case(
        ("kv.remove", "--namespace", "mixed", "--confirm", "mixed"),
        arrange=_mixed,
        reversible=False,
        why="its keys, values and id (to which Workers are bound) are not restored",
    ),
    "kv.put": Case(("kv.put", "--namespace", "mixed", "--key", "a/b é", "--value", "text"), arrange=_empty),
    "kv.put over": Case(
        ("kv.put", "--namespace", "mixed", "--key", "user:2", "--file", "/dev/null", "--ttl", "500"),
        arrange=_mixed,
    ),
    "kv.put beside": Case(
        (
            "kv.put",
            "--namespace",
            "mixed",
            "--key",
            "other",
            "--value",
            "stays",
            "--metadata",
            json.dumps([1]),
        ),
        arrange=_mixed,
    ),
    "kv.delete": Case(("kv.delete", "--namespace", "mixed", "--key", "user:1", "--yes"), arrange=_mixed),
    "kv.delete by prefix": Case(
        ("kv.delete", "--namespace", "mixed", "--prefix", "user:", "--yes"), arrange=_mixed
    ),
    "kv.load": Case(("kv.load", "--namespace", "mixed", "--file", "dump.jsonl"), arrange=_dumped),
}
