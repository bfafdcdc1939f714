"""Workers in the sandbox: uploads and their checks, bindings, settings, secrets, domains, deletion."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ops.sandbox.identity import ACCOUNT_ID, SCRIPTS, stable_id
from ops.sandbox.multipart import Part, parts
from ops.sandbox.seed_kv import namespace_id
from ops.sandbox.seed_workers import DOMAINS, SUBDOMAIN_NAME

from .conftest import Api

WORKERS = f"/accounts/{ACCOUNT_ID}/workers"
NEW = f"{WORKERS}/scripts/new-one"
JS = "application/javascript+module"
CODE = "export default { async fetch(request) { return new Response('new') } };\n"
BINARY = b"\x00asm\r\n--boundary\r\n\r\n\xff\xfe--\r\n"


def upload(metadata: Any = None, *modules: tuple[str, str | bytes, str]) -> dict[str, Any]:
    """The `files` of an upload; without modules, `index.js` alone."""
    chosen = {"main_module": "index.js"} if metadata is None else metadata
    form: dict[str, Any] = {"metadata": (None, json.dumps(chosen), "application/json")}
    for name, data, content_type in modules or (("index.js", CODE, JS),):
        form[name] = (name, data, content_type)
    return {"files": form}


def bound(*bindings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"main_module": "index.js", "bindings": list(bindings), **more}


def settings(api: Api, script: str) -> dict[str, Any]:
    found: dict[str, Any] = api.result("GET", f"{WORKERS}/scripts/{script}/settings")
    return found


def bindings(api: Api, script: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in settings(api, script)["bindings"]}


def content(api: Api, script: str) -> list[Part]:
    answer = api("GET", f"{WORKERS}/scripts/{script}/content/v2")
    found = parts(answer.headers["Content-Type"], answer.content)
    assert found is not None
    return found


def test_workers_are_listed_at_once(api: Api) -> None:
    answer = api("GET", f"{WORKERS}/scripts").json()

    assert [one["id"] for one in answer["result"]] == sorted(SCRIPTS)
    assert "result_info" not in answer
    assert {one["has_modules"] for one in answer["result"]} == {True, False}


def test_workers_are_found_by_tags(api: Api) -> None:
    with_tag = api.result("GET", f"{WORKERS}/scripts", params={"tags": "tier-1:yes"})
    without = api.result("GET", f"{WORKERS}/scripts", params={"tags": "tier-1:no"})

    assert [one["id"] for one in with_tag] == ["api-gateway"]
    assert len(without) == len(SCRIPTS) - 1


def test_workers_are_searched_in_pages(api: Api) -> None:
    page = api(
        "GET", f"{WORKERS}/scripts-search", params={"per_page": 3, "page": 2, "order_by": "name"}
    ).json()
    named = api.result("GET", f"{WORKERS}/scripts-search", params={"name": "gate"})

    assert [one["script_name"] for one in page["result"]] == sorted(SCRIPTS)[3:6]
    assert page["result_info"]["total_count"] == len(SCRIPTS)
    assert [one["script_name"] for one in named] == ["api-gateway"]
    assert api.refused("GET", f"{WORKERS}/scripts-search", params={"order_by": "size"}) == (400, 10001)


def test_a_script_in_service_worker_syntax_comes_as_javascript(api: Api) -> None:
    for path in ("legacy-site", "legacy-site/content/v2"):
        answer = api("GET", f"{WORKERS}/scripts/{path}")

        assert answer.headers["Content-Type"] == "application/javascript"
        assert answer.text.startswith("addEventListener('fetch'")
        assert "cf-entrypoint" not in answer.headers


def test_modules_come_as_a_form_with_the_entry_point_in_a_header(api: Api) -> None:
    answer = api("GET", f"{WORKERS}/scripts/image-resizer/content/v2")

    found = {part.name: part for part in parts(answer.headers["Content-Type"], answer.content) or []}

    assert answer.headers["cf-entrypoint"] == "index.js"
    assert list(found) == ["index.js", "resize.wasm", "palette.bin", "notice.txt"]
    assert found["palette.bin"].data == bytes(range(256))
    assert found["resize.wasm"].content_type == "application/wasm"
    assert found["notice.txt"].text() == "größer, kleiner\r\n"


def test_an_upload_is_answered_listed_and_read_back_byte_for_byte(api: Api) -> None:
    code = 'import wasm from "./lib/a.wasm";\n' + CODE

    made = api.result(
        "PUT", NEW, **upload(None, ("index.js", code, JS), ("lib/a.wasm", BINARY, "application/wasm"))
    )

    assert made["handlers"] == ["fetch"]
    assert made["startup_time_ms"] > 0
    assert "new-one" in [one["id"] for one in api.result("GET", f"{WORKERS}/scripts")]
    assert [part.data for part in content(api, "new-one")] == [code.encode(), BINARY]


def test_what_was_downloaded_can_be_uploaded_again(api: Api) -> None:
    before = api.result("GET", f"{WORKERS}/scripts")
    found = [(part.name, part.data, part.content_type) for part in content(api, "api-gateway")]
    kept = settings(api, "api-gateway")

    again = api.result(
        "PUT",
        f"{WORKERS}/scripts/api-gateway",
        **upload({**kept, "main_module": "index.js", "keep_bindings": ["secret_text"]}, *found),
    )

    assert again["etag"] == next(one["etag"] for one in before if one["id"] == "api-gateway")
    assert settings(api, "api-gateway") == kept


def test_the_etag_follows_the_code_alone(api: Api) -> None:
    first = api.result("PUT", NEW, **upload())["etag"]
    same = api.result("PUT", NEW, **upload(bound({"type": "plain_text", "name": "A", "text": "1"})))["etag"]
    other = api.result("PUT", NEW, **upload(None, ("index.js", CODE + " ", JS)))["etag"]

    assert first == same != other


def test_plain_javascript_is_a_service_worker(api: Api) -> None:
    code = "addEventListener('scheduled', () => {});"

    made = api.result("PUT", NEW, data=code, headers={"Content-Type": "application/javascript"})

    assert (made["has_modules"], made["handlers"]) == (False, ["scheduled"])
    assert made["compatibility_date"] == "2021-11-02"
    assert api("GET", NEW).text == code


def test_the_main_part_may_go_by_its_part_name(api: Api) -> None:
    form = {
        "metadata": (None, '{"main_module": "files"}', "application/json"),
        "files": ("index.js", CODE, JS),
    }

    api.result("PUT", NEW, files=form)

    assert [part.name for part in content(api, "new-one")] == ["files"]


@pytest.mark.parametrize("name", ["Upper", "with.dot", "-dash", "x" * 64, "é"])
def test_a_name_that_is_none_is_refused(api: Api, name: str) -> None:
    assert api.refused("PUT", f"{WORKERS}/scripts/{name}", **upload()) == (400, 10016)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (upload({"main_module": "main.js"}), 'No such module "main.js"'),
        (upload({}), "either a main_module or a body_part"),
        (upload({"main_module": "index.js", "body_part": "index.js"}), "either a main_module or a body_part"),
        (upload([]), "not a JSON object"),
        (upload(None, ("index.js", 'import x from "./gone.js";', JS)), 'No such module "./gone.js"'),
        (upload(None, ("index.js", 'import "gone.js"', JS)), 'No such module "gone.js"'),
        (upload(None, ("index.js", 'export { a } from "../up.js"', JS)), 'No such module "../up.js"'),
        (upload(bound(compatibility_date="2999-01-01")), "in the future"),
        (upload(bound(compatibility_date="soon")), "Invalid compatibility date"),
        (upload({"main_module": "index.js", "bindings": {}}), "bindings must be a list"),
        (upload(bound({"name": "A"})), "needs a type"),
        (upload(bound({"type": "plain_text"})), "needs a name"),
        (upload(bound({"type": "secret_text", "name": "S"})), "has no value"),
    ],
)
def test_an_upload_that_does_not_pass_is_refused(api: Api, sent: dict[str, Any], said: str) -> None:
    answer = api("PUT", NEW, **sent)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10021)
    assert said in answer.json()["errors"][0]["message"]
    assert api.refused("GET", NEW) == (404, 10007)


@pytest.mark.parametrize(
    "line",
    [
        'import { a } from "node:fs";',
        'import { DurableObject } from "cloudflare:workers";',
        'import fs from "fs";',
        "// import x from './gone.js'",
        'const text = "import x from y";',
    ],
)
def test_modules_of_the_runtime_need_not_be_uploaded(api: Api, line: str) -> None:
    api.result("PUT", NEW, **upload(None, ("index.js", f"{line}\n{CODE}", JS)))


@pytest.mark.parametrize(
    ("binding", "code"),
    [
        ({"type": "kv_namespace", "name": "A", "namespace_id": "0" * 32}, 10041),
        ({"type": "r2_bucket", "name": "A", "bucket_name": "gone"}, 10085),
        ({"type": "service", "name": "A", "service": "gone"}, 10143),
        ({"type": "durable_object_namespace", "name": "A", "class_name": "Gone"}, 10061),
    ],
)
def test_a_binding_to_what_does_not_exist_is_refused(api: Api, binding: dict[str, Any], code: int) -> None:
    assert api.refused("PUT", NEW, **upload(bound(binding))) == (400, code)


def test_a_binding_name_is_used_once(api: Api) -> None:
    one = {"type": "plain_text", "name": "A", "text": "1"}

    assert api.refused("PUT", NEW, **upload(bound(one, one))) == (400, 10053)


def test_an_upload_replaces_bindings_but_those_it_keeps_or_inherits(api: Api) -> None:
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


def test_what_cannot_be_inherited_is_dropped_or_strictly_refused(api: Api) -> None:
    sent = bound({"type": "inherit", "name": "GONE"})

    assert api.refused("PUT", NEW, params={"bindings_inherit": "strict"}, **upload(sent)) == (400, 10021)
    api.result("PUT", NEW, **upload(sent))

    assert bindings(api, "new-one") == {}


@pytest.mark.fault("E12")
def test_bindings_of_unknown_types_are_kept_as_they_are(api: Api) -> None:
    strange = {"type": "teleport", "name": "T", "to": {"far": [1, None, "é"]}}

    api.result("PUT", NEW, **upload(bound(strange)))

    assert bindings(api, "new-one")["T"] == strange
    assert bindings(api, "api-gateway")["FUTURE"]["type"] == "quantum_store"


@pytest.mark.fault("E15")
def test_the_value_of_a_secret_is_never_answered_nor_stored(api: Api) -> None:
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


def test_secrets_are_deleted_once(api: Api) -> None:
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
def test_a_secret_that_is_none_is_refused(api: Api, body: dict[str, str], refusal: tuple[int, int]) -> None:
    assert api.refused("PUT", f"{WORKERS}/scripts/auth-edge/secrets", json=body) == refusal


def test_migrations_make_rename_move_and_delete_durable_objects(api: Api) -> None:
    code = "export class A {}\nexport class B {}\nexport class C {}\n" + CODE
    spaces = f"{WORKERS}/durable_objects/namespaces"

    def migrate(**migrations: Any) -> dict[str, tuple[str, bool]]:
        api.result("PUT", NEW, **upload(bound(migrations=migrations), ("index.js", code, JS)))
        owned = [one for one in api.result("GET", spaces) if one["script"] == "new-one"]
        return {one["class"]: (one["id"], one["use_sqlite"]) for one in owned}

    made = migrate(new_tag="v1", new_classes=["A"], new_sqlite_classes=["B"])
    renamed = migrate(old_tag="v1", new_tag="v2", renamed_classes=[{"from": "A", "to": "C"}])
    steps = [
        {"deleted_classes": ["C"]},
        {"transferred_classes": [{"from": "Inbox", "from_script": "webhook-relay", "to": "A"}]},
    ]
    moved = migrate(old_tag="v2", new_tag="v3", steps=steps)

    assert [made[name][1] for name in ("A", "B")] == [False, True]
    assert renamed == {"B": made["B"], "C": made["A"]}
    assert moved == {"B": made["B"], "A": (stable_id("do.namespace", "webhook-relay", "Inbox"), True)}
    assert settings(api, "new-one")["migration_tag"] == "v3"


@pytest.mark.parametrize(
    ("migrations", "refusal"),
    [
        ({"old_tag": "v9", "new_tag": "v10"}, (412, 10079)),
        ({"new_classes": ["Room"]}, (400, 10074)),
        ({"deleted_classes": ["Gone"]}, (400, 10072)),
    ],
)
def test_a_migration_that_cannot_be_is_refused(
    api: Api, migrations: dict[str, Any], refusal: tuple[int, int]
) -> None:
    code = "export class Room {}\n" + CODE
    sent = upload(bound(migrations=migrations), ("index.js", code, JS))

    assert api.refused("PUT", f"{WORKERS}/scripts/chat-room", **sent) == refusal


def test_code_may_not_leave_durable_objects_without_their_class(api: Api) -> None:
    assert api.refused("PUT", f"{WORKERS}/scripts/chat-room", **upload()) == (400, 10064)


def test_a_binding_to_a_class_gets_its_namespace(api: Api) -> None:
    binding = {
        "type": "durable_object_namespace",
        "name": "R",
        "class_name": "Room",
        "script_name": "chat-room",
    }

    api.result("PUT", NEW, **upload(bound(binding)))

    assert bindings(api, "new-one")["R"]["namespace_id"] == stable_id("do.namespace", "chat-room", "Room")


@pytest.mark.parametrize("by_header", [True, False])
def test_replacing_the_content_leaves_the_settings(api: Api, by_header: bool) -> None:
    before = settings(api, "redirects")
    sent = upload({} if by_header else {"main_module": "main.js"}, ("main.js", CODE, JS))
    headers = {"CF-WORKER-MAIN-MODULE-PART": "main.js"} if by_header else {}

    api.result("PUT", f"{WORKERS}/scripts/redirects/content", headers=headers, **sent)

    assert settings(api, "redirects") == before
    assert [part.name for part in content(api, "redirects")] == ["main.js"]
    assert api.refused("PUT", f"{NEW}/content", **sent) == (404, 10007)


def test_settings_are_changed_one_by_one(api: Api) -> None:
    path = f"{WORKERS}/scripts/auth-edge/settings"
    before = settings(api, "auth-edge")
    form = {"settings": (None, json.dumps({"logpush": True, "tags": ["a"]}), "application/json")}

    changed = api.result("PATCH", path, files=form)

    assert changed == settings(api, "auth-edge") == {**before, "logpush": True, "tags": ["a"]}


def test_settings_with_bindings_replace_them_and_keep_what_is_only_named(api: Api) -> None:
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


def test_crons_are_replaced_and_those_that_stay_keep_their_dates(api: Api) -> None:
    path = f"{WORKERS}/scripts/cron-reports/schedules"
    before = {one["cron"]: one for one in api.result("GET", path)["schedules"]}

    refused = api.refused("PUT", path, json=[{"cron": "at noon"}])
    sent = [{"cron": "15 3 1 JAN,JUL *"}, {"cron": "0 6 * * *"}, {"cron": "0 6 * * *"}]
    after = api.result("PUT", path, json=sent)["schedules"]

    assert [one["cron"] for one in after] == ["15 3 1 JAN,JUL *", "0 6 * * *"]
    assert after[1] == before["0 6 * * *"]
    assert refused == (400, 10100)
    assert api.refused("PUT", path, json={"cron": "0 6 * * *"}) == (400, 9207)


def test_a_script_is_put_on_and_taken_from_workers_dev(api: Api) -> None:
    path = f"{WORKERS}/scripts/redirects/subdomain"

    on = api.result("POST", path, json={"enabled": True})
    off = api.result("DELETE", path)

    assert on == {"enabled": True, "previews_enabled": True}
    assert off == api.result("GET", path) == {"enabled": False, "previews_enabled": False}
    assert api.refused("POST", path, json={"enabled": "yes"}) == (400, 9207)


def test_each_upload_is_a_version_that_is_deployed(api: Api) -> None:
    api.result("PUT", NEW, **upload(bound({"type": "plain_text", "name": "A", "text": "1"})))
    api.result("PUT", NEW, **upload())

    items = api.result("GET", f"{NEW}/versions")["items"]
    deployments = api.result("GET", f"{NEW}/deployments")["deployments"]
    first = api.result("GET", f"{NEW}/versions/{items[1]['id']}")

    assert [one["number"] for one in items] == [2, 1]
    assert deployments[0]["versions"] == [{"version_id": items[0]["id"], "percentage": 100}]
    assert [one["name"] for one in first["resources"]["bindings"]] == ["A"]
    assert api.result("GET", f"{NEW}/versions", params={"per_page": 1, "page": 2})["items"] == items[1:]
    assert api.refused("GET", f"{NEW}/versions/00000000-0000-4000-8000-000000000000") == (404, 10225)


def test_deleting_a_worker_takes_its_durable_objects_and_domains(api: Api) -> None:
    path = f"{WORKERS}/scripts/chat-room"

    assert api.result("DELETE", path) is None

    assert api.refused("GET", path) == (404, 10007)
    assert api.refused("DELETE", path) == (404, 10007)
    assert "chat-room" not in [
        one["script"] for one in api.result("GET", f"{WORKERS}/durable_objects/namespaces")
    ]
    assert [one["hostname"] for one in api.result("GET", f"{WORKERS}/domains")] == ["gateway.example.com"]
    held = api.sandbox.store.value(
        "SELECT count(*) FROM do_object WHERE namespace = ?",
        (stable_id("do.namespace", "chat-room", "Room"),),
    )
    assert held == 0


def test_a_worker_that_others_use_is_deleted_only_by_force(api: Api) -> None:
    path = f"{WORKERS}/scripts/auth-edge"

    assert api.refused("DELETE", path) == (400, 10064)
    assert api.result("DELETE", path, params={"force": "true"}) is None


def test_a_domain_makes_a_dns_record_and_takes_it_away(api: Api, zone: str) -> None:
    body = {
        "zone_id": zone,
        "hostname": "made.example.com",
        "service": "redirects",
        "environment": "production",
    }

    made = api.result("PUT", f"{WORKERS}/domains", json=body)
    (record,) = api.result("GET", f"/zones/{zone}/dns_records", params={"name": "made.example.com"})
    again = api.result("PUT", f"{WORKERS}/domains", json={**body, "service": "auth-edge"})
    api.result("DELETE", f"{WORKERS}/domains/{made['id']}")

    assert (record["type"], record["content"], record["proxied"]) == ("AAAA", "100::", True)
    assert again == {**made, "service": "auth-edge"}
    assert api.result("GET", f"/zones/{zone}/dns_records", params={"name": "made.example.com"}) == []
    assert api.refused("GET", f"{WORKERS}/domains/{made['id']}") == (404, 7003)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"hostname": "example.org"}, (400, 100114)),
        ({"zone_id": "0" * 32}, (400, 100114)),
        ({"service": "gone"}, (404, 10007)),
        ({"hostname": None}, (400, 9207)),
        ({"hostname": "www.example.com"}, (409, 100117)),
    ],
)
def test_a_domain_that_cannot_be_is_refused(
    api: Api, zone: str, change: dict[str, Any], refusal: tuple[int, int]
) -> None:
    body = {"zone_id": zone, "hostname": "made.example.com", "service": "redirects", **change}

    assert api.refused("PUT", f"{WORKERS}/domains", json=body) == refusal


def test_a_domain_can_take_the_place_of_a_dns_record(api: Api, zone: str) -> None:
    body = {"hostname": "www.example.com", "service": "redirects", "override_existing_dns_record": True}

    api.result("PUT", f"{WORKERS}/domains", json=body)

    records = api.result("GET", f"/zones/{zone}/dns_records", params={"name": "www.example.com"})
    assert "100::" in [one["content"] for one in records]


def test_domains_are_filtered(api: Api, zone: str) -> None:
    hosts = [one["hostname"] for one in api.result("GET", f"{WORKERS}/domains")]

    assert hosts == list(DOMAINS)
    assert len(api.result("GET", f"{WORKERS}/domains", params={"service": "chat-room", "zone_id": zone})) == 1
    assert api.result("GET", f"{WORKERS}/domains", params={"zone_name": "example.org"}) == []


def test_the_account_has_one_workers_dev_name(api: Api) -> None:
    path = f"{WORKERS}/subdomain"

    before = api.result("GET", path)
    changed = api.result("PUT", path, json={"subdomain": "another"})
    deleted = api("DELETE", path)

    assert before == {"subdomain": SUBDOMAIN_NAME}
    assert changed == {"subdomain": "another"}
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert api.refused("GET", path) == (404, 10007)
    assert api.refused("PUT", path, json={"subdomain": "Not a name"}) == (400, 9207)


def test_the_account_has_settings_for_workers(api: Api) -> None:
    assert api.result("GET", f"{WORKERS}/account-settings")["default_usage_model"] == "standard"


def test_a_worker_is_seen_and_deleted_as_a_service(api: Api) -> None:
    path = f"{WORKERS}/services/chat-room"

    service = api.result("GET", path)
    names = [one["name"] for one in api.result("GET", f"{path}/environments/production/bindings")]
    environment = api.result("GET", f"{path}/environments/production")
    api.result("DELETE", path)

    assert service["default_environment"]["script"]["migration_tag"] == "v1"
    assert environment["script"]["id"] == "chat-room"
    assert names == ["ROOM", "LIMITER", "VERSION"]
    assert api.refused("GET", path) == (404, 10090)
    assert api.refused("GET", f"{WORKERS}/services/redirects/environments/staging") == (404, 10090)


def test_an_upload_names_its_version(api: Api) -> None:
    made = api.result("PUT", NEW, **upload())

    newest = api.result("GET", f"{NEW}/versions")["items"][0]["id"]

    assert made["deployment_id"] == newest.replace("-", "")
