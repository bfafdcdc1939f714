"""What all products declare: every kind can be listed, and its items have different identities."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ops.http.client import Client
from ops.items import reach
from ops.kinds.catalog import PRODUCTS, resources
from ops.kinds.resource import ACCOUNT, Owner, Resource, identity_of
from ops.sandbox.server import Sandbox
from tests.products.connection import connected

KINDS = {resource.kind: resource for resource in resources()}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Client, Sandbox]]:
    """A seeded sandbox, and a client that is connected to it."""
    folder = tmp_path_factory.mktemp("kinds")
    with (
        Sandbox(folder / "sandbox.sqlite") as sandbox,
        connected(sandbox, folder, CFOPS_BUDGET="0") as client,
    ):
        # One process may run all tests of this module, which together send more than a client may.
        sandbox.limiter.quota = None
        yield client, sandbox


def owners(client: Client, sandbox: Sandbox, kind: str) -> Iterator[Owner]:
    """Yield some items of *kind*, as the parents of others."""
    account = Owner(sandbox.account_id, sandbox.account_id, {})
    if kind == ACCOUNT:
        yield account
        return
    parent = KINDS[kind]
    for above in owners(client, sandbox, parent.parent):
        for item in list(parent.list(client, above))[:12]:
            yield Owner(sandbox.account_id, str(reach(item, parent.key)), item)


def test_a_kind_is_declared_once_and_its_parent_is_declared() -> None:
    assert len(KINDS) == len(resources())
    assert {resource.parent for resource in resources()} <= {ACCOUNT, *KINDS}


def test_a_kind_is_named_after_its_product() -> None:
    names = {*PRODUCTS, "do"} - {"durable_objects"}

    assert {resource.product for resource in resources()} <= names


def test_every_kind_names_its_permission() -> None:
    # Cloudflare asks for Edit even for reading the jobs of Logpush.
    edits = {"logpush.job", "logpush.zone_job"}

    assert {kind for kind, resource in KINDS.items() if not resource.needs.endswith(" > Read")} == edits


def test_the_inventory_of_a_zone_is_lean() -> None:
    lean = {kind for kind, resource in KINDS.items() if resource.parent == "zones.zone" and not resource.deep}

    assert lean == {"dns.record", "zones.setting", "zones.dnssec", "workers.route", "rulesets.zone"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_listed_and_its_items_have_different_identities(
    stocked: tuple[Client, Sandbox], kind: str
) -> None:
    resource: Resource = KINDS[kind]
    client, sandbox = stocked
    seen = 0

    for owner in owners(client, sandbox, resource.parent):
        listing = resource.list(client, owner)
        items = list(listing)
        seen += len(items)
        assert getattr(listing, "problem", "") == ""
        assert len({identity_of(resource, item) for item in items}) == len(items)
        assert all(
            reach(item, resource.key) for item in items if resource.kind in {r.parent for r in resources()}
        )

    assert sandbox.crashes == []
    assert seen or kind in EMPTY_IN_THE_SANDBOX, f"add an item of {kind} to the seed: ops/sandbox/seed_*.py"


# Kinds without items in the seed; check a new one before you add it.
EMPTY_IN_THE_SANDBOX: frozenset[str] = frozenset()


def test_the_first_file_of_a_script_is_its_entry_point(stocked: tuple[Client, Sandbox]) -> None:
    client, sandbox = stocked
    script = KINDS["workers.script"]
    assert script.contents
    account = Owner(sandbox.account_id, sandbox.account_id, {})

    modules = list(script.contents(client, account, {"id": "image-resizer"}))

    assert modules[0].name == "index.js"
    assert {module.name: module.data for module in modules}["palette.bin"] == bytes(range(256))


def test_the_values_of_a_namespace_are_read_byte_for_byte(stocked: tuple[Client, Sandbox]) -> None:
    from base64 import b64decode

    from ops.sandbox.seed_workers import BINARY_VALUES, namespace_id

    client, sandbox = stocked
    keys = KINDS["kv.key"]
    assert keys.values
    owner = Owner(sandbox.account_id, namespace_id("assets"), {})

    pairs = {one["key"]: one for one in keys.values(client, owner, keys.list(client, owner))}

    found = {
        key: b64decode(one["value"]) if one.get("base64") else one["value"].encode()
        for key, one in pairs.items()
    }
    assert found == BINARY_VALUES


def test_an_account_without_a_name_on_workers_dev_has_no_subdomain(tmp_path: Path) -> None:
    with Sandbox(tmp_path / "sandbox.sqlite", seed=None) as empty, connected(empty, tmp_path) as client:
        account = Owner(empty.account_id, empty.account_id, {})

        found = list(KINDS["workers.subdomain"].list(client, account))

        assert found == []
        assert ("GET", f"/accounts/{empty.account_id}/workers/subdomain") in empty.requests
