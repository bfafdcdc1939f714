"""One item of a collection in the sandbox: it is what the list shows, and is unknown once it is deleted."""

from __future__ import annotations

import pytest

from ops.sandbox.store import ACCOUNT_ID, zone_id

from .conftest import Api

A = f"/accounts/{ACCOUNT_ID}"


@pytest.mark.parametrize(
    ("listed", "path", "key"),
    [
        (f"{A}/rum/site_info/list", f"{A}/rum/site_info", "site_tag"),
        (f"{A}/workflows", f"{A}/workflows", "name"),
        (f"{A}/workers/dispatch/namespaces", f"{A}/workers/dispatch/namespaces", "namespace_name"),
    ],
)
def test_an_item_is_what_the_list_shows_until_it_is_deleted(
    api: Api, listed: str, path: str, key: str
) -> None:
    item = api.result("GET", listed)[0]
    where = f"{path}/{item[key]}"

    assert api.result("GET", where) == item
    api("DELETE", where)
    assert api.refused("GET", where)[0] == 404
    assert item not in api.result("GET", listed)


def test_a_snippet_is_shown_without_its_code(api: Api) -> None:
    found = [
        (f"/zones/{zone['id']}/snippets", snippet)
        for zone in api.result("GET", "/zones?per_page=50")
        for snippet in api.result("GET", f"/zones/{zone['id']}/snippets")
    ]

    assert found
    assert all(api.result("GET", f"{where}/{one['snippet_name']}") == one for where, one in found)


def test_a_list_of_a_profile_is_that_of_the_profile(api: Api) -> None:
    (profile, *_) = api.result("GET", f"{A}/devices/policies")
    where = f"{A}/devices/policy/{profile['policy_id']}"

    lists = {
        name: api.result("GET", f"{where}/{name}") for name in ("exclude", "include", "fallback_domains")
    }

    assert lists == {name: profile[name] for name in lists}


def test_a_site_is_moved_to_a_zone(api: Api) -> None:
    where = f"{A}/rum/site_info/{api.result('GET', f'{A}/rum/site_info/list')[0]['site_tag']}"

    api.result("PUT", where, json={"zone_tag": zone_id("example.org"), "auto_install": True})

    site = api.result("GET", where)
    assert (site["auto_install"], site["ruleset"]["zone_name"]) == (True, "example.org")


def test_the_routing_of_mail_is_switched_with_its_records(api: Api) -> None:
    where = f"/zones/{zone_id('example.com')}/email/routing"

    off, on = (api.result(method, f"{where}/dns") for method in ("DELETE", "POST"))

    assert ([off["enabled"], on["enabled"]], on["status"]) == ([False, True], "ready")
    assert api.result("GET", where)["enabled"] is True
