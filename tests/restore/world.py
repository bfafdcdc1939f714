"""A small account, random changes to it, and its whole state, read without the toolkit."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import requests

from ops.sandbox.server import Sandbox
from tests.sandbox.uploads import JS

Json = dict[str, Any]

ZONES = ("alpha.example", "beta.example")
SCRIPTS = ("edge", "jobs", "site")
SETTINGS = (
    ("ssl", ("off", "full")),
    ("min_tls_version", ("1.0", "1.2")),
    ("browser_cache_ttl", (7200, 3600)),
)
CRONS = ("0 1 * * *", "*/5 * * * *", "30 2 * * SUN", "15 */6 * * *")


class World:
    """The account of a running sandbox, read and changed by plain requests."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {sandbox.token}"
        self._session.trust_env = False

    def call(self, method: str, path: str, **more: Any) -> Any:
        answer = self._session.request(method, self.sandbox.url + path, timeout=30, **more)
        assert answer.ok, f"{method} {path}: {answer.text}"
        return answer.json().get("result") if answer.content else None

    def account(self, method: str, path: str, **more: Any) -> Any:
        return self.call(method, f"/accounts/{self.sandbox.account_id}{path}", **more)

    def zones(self) -> dict[str, str]:
        return {zone["name"]: zone["id"] for zone in self.call("GET", "/zones?per_page=50")}

    def records(self, zone_id: str) -> list[Json]:
        found: list[Json] = self.call("GET", f"/zones/{zone_id}/dns_records?per_page=1000")
        return found

    def namespaces(self) -> dict[str, str]:
        found = self.account("GET", "/storage/kv/namespaces?per_page=100")
        return {namespace["title"]: namespace["id"] for namespace in found}

    def scripts(self) -> list[str]:
        return [script["id"] for script in self.account("GET", "/workers/scripts")]

    def upload(self, name: str, code: str, bindings: list[Json]) -> None:
        metadata = {"main_module": "index.js", "bindings": bindings, "compatibility_date": "2026-01-15"}
        files = {
            "metadata": (None, json.dumps(metadata), "application/json"),
            "index.js": ("index.js", code, JS),
        }
        self.account("PUT", f"/workers/scripts/{name}", files=files)

    def put(self, namespace: str, pairs: list[Json]) -> None:
        self.account("PUT", f"/storage/kv/namespaces/{namespace}/bulk", json=pairs)

    def fill(self, title: str) -> None:
        """Write the keys with which the account was built into the namespace *title*."""
        self.put(self.namespaces()[title], [_pair(f"{title}:{number}", number) for number in range(9)])

    def state(self) -> Json:
        """Return the whole state by names: an id is replaced by the name of what it refers to."""
        titles = {id: title for title, id in self.namespaces().items()}
        return {
            "zones": {name: self._zone(id) for name, id in self.zones().items()},
            "namespaces": {title: self._pairs(id) for id, title in titles.items()},
            "scripts": {name: self._script(name, titles) for name in self.scripts()},
        }

    def _zone(self, id: str) -> Json:
        kept = ("type", "name", "content", "ttl", "proxied", "priority", "comment", "tags", "data")
        records = sorted(
            json.dumps({field: one.get(field) for field in kept}, sort_keys=True) for one in self.records(id)
        )
        settings = {one["id"]: one["value"] for one in self.call("GET", f"/zones/{id}/settings")}
        routes = {
            one["pattern"]: one.get("script") for one in self.call("GET", f"/zones/{id}/workers/routes")
        }
        return {"records": records, "settings": settings, "routes": routes}

    def _pairs(self, id: str) -> list[tuple[Any, ...]]:
        fields = "name, hex(value), metadata, expiration"
        sql = f"SELECT {fields} FROM kv_pair WHERE namespace = ? AND deleted IS NULL"
        return sorted(self.sandbox.store.rows(sql, (id,)))

    def _script(self, name: str, titles: dict[str, str]) -> Json:
        where = f"/workers/scripts/{name}"
        settings = self.account("GET", f"{where}/settings")
        bindings = sorted(json.dumps(_named(one, titles), sort_keys=True) for one in settings["bindings"])
        crons = sorted(one["cron"] for one in self.account("GET", f"{where}/schedules")["schedules"])
        base = f"{self.sandbox.url}/accounts/{self.sandbox.account_id}{where}/content/v2"
        code = self._session.get(base, timeout=30).content
        code = b"\n".join(line for line in code.splitlines() if not line.startswith(b"--"))
        return {"bindings": bindings, "crons": crons, "code": code, "date": settings["compatibility_date"]}


def _named(binding: Json, titles: dict[str, str]) -> Json:
    if binding["type"] != "kv_namespace":
        return binding
    return {**binding, "namespace_id": titles.get(binding["namespace_id"], "does not exist")}


def build(world: World) -> None:
    """Fill an empty account: two zones, two namespaces, three scripts that bind to them and to each other."""
    account = {"id": world.sandbox.account_id}
    ids = [world.call("POST", "/zones", json={"name": name, "account": account})["id"] for name in ZONES]
    for name, id in zip(ZONES, ids, strict=True):
        for number in range(12):
            world.call("POST", f"/zones/{id}/dns_records", json=_record(name, number))
    for title in ("flags", "sessions"):
        world.account("POST", "/storage/kv/namespaces", json={"title": title})
        world.fill(title)
    spaces = world.namespaces()
    flags = {"type": "kv_namespace", "name": "FLAGS", "namespace_id": spaces["flags"]}
    sessions = {"type": "kv_namespace", "name": "SESSIONS", "namespace_id": spaces["sessions"]}
    stage = {"type": "plain_text", "name": "STAGE", "text": "production"}
    world.upload("jobs", code("jobs"), [stage])
    world.upload(
        "edge", code("edge"), [flags, sessions, {"type": "service", "name": "JOBS", "service": "jobs"}]
    )
    world.upload("site", code("site"), [sessions])
    for script, crons in (("jobs", CRONS[:2]), ("site", CRONS[2:3])):
        world.account("PUT", f"/workers/scripts/{script}/schedules", json=[{"cron": cron} for cron in crons])
    for name, id, script in zip(ZONES, ids, ("edge", "site"), strict=True):
        for pattern in (f"{name}/*", f"api.{name}/v1/*"):
            world.call("POST", f"/zones/{id}/workers/routes", json={"pattern": pattern, "script": script})


def code(name: str, number: int = 0) -> str:
    return f'export default {{ async fetch() {{ return new Response("{name} {number}") }} }};\n'


def _record(zone: str, number: int) -> Json:
    kinds: list[Json] = [
        {"type": "A", "content": f"192.0.2.{number + 1}", "ttl": 300, "proxied": False},
        {"type": "A", "content": f"192.0.2.{number + 1}", "ttl": 1, "proxied": True, "comment": "front"},
        {"type": "TXT", "content": f'"v={number}; a \\"quoted\\" text"', "ttl": 120},
        {"type": "MX", "content": f"mx{number}.{zone}", "priority": number, "ttl": 300},
        {"type": "CNAME", "content": f"target{number}.example.net", "ttl": 300, "proxied": False},
        {
            "type": "CAA",
            "ttl": 300,
            "data": {"flags": 0, "tag": "issue", "value": f"ca{number}.example"},
        },
    ]
    return {"name": f"host{number}.{zone}", **kinds[number % len(kinds)]}


def _pair(key: str, number: int) -> Json:
    kinds: list[Json] = [
        {"value": f"value {number}"},
        {"value": "AP+AgQ==", "base64": True, "metadata": {"n": number}},
        {"value": "é ü", "expiration": 2_100_000_000 + number},
    ]
    return {"key": key, **kinds[number % len(kinds)]}


def change_at_random(world: World, chance: random.Random, changes: int) -> None:
    """Delete, change and create items at random, as others do between two snapshots."""
    for _ in range(changes):
        chance.choice(CHANGES)(world, chance)


def _any_zone(world: World, chance: random.Random) -> tuple[str, str]:
    return chance.choice(sorted(world.zones().items()))


def delete_record(world: World, chance: random.Random) -> None:
    _, zone = _any_zone(world, chance)
    if records := world.records(zone):
        world.call("DELETE", f"/zones/{zone}/dns_records/{chance.choice(records)['id']}")


def change_record(world: World, chance: random.Random) -> None:
    _, zone = _any_zone(world, chance)
    edited = [one for one in world.records(zone) if one["type"] in ("A", "TXT")]
    if edited:
        record = chance.choice(edited)
        text = f"198.51.100.{chance.randint(1, 250)}" if record["type"] == "A" else f'"{chance.random()}"'
        fields: list[Json] = [
            {"content": text},
            {"comment": f"{chance.random()}"},
            {"ttl": 600, "proxied": False},
        ]
        world.call("PATCH", f"/zones/{zone}/dns_records/{record['id']}", json=chance.choice(fields))


def replace_record(world: World, chance: random.Random) -> None:
    """Replace addresses by a CNAME: a name cannot have both."""
    name, zone = _any_zone(world, chance)
    at = f"host0.{name}"
    for record in world.records(zone):
        if record["name"] == at:
            world.call("DELETE", f"/zones/{zone}/dns_records/{record['id']}")
    wanted = {"type": "CNAME", "name": at, "content": f"t{chance.randint(0, 999)}.example.org"}
    world.call("POST", f"/zones/{zone}/dns_records", json=wanted)


def create_record(world: World, chance: random.Random) -> None:
    name, zone = _any_zone(world, chance)
    wanted = {"type": "TXT", "name": f"new.{name}", "content": f'"{chance.random()}"', "ttl": 300}
    world.call("POST", f"/zones/{zone}/dns_records", json=wanted)


def change_setting(world: World, chance: random.Random) -> None:
    _, zone = _any_zone(world, chance)
    setting, values = chance.choice(SETTINGS)
    world.call("PATCH", f"/zones/{zone}/settings/{setting}", json={"value": chance.choice(values)})


def change_routes(world: World, chance: random.Random) -> None:
    name, zone = _any_zone(world, chance)
    routes = world.call("GET", f"/zones/{zone}/workers/routes")
    if routes and chance.random() < 0.6:
        route = chance.choice(routes)
        where = f"/zones/{zone}/workers/routes/{route['id']}"
        if chance.random() < 0.5:
            world.call("DELETE", where)
        else:
            world.call("PUT", where, json={"pattern": route["pattern"]})
    else:
        wanted = {"pattern": f"{chance.randint(0, 10**9)}.{name}/*"}
        world.call("POST", f"/zones/{zone}/workers/routes", json=wanted)


def change_pairs(world: World, chance: random.Random) -> None:
    title, id = chance.choice(sorted(world.namespaces().items()) or [("", "")])
    if id:
        changed = [_pair(f"{title}:{chance.randint(0, 12)}", chance.randint(20, 40)) for _ in range(2)]
        world.put(id, list({pair["key"]: pair for pair in changed}.values()))
        world.account(
            "POST", f"/storage/kv/namespaces/{id}/bulk/delete", json=[f"{title}:{chance.randint(0, 8)}"]
        )


def delete_namespace(world: World, chance: random.Random) -> None:
    if spaces := sorted(world.namespaces().items()):
        world.account("DELETE", f"/storage/kv/namespaces/{chance.choice(spaces)[1]}")


def delete_script(world: World, chance: random.Random) -> None:
    if names := world.scripts():
        world.account("DELETE", f"/workers/scripts/{chance.choice(names)}?force=true")


def change_script(world: World, chance: random.Random) -> None:
    if names := world.scripts():
        name = chance.choice(names)
        world.upload(name, code(name, chance.randint(1, 99)), [])


def change_crons(world: World, chance: random.Random) -> None:
    if names := world.scripts():
        crons = [{"cron": cron} for cron in chance.sample(CRONS, chance.randint(0, 3))]
        world.account("PUT", f"/workers/scripts/{chance.choice(names)}/schedules", json=crons)


CHANGES: tuple[Callable[[World, random.Random], None], ...] = (
    *(delete_record, change_record, replace_record, create_record, change_setting, change_routes),
    *(change_pairs, delete_namespace, delete_script, change_script, change_crons),
)


class Copies:
    """An account that is built once, and started from a copy of its file for each test."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with Sandbox(folder / "base.sqlite", seed=None, quota=None) as sandbox:
            build(World(sandbox))
        self._number = 0

    def start(self) -> Sandbox:
        """Start a copy; the caller stops it."""
        self._number += 1
        copy = self._folder / f"copy{self._number}.sqlite"
        for part in self._folder.glob("base.sqlite*"):
            shutil.copy(part, self._folder / part.name.replace("base", f"copy{self._number}"))
        sandbox = Sandbox(copy, quota=None)
        sandbox.start()
        return sandbox
