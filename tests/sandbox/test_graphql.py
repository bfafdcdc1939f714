"""GraphQL analytics in the sandbox: queries are read, checked against its datasets, and answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ops.sandbox.graphql_query import Unreadable, read_query
from ops.sandbox.seed_workers import SESSIONS, namespace_id
from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID, zone_id

from .conftest import Api, Clock

# As wrangler writes it: variables, a filter as one object, times of which only the day matters.
QUERY = """
query Sizes($accountTag: string, $filter: Filter_InputObject) {
  viewer { accounts(filter: {accountTag: $accountTag}) { DATASET(limit: 100 filter: $filter) { FIELDS } } }
}
"""
KV_FIELDS = "max { keyCount byteCount } dimensions { date namespaceId }"
# The clock of these tests is at 2026-09-21T14:13:20Z.
TODAY = {"datetime_geq": "2026-09-21T00:00:00Z"}


@pytest.fixture
def api(start: Callable[..., Sandbox], clock: Clock) -> Api:
    """Return a sandbox with a fixed date."""
    return Api(start(clock=clock))


def send(api: Api, query: str, **variables: Any) -> Any:
    answer = api("POST", "/graphql", json={"query": query, "variables": variables})
    assert answer.status_code == 200
    return answer.json()


def ask(api: Api, dataset: str, fields: str, *, account: str = ACCOUNT_ID, **filter: Any) -> Any:
    """Return the response to wrangler's query for *dataset*."""
    query = QUERY.replace("DATASET", dataset).replace("FIELDS", fields)
    return send(api, query, accountTag=account, filter={"AND": [TODAY | filter]})


def groups(api: Api, dataset: str, fields: str, **filter: Any) -> Any:
    answer = ask(api, dataset, fields, **filter)
    assert answer["errors"] is None
    return answer["data"]["viewer"]["accounts"][0][dataset]


def of_zone(api: Api, selection: str, zone: str = "example.com") -> Any:
    query = "query ($zones: [string!]) { viewer { zones(filter: {zoneTag_in: $zones}) { zoneTag %s } } }"
    return send(api, query % selection, zones=[zone_id(zone)])


def message(answer: Any) -> str:
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error["extensions"]["timestamp"].startswith("2026-09-21T")
    return str(error["message"])


def test_the_sizes_of_namespaces_are_those_of_their_keys(api: Api) -> None:
    listed = groups(api, "kvStorageAdaptiveGroups", KV_FIELDS)

    found = {one["dimensions"]["namespaceId"]: one["max"] for one in listed}
    sessions, flags = found[namespace_id("sessions")], found[namespace_id("feature-flags")]
    assert (sessions["keyCount"], flags["keyCount"]) == (SESSIONS, 8)
    assert sessions["byteCount"] > flags["byteCount"] > 0


def test_a_write_changes_the_size_of_the_namespace_that_is_asked_for(api: Api) -> None:
    id = namespace_id("config")
    (before,) = groups(api, "kvStorageAdaptiveGroups", KV_FIELDS, namespaceId=id)

    api.result("PUT", f"/accounts/{ACCOUNT_ID}/storage/kv/namespaces/{id}/values/new", data=b"12345")
    (after,) = groups(api, "kvStorageAdaptiveGroups", KV_FIELDS, namespaceId=id)

    assert after["max"]["keyCount"] == before["max"]["keyCount"] + 1
    assert after["max"]["byteCount"] == before["max"]["byteCount"] + 5
    assert after["dimensions"]["date"] == "2026-09-21"


def test_the_size_of_a_bucket_is_that_of_its_objects(api: Api) -> None:
    api.result("PUT", f"/accounts/{ACCOUNT_ID}/r2/buckets/assets/objects/logo.svg", data=b"<svg/>")

    fields = "max { objectCount payloadSize metadataSize } dimensions { datetime }"
    (found,) = groups(api, "r2StorageAdaptiveGroups", fields, bucketName="assets")

    assert found["max"] == {"objectCount": 1, "payloadSize": 6, "metadataSize": 0}
    assert found["dimensions"]["datetime"].startswith("2026-09-21T")


@pytest.mark.parametrize("dataset", ["d1AnalyticsAdaptiveGroups", "d1QueriesAdaptiveGroups"])
def test_databases_have_no_traffic_whatever_is_selected(api: Api, dataset: str) -> None:
    assert groups(api, dataset, "sum { readQueries } avg { other }", databaseId="x") == []


def test_figures_are_added_up_by_the_dimensions_that_are_selected(api: Api) -> None:
    fields = "sum { requests } dimensions { scriptName%s }"
    whole = groups(api, "workersInvocationsAdaptive", fields % "", scriptName="auth-edge")
    hours = groups(api, "workersInvocationsAdaptive", fields % " datetimeHour", scriptName="auth-edge")

    assert [one["dimensions"] for one in whole] == [{"scriptName": "auth-edge"}]
    assert len(hours) == 15
    assert sum(one["sum"]["requests"] for one in hours) == whole[0]["sum"]["requests"]


def test_the_same_hour_always_has_the_same_traffic(api: Api, clock: Clock) -> None:
    hour = {"datetime_geq": "2026-09-21T09:00:00Z", "datetime_lt": "2026-09-21T10:00:00Z"}
    before = groups(api, "workersInvocationsAdaptive", "sum { requests }", **hour)

    clock.time += 7200

    assert groups(api, "workersInvocationsAdaptive", "sum { requests }", **hour) == before


def test_several_datasets_are_answered_together_under_their_aliases(api: Api) -> None:
    answer = of_zone(
        api,
        'requests: httpRequestsAdaptiveGroups(limit: 5, filter: {date_geq: "2026-09-21"}) { count }'
        " settings { httpRequestsAdaptiveGroups { enabled maxDuration notOlderThan maxPageSize } }",
    )

    (found,) = answer["data"]["viewer"]["zones"]
    assert found["zoneTag"] == zone_id("example.com")
    assert found["requests"][0]["count"] > 0
    limits = {"enabled": True, "maxDuration": 86400, "notOlderThan": 2678400, "maxPageSize": 10000}
    assert found["settings"] == {"httpRequestsAdaptiveGroups": limits}


def test_groups_are_ordered_and_limited_as_the_query_says(api: Api) -> None:
    query = """{ viewer { accounts(filter: {accountTag: "%s"}) {
      workersInvocationsAdaptive(limit: 2, orderBy: [sum_requests_DESC],
        filter: {date_geq: "2026-09-21"}) { sum { requests } dimensions { scriptName } } } } }"""

    found = send(api, query % ACCOUNT_ID)["data"]["viewer"]["accounts"][0]["workersInvocationsAdaptive"]

    assert len(found) == 2
    assert found[0]["sum"]["requests"] > found[1]["sum"]["requests"]


@pytest.mark.parametrize("account", ["", "0" * 32])
def test_another_account_is_refused_with_status_200(api: Api, account: str) -> None:
    answer = ask(api, "kvStorageAdaptiveGroups", KV_FIELDS, account=account)

    assert message(answer) == "not authorized for that account"


def test_a_foreign_zone_is_refused_by_its_id(api: Api) -> None:
    answer = of_zone(api, "httpRequestsAdaptiveGroups(limit: 1) { count }", zone="foreign.example")

    assert message(answer) == f"zones [{zone_id('foreign.example')}] are not authorized"


@pytest.mark.parametrize(
    ("dataset", "fields", "text"),
    [
        ("httpRequests", "count", 'unknown field "httpRequests"'),
        ("httpRequestsAdaptiveGroups", "count", 'unknown field "httpRequestsAdaptiveGroups"'),
        ("kvStorageAdaptiveGroups", "max { keys }", 'unknown field "keys"'),
        ("kvStorageAdaptiveGroups", "sum { keyCount }", 'unknown field "keyCount"'),
        ("kvStorageAdaptiveGroups", "dimensions", "object field must have selections"),
    ],
)
def test_what_the_schema_does_not_have_is_refused(api: Api, dataset: str, fields: str, text: str) -> None:
    assert message(ask(api, dataset, fields)) == text


@pytest.mark.parametrize(
    ("selection", "text"),
    [
        ("httpRequestsAdaptiveGroups { count }", "limit must be positive number and not greater than 10000"),
        ("httpRequestsAdaptiveGroups(limit: 10001) { count }", "limit must be positive number"),
        ("settings { httpRequestsAdaptiveGroups { most } }", 'unknown field "most"'),
        (
            'httpRequestsAdaptiveGroups(limit: 1, filter: {datetime_geq: "2026-08-01T00:00:00Z"}) { count }',
            "cannot request data older than 2678400s",
        ),
        (
            'httpRequestsAdaptiveGroups(limit: 1, filter: {datetime_geq: "2026-09-20T00:00:00Z"}) { count }',
            "query time range is too large",
        ),
        (
            'httpRequestsAdaptiveGroups(limit: 1, filter: {datetime_geq: "yesterday"}) { count }',
            'error parsing args: "yesterday" is not a time',
        ),
        (
            'httpRequestsAdaptiveGroups(limit: 1, filter: {color: "red"}) { count }',
            'filter has no field "color"',
        ),
    ],
)
def test_the_limits_of_a_dataset_are_kept(api: Api, selection: str, text: str) -> None:
    assert text in message(of_zone(api, selection))


@pytest.mark.parametrize(
    "query", ["", "{", "{ viewer", "{ viewer } }", "mutation { x }", "{ a(b: $c) }", "{ a(b: ]) }", "{ § }"]
)
def test_a_query_that_is_not_graphql_is_unreadable(query: str) -> None:
    with pytest.raises(Unreadable):
        read_query(query, {})


def test_a_deeply_nested_query_is_unreadable() -> None:
    with pytest.raises(Unreadable):
        read_query("{a" * 5000 + "}" * 5000, {})


def test_values_of_every_type_are_read() -> None:
    (field,) = read_query(
        'query Q($v: Int = 7) { n: a(b: [1, 2.5, "x\\"y"], c: {d: true}, e: ENUM, f: $v) }', {}
    )

    assert (field.alias, field.name) == ("n", "a")
    assert field.args == {"b": [1, 2.5, 'x"y'], "c": {"d": True}, "e": "ENUM", "f": 7}


def test_a_body_without_a_query_is_refused(api: Api) -> None:
    assert api.refused("POST", "/graphql", json={"variables": {}}) == (400, 9207)
    assert api.refused("POST", "/graphql", json={"query": "{ x }", "variables": ["x"]}) == (400, 9207)
