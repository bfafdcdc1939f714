"""Certificates at Cloudflare's edge: which expire, which are not issued, which names have none."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.errors import PermissionDenied
from ops.http.client import Client
from ops.items import Json
from ops.kinds.resource import Owner
from ops.products.ssl import api
from ops.products.ssl.resources import RESOURCES
from ops.products.ssl.tasks import NOT_ISSUED, problems
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope, page, refusal

ZONE, ACCOUNT = "1" * 32, "a" * 32
SSL = f"{API}/zones/{ZONE}/ssl"
DAY = 86400.0
# 2026-11-23T00:00:00Z
NOW = 1_795_392_000.0


def pack(
    *, uploaded: str = "2026-10-01T00:00:00Z", expires: str = "2026-12-30T00:00:00Z", **others: Any
) -> Json:
    """Return an active pack of 90 days, with 37 of them left."""
    certificate = {"id": "c", "uploaded_on": uploaded, "expires_on": expires}
    return {
        "id": "p", "type": "universal", "status": "active", "hosts": ["example.com", "*.example.com"],
        "certificates": [certificate],
    } | others  # fmt: skip


def names(*given: str) -> list[Json]:
    return [{"name": name, "proxied": True} for name in given]


def found(packs: list[Json], records: list[Json] | None = None, **options: Any) -> list[Json]:
    return list(problems(packs, records or [], now=options.pop("now", NOW), **options))


def test_a_certificate_with_more_than_a_third_of_its_lifetime_left_is_not_a_problem() -> None:
    assert found([pack()]) == []


@pytest.mark.parametrize(
    ("uploaded", "expires", "expiring"),
    [
        ("2026-10-01T00:00:00Z", "2026-12-30T00:00:00Z", False),
        ("2026-09-24T00:00:00Z", "2026-12-23T00:00:00Z", True),
        ("2026-09-24T00:00:01Z", "2026-12-23T00:00:01Z", False),
        ("2026-11-10T00:00:00Z", "2026-11-25T00:00:00Z", True),
        ("2026-11-20T00:00:00Z", "2026-11-27T00:00:00Z", False),
        ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", True),
    ],
    ids=["37 of 90 days", "30 of 90 days", "a second more", "2 of 15 days", "4 of 7 days", "39 of 365 days"],
)
def test_expiring_is_relative_to_the_lifetime(uploaded: str, expires: str, expiring: bool) -> None:
    rows = found([pack(uploaded=uploaded, expires=expires)])

    assert [row["problem"] for row in rows] == (["expiring"] if expiring else [])


def test_the_row_names_what_expires_and_when() -> None:
    rows = found([pack(expires="2026-11-25T00:00:00Z")])

    assert rows == [
        {
            "problem": "expiring", "names": ["example.com", "*.example.com"], "type": "universal", "id": "p",
            "status": "active", "expires_on": "2026-11-25T00:00:00Z",
        }
    ]  # fmt: skip


def test_days_replace_the_last_third() -> None:
    assert found([pack()], days=36) == []
    assert [row["problem"] for row in found([pack()], days=37)] == ["expiring"]


def test_an_expired_certificate_is_reported_as_expired() -> None:
    assert [row["problem"] for row in found([pack()], now=NOW + 37 * DAY)] == ["expired"]


def test_the_certificate_that_expires_first_decides() -> None:
    certificates = [{"expires_on": "2027-06-01T00:00:00Z"}, {"expires_on": "2026-11-24T00:00:00Z"}]

    rows = found([pack(certificates=certificates)])

    assert [row["expires_on"] for row in rows] == ["2026-11-24T00:00:00Z"]


def test_the_lifetime_is_the_ordered_one_or_else_the_usual_one() -> None:
    certificates = [{"expires_on": "2026-11-30T00:00:00Z"}]

    assert found([pack(certificates=certificates, validity_days=14)]) == []
    assert found([pack(certificates=certificates, validity_days=24)]) != []
    assert found([pack(certificates=certificates)]) != []
    assert found([pack(uploaded="2020-01-01T00:00:00Z", validity_days=90)]) == []


@pytest.mark.parametrize("certificates", [[], None, [{"expires_on": None}], [{"expires_on": "soon"}]])
def test_a_pack_without_a_valid_date_is_not_reported(certificates: Any) -> None:
    assert found([pack(certificates=certificates)]) == []


@pytest.mark.parametrize("status", sorted(NOT_ISSUED))
def test_a_pack_that_is_not_issued_is_a_problem(status: str) -> None:
    rows = found([pack(status=status, hosts=["a.example"])])

    assert [(row["problem"], row["status"], row["names"]) for row in rows] == [
        ("not issued", status, ["a.example"])
    ]


@pytest.mark.parametrize("status", ["deleted", "expired", "inactive", "backup_issued", "pending_deletion"])
def test_a_pack_that_is_no_longer_used_is_not_a_problem(status: str) -> None:
    assert found([pack(status=status)]) == []


def test_names_that_no_active_pack_covers_are_one_row() -> None:
    records = names("example.com", "www.example.com", "a.b.example.com", "*.b.example.com", "a.b.example.com")

    rows = found([pack()], records)

    assert [(row["problem"], row["names"]) for row in rows] == [
        ("not covered", ["*.b.example.com", "a.b.example.com"])
    ]


def test_a_pack_that_is_not_active_covers_nothing() -> None:
    rows = found([pack(status="expired")], names("www.example.com"))

    assert [row["names"] for row in rows] == [["www.example.com"]]


def test_a_wildcard_record_is_covered_by_the_same_wildcard() -> None:
    assert found([pack()], names("*.example.com")) == []


def test_packs_of_every_status_are_listed(client: Client, http: responses.RequestsMock) -> None:
    packs = [pack(id=f"p{n}", created_on="2020-01-01T00:00:00Z") for n in range(60)]
    for number in (1, 2):
        asked = [query_param_matcher({"page": number, "per_page": 50, "status": "all"})]
        http.get(f"{SSL}/certificate_packs", json=page(packs, number, 50), match=asked)

    assert len(list(api.list_packs(client, ZONE))) == 60


def test_only_proxied_records_need_a_certificate(client: Client, http: responses.RequestsMock) -> None:
    records = [
        {"id": "1", "name": "a.example", "proxied": True},
        {"id": "2", "name": "b.example", "proxied": False},
    ]
    asked = {"page": 1, "per_page": 5000, "order": "name", "proxied": "true"}
    http.get(
        f"{API}/zones/{ZONE}/dns_records", json=page(records, 1, 5000), match=[query_param_matcher(asked)]
    )

    assert [record["name"] for record in api.list_proxied_names(client, ZONE)] == ["a.example"]


def test_a_refusal_names_the_missing_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(f"{SSL}/certificate_packs", json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(api.list_packs(client, ZONE))

    assert "SSL and Certificates" in error.value.hint


def test_each_kind_lists_the_items_of_its_zone(client: Client, http: responses.RequestsMock) -> None:
    owner = Owner(ACCOUNT, ZONE, {"id": ZONE})
    http.get(f"{SSL}/certificate_packs", json=page([{"id": "p"}], 1, 50))
    http.get(f"{SSL}/universal/settings", json=envelope({"enabled": True}))
    # This answer is declared without `success`.
    http.get(f"{SSL}/verification", json={"result": [{"certificate_status": "active"}]})
    http.get(f"{API}/zones/{ZONE}/custom_certificates", json=page([{"id": "c"}], 1, 50))
    http.get(f"{API}/zones/{ZONE}/custom_hostnames", json=page([{"id": "h"}], 1, 50))

    read = ("ssl.pack", "ssl.universal", "ssl.verification", "ssl.certificate", "ssl.hostname")
    listed = {one.kind: list(one.list(client, owner)) for one in RESOURCES if one.kind in read}

    assert listed == {
        "ssl.pack": [{"id": "p"}],
        "ssl.universal": [{"enabled": True}],
        "ssl.verification": [{"certificate_status": "active"}],
        "ssl.certificate": [{"id": "c"}],
        "ssl.hostname": [{"id": "h"}],
    }


def test_packs_of_a_zone(staged: Sandbox, inv: Any) -> None:
    result = inv("ssl.packs", "--zone", "example.com", "--output", "json")

    assert {one["type"] for one in json.loads(result.out)} == {"universal", "advanced"}


def test_what_is_expiring_in_all_zones(staged: Sandbox, inv: Any) -> None:
    result = inv("ssl.expiring", "--output", "json")

    rows = {(row["zone"], row["problem"]) for row in json.loads(result.out)}
    assert result.code == 0
    assert {("legacy.example", "not covered"), ("pending.example", "not issued")} <= rows
    assert "reading 12 zones: about 24 requests" in result.err


@pytest.mark.fault("A25")
def test_names_of_a_zone_whose_packs_are_denied_are_not_reported_as_uncovered(
    staged: Sandbox, inv: Any
) -> None:
    staged.faults.parse("denied GET */certificate_packs* times=-1")

    result = inv("ssl.expiring", "--zone", "legacy.example", "--output", "json")

    assert (result.code, json.loads(result.out)) == (4, [])
    assert "certificate packs of legacy.example: denied" in result.err


def test_names_of_a_zone_that_cloudflare_does_not_serve_need_no_certificate(
    staged: Sandbox, inv: Any
) -> None:
    inv("ssl.expiring", "--zone", "pending.example")

    assert not [where for _, where in staged.requests if "/dns_records" in where]


def test_negative_days_are_refused(staged: Sandbox, inv: Any) -> None:
    result = inv("ssl.expiring", "--days=-1")

    assert result.code == 1
    assert "--days -1 is negative" in result.err


def test_a_failed_check_shows_its_result_and_ends_with_its_exit_code(inv: Any) -> None:
    # Port 1 of this machine: nothing listens there.
    result = inv("ssl.check", "127.0.0.1", "--port", "1", "--output", "json")

    assert result.code == 3
    assert json.loads(result.out)["verdict"] == "error"
    assert "127.0.0.1:1" in result.err
