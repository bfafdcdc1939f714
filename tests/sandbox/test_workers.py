"""Workers in the sandbox: listing, uploads and their checks, versions, domains, deletion."""

from __future__ import annotations

from typing import Any

import pytest

from ops.sandbox.seed_workers import DOMAINS, SUBDOMAIN_NAME
from ops.sandbox.store import SCRIPTS, stable_id
from ops.sandbox.wire import parts

from .conftest import Api
from .uploads import BINARY, CODE, JS, NEW, WORKERS, bound, content, settings, upload


def test_workers_are_listed_without_pages(api: Api) -> None:
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


def test_a_service_worker_script_is_returned_as_javascript(api: Api) -> None:
    for path in ("legacy-site", "legacy-site/content/v2"):
        answer = api("GET", f"{WORKERS}/scripts/{path}")

        assert answer.headers["Content-Type"] == "application/javascript"
        assert answer.text.startswith("addEventListener('fetch'")
        assert "cf-entrypoint" not in answer.headers


def test_modules_are_returned_as_a_form_with_the_entry_point_in_a_header(api: Api) -> None:
    answer = api("GET", f"{WORKERS}/scripts/image-resizer/content/v2")

    found = {part.name: part for part in parts(answer.headers["Content-Type"], answer.content) or []}

    assert answer.headers["cf-entrypoint"] == "index.js"
    assert list(found) == ["index.js", "resize.wasm", "palette.bin", "notice.txt"]
    assert found["palette.bin"].data == bytes(range(256))
    assert found["resize.wasm"].content_type == "application/wasm"
    assert found["notice.txt"].text() == "größer, kleiner\r\n"


def test_an_upload_is_listed_and_returned_byte_for_byte(api: Api) -> None:
    code = 'import wasm from "./lib/a.wasm";\n' + CODE

    made = api.result(
        "PUT", NEW, **upload(None, ("index.js", code, JS), ("lib/a.wasm", BINARY, "application/wasm"))
    )

    assert made["handlers"] == ["fetch"]
    assert made["startup_time_ms"] > 0
    assert "new-one" in [one["id"] for one in api.result("GET", f"{WORKERS}/scripts")]
    assert [part.data for part in content(api, "new-one")] == [code.encode(), BINARY]


def test_a_downloaded_worker_can_be_uploaded_again(api: Api) -> None:
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


def test_the_etag_depends_only_on_the_code(api: Api) -> None:
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


def test_the_main_part_may_be_named_by_its_part_name(api: Api) -> None:
    form = {
        "metadata": (None, '{"main_module": "files"}', "application/json"),
        "files": ("index.js", CODE, JS),
    }

    api.result("PUT", NEW, files=form)

    assert [part.name for part in content(api, "new-one")] == ["files"]


@pytest.mark.parametrize("name", ["Upper", "with.dot", "-dash", "x" * 64, "é"])
def test_an_invalid_name_is_refused(api: Api, name: str) -> None:
    assert api.refused("PUT", f"{WORKERS}/scripts/{name}", **upload()) == (400, 10016)


@pytest.mark.parametrize(
    ("sent", "message"),
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
def test_an_invalid_upload_is_refused(api: Api, sent: dict[str, Any], message: str) -> None:
    answer = api("PUT", NEW, **sent)

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, 10021)
    assert message in answer.json()["errors"][0]["message"]
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


def test_migrations_create_rename_transfer_and_delete_durable_objects(api: Api) -> None:
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
def test_an_invalid_migration_is_refused(
    api: Api, migrations: dict[str, Any], refusal: tuple[int, int]
) -> None:
    code = "export class Room {}\n" + CODE
    sent = upload(bound(migrations=migrations), ("index.js", code, JS))

    assert api.refused("PUT", f"{WORKERS}/scripts/chat-room", **sent) == refusal


def test_code_that_drops_a_durable_object_class_is_refused(api: Api) -> None:
    assert api.refused("PUT", f"{WORKERS}/scripts/chat-room", **upload()) == (400, 10064)


@pytest.mark.parametrize("by_header", [True, False])
def test_replacing_the_content_keeps_the_settings(api: Api, by_header: bool) -> None:
    before = settings(api, "redirects")
    sent = upload({} if by_header else {"main_module": "main.js"}, ("main.js", CODE, JS))
    headers = {"CF-WORKER-MAIN-MODULE-PART": "main.js"} if by_header else {}

    api.result("PUT", f"{WORKERS}/scripts/redirects/content", headers=headers, **sent)

    assert settings(api, "redirects") == before
    assert [part.name for part in content(api, "redirects")] == ["main.js"]
    assert api.refused("PUT", f"{NEW}/content", **sent) == (404, 10007)


def test_deleting_a_worker_deletes_its_durable_objects_and_domains(api: Api) -> None:
    path = f"{WORKERS}/scripts/chat-room"

    assert api.result("DELETE", path) is None

    assert api.refused("GET", path) == (404, 10007)
    assert api.refused("DELETE", path) == (404, 10007)
    assert "chat-room" not in [
        one["script"] for one in api.result("GET", f"{WORKERS}/durable_objects/namespaces")
    ]
    assert [one["hostname"] for one in api.result("GET", f"{WORKERS}/domains")] == ["gateway.example.com"]
    stored = api.sandbox.store.value(
        "SELECT count(*) FROM do_object WHERE namespace = ?",
        (stable_id("do.namespace", "chat-room", "Room"),),
    )
    assert stored == 0


def test_a_referenced_worker_is_deleted_only_with_force(api: Api) -> None:
    path = f"{WORKERS}/scripts/auth-edge"

    assert api.refused("DELETE", path) == (400, 10064)
    assert api.result("DELETE", path, params={"force": "true"}) is None


def test_a_domain_creates_and_deletes_its_dns_record(api: Api, zone: str) -> None:
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
def test_an_invalid_domain_is_refused(
    api: Api, zone: str, change: dict[str, Any], refusal: tuple[int, int]
) -> None:
    body = {"zone_id": zone, "hostname": "made.example.com", "service": "redirects", **change}

    assert api.refused("PUT", f"{WORKERS}/domains", json=body) == refusal


def test_a_domain_can_replace_a_dns_record(api: Api, zone: str) -> None:
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


def test_a_worker_is_reached_by_its_id_too(api: Api) -> None:
    where = f"/accounts/{api.sandbox.account_id}/workers/workers"
    (first, *_), before = api.result("GET", where, params={"per_page": 2}), api.result("GET", where)

    sent = {"logpush": True, "subdomain": {"enabled": False}}
    changed = api.result("PATCH", f"{where}/{first['id']}", json=sent)
    shown = api.result("GET", f"{where}/{first['id']}")
    api.result("DELETE", f"{where}/{first['id']}", params={"force": "true"})

    assert (changed["logpush"], changed["subdomain"]["enabled"]) == (True, False)
    assert shown == changed
    assert first["name"] not in {one["name"] for one in api.result("GET", where)}
    assert len(before) > 2
