"""`inv doctor`, as a user types it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ops.doctor.probes import check_products, probes
from ops.kinds.paths import permission
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result

from .conftest import Rows

Doctor = Callable[..., tuple[Rows, Result]]
OTHER = "sandbox_" + "7f" * 20


def test_a_healthy_stage_has_no_failure(doctor: Doctor, staged: Sandbox) -> None:
    rows, result = doctor()

    assert {row["status"] for row in rows.values()} == {"ok"}
    assert check_products(()) < set(rows)
    assert result.code == 0


def test_few_requests_are_made_and_nothing_is_changed(doctor: Doctor, staged: Sandbox) -> None:
    doctor()

    assert len(staged.requests) <= 25
    writing = [(method, where) for method, where in staged.requests if method not in ("GET", "HEAD")]
    assert writing == [("POST", "/graphql")]


@pytest.mark.parametrize(
    ("denied", "product", "name"),
    [
        ("dns", "dns", "Zone > DNS > Read"),
        ("kv", "kv", "Account > Workers KV Storage > Read"),
        ("ssl", "ssl", "Zone > SSL and Certificates > Read"),
        ("r2", "r2", "Account > Workers R2 Storage > Read"),
    ],
)
def test_a_missing_permission_is_named_as_in_the_dashboard(
    doctor: Doctor, staged: Sandbox, monkeypatch: pytest.MonkeyPatch, denied: str, product: str, name: str
) -> None:
    scopes = {"zone", "dns", "workers", "kv", "ssl", "account", "r2", "d1", "queues", "pages", "rulesets", "lb", "lists", "email", "tunnels"}  # fmt: skip  # noqa: E501
    staged.store.add_token(OTHER, scopes=[f"{scope}:read" for scope in scopes - {denied}])
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", OTHER)

    rows, result = doctor()

    assert [check for check, row in rows.items() if row["status"] == "fail"] == [product]
    assert f"the token lacks {name}" in rows[product]["meaning"]
    assert rows[product]["hint"] == "grant it at https://dash.cloudflare.com/profile/api-tokens"
    assert result.code == 1
    assert f"checks failed: {product}" in result.err


def test_a_token_for_one_product_is_healthy_for_that_product(
    doctor: Doctor, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged.store.add_token(OTHER, scopes=("zone:read", "dns:read", "account:read"))
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", OTHER)

    rows, result = doctor("--product", "dns")

    assert result.code == 0
    assert rows["dns"]["status"] == "ok"
    assert "kv" not in rows


def test_an_unknown_product_is_refused(inv: Callable[..., Result], staged: Sandbox) -> None:
    result = inv("doctor", "--product", "mail")

    assert result.code == 1
    assert "'mail'" in result.err


def test_an_expired_token_is_the_users_failure_and_nothing_more_is_asked(
    doctor: Doctor, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged.store.add_token(OTHER, expires_on="2020-01-01T00:00:00Z")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", OTHER)

    rows, result = doctor()

    assert result.code == 1
    assert rows["token expiry"]["status"] == "fail"
    assert rows["permissions"]["status"] == "unknown"
    assert "dns" not in rows


def test_a_host_that_is_not_there_is_a_failure_of_the_network(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", OTHER)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1:1/client/v4")

    rows, result = doctor()

    assert result.code == 3
    assert rows["connection"]["status"] == "fail"
    assert rows["token"]["status"] == "unknown"
    assert rows["exports"]["status"] == "ok"


def test_without_a_token_both_ways_on_are_named(
    doctor: Doctor, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")

    rows, result = doctor()

    assert result.code == 1
    assert rows["token"]["status"] == "fail"
    assert "CLOUDFLARE_API_TOKEN" in rows["token"]["hint"]
    assert "inv sandbox" in rows["token"]["hint"]
    assert rows["connection"]["status"] == "ok"


def test_a_base_url_that_is_refused_is_not_contacted(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "cfut_" + "a" * 48)
    monkeypatch.setenv("CLOUDFLARE_BASE_URL", "http://127.0.0.1.evil.example/client/v4")

    rows, result = doctor()

    assert result.code == 1
    assert rows["base URL"]["status"] == "fail"
    assert "name lookup" not in rows


def test_every_probe_has_a_permission_with_a_name() -> None:
    paths = [probe.path.partition("?")[0].format(zone="z", account="a") for probe in probes().values()]

    names = [permission(path, write=False) for path in paths]

    assert all(names)


def test_the_sandbox_is_healthy(inv: Callable[..., Result]) -> None:
    result = inv("sandbox", "doctor")

    assert result.code == 0


def test_a_token_that_is_revoked_meanwhile_leaves_the_rest_unknown(
    doctor: Doctor, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One request after the other: those under way at once may all be refused.
    monkeypatch.setenv("CFOPS_WORKERS", "1")
    staged.faults.add(Fault("revoked", path="*/dns_records*", times=-1))

    rows, result = doctor()

    statuses = {check: row["status"] for check, row in rows.items()}
    assert result.code != 0
    assert "unknown" in statuses.values()
    unknown = [
        row["meaning"] for check, row in rows.items() if row["status"] == "unknown" and check != "budget"
    ]
    assert any(text.startswith("not checked: ") for text in unknown)
    assert "Invalid access token (9109)" in rows["dns"]["meaning"]
    assert "lacks" not in rows["dns"]["meaning"]
    assert rows["dns"]["hint"] == "the token is unknown, expired or revoked; `inv doctor` shows details"


def test_little_that_is_left_of_the_budget_is_a_warning(
    doctor: Doctor, staged: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_BUDGET", "1000")
    before, _ = doctor()
    used = 1000 - int(before["budget"]["meaning"].split()[0])
    monkeypatch.setenv("CFOPS_BUDGET", str(2 * used + 1))

    rows, _ = doctor()

    assert (before["budget"]["status"], rows["budget"]["status"]) == ("ok", "warn")
    assert rows["budget"]["meaning"] == f"1 of {2 * used + 1} requests left in the window of 300 s"
    assert "raise CFOPS_BUDGET" in rows["budget"]["hint"]
