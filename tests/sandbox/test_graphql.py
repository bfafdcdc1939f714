"""GraphQL analytics in the sandbox: the queries that cfops and wrangler send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ops.sandbox.routes.graphql import DATASETS
from ops.sandbox.seed_workers import SESSIONS, namespace_id
from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID

from .conftest import Api, Clock

# As wrangler writes it: variables, a filter as one object, times of which only the day matters.
QUERY = """
query Sizes($accountTag: string, $filter: Filter_InputObject) {
  viewer { accounts(filter: {accountTag: $accountTag}) { DATASET(limit: 1 filter: $filter) { count } } }
}
"""


@pytest.fixture
def api(start: Callable[..., Sandbox], clock: Clock) -> Api:
    """Return a sandbox with a fixed date."""
    return Api(start(clock=clock))


def ask(api: Api, dataset: str, *, account: str = ACCOUNT_ID, **filter: Any) -> Any:
    """Return the response to wrangler's query for *dataset*."""
    variables = {
        "accountTag": account,
        "filter": {"AND": [{"datetime_geq": "2026-09-20T00:00:00Z", **filter}]},
    }
    answer = api(
        "POST", "/graphql", json={"query": QUERY.replace("DATASET", dataset), "variables": variables}
    )
    assert answer.status_code == 200
    return answer.json()


def groups(api: Api, dataset: str, **filter: Any) -> Any:
    answer = ask(api, dataset, **filter)
    assert answer["errors"] is None
    return answer["data"]["viewer"]["accounts"][0][dataset]


def test_the_sizes_of_namespaces_are_those_of_their_keys(api: Api) -> None:
    found = {one["dimensions"]["namespaceId"]: one["max"] for one in groups(api, "kvStorageAdaptiveGroups")}

    assert found[namespace_id("sessions")]["keyCount"] == SESSIONS
    assert found[namespace_id("feature-flags")]["keyCount"] == 8
    assert (
        found[namespace_id("sessions")]["byteCount"] > found[namespace_id("feature-flags")]["byteCount"] > 0
    )


def test_a_write_changes_the_size_of_the_namespace_that_is_asked_for(api: Api) -> None:
    id = namespace_id("config")
    (before,) = groups(api, "kvStorageAdaptiveGroups", namespaceId=id)

    api.result("PUT", f"/accounts/{ACCOUNT_ID}/storage/kv/namespaces/{id}/values/new", data=b"12345")
    (after,) = groups(api, "kvStorageAdaptiveGroups", namespaceId=id)

    assert after["max"]["keyCount"] == before["max"]["keyCount"] + 1
    assert after["max"]["byteCount"] == before["max"]["byteCount"] + 5
    assert after["dimensions"]["date"].startswith("2026-09-")


def test_the_size_of_a_bucket_is_that_of_its_objects(api: Api) -> None:
    api.result("PUT", f"/accounts/{ACCOUNT_ID}/r2/buckets/assets/objects/logo.svg", data=b"<svg/>")

    (found,) = groups(api, "r2StorageAdaptiveGroups", bucketName="assets")

    assert found["max"] == {"objectCount": 1, "payloadSize": 6, "metadataSize": 0}
    assert found["dimensions"]["datetime"].startswith("2026-09-")


@pytest.mark.parametrize("dataset", ["d1AnalyticsAdaptiveGroups", "d1QueriesAdaptiveGroups"])
def test_traffic_is_not_counted(api: Api, dataset: str) -> None:
    assert groups(api, dataset, databaseId="x") == []


def test_several_datasets_in_one_query_are_answered_together(api: Api) -> None:
    answer = ask(api, "kvStorageAdaptiveGroups { count } d1AnalyticsAdaptiveGroups")

    assert answer["data"]["viewer"]["accounts"][0].keys() == {
        "kvStorageAdaptiveGroups",
        "d1AnalyticsAdaptiveGroups",
    }


@pytest.mark.parametrize("account", ["", "0" * 32])
def test_another_account_is_refused_with_status_200(api: Api, account: str) -> None:
    answer = ask(api, "kvStorageAdaptiveGroups", account=account)

    assert answer["data"] is None
    assert answer["errors"][0]["message"] == "not authorized for that account"


@pytest.mark.parametrize("dataset", ["httpRequests", "", "xkvStorageAdaptiveGroups"])
def test_a_query_that_is_not_known_is_an_error_that_names_those_that_are(api: Api, dataset: str) -> None:
    answer = ask(api, dataset)

    assert answer["data"] is None
    assert all(name in answer["errors"][0]["message"] for name in DATASETS)


def test_a_body_without_a_query_is_refused(api: Api) -> None:
    assert api.refused("POST", "/graphql", json={"variables": {}}) == (400, 9207)
    assert api.refused("POST", "/graphql", json={"query": "{ x }", "variables": ["x"]}) == (400, 9207)
