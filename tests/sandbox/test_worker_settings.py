"""Workers in the sandbox: bindings, settings, secrets and cron triggers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.sandbox.seed_workers import namespace_id
from ops.sandbox.store import stable_id

from .conftest import Api
from .uploads import NEW, WORKERS, bindings, bound, settings, upload


@pytest.mark.parametrize(
    ("binding", "code"),
    [
        ({"type": "kv_namespace", "name": "A", "namespace_id": "0" * 32}, 10041),
        ({"type": "r2_bucket", "name": "A", "bucket_name": "gone"}, 10085),
        ({"type": "service", "name": "A", "service": "gone"}, 10143),
        ({"type": "durable_object_namespace", "name": "A", "class_name": "Gone"}, 10061),
    ],
)
def test_a_binding_to_an_unknown_target_is_refused(api: Api, binding: dict[str, Any], code: int) -> None:
    assert api.refused("PUT", NEW, **upload(bound(binding))) == (400, code)


def test_a_binding_name_is_unique(api: Api) -> None:
    one = {"type": "plain_text", "name": "A", "text": "1"}

    assert api.refused("PUT", NEW, **upload(bound(one, one))) == (400, 10053)


def test_an_upload_replaces_all_bindings_except_kept_and_inherited_ones(api: Api) -> None:
    path = f"{WORKERS}/scripts/auth-edge"
    inherited = {"type": "inherit", "name": "STORE", "old_name": "SESSIONS"}

    api.result("PUT", path, **upload(bound(inherited, keep_bindings=["secret_text"])))
    kept = bindings(api, "auth-edge")
    api.result("PUT", path, **upload())

    assert kept == {
        "STORE": {"type": "kv_namespace", "name": "STORE", "namespace_id": namespace_id("sessions")},
        "OAUTH_SECRET": {"type": "secret_text", "name": "OAUTH_SECRET"},
    }
    assert bindings(api, "auth-edge") == {}


def test_an_unknown_inherited_binding_is_dropped_or_strictly_refused(api: Api) -> None:
    sent = bound({"type": "inherit", "name": "GONE"})

    assert api.refused("PUT", NEW, params={"bindings_inherit": "strict"}, **upload(sent)) == (400, 10021)
    api.result("PUT", NEW, **upload(sent))

    assert bindings(api, "new-one") == {}


@pytest.mark.fault("E12")
def test_bindings_of_unknown_types_are_stored_unchanged(api: Api) -> None:
    strange = {"type": "teleport", "name": "T", "to": {"far": [1, None, "é"]}}

    api.result("PUT", NEW, **upload(bound(strange)))

    assert bindings(api, "new-one")["T"] == strange
    assert bindings(api, "api-gateway")["FUTURE"]["type"] == "quantum_store"


@pytest.mark.fault("E15")
def test_the_value_of_a_secret_is_neither_returned_nor_stored(api: Api) -> None:
    api.result("PUT", NEW, **upload(bound({"type": "secret_text", "name": "S", "text": "canary-one"})))
    api.result("PUT", f"{NEW}/secrets", json={"name": "T", "text": "canary-two", "type": "secret_text"})
    key = {
        "type": "secret_key",
        "name": "K",
        "format": "raw",
        "usages": ["sign"],
        "key_base64": "canary-three",
    }
    api.result("PUT", f"{NEW}/secrets", json={**key, "algorithm": {"name": "HMAC"}})

    names = [one["name"] for one in api.result("GET", f"{NEW}/secrets")]
    stored = " ".join(api.sandbox.store.texts("SELECT body FROM document"))

    assert names == ["S", "T", "K"]
    assert bindings(api, "new-one")["K"]["algorithm"] == {"name": "HMAC"}
    assert "canary" not in json.dumps(settings(api, "new-one")) + stored


def test_a_secret_can_be_deleted_once(api: Api) -> None:
    path = f"{WORKERS}/scripts/auth-edge/secrets"

    assert api.result("DELETE", f"{path}/OAUTH_SECRET") is None
    assert api.refused("DELETE", f"{path}/OAUTH_SECRET") == (404, 10056)
    assert api.refused("DELETE", f"{path}/SESSIONS") == (404, 10056)


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"name": "S", "type": "secret_text"}, (400, 9207)),
        ({"name": "not a name", "text": "v", "type": "secret_text"}, (400, 9207)),
        ({"name": "S", "text": "v", "type": "plain_text"}, (400, 9207)),
        ({"name": "SESSIONS", "text": "v", "type": "secret_text"}, (400, 10053)),
    ],
)
def test_an_invalid_secret_is_refused(api: Api, body: dict[str, str], refusal: tuple[int, int]) -> None:
    assert api.refused("PUT", f"{WORKERS}/scripts/auth-edge/secrets", json=body) == refusal


def test_a_binding_to_a_class_gets_its_namespace(api: Api) -> None:
    binding = {
        "type": "durable_object_namespace",
        "name": "R",
        "class_name": "Room",
        "script_name": "chat-room",
    }

    api.result("PUT", NEW, **upload(bound(binding)))

    assert bindings(api, "new-one")["R"]["namespace_id"] == stable_id("do.namespace", "chat-room", "Room")


def test_settings_are_changed_one_by_one(api: Api) -> None:
    path = f"{WORKERS}/scripts/auth-edge/settings"
    before = settings(api, "auth-edge")
    form = {"settings": (None, json.dumps({"logpush": True, "tags": ["a"]}), "application/json")}

    changed = api.result("PATCH", path, files=form)

    assert changed == settings(api, "auth-edge") == {**before, "logpush": True, "tags": ["a"]}


def test_settings_replace_bindings_and_keep_those_that_are_only_named(api: Api) -> None:
    path = f"{WORKERS}/scripts/auth-edge/settings"
    added = {"type": "plain_text", "name": "NEW", "text": "1"}
    sent = {"bindings": [added, {"type": "secret_text", "name": "OAUTH_SECRET"}]}

    api.result("PATCH", path, json=sent)

    assert list(bindings(api, "auth-edge")) == ["NEW", "OAUTH_SECRET"]
    assert api.refused("PATCH", path, files={"other": (None, "{}")}) == (400, 9207)


def test_script_settings_are_changed(api: Api) -> None:
    path = f"{WORKERS}/scripts/redirects/script-settings"

    api.result("PATCH", path, json={"tail_consumers": [], "unknown": 1})

    assert api.result("GET", path) == {
        "logpush": False,
        "tail_consumers": [],
        "tags": [],
        "observability": {"enabled": False},
    }


def test_crons_are_replaced_and_unchanged_ones_keep_their_dates(api: Api) -> None:
    path = f"{WORKERS}/scripts/cron-reports/schedules"
    before = {one["cron"]: one for one in api.result("GET", path)["schedules"]}

    refused = api.refused("PUT", path, json=[{"cron": "at noon"}])
    sent = [{"cron": "15 3 1 JAN,JUL *"}, {"cron": "0 6 * * *"}, {"cron": "0 6 * * *"}]
    after = api.result("PUT", path, json=sent)["schedules"]

    assert [one["cron"] for one in after] == ["15 3 1 JAN,JUL *", "0 6 * * *"]
    assert after[1] == before["0 6 * * *"]
    assert refused == (400, 10100)
    assert api.refused("PUT", path, json={"cron": "0 6 * * *"}) == (400, 9207)


CRONS = {
    "* * * * *": True,
    "*/30 * * * MON-FRI": True,
    "0 6 1,15 * *": True,
    "59 23 31 12 7": True,
    "10-20/5 2/3 * jan-mar 1": True,
    "0 0 L * *": True,
    "0 0 LW * *": True,
    "0 0 31W * *": True,
    "0 0 1W,15 * *": False,
    "0 0 * * 6L": True,
    "0 0 * * FRIL": True,
    "0 0 * * MON#2": True,
    "0 0 * * 2#5": True,
    "0 0 * * 0": False,
    "0 0 * * 8": False,
    "0 0 * * 2#6": False,
    "0 0 32W * *": False,
    "0 0 0 * *": False,
    "60 0 * * *": False,
    "0 24 * * *": False,
    "0 0 * 13 *": False,
    "0 0 * MON *": False,
    "0 0 ? * *": False,
    "*/0 * * * *": False,
    "5-1 * * * *": True,
    "0 0 * * FRI-MON": True,
    "60-1 * * * *": False,
    "1,,2 * * * *": False,
    "* * * *": False,
    "* * * * * *": False,
    "@daily": False,
    "*  * * * *": False,
    "\u0661 * * * *": False,
}


@pytest.mark.parametrize(("cron", "valid"), CRONS.items())
def test_a_cron_is_read_as_cloudflare_s_parser_does(api: Api, cron: str, valid: bool) -> None:
    answer = api("PUT", f"{WORKERS}/scripts/cron-reports/schedules", json=[{"cron": cron}])

    assert answer.status_code == (200 if valid else 400)
    assert [one["code"] for one in answer.json()["errors"]] == ([] if valid else [10100])


def test_a_script_is_enabled_and_disabled_on_workers_dev(api: Api) -> None:
    path = f"{WORKERS}/scripts/redirects/subdomain"

    on = api.result("POST", path, json={"enabled": True})
    off = api.result("DELETE", path)

    assert on == {"enabled": True, "previews_enabled": True}
    assert off == api.result("GET", path) == {"enabled": False, "previews_enabled": False}
    assert api.refused("POST", path, json={"enabled": "yes"}) == (400, 9207)
