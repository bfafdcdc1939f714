"""What is restored of kinds of which Cloudflare never returns a part, and what is said of the rest."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses

from ops.http.client import Client
from ops.kinds.catalog import kinds
from ops.kinds.resource import Owner
from ops.sandbox.routes.collections import A
from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID
from tests.conftest import API, Result
from tests.products.answers import envelope, page
from tests.products.writing import written

Inv = Callable[..., Result]
PROVIDERS, PAGES = A + "/access/identity_providers", A + "/access/custom_pages"
GROUPS = A + "/access/groups"
CERTIFICATES, MTLS = A + "/access/certificates", A + "/mtls_certificates"
GITHUB = {
    "id": "f174e90afafe4643bbbc4a0ed4fc8415",
    "name": "GitHub",
    "type": "github",
    "config": {"client_id": "abc", "client_secret": "****"},
}


def documents(sandbox: Sandbox, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.store.list_documents(kind, ACCOUNT_ID)
    return found


def change(sandbox: Sandbox, kind: str, key: str = "id", **fields: object) -> None:
    for item in documents(sandbox, kind):
        sandbox.store.put_document(kind, ACCOUNT_ID, str(item[key]), {**item, **fields})


def export(inv: Inv, *kinds: str) -> None:
    assert inv("scan.export", "--quiet", "--only", ",".join(kinds)).code == 0


@pytest.fixture
def github(staged: Sandbox, inv: Inv) -> Sandbox:
    """The account after an export, with a provider that has a client secret."""
    staged.store.put_document(PROVIDERS, ACCOUNT_ID, GITHUB["id"], GITHUB)
    export(inv, "access.identity_provider")
    return staged


def test_identity_providers_without_a_client_secret_are_restored(github: Sandbox, inv: Inv) -> None:
    names = {item["name"] for item in documents(github, PROVIDERS)}
    github.store.run("DELETE FROM document WHERE kind = ?", (PROVIDERS,))

    done = inv("snapshots.restore", "--kind", "access.identity_provider", "--yes", "--force")

    assert {item["name"] for item in documents(github, PROVIDERS)} == names - {"GitHub"}
    assert "GitHub: Cloudflare never returns its client secret" in done.err
    assert "create or change it by hand" in done.err


def test_an_identity_provider_with_a_client_secret_is_never_written(github: Sandbox, inv: Inv) -> None:
    github.store.put_document(PROVIDERS, ACCOUNT_ID, GITHUB["id"], {**GITHUB, "config": {"client_id": "new"}})
    before = len(written(github))

    done = inv("snapshots.restore", "--kind", "access.identity_provider", "--yes", "--force")

    assert "GitHub: Cloudflare never returns its client secret" in done.err
    assert written(github)[before:] == []


def test_a_provider_with_scim_is_not_changed(staged: Sandbox, inv: Inv) -> None:
    change(staged, PROVIDERS, scim_config={"enabled": True, "seat_deprovision": True})
    export(inv, "access.identity_provider")
    change(staged, PROVIDERS, scim_config={"enabled": True, "seat_deprovision": False})
    before = len(written(staged))

    done = inv("snapshots.restore", "--yes", "--force")

    assert "a write would remove the secret of its SCIM (scim_config.secret)" in done.err
    assert written(staged)[before:] == []


def test_a_provider_with_scim_is_created_without_its_secret(staged: Sandbox, inv: Inv) -> None:
    change(staged, PROVIDERS, scim_config={"enabled": True, "scim_base_url": "https://old.example.com"})
    export(inv, "access.identity_provider")
    staged.store.run("DELETE FROM document WHERE kind = ?", (PROVIDERS,))

    done = inv("snapshots.restore", "--yes", "--force")

    assert "will be restored without the secret and the address of its SCIM" in done.err
    assert [item["scim_config"] for item in documents(staged, PROVIDERS)] == [{"enabled": True}] * 2


def test_an_item_that_others_name_is_renamed_back(staged: Sandbox, inv: Inv) -> None:
    export(inv, "access.group", "access.policy")
    change(staged, GROUPS, name="Renamed")

    done = inv("snapshots.restore", "--yes", "--force")

    assert done.code == 0, done.err
    assert [item["name"] for item in documents(staged, GROUPS)] == ["Staff"]


def test_the_html_of_a_page_is_restored_and_undone(staged: Sandbox, inv: Inv) -> None:
    export(inv, "access.custom_page")
    change(staged, PAGES, "uid", custom_html="<h1>Changed</h1>", updated_at="2026-11-01T00:00:00Z")

    restored = inv("snapshots.restore", "--yes", "--force")
    html = documents(staged, PAGES)[0]["custom_html"]
    undone = inv("undo.last", "--yes")

    assert restored.code == 0, restored.err
    assert html == "<h1>Ask the help desk</h1>"
    assert undone.code == 0, undone.err
    assert documents(staged, PAGES)[0]["custom_html"] == "<h1>Changed</h1>"


def test_a_page_is_read_again_only_if_it_has_changed_since(
    client: Client, http: responses.RequestsMock
) -> None:
    resource, owner = kinds()["access.custom_page"], Owner("a" * 32, "a" * 32, {})
    url = f"{API}/accounts/{'a' * 32}/access/custom_pages"
    heads = [
        {"uid": "1", "name": "one", "updated_at": "then"},
        {"uid": "2", "name": "two", "updated_at": "now"},
    ]
    http.get(url, json=page(heads, 1, 50))
    http.get(f"{url}/2", json=envelope({**heads[1], "custom_html": "new"}))

    found = resource.list(client, owner, lambda *_: {**heads[0], "custom_html": "old"})

    assert [(one["name"], one["custom_html"]) for one in found] == [("one", "old"), ("two", "new")]


def test_only_the_names_of_a_ca_of_access_are_restored(staged: Sandbox, inv: Inv) -> None:
    change(staged, CERTIFICATES, associated_hostnames=["one.example.com", "two.example.com"])
    export(inv, "access.certificate")
    change(staged, CERTIFICATES, associated_hostnames=[])
    inv("snapshots.restore", "--yes", "--force")
    hostnames = documents(staged, CERTIFICATES)[0]["associated_hostnames"]
    staged.store.run("DELETE FROM document WHERE kind = ?", (CERTIFICATES,))

    again = inv("snapshots.restore", "--yes", "--force")

    assert hostnames == ["one.example.com", "two.example.com"]
    assert "the API does not return the certificate" in again.err
    assert documents(staged, CERTIFICATES) == []


def test_of_certificates_for_mutual_tls_those_of_a_ca_are_restored(staged: Sandbox, inv: Inv) -> None:
    leaf = {**documents(staged, MTLS)[0], "id": "1" * 32, "name": "leaf", "ca": False, "serial_number": "7"}
    staged.store.put_document(MTLS, ACCOUNT_ID, leaf["id"], leaf)
    export(inv, "mtls.certificate")
    staged.store.run("DELETE FROM document WHERE kind = ?", (MTLS,))

    done = inv("snapshots.restore", "--yes", "--force")

    assert [item["name"] for item in documents(staged, MTLS)] == ["devices"]
    assert "leaf: Cloudflare never returns its private key" in done.err
    assert json.dumps(leaf["certificates"]) not in done.err
