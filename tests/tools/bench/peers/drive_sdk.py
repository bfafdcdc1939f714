"""Cloudflare's SDK for Python, one request after the other, with pages as large as ours: JOB ARGUMENTS."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from cloudflare import Cloudflare, NotFoundError

BULK_GET, BULK_PUT, BATCH = 100, 10_000, 3500
CLIENT = Cloudflare(api_token=os.environ["BENCH_TOKEN"], base_url=os.environ["BENCH_URL"])
ACCOUNT = os.environ["BENCH_ACCOUNT"]


def records(zone: str) -> int:
    found = next(iter(CLIENT.zones.list(name=zone)))
    return _records_of(found.id)


def _records_of(zone_id: str) -> int:
    return sum(1 for _ in CLIENT.dns.records.list(zone_id=zone_id, per_page=5000))


def zones() -> int:
    return sum(_records_of(zone.id) for zone in CLIENT.zones.list(per_page=50))


def scan() -> int:
    for listing in _of_account():
        for _ in listing:
            pass
    with suppress(NotFoundError):
        CLIENT.workers.subdomains.get(account_id=ACCOUNT)
    return sum(_all_of(zone.id) for zone in CLIENT.zones.list(per_page=50))


def _of_account() -> Iterator[Any]:
    yield CLIENT.workers.scripts.list(account_id=ACCOUNT)
    yield CLIENT.workers.domains.list(account_id=ACCOUNT)
    yield CLIENT.kv.namespaces.list(account_id=ACCOUNT, per_page=100)
    yield CLIENT.durable_objects.namespaces.list(account_id=ACCOUNT, per_page=1000)
    yield CLIENT.r2.buckets.list(account_id=ACCOUNT, per_page=1000).buckets or ()
    yield CLIENT.d1.database.list(account_id=ACCOUNT, per_page=10_000)
    yield CLIENT.queues.list(account_id=ACCOUNT)
    yield CLIENT.pages.projects.list(account_id=ACCOUNT, per_page=10)
    yield CLIENT.rulesets.list(account_id=ACCOUNT)
    yield CLIENT.load_balancers.pools.list(account_id=ACCOUNT)
    yield CLIENT.load_balancers.monitors.list(account_id=ACCOUNT)


def _all_of(zone_id: str) -> int:
    # All settings in one answer, for which the SDK has no method.
    CLIENT.get(f"/zones/{zone_id}/settings", cast_to=object)
    CLIENT.dns.dnssec.get(zone_id=zone_id)
    for _ in CLIENT.workers.routes.list(zone_id=zone_id):
        pass
    for _ in CLIENT.ssl.certificate_packs.list(zone_id=zone_id, status="all"):
        pass
    return _records_of(zone_id)


def keys(namespace: str) -> int:
    return sum(1 for _ in CLIENT.kv.namespaces.keys.list(namespace, account_id=ACCOUNT, limit=1000))


def values(namespace: str) -> int:
    listed = CLIENT.kv.namespaces.keys.list(namespace, account_id=ACCOUNT, limit=1000)
    names = [key.name for key in listed]
    return sum(len(_values(namespace, names[at : at + BULK_GET])) for at in range(0, len(names), BULK_GET))


def _values(namespace: str, names: list[str], **more: Any) -> dict[str, Any]:
    got: Any = CLIENT.kv.namespaces.bulk_get(namespace, account_id=ACCOUNT, keys=names, **more)
    return dict(got.values)


def _is_whole(got: Any, value: str) -> bool:
    return got is not None and (got.value, got.metadata) == (value, None)


def write(namespace: str, file: str) -> int:
    return len(_written(namespace, file))


def load(namespace: str, file: str) -> int:
    """Write, and read everything back: values and their metadata, which is empty."""
    pairs = _written(namespace, file)
    right = 0
    for at in range(0, len(pairs), BULK_GET):
        some = pairs[at : at + BULK_GET]
        got = _values(namespace, [pair["key"] for pair in some], with_metadata=True)
        right += sum(1 for pair in some if _is_whole(got.get(pair["key"]), pair["value"]))
    return right


def _written(namespace: str, file: str) -> list[dict[str, Any]]:
    pairs = read(file)
    for at in range(0, len(pairs), BULK_PUT):
        some: Any = pairs[at : at + BULK_PUT]
        CLIENT.kv.namespaces.bulk_update(namespace, account_id=ACCOUNT, body=some)
    return pairs


def restore(zone: str, file: str) -> int:
    """Create the records of *file* in an empty zone."""
    found = next(iter(CLIENT.zones.list(name=zone)))
    wanted = read(file)
    for at in range(0, len(wanted), BATCH):
        CLIENT.dns.records.batch(zone_id=found.id, posts=wanted[at : at + BATCH])  # type: ignore[arg-type]
    return _records_of(found.id)


def read(file: str) -> list[dict[str, Any]]:
    """Read JSON lines, without the last line of a dump, which is not a pair."""
    with open(file, encoding="utf-8") as lines:  # noqa: PTH123 (a driver knows nothing of ours)
        return [item for item in map(json.loads, lines) if "dump" not in item]


if __name__ == "__main__":
    print(globals()[sys.argv[1]](**json.loads(sys.argv[2])))
