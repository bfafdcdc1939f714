"""Cloudflare's audit log, in either of its versions."""

from __future__ import annotations

import json
from typing import Any

import pytest
import responses
from responses.matchers import query_param_matcher

from ops.cli.periods import period
from ops.errors import NotFound, UsageError
from ops.http.client import Client
from ops.products.audit import api
from ops.sandbox.server import Sandbox
from tests.conftest import API
from tests.products.answers import envelope, page, refusal

ACCOUNT = "a" * 32
# 2026-11-23T12:00:00Z
NOW = 1_795_435_200.0
DESCENDING = {"direction": "desc"}
SPAN = {"since": "2026-11-16T12:00:00Z", "before": "2026-11-23T12:00:00Z"}


@pytest.mark.parametrize(
    ("since", "before", "start", "end"),
    [
        ("7d", "", "2026-11-16T12:00:00Z", "2026-11-23T12:00:00Z"),
        ("24h", "", "2026-11-22T12:00:00Z", "2026-11-23T12:00:00Z"),
        ("90m", "30m", "2026-11-23T10:30:00Z", "2026-11-23T11:30:00Z"),
        ("2w", "1w", "2026-11-09T12:00:00Z", "2026-11-16T12:00:00Z"),
        ("2026-11-01", "2026-11-08", "2026-11-01T00:00:00Z", "2026-11-08T00:00:00Z"),
        ("2026-11-01T10:00:00+02:00", "", "2026-11-01T08:00:00Z", "2026-11-23T12:00:00Z"),
        ("2026-11-01T10:00:00Z", "", "2026-11-01T10:00:00Z", "2026-11-23T12:00:00Z"),
    ],
)
def test_a_period_is_in_utc(since: str, before: str, start: str, end: str) -> None:
    assert period(since, before, now=NOW) == (start, end)


@pytest.mark.parametrize(
    ("since", "before"),
    [
        ("", ""),
        ("yesterday", ""),
        ("-7d", ""),
        ("7", ""),
        ("999999w", ""),
        ("7d", "8d"),
        ("2027-01-01", ""),
        ("7d", "x"),
    ],
)
def test_an_invalid_period_is_refused(since: str, before: str) -> None:
    with pytest.raises(UsageError) as error:
        period(since, before, now=NOW)

    assert "24h" in error.value.hint


def test_entries_are_read_to_the_last_cursor(client: Client, http: responses.RequestsMock) -> None:
    url = f"{API}/accounts/{ACCOUNT}/logs/audit"
    first = envelope([{"id": "1"}], count=1, cursor="next")
    http.get(url, json=first, match=[query_param_matcher(SPAN | DESCENDING)])
    last = envelope([{"id": "2"}], count=1, cursor="")
    http.get(url, json=last, match=[query_param_matcher(SPAN | DESCENDING | {"cursor": "next"})])

    assert [one["id"] for one in api.read_log(client, ACCOUNT, **SPAN)] == ["1", "2"]


def test_the_older_log_is_read_by_page_number(client: Client, http: responses.RequestsMock) -> None:
    requested = SPAN | DESCENDING | {"page": 1, "per_page": 1000}
    missing = refusal(7000, "No route for that URI")
    http.get(f"{API}/accounts/{ACCOUNT}/logs/audit", json=missing, status=404)
    url = f"{API}/accounts/{ACCOUNT}/audit_logs"
    http.get(url, json=page([{"id": "1"}], 1, 1000), match=[query_param_matcher(requested)])

    assert list(api.read_log(client, ACCOUNT, **SPAN)) == [{"id": "1"}]


def test_an_account_without_any_log_raises_at_the_first_entry(
    client: Client, http: responses.RequestsMock
) -> None:
    for log in ("logs/audit", "audit_logs"):
        http.get(f"{API}/accounts/{ACCOUNT}/{log}", json=refusal(7000, "No route for that URI"), status=404)

    with pytest.raises(NotFound):
        next(api.read_log(client, ACCOUNT, **SPAN))


def test_entries_of_both_versions_have_one_shape() -> None:
    newer = {
        "id": "1",
        "action": {"type": "delete", "result": "success", "time": "2026-11-23T10:00:00Z"},
        "actor": {"email": "ops@example.com", "ip_address": "192.0.2.1"},
        "resource": {"product": "dns", "type": "record", "id": "r1"},
        "zone": {"name": "example.com"},
    }
    older = {
        "id": "2",
        "when": "2026-11-23T10:00:00Z",
        "action": {"type": "delete", "result": True},
        "actor": {"email": "ops@example.com", "ip": "192.0.2.1"},
        "resource": {"type": "dns record", "id": "r1"},
        "metadata": {"zone_name": "example.com"},
    }
    expected = {
        "time": "2026-11-23T10:00:00Z",
        "user": "ops@example.com",
        "action": "delete",
        "description": "",
        "result": "success",
        "resource": "dns record r1",
        "zone": "example.com",
        "address": "192.0.2.1",
    }

    assert api.entry(newer) == expected | {"entry": newer}
    assert api.entry(older) == expected | {"entry": older}


def test_an_entry_of_the_system_has_an_actor() -> None:
    entry = api.entry({"actor": {"type": "Cloudflare"}, "action": {"type": "renew", "result": False}})

    assert (entry["user"], entry["result"]) == ("Cloudflare", "failure")


def test_the_command_lists_what_was_done(staged: Sandbox, inv: Any) -> None:
    result = inv("audit", "--since", "2026-01-01", "--before", "2026-12-31", "--output", "json")

    rows = json.loads(result.out)
    assert result.code == 0
    assert rows[0]["user"] == "admin@example.com"
    assert "/logs/audit?" in staged.requests[-1][1]


@pytest.mark.fault("A26")
def test_the_command_reads_the_older_log_if_the_newer_one_is_missing(staged: Sandbox, inv: Any) -> None:
    staged.faults.parse("gone GET */logs/audit* times=-1")

    result = inv("audit", "--since", "2026-01-01", "--before", "2026-12-31", "--output", "json")

    assert result.code == 0
    assert json.loads(result.out)
    assert "reading version 1" in result.err
