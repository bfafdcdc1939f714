"""R2 buckets of an account."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import responses
from responses.matchers import header_matcher, json_params_matcher, query_param_matcher

from ops.errors import NotFound, PermissionDenied
from ops.http.client import Client
from ops.kinds.resource import Owner
from ops.products.r2 import DEFAULT, JURISDICTIONS, api
from ops.products.r2.resources import BUCKET
from ops.sandbox.server import Sandbox
from tests.conftest import API, Result
from tests.products.answers import envelope, refusal

Inv = Callable[..., Result]

ACCOUNT = "a" * 32
URL = f"{API}/accounts/{ACCOUNT}/r2/buckets"
OWNER = Owner(ACCOUNT, ACCOUNT, {})


def jurisdiction(name: str) -> Any:
    return header_matcher({"cf-r2-jurisdiction": name})


EU = jurisdiction("eu")


def test_buckets_are_read_from_inside_the_result_to_the_last_cursor(
    client: Client, http: responses.RequestsMock
) -> None:
    first = envelope({"buckets": [{"name": "a"}]}, cursor="next", per_page=1000)
    http.get(URL, json=first, match=[query_param_matcher({"per_page": 1000})])
    last = envelope({"buckets": [{"name": "b"}]}, cursor="", per_page=1000)
    http.get(URL, json=last, match=[query_param_matcher({"per_page": 1000, "cursor": "next"})])

    found = api.list_buckets(client, ACCOUNT, DEFAULT)

    assert [bucket["name"] for bucket in found] == ["a", "b"]


def test_the_kind_lists_the_buckets_of_each_jurisdiction(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(URL, json=envelope({"buckets": [{"name": "a"}, {"name": "b", "jurisdiction": "default"}]}))
    http.get(URL, json=envelope({"buckets": [{"name": "a"}]}), match=[EU])
    http.get(URL, json=envelope({"buckets": [{"name": "c"}]}), match=[jurisdiction("us")])
    # An account may not use them all.
    for name, status in (("fedramp", 403), ("fedramp-high", 400)):
        http.get(URL, json=refusal(10042, "not entitled"), status=status, match=[jurisdiction(name)])

    assert list(BUCKET.list(client, OWNER)) == [
        {"name": "a"},
        {"name": "b"},
        {"name": "a", "jurisdiction": "eu"},
        {"name": "c", "jurisdiction": "us"},
    ]


def test_a_list_that_is_incomplete_in_one_jurisdiction_is_incomplete(
    client: Client, http: responses.RequestsMock
) -> None:
    broken = envelope({"buckets": [{"name": "a"}]}, cursor="next", per_page=1000)
    http.get(URL, json=broken, match=[query_param_matcher({"per_page": 1000})])
    http.get(URL, status=503, match=[query_param_matcher({"per_page": 1000, "cursor": "next"})])
    for name in JURISDICTIONS[1:]:
        http.get(URL, json=envelope({"buckets": []}), match=[jurisdiction(name)])

    listing = api.list_buckets(client, ACCOUNT)

    assert [bucket["name"] for bucket in listing] == ["a"]
    assert "page 2 could not be read" in listing.problem


def test_a_refusal_names_the_permission(client: Client, http: responses.RequestsMock) -> None:
    http.get(URL, json=refusal(10000, "Authentication error"), status=403)

    with pytest.raises(PermissionDenied) as error:
        list(BUCKET.list(client, OWNER))

    assert "Workers R2 Storage" in error.value.hint


def test_only_the_code_of_a_missing_bucket_means_that_it_does_not_exist(
    client: Client, http: responses.RequestsMock
) -> None:
    http.get(f"{URL}/gone", json=refusal(10006, "The specified bucket does not exist."), status=404)
    http.get(f"{URL}/lost", json=refusal(7003, "Could not route"), status=404)

    assert api.find_bucket(client, OWNER, {"name": "gone"}) is None
    with pytest.raises(NotFound):
        api.find_bucket(client, OWNER, {"name": "lost"})


def test_a_bucket_is_created_with_what_was_asked_for_only(
    client: Client, http: responses.RequestsMock
) -> None:
    http.post(URL, json=envelope({"name": "plain"}), match=[json_params_matcher({"name": "plain"})])
    options = {"name": "cold", "locationHint": "weur", "storageClass": "InfrequentAccess"}
    http.post(URL, json=envelope({"name": "cold"}), match=[json_params_matcher(options), EU])

    wanted = {"location": "weur", "storage_class": "InfrequentAccess", "jurisdiction": "eu"}

    plain = api.create_bucket(client, OWNER, {"name": "plain"})
    cold = api.create_bucket(client, OWNER, {"name": "cold", **wanted})

    assert (plain, cold) == ({"name": "plain"}, {"name": "cold", "jurisdiction": "eu"})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--bucket", "UPPER"), "'UPPER' is not the name of a bucket"),
        (("--bucket", "ab"), "'ab' is not the name of a bucket"),
        (("--bucket", "fine", "--location", "mars"), "--location does not accept 'mars'"),
        (("--bucket", "fine", "--storage-class", "Cold"), "--storage-class does not accept 'Cold'"),
        (("--bucket", "fine", "--jurisdiction", "uk"), "--jurisdiction does not accept 'uk'"),
    ],
)
def test_a_value_that_r2_does_not_know_is_refused_before_anything_is_sent(
    options: tuple[str, ...], message: str, staged: Sandbox, inv: Inv
) -> None:
    result = inv("r2.create", *options)

    assert result.code == 1
    assert message in result.err
    assert not [method for method, _ in staged.requests if method != "GET"]


def test_an_existing_bucket_is_unchanged_or_a_conflict_over_what_was_asked_for(
    staged: Sandbox, inv: Inv
) -> None:
    same = inv("r2.create", "--bucket", "uploads", "--location", "WEUR")
    other = inv("r2.create", "--bucket", "uploads", "--location", "apac")

    assert (same.code, same.out.splitlines()[1].split("\t")[0]) == (0, "unchanged")
    assert other.code == 1
    assert "r2.bucket uploads already exists and differs: location weur → apac\n" in other.err


def test_a_bucket_of_another_jurisdiction_is_another_bucket(staged: Sandbox, inv: Inv) -> None:
    inv("r2.create", "--bucket", "uploads", "--jurisdiction", "eu")

    listed = json.loads(inv("r2.list", "--filter", "name=uploads", "--output", "json").out)
    missing = inv("r2.info", "--bucket", "backups", "--jurisdiction", "eu")
    deleted = inv("r2.delete", "--bucket", "uploads", "--jurisdiction", "EU", "--yes")
    left = json.loads(inv("r2.list", "--filter", "name=uploads", "--output", "json").out)

    assert [bucket.get("jurisdiction") for bucket in listed] == [None, "eu"]
    assert missing.code == 1
    assert deleted.code == 0
    assert "permanently deletes its CORS, lifecycle" in deleted.err
    assert [bucket.get("jurisdiction") for bucket in left] == [None]


def test_a_bucket_that_does_not_exist_cannot_be_deleted(staged: Sandbox, inv: Inv) -> None:
    result = inv("r2.delete", "--bucket", "nothing", "--jurisdiction", "eu", "--yes")

    assert result.code == 1
    assert "no bucket 'nothing' in the jurisdiction eu" in result.err


def test_a_snapshot_answers_for_each_jurisdiction(staged: Sandbox, inv: Inv) -> None:
    inv("r2.create", "--bucket", "uploads", "--jurisdiction", "eu")
    inv("scan.export", "--only", "r2")

    both, one = (
        json.loads(inv("r2.list", *options, "--filter", "name=uploads", "--offline", "--output", "json").out)
        for options in ((), ("--jurisdiction", "eu"))
    )
    shown = json.loads(
        inv("r2.info", "--bucket", "uploads", "--jurisdiction", "eu", "--offline", "--output", "json").out
    )

    assert [bucket.get("jurisdiction") for bucket in both] == [None, "eu"]
    assert one == [shown] == both[1:]


def test_a_restore_creates_deleted_buckets_and_sets_the_storage_class_again(
    staged: Sandbox, inv: Inv
) -> None:
    inv("r2.create", "--bucket", "archive", "--storage-class", "InfrequentAccess", "--jurisdiction", "eu")
    inv("scan.export", "--only", "r2")
    before = json.loads(inv("r2.list", "--output", "json", "--fields", "name,location,storage_class").out)
    inv("r2.delete", "--bucket", "archive", "--jurisdiction", "eu", "--yes")
    owner = staged.account_id
    uploads = staged.store.get_document("r2.bucket", owner, "uploads")
    changed = {**uploads, "storage_class": "InfrequentAccess"}
    staged.store.put_document("r2.bucket", owner, "uploads", changed, sort="uploads")
    backups = staged.store.get_document("r2.bucket", owner, "backups")
    moved = {**backups, "location": "apac"}
    staged.store.put_document("r2.bucket", owner, "backups", moved, sort="backups")

    result = inv("snapshots.restore", "--kind", "r2", "--yes")
    after = json.loads(inv("r2.list", "--output", "json", "--fields", "name,location,storage_class").out)

    moved = {"name": "backups", "location": "apac", "storage_class": "Standard"}
    assert "r2.bucket backups: the location of a bucket cannot be changed" in result.err
    assert "its objects, its CORS, lifecycle, lock and notification rules" in result.err
    assert after == [moved if bucket["name"] == "backups" else bucket for bucket in before]
