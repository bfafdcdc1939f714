"""What the declarations say of a path: its kind, its permission, the task that lists it."""

from __future__ import annotations

import pytest

from ops.kinds.paths import ITEM, LIST, ONE, find, listing_task, permission


@pytest.mark.parametrize(
    ("where", "write", "name"),
    [
        ("/zones", False, "Zone > Zone > Read"),
        ("/zones/z/settings/ssl", True, "Zone > Zone Settings > Edit"),
        ("/zones/z/purge_cache", True, "Zone > Cache Purge > Purge"),
        ("/zones/z/workers/routes", False, "Zone > Workers Routes > Read"),
        ("/accounts/a/storage/kv/namespaces/n/keys", False, "Account > Workers KV Storage > Read"),
        ("/accounts/a/workers/durable_objects/namespaces", False, "Account > Workers Scripts > Read"),
        ("/accounts", False, "Account > Account Settings > Read"),
        ("/elsewhere", False, ""),
    ],
)
def test_a_path_has_a_permission(where: str, write: bool, name: str) -> None:
    assert permission(where, write=write) == name


@pytest.mark.parametrize(
    ("where", "task"),
    [
        ("/zones/z/dns_records/r", "inv dns.list --zone …"),
        ("/zones/z/workers/routes/r", "inv workers.routes --zone …"),
        ("/zones/z/settings/ssl", "inv zones.settings --zone …"),
        ("/zones/z/ssl/certificate_packs/p", "inv ssl.packs --zone …"),
        ("/zones/z", "inv zones.list"),
        ("/zones/z/dns_records", "inv zones.list"),
        ("/zones/z/dnssec", "inv zones.list"),
        ("/accounts/a/storage/kv/namespaces/n", "inv kv.list"),
        ("/accounts/a/storage/kv/namespaces/n/keys", "inv kv.list"),
        ("/accounts/a/storage/kv/namespaces/n/values/k", "inv kv.keys --namespace …"),
        ("/accounts/a/storage/kv/namespaces/n/metadata/k", "inv kv.keys --namespace …"),
        ("/accounts/a/workers/scripts/s", "inv workers.list"),
        ("/accounts/a/workers/scripts/s/secrets", "inv workers.list"),
        ("/accounts/a/workers/durable_objects/namespaces/n/objects", "inv do.list"),
        ("/accounts/a/members", "inv accounts.list"),
        ("/user", ""),
        ("/elsewhere/x", ""),
    ],
)
def test_a_path_that_does_not_exist_has_the_task_that_lists_what_does(where: str, task: str) -> None:
    assert listing_task(where) == task


def test_a_path_is_found_with_the_ids_in_it() -> None:
    records = find("/zones/z%20/dns_records", ONE, LIST, ITEM)
    record = find("/zones/z/dns_records/r", ONE, LIST, ITEM)
    settings = find("/accounts/a/workers/scripts/s/settings", ONE, LIST, ITEM)
    variants = find("/zones/z/cache/variants", ONE, LIST, ITEM)

    assert records
    assert (records.resource.kind, records.form, records.owner) == ("dns.record", LIST, "z ")
    assert record
    assert (record.form, record.owner, record.item) == (ITEM, "z", "r")
    assert settings
    assert (settings.form, settings.account, settings.owner) == (ONE, "a", "s")
    assert variants
    assert (variants.resource.kind, variants.owner, variants.item) == (
        "cache.setting",
        "z",
        "variants",
    )
    assert find("/zones/z/nothing/known", ONE, LIST, ITEM) is None
