"""Access is read only where the account has a Zero Trust organization."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import responses

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.kinds.catalog import kinds
from ops.kinds.resource import Owner
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.products.answers import refusal

Inv = Callable[..., Result]
ACCOUNT = "a" * 32
OWNER = Owner(ACCOUNT, ACCOUNT, {})
URL = f"{API}/accounts/{ACCOUNT}/access/organizations"


@pytest.mark.parametrize(
    ("status", "message"), [(404, "not found"), (403, "access.api.error.not_enabled"), (400, "not enabled")]
)
def test_an_account_without_zero_trust_has_no_organization(
    client: Client, http: responses.RequestsMock, status: int, message: str
) -> None:
    http.get(URL, json=refusal(9999, message), status=status)

    assert list(kinds()["access.organization"].list(client, OWNER)) == []


def test_a_missing_permission_is_not_a_missing_organization(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied):
        list(kinds()["access.organization"].list(client, OWNER))


def test_what_needs_an_organization_is_not_asked_without_one(staged: Sandbox, inv: Inv) -> None:
    staged.faults.add(Fault("gone", path="*/access/organizations", times=-1))

    result = inv("scan", "--only", "access,gateway,devices", "--output", "json")

    rows = {row["kind"]: (row["status"], row["note"]) for row in json.loads(result.out)}
    assert result.code == 0, result.err
    for kind in ("access.app", "gateway.rule", "devices.posture"):
        assert rows[kind] == ("skipped", "not asked: the account has no Zero Trust organization")
    assert [path for _, path in staged.requests if "gateway" in path or "devices" in path] == []
