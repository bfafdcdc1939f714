"""Workers in the sandbox: versions, deployments, and Workers as services."""

from __future__ import annotations

from typing import Any

from .conftest import Api
from .uploads import CODE, JS, NEW, WORKERS, bindings, bound, content, settings, upload


def share(version: str, percentage: int = 100) -> dict[str, Any]:
    return {"strategy": "percentage", "versions": [{"version_id": version, "percentage": percentage}]}


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


def test_a_worker_is_read_and_deleted_as_a_service(api: Api) -> None:
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


def test_an_upload_returns_its_version(api: Api) -> None:
    made = api.result("PUT", NEW, **upload())

    newest = api.result("GET", f"{NEW}/versions")["items"][0]["id"]

    assert made["deployment_id"] == newest.replace("-", "")


def test_a_version_is_active_only_after_its_deployment(api: Api) -> None:
    api.result("PUT", NEW, **upload())
    code = CODE.replace("new", "newer")
    metadata = bound({"type": "plain_text", "name": "A", "text": "1"})

    second = api.result(
        "POST", f"{NEW}/versions", **upload(metadata, ("main.js", code, JS), ("index.js", code, JS))
    )
    waiting = (api("GET", NEW).content, list(bindings(api, "new-one")))
    api.result("POST", f"{NEW}/deployments", json=share(second["id"]))
    deployed = [part.name for part in content(api, "new-one")], list(bindings(api, "new-one"))
    items = api.result("GET", f"{NEW}/versions")["items"]
    api.result("POST", f"{NEW}/deployments", json=share(items[1]["id"]))

    assert CODE.encode() in waiting[0]
    assert waiting[1] == []
    assert deployed == (["main.js", "index.js"], ["A"])
    assert [one["number"] for one in items] == [2, 1]
    assert [part.data for part in content(api, "new-one")] == [CODE.encode()]
    assert settings(api, "new-one")["bindings"] == []


def test_an_invalid_deployment_is_refused(api: Api) -> None:
    path = f"{WORKERS}/scripts/redirects/deployments"
    version = api.result("GET", path)["deployments"][0]["versions"][0]["version_id"]

    assert api.refused("POST", path, json={}) == (400, 10021)
    assert api.refused("POST", path, json=share(version, 99)) == (400, 10021)
    assert api.refused("POST", path, json=share("00000000-0000-4000-8000-000000000000")) == (404, 10225)


def test_a_worker_records_the_tool_that_deployed_it(api: Api) -> None:
    made = api.result("PUT", NEW, headers={"User-Agent": "wrangler/4.86.0"}, **upload())
    version = api.result("GET", f"{NEW}/versions")["items"][0]["id"]

    found = api.result("GET", f"{NEW}/versions/{version}")["resources"]["script"]
    again = api.result("PUT", NEW, **upload())

    assert made["last_deployed_from"] == found["last_deployed_from"] == "wrangler"
    assert again["last_deployed_from"] == "api"
