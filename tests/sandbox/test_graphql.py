"""GraphQL analytics in the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ops.sandbox.identity import ACCOUNT_ID, stable_id
from ops.sandbox.routes.graphql import QueryError, parse
from ops.sandbox.seed_kv import SESSIONS, namespace_id
from ops.sandbox.server import Sandbox

from .conftest import Api, Clock

STORAGE = """
query Sizes($accountTag: string!, $filter: Filter = {namespaceId_in: []}) {  # one line a namespace
  viewer {
    accounts(filter: {accountTag: $accountTag}) {
      sizes: kvStorageAdaptiveGroups(limit: 100, filter: $filter, orderBy: [max_keyCount_DESC]) {
        max { keyCount, byteCount }
        dimensions { id: namespaceId }
      }
    }
  }
}
"""


@pytest.fixture
def api(start: Callable[..., Sandbox], clock: Clock) -> Api:
    """Return a sandbox with a fixed date."""
    return Api(start(clock=clock))


def ask(api: Api, query: str, **variables: Any) -> Any:
    """Return the account's part of a response without errors."""
    answer = api("POST", "/graphql", json={"query": query, "variables": variables}).json()
    assert answer["errors"] is None
    return answer["data"]["viewer"]["accounts"][0]


def inside(dataset: str) -> str:
    return f'{{ viewer {{ accounts(filter: {{accountTag: "{ACCOUNT_ID}"}}) {{ {dataset} }} }} }}'


def error_of(api: Api, query: str) -> str:
    answer = api("POST", "/graphql", json={"query": query})
    assert (answer.status_code, answer.json()["data"]) == (200, None)
    return str(answer.json()["errors"][0]["message"])


def test_the_sizes_of_namespaces_are_those_of_their_keys(api: Api) -> None:
    filter = {"namespaceId_in": [namespace_id("sessions"), namespace_id("feature-flags")]}

    groups = ask(api, STORAGE, accountTag=ACCOUNT_ID, filter=filter)["sizes"]

    assert [one["dimensions"]["id"] for one in groups] == filter["namespaceId_in"]
    assert [one["max"]["keyCount"] for one in groups] == [SESSIONS, 8]
    assert groups[0]["max"]["byteCount"] > groups[1]["max"]["byteCount"] > 0


def test_a_variable_may_have_a_default(api: Api) -> None:
    assert ask(api, STORAGE, accountTag=ACCOUNT_ID) == {"sizes": []}


def test_a_write_changes_the_size(api: Api) -> None:
    id = namespace_id("config")
    filter = {"namespaceId": id}
    before = ask(api, STORAGE, accountTag=ACCOUNT_ID, filter=filter)["sizes"][0]["max"]

    api.result("PUT", f"/accounts/{ACCOUNT_ID}/storage/kv/namespaces/{id}/values/new", data=b"12345")
    after = ask(api, STORAGE, accountTag=ACCOUNT_ID, filter=filter)["sizes"][0]["max"]

    assert after == {"keyCount": before["keyCount"] + 1, "byteCount": before["byteCount"] + 5}


def test_operations_are_counted_by_day_and_action(api: Api) -> None:
    days = 'filter: {date_geq: "2026-09-19", datetime_lt: "2026-09-21T00:00:00Z"}, orderBy: [date_ASC]'
    query = inside(f"kvOperationsAdaptiveGroups({days}) {{ sum {{ requests }} dimensions {{ date }} count }}")
    each = query.replace("dimensions { date }", "dimensions { date actionType namespaceId }")

    groups = ask(api, query)["kvOperationsAdaptiveGroups"]
    parts = ask(api, each)["kvOperationsAdaptiveGroups"]

    assert [one["dimensions"]["date"] for one in groups] == ["2026-09-19", "2026-09-20"]
    assert [one["count"] for one in groups] == [16, 16]
    assert sum(one["sum"]["requests"] for one in parts) == sum(one["sum"]["requests"] for one in groups)
    assert {one["dimensions"]["actionType"] for one in parts} == {"read", "write", "delete", "list"}
    assert ask(api, query)["kvOperationsAdaptiveGroups"] == groups


@pytest.mark.parametrize(
    ("dataset", "part", "figure"),
    [
        ("durableObjectsInvocationsAdaptiveGroups", "sum", "requests"),
        ("durableObjectsPeriodicGroups", "sum", "cpuTime"),
        ("durableObjectsStorageGroups", "max", "storedBytes"),
        ("durableObjectsSubrequestsAdaptiveGroups", "sum", "requestBodySizeUncached"),
    ],
)
def test_durable_object_datasets_have_rows(api: Api, dataset: str, part: str, figure: str) -> None:
    (group,) = ask(api, inside(f"{dataset}(limit: 10) {{ {part} {{ {figure} }} }}"))[dataset]

    assert group[part][figure] > 0


def test_arguments_may_be_separated_by_spaces_and_times_are_read_as_their_day(api: Api) -> None:
    query = inside(
        """r2StorageAdaptiveGroups(
            limit: 1
            filter: {bucketName: "assets", datetime_geq: "2026-09-20T00:00:00Z"}
            orderBy: [datetime_DESC]
        ) { max { objectCount payloadSize } dimensions { datetime } }
        d1AnalyticsAdaptiveGroups(filter: {AND: [{datetimeHour_geq: "2026-09-20T08:00:00.000Z"}]}) {
            sum { readQueries rowsWritten } dimensions { databaseId }
        }"""
    )

    api.result("PUT", f"/accounts/{ACCOUNT_ID}/r2/buckets/assets/objects/logo.svg", data=b"<svg/>")

    found = ask(api, query)

    (size,) = found["r2StorageAdaptiveGroups"]
    assert size["max"] == {"objectCount": 1, "payloadSize": 6}
    assert size["dimensions"]["datetime"].startswith("2026-09-")
    assert [one["sum"]["readQueries"] > 0 for one in found["d1AnalyticsAdaptiveGroups"]] == [True, True]


def test_filters_can_be_combined(api: Api) -> None:
    room = stable_id("do.namespace", "chat-room", "Room")
    either = f'{{OR: [{{namespaceId: "{room}"}}, {{scriptName: "api-gateway"}}]}}'
    both = f'{{AND: [{{namespaceId: "{room}"}}, {{scriptName_neq: "chat-room"}}]}}'
    asked = "durableObjectsInvocationsAdaptiveGroups(filter: FILTER) { dimensions { scriptName } }"

    some = ask(api, inside(asked.replace("FILTER", either)))["durableObjectsInvocationsAdaptiveGroups"]
    none = ask(api, inside(asked.replace("FILTER", both)))["durableObjectsInvocationsAdaptiveGroups"]

    assert {one["dimensions"]["scriptName"] for one in some} == {"chat-room", "api-gateway"}
    assert none == []


def test_the_limits_of_a_dataset_can_be_queried(api: Api) -> None:
    found = ask(api, inside("settings { kvStorageAdaptiveGroups { maxPageSize notOlderThan enabled } }"))

    limits = {"maxPageSize": 10_000, "notOlderThan": 31 * 86400, "enabled": True}
    assert found["settings"]["kvStorageAdaptiveGroups"] == limits


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ viewer { accounts { x } } }", "not authorized"),
        ('{ viewer { accounts(filter: {accountTag: "0"}) { x } } }', "not authorized"),
        ("{ other { x } }", 'unknown field "other"'),
        ("{ viewer { zones { x } } }", 'unknown field "zones"'),
        (inside("httpRequests { count }"), 'unknown field "httpRequests"'),
        (inside("settings { httpRequests { enabled } }"), 'unknown field "httpRequests"'),
        (inside("kvStorageAdaptiveGroups { max { size } }"), 'unknown field "size"'),
        (inside("kvStorageAdaptiveGroups { sum { keyCount } }"), 'unknown field "keyCount"'),
        (inside("kvStorageAdaptiveGroups { dimensions { zone } }"), 'unknown field "zone"'),
        (inside("kvStorageAdaptiveGroups(filter: {zone: 1}) { count }"), 'unknown filter "zone"'),
        (inside("kvStorageAdaptiveGroups(filter: {date_like: 1}) { count }"), 'unknown filter "date_like"'),
        (
            inside('kvStorageAdaptiveGroups(filter: {date_geq: "2020-01-01"}) { count }'),
            "older than 2678400s",
        ),
        (inside("kvStorageAdaptiveGroups(limit: 10001) { count }"), "limit must be"),
        (inside("kvStorageAdaptiveGroups(orderBy: [date_ASC]) { count }"), 'cannot order by "date"'),
        ("mutation { x }", "only queries are answered"),
        ("{ viewer ", "unexpected 'end'"),
        ("{ viewer } extra", "unexpected 'extra'"),
        ("{ 1 }", "unexpected '1 }'"),
        ("{ viewer(a: $b) { x } }", "variable $b is not given"),
        ("{ viewer @skip }", "unexpected '@skip }'"),
    ],
)
def test_an_unanswerable_query_is_an_error_with_status_200(api: Api, query: str, message: str) -> None:
    assert message in error_of(api, query)


def test_a_body_without_a_query_is_refused(api: Api) -> None:
    assert api.refused("POST", "/graphql", json={"variables": {}}) == (400, 9207)
    assert api.refused("POST", "/graphql", json={"query": "{ x }", "variables": []}) == (400, 9207)


def test_a_query_is_read_with_aliases_lists_and_literals() -> None:
    (field,) = parse(
        'query A { a: b(x: [1, -2.5, "t\\"x", true, null, ENUM], y: {z: $v}) { c } }', {"v": [1]}
    )

    assert (field.key, field.name) == ("a", "b")
    assert field.arguments == {"x": [1, -2.5, 't"x', True, None, "ENUM"], "y": {"z": [1]}}
    assert [one.name for one in field.selection] == ["c"]


@pytest.mark.parametrize(
    "text", ["", "{", "query", "query A(", "{ a(b: [) }", "{ a(: 1) }", '{ a(b: "open) }']
)
def test_an_incomplete_query_is_an_error(text: str) -> None:
    with pytest.raises(QueryError):
        parse(text, {})
