"""Random accounts as snapshots: built, changed in ways that differ and in ways that do not, and written."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from ops.kinds.catalog import kinds
from ops.kinds.resource import MAIN, Content, Owner
from ops.snapshots import manifest as manifests
from ops.snapshots.manifest import Manifest, Section
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.writer import Writer

Json = dict[str, Any]

ACCOUNT_ID = "a" * 32
MOMENT = "2026-11-22T06:10:00Z"


def drawn(chance: Random) -> Json:
    """Return an account: zones, namespaces and scripts by name, each with everything in it."""
    new = {"ids": 0}
    namespaces = {
        title: {"id": _id(new), "keys": {f"k{n}": _value(chance) for n in range(chance.randint(0, 3))}}
        for title in ("flags", "sessions")[: chance.randint(0, 2)]
    }
    zones = {
        name: {
            "id": _id(new),
            "records": [_record(new, name, n) for n in range(chance.randint(0, 3))],
            "settings": {"ssl": chance.choice(["off", "full"]), "ipv6": "on"},
            "routes": {f"{name}/*": "edge"} if chance.random() < 0.5 else {},
        }
        for name in ("alpha.example", "beta.example")[: chance.randint(0, 2)]
    }
    scripts = {
        name: {
            "code": {"index.js": b"1", "lib.js": b"2"},
            "main": "index.js",
            "bindings": {title: namespaces[title]["id"] for title in namespaces},
            "date": "2026-01-15",
            "crons": ["0 1 * * *"][: chance.randint(0, 1)],
            "listed": "v1",
        }
        for name in ("edge", "jobs")[: chance.randint(0, 2)]
    }
    return {"new": new, "namespaces": namespaces, "zones": zones, "scripts": scripts, "moment": 0}


def changed(chance: Random, account: Json) -> Json:
    """Return a copy of *account* with up to three changes; some of them make no difference."""
    after = copy.deepcopy(account)
    for change in chance.sample(CHANGES, chance.choice([0, 1, 1, 2, 3])):
        change(chance, after)
    return after


def _id(new: Json) -> str:
    new["ids"] += 1
    return f"{new['ids']:032x}"


def _value(chance: Random) -> Json:
    kinds: list[Json] = [{"value": "text"}, {"value": "AP8=", "base64": True}, {"value": "x", "metadata": 1}]
    return {**chance.choice(kinds), "metadata": chance.choice([None, {"n": 1}])}


def _record(new: Json, zone: str, number: int) -> Json:
    return {"id": _id(new), "name": f"h{number}.{zone}", "type": "A", "content": "192.0.2.1", "ttl": 300}


def _pick(chance: Random, held: Json) -> Any:
    return held[chance.choice(sorted(held))] if held else {}


def _recreate_namespace(chance: Random, account: Json) -> None:
    """Replace the id of a namespace; bindings follow it, or refer to the old one."""
    if namespace := _pick(chance, account["namespaces"]):
        old, namespace["id"] = namespace["id"], _id(account["new"])
        follow = chance.random() < 0.6
        for script in account["scripts"].values() if follow else ():
            for title, id in script["bindings"].items():
                script["bindings"][title] = namespace["id"] if id == old else id


def _delete(kind: str) -> Callable[[Random, Json], None]:
    def delete(chance: Random, account: Json) -> None:
        if account[kind]:
            del account[kind][chance.choice(sorted(account[kind]))]

    return delete


def _recreate_zone(chance: Random, account: Json) -> None:
    if zone := _pick(chance, account["zones"]):
        zone["id"] = _id(account["new"])
        zone["records"] = [{**record, "id": _id(account["new"])} for record in zone["records"]]


def _change_records(chance: Random, account: Json) -> None:
    if zone := _pick(chance, account["zones"]):
        records = zone["records"]
        if records and chance.random() < 0.7:
            fields: list[Json] = [{"ttl": 600}, {"content": "192.0.2.9"}, {"comment": None}, {"comment": "c"}]
            records[0] = {**records[0], **chance.choice(fields), "modified_on": str(chance.random())}
        elif records and chance.random() < 0.5:
            records.pop()
        else:
            records.append(_record(account["new"], "x", chance.randint(0, 9)))


def _change_zone(chance: Random, account: Json) -> None:
    if zone := _pick(chance, account["zones"]):
        zone["settings"]["ssl"] = chance.choice(["off", "full"])
        zone["routes"] = chance.choice([{}, zone["routes"], {f"{chance.randint(0, 9)}/*": "jobs"}])


def _change_keys(chance: Random, account: Json) -> None:
    if namespace := _pick(chance, account["namespaces"]):
        name = f"k{chance.randint(0, 3)}"
        if chance.random() < 0.3:
            namespace["keys"].pop(name, None)
        else:
            namespace["keys"][name] = _value(chance)


def _change_script(chance: Random, account: Json) -> None:
    if script := _pick(chance, account["scripts"]):
        change = chance.randint(0, 4)
        if change == 0:
            script["code"]["index.js"] = b"%d" % chance.randint(1, 3)
        elif change == 1:
            script["main"] = chance.choice(["index.js", "lib.js"])
        elif change == 2:
            script["date"] = chance.choice(["2026-01-15", "2026-02-01"])
        elif change == 3:
            script["crons"] = chance.choice([[], ["0 1 * * *"], ["0 2 * * *"]])
        else:
            script["listed"] = chance.choice(["v1", "v2"])


def _pass_time(chance: Random, account: Json) -> None:
    account["moment"] = chance.randint(1, 9)


CHANGES = (
    _recreate_namespace, _recreate_namespace, _delete("namespaces"), _delete("zones"), _delete("scripts"),
    _recreate_zone, _change_records, _change_records, _change_zone, _change_keys, _change_keys,
    _change_script, _change_script, _pass_time,
)  # fmt: skip


def written(folder: Path, account: Json) -> Snapshot:
    """Write *account* as a complete snapshot, as a scan with values and contents does."""
    folder.mkdir()
    writer = Writer(folder, {kind: resource.label for kind, resource in kinds().items()})
    sections: list[Section] = []

    def section(kind: str, scope: str, items: list[Json], lines: list[Json] | None = None) -> None:
        index = writer.section(kinds()[kind], Owner(ACCOUNT_ID, scope, {}))
        for item in items:
            index.add(item)
        for line in lines or ():
            index.add_value(line)
        sections.append(Section(kind, scope, "complete", len(items)))

    _write_zones(account, section)
    namespaces = account["namespaces"]
    section("kv.namespace", ACCOUNT_ID, [{"id": n["id"], "title": t} for t, n in namespaces.items()])
    for namespace in namespaces.values():
        keys = {
            name: {field: v for field, v in value.items() if v is not None}
            for name, value in namespace["keys"].items()
        }
        listed = [
            {"name": name} | {k: v for k, v in held.items() if k == "metadata"} for name, held in keys.items()
        ]
        section("kv.key", namespace["id"], listed, [{"key": name, **held} for name, held in keys.items()])
    _write_scripts(account, section, writer, sections)
    manifest = Manifest(
        "cfops test", ACCOUNT_ID, "Example", MOMENT, MOMENT, 1, "complete",
        sections=tuple(sorted(sections)), files=writer.assemble(), placed=writer.placed,
    )  # fmt: skip
    manifests.write(folder, manifest)
    return Snapshot(folder, manifest)


def _write_zones(account: Json, section: Callable[..., None]) -> None:
    moment = account["moment"]
    zones = [{"id": z["id"], "name": name, "modified_on": moment} for name, z in account["zones"].items()]
    section("zones.zone", ACCOUNT_ID, zones)
    for zone in account["zones"].values():
        section("dns.record", zone["id"], zone["records"])
        settings = [
            {"id": id, "value": value, "editable": True, "modified_on": moment}
            for id, value in zone["settings"].items()
        ]
        section("zones.setting", zone["id"], settings)
        routes = [{"id": f"r{p}{moment}", "pattern": p, "script": s} for p, s in zone["routes"].items()]
        section("workers.route", zone["id"], routes)


def _write_scripts(
    account: Json, section: Callable[..., None], writer: Writer, sections: list[Section]
) -> None:
    scripts = account["scripts"]
    listed = [
        {"id": name, "etag": str(account["moment"]), "migration_tag": script["listed"]}
        for name, script in scripts.items()
    ]
    section("workers.script", ACCOUNT_ID, listed)
    for name, script in scripts.items():
        bindings = [
            {"type": "kv_namespace", "name": title.upper(), "namespace_id": id}
            for title, id in script["bindings"].items()
        ]
        section("workers.settings", name, [{"bindings": bindings, "compatibility_date": script["date"]}])
        section("workers.schedule", name, [{"cron": cron} for cron in script["crons"]])
        for file, data in script["code"].items():
            role = MAIN if file == script["main"] else ""
            content = Content(file, "application/javascript+module", data, role)
            owner = Owner(ACCOUNT_ID, ACCOUNT_ID, {})
            writer.content(kinds()["workers.script"], owner, {"id": name}, content)
        sections.append(Section("workers.script/contents", name, "complete", len(script["code"])))
