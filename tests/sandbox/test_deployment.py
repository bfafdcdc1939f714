"""What a deployment tool asks of the sandbox besides the upload: assets, versions, routes and domains."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from .conftest import Api
from .uploads import NEW, WORKERS, bindings, bound, upload

RELAY = f"{WORKERS}/scripts/webhook-relay"
FILES = {"/index.html": {"hash": "a" * 32, "size": 3}, "/app.js": {"hash": "b" * 32, "size": 4}}


def session(api: Api) -> Any:
    return api.result("POST", f"{NEW}/assets-upload-session", json={"manifest": FILES})


def put_assets(api: Api, jwt: str, *hashes: str) -> Any:
    form = {one: (one, base64.b64encode(b"file"), "text/html") for one in hashes}
    headers = {"Authorization": f"Bearer {jwt}"}
    return api("POST", f"{WORKERS}/assets/upload?base64=true", files=form, headers=headers)


def test_assets_are_uploaded_before_the_script_that_serves_them(api: Api) -> None:
    started = session(api)
    assert started["buckets"] == [["a" * 32, "b" * 32]]

    first, last = (put_assets(api, started["jwt"], letter * 32) for letter in "ab")
    assert (first.status_code, first.json()["result"]) == (202, {})
    assert last.status_code == 201
    metadata = bound({"type": "assets", "name": "ASSETS"}, assets={"jwt": last.json()["result"]["jwt"]})

    assert api.result("PUT", NEW, **upload(metadata))["has_assets"] is True
    assert session(api)["buckets"] == []
    assert api.result("PUT", NEW, **upload(bound(keep_assets=True)))["has_assets"] is True
    assert api.result("PUT", NEW, **upload())["has_assets"] is False


def test_a_worker_may_have_assets_only(api: Api) -> None:
    jwt = put_assets(api, session(api)["jwt"], "a" * 32, "b" * 32).json()["result"]["jwt"]
    metadata = upload({"assets": {"jwt": jwt}})
    del metadata["files"]["index.js"]

    made = api.result("PUT", NEW, **metadata)

    assert (made["has_assets"], made["handlers"]) == (True, [])
    assert api.result("GET", f"{NEW}/settings")["bindings"] == []


def test_incomplete_assets_are_refused(api: Api) -> None:
    started = session(api)["jwt"]

    for jwt in (started, "not a token", None):
        assert api.refused("PUT", NEW, **upload(bound(assets={"jwt": jwt}))) == (400, 10021)
    assert put_assets(api, "unknown-token-" + "x" * 20, "a" * 32).status_code == 403
    headers = {"Authorization": f"Bearer {started}"}
    assert api("GET", f"{WORKERS}/scripts", headers=headers).status_code == 403


def test_a_secret_makes_a_version_with_the_same_code(api: Api) -> None:
    before = api.result("GET", f"{RELAY}/versions")["items"]

    api.result("PUT", f"{RELAY}/secrets", json={"name": "NEW", "text": "x", "type": "secret_text"})

    after = api.result("GET", f"{RELAY}/versions")["items"]
    assert len(after) == len(before) + 1
    assert after[0]["annotations"] == {"workers/triggered_by": "secret"}
    assert (
        api.result("GET", f"{RELAY}/deployments")["deployments"][0]["versions"][0]["version_id"]
        == after[0]["id"]
    )
    assert b"class Inbox" in api("GET", f"{RELAY}/content/v2").content


def test_secrets_are_set_and_deleted_in_one_version(api: Api) -> None:
    secrets = {"ONE": {"type": "secret_text", "name": "ONE", "text": "1"}, "HOOK_SECRET": None}

    api.result("PATCH", f"{RELAY}/secrets-bulk", json={"secrets": secrets})

    assert len(api.result("GET", f"{RELAY}/versions")["items"]) == 2
    assert {name for name, one in bindings(api, "webhook-relay").items() if one["type"] == "secret_text"} == {
        "ONE"
    }
    taken = {"secrets": {"EMAILS": {"type": "secret_text", "text": "1"}}}
    assert api.refused("PATCH", f"{RELAY}/secrets-bulk", json=taken) == (400, 10053)
    for wrong in ({}, {"secrets": {"1x": {"text": "1"}}}, {"secrets": {"X": "1"}}, {"secrets": {"X": {}}}):
        assert api.refused("PATCH", f"{RELAY}/secrets-bulk", json=wrong) == (400, 9207)


def test_a_secret_is_refused_while_the_newest_version_is_not_deployed(api: Api) -> None:
    metadata = {"main_module": "index.js", "annotations": {"workers/tag": "v2", "workers/message": "second"}}
    metadata["bindings"] = [{"type": "inherit", "name": "INBOX"}]
    code = "export class Inbox {}\nexport default { async fetch() {} };\n"
    form = upload(metadata, ("index.js", code, "application/javascript+module"))
    version = api.result("POST", f"{RELAY}/versions", **form)
    secret = {"name": "NEW", "text": "x", "type": "secret_text"}

    assert version["annotations"] == {"workers/message": "second", "workers/tag": "v2"}
    assert api.refused("PUT", f"{RELAY}/secrets", json=secret) == (400, 10215)
    settings = {"files": {"settings": (None, '{"logpush": true}', "application/json")}}
    assert api.refused("PATCH", f"{RELAY}/settings", **settings) == (400, 10214)

    env = {"NEW": {"type": "secret_text", "text": "x"}}
    latest = api.result("PATCH", f"{WORKERS}/workers/webhook-relay/versions/latest", json={"env": env})
    assert {one["name"] for one in latest["bindings"]} == {"INBOX", "NEW"}
    assert latest == api.result("GET", f"{WORKERS}/workers/webhook-relay/versions/latest")
    assert len(api.result("GET", f"{WORKERS}/workers/webhook-relay/versions")) == 3
    assert "NEW" not in bindings(api, "webhook-relay")


def test_the_routes_of_a_script_are_replaced_in_every_zone(api: Api) -> None:
    before = {one["pattern"]: one["id"] for one in api.result("GET", f"{RELAY}/routes")}
    sent = [{"pattern": "hook.example.org/*"}, {"pattern": "hook.example.com/*", "zone_name": "example.com"}]

    api.result("PUT", f"{RELAY}/routes", json=sent)

    after = api.result("GET", f"{RELAY}/routes")
    zones = {one["pattern"]: one["zone_name"] for one in after}
    assert zones == {"hook.example.org/*": "example.org", "hook.example.com/*": "example.com"}
    assert before.items() <= {one["pattern"]: one["id"] for one in after}.items()
    assert api.refused("PUT", f"{RELAY}/routes", json=[{"pattern": "unknown.test/*"}]) == (400, 10022)
    assert api.refused("PUT", f"{RELAY}/routes", json=[{"pattern": "api.example.com/*"}]) == (409, 10020)
    assert api.result("GET", f"{RELAY}/routes") == after


def test_the_domains_of_a_script_are_compared_and_replaced(api: Api) -> None:
    origins = [{"hostname": "rooms.example.com"}, {"hostname": "www.example.com"}]

    changes = api.result("POST", f"{RELAY}/domains/changeset?replace_state=true", json=origins)
    assert [one["hostname"] for one in changes["updated"] if one["modified"]] == ["rooms.example.com"]
    assert [one["hostname"] for one in changes["added"]] == ["www.example.com"]
    assert [one["hostname"] for one in changes["conflicting"]] == ["www.example.com"]

    assert api.refused("PUT", f"{RELAY}/domains/records", json={"origins": origins}) == (409, 100117)
    body = {"origins": origins, "override_existing_dns_record": True}
    attached = api.result("PUT", f"{RELAY}/domains/records", json=body)
    assert {one["hostname"] for one in attached} == {"rooms.example.com", "www.example.com"}
    path = f"{WORKERS}/domains/records"
    assert api.result("GET", f"{path}/{attached[0]['id']}") in api.result(
        "GET", f"{path}?service=webhook-relay"
    )
    assert api.result("PUT", f"{RELAY}/domains/records", json={"origins": []}) == []


def test_the_references_of_a_worker_are_listed(api: Api) -> None:
    found = api.result("GET", f"{WORKERS}/scripts/auth-edge/references")
    producers = api.result("GET", f"{WORKERS}/tails/by-consumer/cron-reports")

    assert [one["service"] for one in found["services"]["incoming"]] == ["api-gateway"]
    assert producers == [{"producer": {"service": "redirects"}}]


@pytest.mark.parametrize("binding", [{"id": "unknown"}, {"database_id": "unknown"}, {}])
def test_a_binding_to_an_unknown_database_is_refused(api: Api, binding: dict[str, str]) -> None:
    form = upload(bound({"type": "d1", "name": "DB", **binding}))

    assert api.refused("PUT", NEW, **form) == (400, 10021)
