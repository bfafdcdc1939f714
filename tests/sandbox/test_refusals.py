"""What the products of the sandbox refuse, and what they accept at the edge of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.sandbox.router import route
from ops.sandbox.routes import kv
from ops.sandbox.seed import scale_namespace, seed_scale
from ops.sandbox.seed_workers import namespace_id
from ops.sandbox.store import ACCOUNT_ID, zone_id

from .conftest import Api
from .uploads import NEW, WORKERS, bound, settings, upload

A = f"/accounts/{ACCOUNT_ID}"
Z = f"/zones/{zone_id('example.com')}"
NO_ID = "0" * 32
ELEVEN = json.dumps([f"zone-{number}" for number in range(11)])
Sent = dict[str, Any]


def queue(api: Api) -> str:
    """Return the path of a new queue."""
    return f"{A}/queues/{api.result('POST', f'{A}/queues', json={'queue_name': 'new'})['queue_id']}"


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", f"{A}/d1/database", {"name": "No Name"}, (400, 7400)),
        ("POST", f"{A}/d1/database", {"name": 5}, (400, 7400)),
        ("POST", f"{A}/r2/buckets", {"name": "No"}, (400, 10005)),
        ("POST", f"{A}/r2/buckets", {"name": None}, (400, 10005)),
        ("POST", f"{A}/queues", {"queue_name": "No Name"}, (400, 11003)),
        ("POST", f"{A}/queues", {}, (400, 11003)),
        ("PATCH", f"{Z}/settings/development_mode", {"value": 1}, (400, 1007)),
        ("POST", f"{Z}/purge_cache", {"files": [5]}, (400, 9207)),
        ("POST", f"{Z}/purge_cache", {"tags": [""]}, (400, 9207)),
        ("POST", f"{Z}/dns_records/batch", {"deletes": [{"id": NO_ID}] * 3501}, (400, 9209)),
        ("GET", f"{WORKERS}/workers/gone", None, (404, 10007)),
        ("GET", f"{WORKERS}/workers/auth-edge/versions/gone", None, (404, 10225)),
        ("PATCH", f"{WORKERS}/scripts/auth-edge/settings", {"bindings": "none"}, (400, 10021)),
        ("PATCH", f"{WORKERS}/scripts/auth-edge/settings", {"compatibility_date": "soon"}, (400, 10021)),
    ],
)
def test_what_is_not_valid_is_refused(
    api: Api, method: str, path: str, body: Sent | None, expected: tuple[int, int]
) -> None:
    assert api.refused(method, path, json=body) == expected


@pytest.mark.parametrize(
    ("path", "body", "expected"),
    [
        (f"{A}/d1/database", {"name": "twice"}, (400, 7502)),
        (f"{A}/r2/buckets", {"name": "twice"}, (409, 10004)),
        (f"{A}/queues", {"queue_name": "twice"}, (409, 11009)),
        (f"{A}/rules/lists", {"name": "twice", "kind": "ip"}, (409, 1009)),
    ],
)
def test_a_name_is_taken_once(api: Api, path: str, body: Sent, expected: tuple[int, int]) -> None:
    api.result("POST", path, json=body)

    assert api.refused("POST", path, json=body) == expected


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_the_replication_of_a_database_is_changed(api: Api, method: str) -> None:
    path = f"{A}/d1/database/{api.result('POST', f'{A}/d1/database', json={'name': 'new'})['uuid']}"

    api.result(method, path, json={"read_replication": {"mode": "auto"}})

    assert api.result("GET", path)["read_replication"] == {"mode": "auto"}
    assert api.refused(method, path, json={"read_replication": {"mode": "often"}}) == (400, 9207)


def test_the_last_statement_of_a_query_needs_no_semicolon_and_comments_may_follow(api: Api) -> None:
    path = f"{A}/d1/database/{api.result('POST', f'{A}/d1/database', json={'name': 'new'})['uuid']}/query"

    bare, closed, remark = (
        api.result("POST", path, json={"sql": sql})[0]["results"]
        for sql in ("SELECT 1 AS one", "SELECT 1 AS one;", "SELECT 1 AS one; ")
    )

    assert bare == closed == remark == [{"one": 1}]


def test_an_object_of_an_unknown_storage_class_or_with_a_long_key_is_refused(api: Api) -> None:
    api.result("POST", f"{A}/r2/buckets", json={"name": "new"})
    objects, cold = f"{A}/r2/buckets/new/objects", {"cf-r2-storage-class": "Cold"}

    assert api.refused("PUT", f"{objects}/a", data=b"x", headers=cold) == (400, 9207)
    assert api.refused("PUT", f"{objects}/{'k' * 1025}", data=b"x") == (400, 9207)
    api.result("PUT", f"{objects}/{'k' * 1024}", data=b"x")


def test_a_queue_has_one_consumer_which_is_changed_in_place(api: Api) -> None:
    where = f"{queue(api)}/consumers"
    first = api.result("POST", where, json={"type": "http_pull"})
    again = api.refused("POST", where, json={"type": "http_pull"})
    sent = {"type": "worker", "script_name": "auth-edge", "dead_letter_queue": "dead"}

    changed = api.result("PUT", f"{where}/{first['consumer_id']}", json=sent)

    assert again == (409, 11004)
    assert "script" not in first
    assert changed["consumer_id"] == first["consumer_id"]
    assert (changed["script"], changed["dead_letter_queue"]) == ("auth-edge", "dead")
    assert [one["type"] for one in api.result("GET", where)] == ["worker"]
    assert api.result("GET", f"{where}/{first['consumer_id']}") == changed
    assert api.refused("GET", f"{where}/{NO_ID}") == (404, 11002)
    assert api.refused("PUT", f"{where}/{NO_ID}", json=sent) == (404, 11002)


def test_put_replaces_all_items_of_a_list(api: Api) -> None:
    path = (
        f"{A}/rules/lists/{api.result('POST', f'{A}/rules/lists', json={'name': 'new', 'kind': 'ip'})['id']}"
    )
    api.result("POST", f"{path}/items", json=[{"ip": "192.0.2.1"}, {"ip": "192.0.2.2"}])

    api.result("PUT", f"{path}/items", json=[{"ip": "192.0.2.3"}])

    assert [one["ip"] for one in api.result("GET", f"{path}/items")] == ["192.0.2.3"]
    assert api.result("GET", path)["num_items"] == 1


def test_the_rules_of_mail_are_those_of_the_zone(api: Api) -> None:
    rule = {"matchers": [{"type": "all"}], "actions": [{"type": "drop"}]}
    made = api.result("POST", f"{Z}/email/routing/rules", json=rule)

    own = [one["id"] for one in api.result("GET", f"{Z}/email/routing/rules?per_page=50")]
    other = api.result("GET", f"/zones/{zone_id('example.org')}/email/routing/rules")

    assert made["id"] in own
    assert made["id"] not in [one["id"] for one in other]


def test_mail_to_any_other_address_is_dropped_until_a_rule_says_more(api: Api) -> None:
    path = f"{Z}/email/routing/rules/catch_all"
    before = api.result("GET", path)
    forward = [{"type": "forward", "value": ["ops@example.net"]}]

    api.result("PUT", path, json={"matchers": before["matchers"], "actions": forward, "enabled": True})

    assert (before["enabled"], before["actions"]) == (False, [{"type": "drop"}])
    assert (api.result("GET", path)["enabled"], api.result("GET", path)["actions"]) == (True, forward)
    assert api.refused("PUT", path, json={"enabled": False}) == (400, 9207)


def test_a_hold_is_set_with_what_is_below_the_zone_and_lifted(api: Api) -> None:
    held = api.result("POST", f"{Z}/hold?include_subdomains=true")
    shown = api.result("GET", f"{Z}/hold")
    api.result("DELETE", f"{Z}/hold")

    assert shown == held
    assert (held["hold"], held["include_subdomains"]) == (True, "true")
    assert api.result("GET", f"{Z}/hold")["hold"] is False


def test_an_account_is_renamed_and_keeps_its_id(api: Api) -> None:
    api.result("PUT", A, json={"name": "Renamed", "id": NO_ID})

    found = api.result("GET", A)
    assert (found["id"], found["name"]) == (ACCOUNT_ID, "Renamed")


def test_a_setting_that_may_be_deleted_is_unknown_until_it_is_set(api: Api) -> None:
    path = f"{Z}/custom_hostnames/fallback_origin"
    if api("GET", path).status_code == 200:
        api.result("DELETE", path)
    unknown = api.refused("GET", path)
    api.result("PUT", path, json={"origin": "www.example.com"})

    api.result("DELETE", path)

    assert unknown == api.refused("GET", path) == api.refused("DELETE", path) == (404, 1002)


def test_a_timeout_is_a_number_of_seconds_within_bounds(api: Api) -> None:
    path = f"/zones/{zone_id('example.org')}/settings/proxy_read_timeout"
    api.sandbox.store.run(
        "UPDATE document SET body = json_set(body, '$.plan.legacy_id', 'enterprise') WHERE id = ?",
        (zone_id("example.org"),),
    )

    assert api.result("PATCH", path, json={"value": 6000})["value"] == 6000
    for wrong in (0, 6001, "100", True):
        assert api.refused("PATCH", path, json={"value": wrong}) == (400, 1007)


@pytest.mark.parametrize(("value", "left"), [("on", 10800), ("off", 0)])
def test_development_mode_ends_after_three_hours(api: Api, value: str, left: int) -> None:
    changed = api.result("PATCH", f"{Z}/settings/development_mode", json={"value": value})

    assert changed["time_remaining"] == left


def test_a_compatibility_date_is_changed_with_the_settings(api: Api) -> None:
    path = f"{WORKERS}/scripts/auth-edge/settings"
    api.result("PATCH", path, json={"compatibility_date": "2026-01-15"})

    assert settings(api, "auth-edge")["compatibility_date"] == "2026-01-15"


def test_the_newest_version_of_a_worker_is_found_by_its_id_too(api: Api) -> None:
    versions = f"{WORKERS}/workers/auth-edge/versions"
    api.result("PATCH", f"{versions}/latest", json={"env": {}})
    newest, first = api.result("GET", versions)

    assert api.result("GET", f"{versions}/latest")["id"] == newest["id"]
    assert api.result("GET", f"{versions}/{first['id']}")["number"] == 1


def test_a_migration_without_a_tag_leaves_the_tag(api: Api) -> None:
    code = (
        "index.js",
        "export class Room {}; export class Hall {}; export default {}",
        "application/javascript+module",
    )
    tagged = bound(migrations={"new_tag": "v1", "new_classes": ["Room"]})
    api.result("PUT", NEW, **upload(tagged, code))
    api.result("PUT", NEW, **upload(bound(migrations={"old_tag": "v1", "new_classes": ["Hall"]}), code))

    refused = api.refused("PUT", NEW, **upload(bound(migrations={"old_tag": "v2"}), code))

    assert settings(api, "new-one")["migration_tag"] == "v1"
    assert refused == (412, 10079)


def test_a_bulk_of_keys_and_values_has_a_largest_size(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    where = f"{A}/storage/kv/namespaces/{namespace_id('sessions')}/bulk"
    api.result("PUT", where, json=[{"key": "large", "value": "x" * 100}])

    monkeypatch.setattr(kv, "BULK_BYTES", 50)
    written = api.refused("PUT", where, json=[{"key": "large", "value": "y" * 100}])
    monkeypatch.setattr(kv, "VALUE_BYTES", 50)
    read = api.refused("POST", f"{where}/get", json={"keys": ["large"]})

    assert written == read == (413, 10030)


def test_a_form_that_does_not_end_is_refused(api: Api) -> None:
    form = b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=b"}

    refused = api.refused("POST", f"{Z}/dns_records/import", data=form, headers=headers)

    assert refused == (400, 9207)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("$ORIGIN", None),
        ("$TTL 60 70", None),
        ('v DNSKEY 257 3 13 "AQPS kuT1"', None),
        ("v DNSKEY 257 3 13 AQPS kuT1", "257 3 13 AQPSkuT1"),
        ("v DS 1 8 2", None),
    ],
)
def test_the_words_of_a_line_of_a_zone_file_are_joined_or_refused(
    api: Api, line: str, expected: str | None
) -> None:
    path = f"/zones/{zone_id('empty.example')}/dns_records"

    answer = api("POST", f"{path}/import", files={"file": ("zone", line, "text/plain")})

    found = [one["content"] for one in api.result("GET", path)]
    assert (answer.status_code, found) == ((200, [expected]) if expected else (400, []))


def test_a_ttl_may_be_written_as_a_fraction_that_is_whole(api: Api) -> None:
    record = {"type": "A", "name": "ttl", "content": "192.0.2.1"}

    made = api.result("POST", f"{Z}/dns_records", data=json.dumps(record | {"ttl": 300.0}))

    assert json.dumps(made["ttl"]) == "300"
    assert api.refused("POST", f"{Z}/dns_records", json=record | {"name": "t2", "ttl": 300.5}) == (400, 9021)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("{ other { id } }", 'unknown field "other"'),
        ("{ viewer { users { id } } }", 'unknown field "users"'),
        (
            '{ viewer { accounts(filter: {accountTag_in: ["a", "b"]}) { accountTag } } }',
            "more than 1 account",
        ),
        (f"{{ viewer {{ zones(filter: {{zoneTag_in: {ELEVEN}}}) {{ zoneTag }} }} }}", "more than 10 zones"),
        ("query { 5 }", "syntax error: unexpected '5'"),
        ("query Named { viewer { none } }", 'unknown field "none"'),
    ],
)
def test_a_query_that_asks_too_much_says_what(api: Api, query: str, text: str) -> None:
    answer = api("POST", "/graphql", json={"query": query})

    assert text in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    ("dataset", "text"),
    [
        ("workersInvocationsAdaptive(limit: 1)", "object field must have selections"),
        ('workersInvocationsAdaptive(limit: 1, filter: "all") { count }', "filter is not an object"),
    ],
)
def test_a_dataset_that_is_not_asked_well_says_why(api: Api, dataset: str, text: str) -> None:
    query = f'{{ viewer {{ accounts(filter: {{accountTag: "{ACCOUNT_ID}"}}) {{ {dataset} }} }} }}'

    answer = api("POST", "/graphql", json={"query": query})

    assert text in answer.json()["errors"][0]["message"]


def test_the_scale_seed_makes_zones_without_records_and_namespaces_without_keys(api: Api) -> None:
    seed_scale(api.sandbox.store, zones=1, records=0, namespaces=2, keys=1)

    zone, *_ = api.result("GET", "/zones?name=zone-0001.example")
    listed = [api.result("GET", f"{A}/storage/kv/namespaces/{scale_namespace(n)}/keys") for n in (1, 2)]

    assert api.result("GET", f"/zones/{zone['id']}/dns_records") == []
    assert [len(keys) for keys in listed] == [1, 0]


def test_a_path_is_registered_once() -> None:
    with pytest.raises(ValueError, match="GET /zones is registered twice"):
        route("GET", "/zones")(lambda *_: None)


@pytest.mark.parametrize(
    ("fault", "path"),
    [
        ("total-lies total=7", f"{A}/d1/database/none"),
        ("unknown-fields", f"{WORKERS}/scripts/auth-edge/usage-model"),
        ("same-page-forever", f"{A}/storage/kv/namespaces/{namespace_id('sessions')}/values/list"),
        ("drift", f"{Z}/settings"),
    ],
)
def test_a_fault_of_lists_leaves_other_answers_as_they_are(api: Api, fault: str, path: str) -> None:
    values = f"{A}/storage/kv/namespaces/{namespace_id('sessions')}/values"
    api("PUT", f"{values}/list", files={"value": (None, "[1]")})
    before = api("GET", path)

    api.sandbox.faults.parse(f"{fault} GET {path}")
    after = api("GET", path)

    plain = {name: one for name, one in json_of(after).items() if not name.startswith("x_")}
    assert (after.status_code, plain) == (before.status_code, json_of(before))


def json_of(answer: Any) -> dict[str, Any]:
    found = answer.json()
    return found if isinstance(found, dict) else {"value": found}
