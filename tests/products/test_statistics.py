"""The tasks workers.stats, zones.stats, kv.stats and do.stats, and their line in lists and infos."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import responses

from ops.analytics.dataset import write_query
from ops.sandbox import traffic
from ops.sandbox.faults import Fault
from ops.sandbox.routes import graphql
from ops.sandbox.routes.graphql import Wrong
from ops.sandbox.server import Sandbox
from ops.sandbox.store import Store, zone_id
from tests.conftest import API, Result
from tests.products.answers import envelope

Inv = Callable[..., Result]

STATS = ("workers.stats", "zones.stats", "kv.stats", "do.stats")
WITH_A_LINE = (
    ("kv.list", "keys"),
    ("zones.info example.com", "traffic"),
    ("workers.info api-gateway --routes none", "traffic"),
    ("do.info chat-room_Room", "traffic"),
)
FAULTS = ("gone", "429", "5xx", "reset", "close", "malformed", "403-html", "denied")
NUMBERS = dict.fromkeys(("requests", "errors", "subrequests", "keyCount", "byteCount"), 1)
# The limits that the sandbox tells: a day of requests in zones with a query, 31 days of KV.
ONE_DAY = 86400


def queries(sandbox: Sandbox) -> int:
    return sum(where == "/graphql" for _, where in sandbox.requests)


def rows(result: Result) -> list[dict[str, Any]]:
    assert result.code == 0, result.err
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


def patched(monkeypatch: pytest.MonkeyPatch, node: str, **changes: Any) -> None:
    """Change a dataset of the sandbox; rows=None removes it."""
    known = dict(traffic.NODES)
    if changes.get("rows", 1) is None:
        del known[node]
    else:
        known[node] = known[node]._replace(**changes)
    monkeypatch.setattr(graphql, "NODES", known)


def refusing(message: str) -> Callable[..., Iterator[Any]]:
    def rows(*_: Any) -> Iterator[Any]:
        raise Wrong(message)

    return rows


def test_workers_have_requests_errors_and_cpu_time(staged: Sandbox, inv: Inv) -> None:
    found = rows(inv("workers.stats", "--output", "json"))

    assert [one["script"] for one in found][:2] == ["api-gateway", "auth-edge"]
    for one in found:
        assert 0 <= one["errors"] < one["requests"]
        assert 0 < one["cpu_p50_ms"] < one["cpu_p99_ms"]
        assert sum(one["trend"]) == one["requests"]
        assert one["step"] == "hour"
        assert one["estimates"] == ["requests", "errors", "cpu_p50_ms", "cpu_p99_ms"]
    assert queries(staged) == 2


def test_a_named_script_is_asked_for_alone(staged: Sandbox, inv: Inv) -> None:
    every = {one["script"]: one for one in rows(inv("workers.stats", "--output", "json"))}

    (found,) = rows(inv("workers.stats", "auth-edge", "--output", "json"))

    assert found["requests"] == every["auth-edge"]["requests"]


def test_zones_have_bytes_a_cached_share_statuses_and_threats(staged: Sandbox, inv: Inv) -> None:
    (found,) = rows(inv("zones.stats", "example.com", "--output", "json"))

    assert found["zone"] == "example.com"
    assert sum(found["status_codes"].values()) == found["requests"] == sum(found["trend"])
    assert found["4xx"] == found["status_codes"]["403"] + found["status_codes"]["404"]
    assert found["bytes"] > 0
    assert 64 < found["cached_percent"] < 66
    assert found["threats"] > 0
    assert "threats" not in found["estimates"]


def test_ten_zones_share_a_query(staged: Sandbox, inv: Inv) -> None:
    found = rows(inv("zones.stats", "--output", "json"))

    assert len(found) == 12
    # The limits of ten zones and of two; then two queries each, as the 24 hours begin with a whole one.
    assert queries(staged) == 2 + 2 * 2


def test_kv_has_operations_by_kind_and_sizes(staged: Sandbox, inv: Inv) -> None:
    found = {one["namespace"]: one for one in rows(inv("kv.stats", "--output", "json"))}

    sessions = found["sessions"]
    assert sessions["keys"] == 1250
    assert sessions["operations"] == sum(sessions[name] for name in ("reads", "writes", "deletes", "lists"))
    assert sessions["operations"] == sum(sessions["trend"])
    assert sessions["step"] == "day"
    assert len(sessions["trend"]) == 8


def test_durable_objects_have_requests_times_and_stored_data(staged: Sandbox, inv: Inv) -> None:
    (found,) = rows(inv("do.stats", "chat-room_Room", "--output", "json"))

    assert (found["namespace"], found["script"]) == ("chat-room_Room", "chat-room")
    assert found["requests"] == sum(found["trend"])
    assert min(found["cpu_ms"], found["duration_gb_s"], found["sql_bytes"]) > 0
    assert found["stored_bytes"] is None
    assert found["estimates"] == ["requests"]


@pytest.mark.parametrize("task", STATS)
def test_a_table_draws_the_trend_and_says_what_is_an_estimate(staged: Sandbox, inv: Inv, task: str) -> None:
    result = inv(task, "--output", "table")

    assert result.code == 0, result.err
    assert "▁" in result.out or "█" in result.out
    assert "estimates, because Cloudflare samples" in result.err


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "tsv", "yaml"])
def test_every_format_has_the_numbers_of_the_trend(staged: Sandbox, inv: Inv, format: str) -> None:
    result = inv("kv.stats", "sessions", "--fields", "reads,trend", "--output", format)

    (found,) = rows(inv("kv.stats", "sessions", "--output", "json"))
    assert result.code == 0
    assert str(found["reads"]) in result.out
    assert str(found["trend"][0]) in result.out


@pytest.mark.fault("A8", "A25")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("task", STATS)
def test_statistics_that_cannot_be_read_end_with_the_reason(
    staged: Sandbox, inv: Inv, task: str, fault: str
) -> None:
    staged.faults.add(Fault(fault, "POST", "/graphql", times=-1))

    result = inv(task, "--output", "json")

    assert result.code in (1, 2, 3)
    assert result.out == ""
    assert "POST /graphql" in result.err
    assert 1 <= queries(staged) <= 2
    if fault == "denied":
        assert "Analytics > Read" in result.err


@pytest.mark.fault("A8", "A25")
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("line", "field"), WITH_A_LINE)
def test_the_rest_is_complete_whatever_happens_to_analytics(
    staged: Sandbox, inv: Inv, line: str, field: str, fault: str
) -> None:
    whole = json.loads(inv(*line.split(), "--output", "json").out)
    staged.faults.add(Fault(fault, "POST", "/graphql", times=-1))
    staged.requests.clear()

    result = inv(*line.split(), "--output", "json")

    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert len(found) == len(whole)
    (first, *_) = found if isinstance(found, list) else [found]
    assert first[field] == "unknown"
    assert ": unknown: POST /graphql" in result.err
    assert queries(staged) == 1


@pytest.mark.parametrize(("line", "field"), WITH_A_LINE)
@pytest.mark.parametrize(
    "data",
    [
        {},
        {"viewer": None},
        {"viewer": {"accounts": {}, "zones": {}}},
        {"viewer": {"accounts": [], "zones": []}},
        {"viewer": {"accounts": [7], "zones": [7]}},
        {"viewer": {"accounts": [{}], "zones": [{}]}},
        {"viewer": {"accounts": [{"totals0": [{}], "totals1": [{"max": [], "dimensions": 1}]}], "zones": []}},
        # The numbers are there, and nothing says what they are of.
        {
            "viewer": {
                "accounts": [
                    {"totals0": [{"sum": NUMBERS, "max": NUMBERS, "avg": NUMBERS, "quantiles": NUMBERS}]}
                ],
                "zones": [],
            }
        },
    ],
)
def test_analytics_of_another_shape_are_unknown(
    staged: Sandbox, inv: Inv, line: str, field: str, data: Any
) -> None:
    body = json.dumps({"data": data, "errors": None}).encode()
    staged.faults.add(Fault("malformed", "POST", "/graphql", times=-1, body=body))

    result = inv(*line.split(), "--output", "json")

    assert result.code == 0, result.err
    found = json.loads(result.out)
    assert (found[0] if isinstance(found, list) else found)[field] == "unknown"
    assert "not as documented" in result.err


def test_errors_with_status_200_leave_the_list_as_it_is(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched(monkeypatch, "kvOperationsAdaptiveGroups", rows=refusing("rate limiter budget depleted"))

    result = inv("kv.list", "--output", "json")

    assert rows(result)[0]["operations"] == "unknown"
    assert "rate limiter budget depleted" in result.err
    assert queries(staged) == 1


def test_a_dataset_that_is_refused_does_not_take_the_other_away(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched(monkeypatch, "kvOperationsAdaptiveGroups", rows=None)

    listed = rows(inv("kv.list", "--output", "json"))
    result = inv("kv.stats", "sessions", "--output", "json")

    (shown,) = json.loads(result.out)
    assert [one["operations"] for one in listed] == ["unknown"] * 4
    assert {one["title"]: one["keys"] for one in listed}["sessions"] == 1250
    assert result.code == 4
    assert (shown["reads"], shown["keys"], shown["trend"]) == ("unknown", 1250, [])
    assert "operations: unknown: POST /graphql: unknown field" in result.err


@pytest.mark.parametrize(
    ("task", "node", "field"),
    [
        ("zones.stats example.com", "httpRequests1dGroups", "threats"),
        ("do.stats chat-room_Room", "durableObjectsSqlStorageGroups", "sql_bytes"),
    ],
)
def test_what_no_document_promises_is_tried_and_reported(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch, task: str, node: str, field: str
) -> None:
    patched(monkeypatch, node, rows=None)

    result = inv(*task.split(), "--output", "json")

    (found,) = rows(result)
    assert found[field] == "unknown"
    assert found["requests"] > 0
    assert f'unknown field "{node}"' in result.err


def test_a_field_that_no_document_promises_is_tried_alone(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = traffic.NODES["durableObjectsPeriodicGroups"].fields
    fields = tuple(one for one in known if one != "sum.duration")
    patched(monkeypatch, "durableObjectsPeriodicGroups", fields=fields)

    result = inv("do.stats", "chat-room_Room", "--output", "json")

    (found,) = rows(result)
    assert found["duration_gb_s"] == "unknown"
    assert found["cpu_ms"] > 0
    assert 'durations: unknown: POST /graphql: unknown field "duration"' in result.err


def test_a_zone_that_may_not_be_read_does_not_take_the_others_away(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual, foreign = traffic.NODES["httpRequestsAdaptiveGroups"].rows, zone_id("example.org")

    def guarded(store: Store, zone: str, start: int, end: int) -> Any:
        if zone == foreign:
            raise Wrong(f"zones [{zone}] are not authorized")
        return usual(store, zone, start, end)

    patched(monkeypatch, "httpRequestsAdaptiveGroups", rows=guarded)

    result = inv("zones.stats", "--output", "json")

    found = {one["zone"]: one["requests"] for one in json.loads(result.out)}
    assert result.code == 4
    assert found["example.org"] == "unknown"
    assert found["example.com"] > 0
    assert f"requests of {foreign}: unknown" in result.err
    assert "Zone > Analytics > Read" in result.err or "not authorized" in result.err


@pytest.mark.parametrize(
    ("task", "kept"), [("kv.stats", "31 days"), ("workers.stats", "90 days"), ("zones.stats", "31 days")]
)
def test_a_time_that_cloudflare_no_longer_has_is_refused(
    staged: Sandbox, inv: Inv, task: str, kept: str
) -> None:
    result = inv(task, "--since", "100d")

    assert result.code == 1
    assert f"of the last {kept}, not of 100 days" in result.err
    assert "hint: --since" in result.err


def test_all_that_cloudflare_has_can_be_asked_for(staged: Sandbox, inv: Inv) -> None:
    (found,) = rows(inv("kv.stats", "sessions", "--since", "31d", "--output", "json"))

    # The first day is not there as a whole any more.
    assert len(found["trend"]) == 31
    assert min(found["trend"]) > 0


def test_a_time_wider_than_a_query_allows_is_read_with_several(staged: Sandbox, inv: Inv) -> None:
    result = inv("zones.stats", "example.com", "--since", "5d", "--output", "json")

    (found,) = rows(result)
    assert sum(found["trend"]) == found["requests"]
    assert len(found["trend"]) == 6
    # The name of the zone and its limits are read before.
    assert queries(staged) == 1 + 6


def test_quantiles_of_several_queries_are_said_to_be_the_highest(staged: Sandbox, inv: Inv) -> None:
    result = inv("workers.stats", "auth-edge", "--since", "40d", "--output", "json")

    (found,) = rows(result)
    assert found["cpu_p99_ms"] > 0
    assert "quantiles are the highest of 2 queries" in result.err


def test_an_answer_with_as_many_rows_as_allowed_is_read_again_in_halves(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = rows(inv("kv.stats", "--output", "json"))
    monkeypatch.setattr(graphql, "MOST_ROWS", 17)

    found = rows(inv("kv.stats", "--output", "json"))

    assert [one["operations"] for one in found] == [one["operations"] for one in whole]
    assert [one["trend"] for one in found] == [one["trend"] for one in whole]


def test_more_rows_than_can_be_read_are_unknown(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphql, "MOST_ROWS", 3)

    result = inv("kv.stats", "--output", "json")

    assert result.code in (2, 4)
    assert "has more than 3 rows" in result.err


def test_more_queries_than_cloudflare_allows_are_refused(
    staged: Sandbox, inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    patched(monkeypatch, "httpRequestsAdaptiveGroups", duration=3600)

    result = inv("zones.stats", "--since", "8d")

    assert result.code == 1
    assert "queries, and Cloudflare allows 300 in five minutes" in result.err
    assert queries(staged) == 2


def test_a_dataset_outside_the_plan_is_not_asked_for(
    inv: Inv, http: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x" * 40)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "a" * 32)
    http.get(f"{API}/accounts/{'a' * 32}/workers/scripts", json=envelope([{"id": "one"}]))
    settings = {"settings": {"workersInvocationsAdaptive": {"enabled": False}}}
    http.post(f"{API}/graphql", json={"data": {"viewer": {"accounts": [settings]}}, "errors": None})

    result = inv("workers.stats")

    assert result.code == 1
    assert "workersInvocationsAdaptive is not part of this plan" in result.err


def test_a_script_that_is_gone_keeps_its_numbers(
    inv: Inv, http: responses.RequestsMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "x" * 40)
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "a" * 32)
    http.get(f"{API}/accounts/{'a' * 32}/workers/scripts", json=envelope([{"id": "new"}]))
    group = {
        "dimensions": {"scriptName": "old"},
        "sum": {"requests": 7, "errors": 0},
        "quantiles": {"cpuTimeP50": None, "cpuTimeP99": 2000},
    }
    http.post(f"{API}/graphql", json={"data": None, "errors": [{"message": "unknown field"}]})
    account = {"totals0": [group], "series0": []}
    http.post(f"{API}/graphql", json={"data": {"viewer": {"accounts": [account]}}, "errors": None})

    found = {one["script"]: one for one in rows(inv("workers.stats", "--output", "json"))}

    assert (found["new"]["requests"], found["old"]["requests"]) == (0, 7)
    assert (found["old"]["cpu_p50_ms"], found["old"]["cpu_p99_ms"]) == (None, 2.0)


@pytest.mark.parametrize("task", ["kv.list", "do.list"])
def test_a_list_names_the_scripts_that_are_bound(staged: Sandbox, inv: Inv, task: str) -> None:
    found = {one.get("title") or one["name"]: one["bound_by"] for one in rows(inv(task, "--output", "json"))}

    expected = {
        "kv.list": {
            "assets": ["image-resizer"],
            "config": ["redirects"],
            "feature-flags": ["api-gateway"],
            "sessions": ["api-gateway", "auth-edge"],
        },
        "do.list": {
            "api-gateway_RateLimiter": ["api-gateway", "chat-room"],
            "chat-room_Room": ["chat-room"],
            "webhook-relay_Inbox": ["webhook-relay"],
        },
    }
    assert found == expected[task]
    assert sum("/settings" in where for _, where in staged.requests) == 8


@pytest.mark.parametrize("task", ["kv.list", "do.list"])
def test_the_scripts_can_be_left_out(staged: Sandbox, inv: Inv, task: str) -> None:
    found = rows(inv(task, "--scripts", "none", "--output", "json"))

    assert all("bound_by" not in one for one in found)
    assert not any("/workers/scripts" in where for _, where in staged.requests)
    assert inv(task, "--scripts", "some").code == 1


@pytest.mark.parametrize("fault", ["denied", "5xx", "malformed"])
@pytest.mark.parametrize("task", ["kv.list", "do.list"])
@pytest.mark.parametrize("where", ["*/workers/scripts", "*/workers/scripts/redirects/settings"])
def test_if_a_script_cannot_be_read_its_bindings_are_unknown(
    staged: Sandbox, inv: Inv, task: str, where: str, fault: str
) -> None:
    staged.faults.parse(f"{fault} GET {where} times=-1")

    result = inv(task, "--output", "json")

    assert all(one["bound_by"] == "unknown" for one in rows(result))
    assert "bindings: unknown" in result.err


def test_a_query_names_its_variables_and_nothing_else(staged: Sandbox, inv: Inv) -> None:
    assert write_query("accounts", ["a"], [], "")[1] == {"account": "a"}


def test_doctor_says_whether_analytics_can_be_read(staged: Sandbox, inv: Inv) -> None:
    good = inv("doctor", "--product", "analytics", "--output", "json")
    staged.faults.parse("denied POST /graphql times=-1")
    bad = inv("doctor", "--product", "analytics", "--output", "json")

    found = {one["check"]: one for one in json.loads(good.out)}
    missing = {one["check"]: one for one in json.loads(bad.out)}
    assert (found["analytics"]["status"], good.code) == ("ok", 0)
    assert (missing["analytics"]["status"], bad.code) == ("warn", 0)
    assert "Account > Account Analytics > Read" in json.dumps(missing["analytics"])
