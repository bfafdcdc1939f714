"""The actual state of the sandbox, read directly from its store."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any, NamedTuple

from ops.sandbox.store import Store
from tests.products.writing import STAMPS
from tests.tools.soak.drawing import Held, Subject

Json = dict[str, Any]

# Documents that the sandbox writes by itself.
LOGS = ("audit", "audit.v2")
# Documents that are never deleted.
HISTORY = ("worker.module",)


class Spot(NamedTuple):
    """An item's position in the store: a table or a kind of documents, its owner, and its id or name."""

    family: str
    owner: str
    id: str


class Moved(NamedTuple):
    """A spot whose item has changed."""

    spot: Spot
    before: Json | None
    after: Json | None

    @property
    def labels(self) -> set[str]:
        """Return the names by which a user knows the items before and after."""
        return {label(self.spot.family, item) for item in (self.before, self.after) if item is not None}


Truth = dict[Spot, Json]

_LABELS: dict[str, Callable[[Json], str]] = {
    "dns_record": lambda item: f"{item['type']} {item['name']}",
    "kv_pair": lambda item: item["key"],
    "kv.namespace": lambda item: item["title"],
    "worker_route": lambda item: item["pattern"],
    "zone": lambda item: item["name"],
}


def label(family: str, item: Json) -> str:
    named = _LABELS.get(family)
    return str(named(item) if named else item.get("id", ""))


def read(store: Store) -> Truth:
    """Return everything that the sandbox stores."""
    found: Truth = {}
    for kind, owner, id, body in store.rows("SELECT kind, owner, id, body FROM document"):
        if kind not in LOGS:
            document = json.loads(body)
            found[Spot(kind, owner, id)] = document if isinstance(document, dict) else {"value": document}
    for zone, id, body in store.rows("SELECT zone, id, body FROM dns_record"):
        found[Spot("dns_record", zone, id)] = json.loads(body)
    pairs = "SELECT namespace, name, hex(value), metadata, expiration FROM kv_pair WHERE deleted IS NULL"
    for namespace, name, value, metadata, expiration in store.rows(pairs):
        more = {"value": value, "metadata": json.loads(metadata or "null"), "expiration": expiration}
        found[Spot("kv_pair", namespace, name)] = {"key": name, **more}
    return found


def moved(before: Truth, after: Truth) -> list[Moved]:
    """Return every spot that has changed."""
    return [
        Moved(spot, before.get(spot), after.get(spot))
        for spot in sorted(before.keys() | after.keys())
        if before.get(spot) != after.get(spot)
    ]


def bare(truth: Truth) -> list[str]:
    """Return everything in *truth* without ids, times and history."""
    names = {
        spot.id: label(spot.family, item)
        for spot, item in truth.items()
        if spot.family in ("zone", "kv.namespace")
    }
    return sorted(
        json.dumps([spot.family, names.get(spot.owner, spot.owner), _unstamped(item)], sort_keys=True)
        for spot, item in truth.items()
        if spot.family not in HISTORY
    )


def _unstamped(item: Any) -> Any:
    """Return *item* without its times and ids."""
    if isinstance(item, dict):
        kept = {name for name in item if name not in STAMPS and not name.endswith("_modified_on")}
        return {name: _unstamped(item[name]) for name in kept}
    if isinstance(item, list):
        return sorted(map(_unstamped, item), key=lambda one: json.dumps(one, sort_keys=True))
    return item


def view(truth: Truth) -> dict[Subject, Held]:
    """Return what each subject holds."""
    zones = {spot.id: item["name"] for spot, item in truth.items() if spot.family == "zone"}
    titles = {spot.id: item["title"] for spot, item in truth.items() if spot.family == "kv.namespace"}
    seen: dict[Subject, set[str]] = defaultdict(set)
    for spot, item in truth.items():
        zone, title = zones.get(spot.owner, ""), titles.get(spot.owner, "")
        match spot.family:
            case "dns_record":
                seen["record", zone, item["type"], item["name"]].add(_content(item))
                seen["records", zone].add(item["id"])
            case "kv_pair":
                seen["pair", title, item["key"]].add(
                    bytes.fromhex(item["value"]).decode("utf-8", "surrogateescape")
                )
                seen["keys", title].add(item["key"])
            case "kv.namespace":
                seen["namespace", item["title"]].add(item["title"])
                seen["namespaces",].add(item["id"])
            case "zone":
                seen["zone", item["name"]].add(item["type"])
                seen["zones",].add(item["id"])
                seen["paused", item["name"]].add(json.dumps(item["paused"]))
            case "setting":
                seen["setting", zone, item["id"]].add(str(item["value"]))
            case "worker_route":
                seen["route", zone, item["pattern"]].add(item.get("script", ""))
            case "worker":
                seen["script", item["id"]].add(item["id"])
                seen["scripts",].add(item["id"])
    return {subject: frozenset(held) for subject, held in seen.items()}


def _content(record: Json) -> str:
    content = str(record["content"])
    return content.replace('" "', "").strip('"') if record["type"] == "TXT" else content
