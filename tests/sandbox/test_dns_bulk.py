"""Many records at once: batch, import, export, scan."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from ops.sandbox.seed_zones import ZONES
from ops.sandbox.store import zone_id

from .conftest import Api

Bare = tuple[Api, str]


def records(api: Api, zone: str) -> list[tuple[str, str, str, int | None]]:
    found = api.result("GET", f"/zones/{zone}/dns_records?per_page=1000")
    return [(one["type"], one["name"], one["content"], one.get("priority")) for one in found]


def lossless(found: list[dict[str, Any]]) -> list[str]:
    """Return the fields of each record that a zone file keeps; the quotes of TXT may differ."""
    kept = ("type", "name", "proxied", "ttl", "comment", "tags", "priority", "data", "settings")
    texts = [
        re.sub(r'^"|" "|"$', "", one["content"]) if one["type"] == "TXT" else one["content"] for one in found
    ]
    return sorted(
        json.dumps([text, *(one.get(name) for name in kept)]) for one, text in zip(found, texts, strict=True)
    )


def post(number: int) -> dict[str, object]:
    return {"type": "A", "name": f"h{number}", "content": "192.0.2.1"}


def test_a_batch_runs_deletes_patches_puts_posts(bare: Bare) -> None:
    api, zone = bare
    place = f"/zones/{zone}/dns_records"
    one, two, three = (api.result("POST", place, json=post(number))["id"] for number in range(3))

    body = {
        "posts": [post(0)],
        "puts": [{"id": three, "type": "A", "name": "h3", "content": "192.0.2.3", "ttl": 60}],
        "patches": [{"id": two, "content": "192.0.2.2"}],
        "deletes": [{"id": one}],
    }
    result = api.result("POST", f"{place}/batch", json=body)

    # The new record equals the deleted one: only in this order there is no conflict.
    assert [result[name][0]["name"][:2] for name in ("deletes", "patches", "puts", "posts")] == [
        "h0",
        "h1",
        "h3",
        "h0",
    ]
    assert {row[2] for row in records(api, zone)} == {"192.0.2.1", "192.0.2.2", "192.0.2.3"}


@pytest.mark.fault("G8")
@pytest.mark.parametrize(
    "bad",
    [
        {"posts": [post(1), post(1)]},
        {"posts": [post(1)], "deletes": [{"id": "0" * 32}]},
        {"posts": [post(1), {"type": "A", "name": "x", "content": "nope"}]},
        {"posts": [post(1)], "patches": [{}]},
        {"posts": [post(1)], "others": []},
    ],
)
def test_a_batch_with_one_bad_operation_changes_nothing(bare: Bare, bad: dict[str, object]) -> None:
    api, zone = bare
    api.result("POST", f"/zones/{zone}/dns_records", json=post(0))
    before = records(api, zone)

    status, _ = api.refused("POST", f"/zones/{zone}/dns_records/batch", json=bad)

    assert status in (400, 404)
    assert records(api, zone) == before


@pytest.mark.long
@pytest.mark.fault("E11")
def test_a_batch_has_at_most_200_operations_on_the_free_plan_and_3500_on_a_paid_one(api: Api) -> None:
    free, paid = zone_id("empty.example"), zone_id("shop.example")
    posts = [post(number) for number in range(3501)]

    statuses = [
        api("POST", f"/zones/{zone}/dns_records/batch", json={"posts": posts[:most]}).status_code
        for zone, most in ((free, 201), (free, 200), (paid, 3501), (paid, 3500))
    ]

    assert statuses == [400, 200, 400, 200]


def test_every_target_in_a_zone_file_is_fully_qualified(api: Api) -> None:
    text = api("GET", f"/zones/{zone_id('example.com')}/dns_records/export").text

    lines = [line.split("\t") for line in text.splitlines() if line.count("\t") == 4]
    targets = {type: data.split(" ")[1] for _, _, _, type, data in lines if type in ("SVCB", "HTTPS", "MX")}
    assert targets.keys() == {"SVCB", "HTTPS", "MX"}
    assert all(target.endswith(".") for target in targets.values())


@pytest.mark.parametrize("name", [seeded.name for seeded in ZONES])
def test_an_exported_zone_file_can_be_imported(api: Api, name: str) -> None:
    zone = zone_id(name)
    api.sandbox.store.limited = False
    before = api.result("GET", f"/zones/{zone}/dns_records?per_page=1000")
    text = api("GET", f"/zones/{zone}/dns_records/export")
    api.result(
        "POST", f"/zones/{zone}/dns_records/batch", json={"deletes": [{"id": one["id"]} for one in before]}
    )

    result = api.result(
        "POST", f"/zones/{zone}/dns_records/import", files={"file": ("zone.txt", text.content)}
    )

    after = api.result("GET", f"/zones/{zone}/dns_records?per_page=1000")
    assert text.headers["Content-Type"].startswith("text/plain")
    assert result == {"recs_added": len(before), "total_records_parsed": len(before)}
    assert lossless(after) == lossless(before)


def test_a_zone_file_written_by_hand_is_imported(bare: Bare) -> None:
    api, zone = bare
    text = """$ORIGIN free.example.
$TTL 1h
@ IN SOA ns1 admin ( 1 ; serial
    7200 3600 1209600 300 )
@       IN NS ns1.other.example.
@       300 IN A 192.0.2.1 ; a comment; with more
        IN MX 10 mail
www     IN CNAME free.example. ; proxied here cf_tags=cf-proxied:true
long    IN TXT ( "first; " "second" )
$ORIGIN sub.free.example.
deep    60 AAAA 2001:db8::1
svc     IN HTTPS 1 . alpn="h3,h2" ipv4hint="192.0.2.1"
"""
    text = text.replace("MX 10 mail", "MX 10 mail.free.example.")

    result = api.result("POST", f"/zones/{zone}/dns_records/import", files={"file": text})

    found = {one["type"]: one for one in api.result("GET", f"/zones/{zone}/dns_records")}
    assert result == {"recs_added": 6, "total_records_parsed": 6}
    assert (found["A"]["ttl"], found["A"]["comment"]) == (300, "a comment; with more")
    assert (found["MX"]["name"], found["MX"]["priority"]) == ("free.example", 10)
    assert (found["CNAME"]["proxied"], found["CNAME"]["comment"]) == (True, "proxied here")
    assert found["TXT"]["content"] == '"first; " "second"'
    assert (found["AAAA"]["name"], found["AAAA"]["ttl"]) == ("deep.sub.free.example", 60)
    assert found["HTTPS"]["data"]["value"] == 'alpn="h3,h2" ipv4hint="192.0.2.1"'


def test_the_proxied_field_applies_to_records_without_their_own(bare: Bare) -> None:
    api, zone = bare
    text = "a 300 IN A 192.0.2.1\nb 300 IN A 192.0.2.1 ; cf_tags=cf-proxied:false\nc 300 IN TXT x\n"

    api.result("POST", f"/zones/{zone}/dns_records/import", files={"file": text}, data={"proxied": "true"})

    found = {one["name"][0]: one["proxied"] for one in api.result("GET", f"/zones/{zone}/dns_records")}
    assert found == {"a": True, "b": False, "c": False}


@pytest.mark.parametrize(
    "text",
    ["$INCLUDE other.zone\n", "www IN A\n", "www IN A nope\n", "www IN MX mail.example.\n", "$TTL soon\n"],
)
def test_a_zone_file_with_a_bad_line_adds_nothing(bare: Bare, text: str) -> None:
    api, zone = bare

    answer = api(
        "POST", f"/zones/{zone}/dns_records/import", files={"file": f"good 300 IN A 192.0.2.1\n{text}"}
    )

    assert answer.status_code == 400
    assert records(api, zone) == []


@pytest.mark.fault("P13")
def test_a_zone_file_has_at_most_256_kib(bare: Bare) -> None:
    api, zone = bare
    place = f"/zones/{zone}/dns_records/import"

    statuses = [api("POST", place, files={"file": ";" * size}).status_code for size in (262_144, 262_145)]

    assert statuses == [200, 400]


def test_import_needs_a_form_with_a_file(bare: Bare) -> None:
    api, zone = bare
    place = f"/zones/{zone}/dns_records/import"

    assert api.refused("POST", place, data=b"www IN A 192.0.2.1") == (400, 9207)
    assert api.refused("POST", place, files={"other": "x"}) == (400, 9207)


def test_the_old_scan_adds_records_and_the_new_one_lists_them_for_review(bare: Bare) -> None:
    api, zone = bare
    place = f"/zones/{zone}/dns_records/scan"

    triggered = api("POST", f"{place}/trigger").json()
    waiting = api.result("GET", f"{place}/review")
    nothing = records(api, zone)
    body = {"accepts": [{"id": waiting[0]["id"]}], "rejects": [{"id": waiting[1]["id"]}]}
    decided = api.result("POST", f"{place}/review", json=body)
    left = api.result("GET", f"{place}/review")
    added = api.result("POST", place)

    assert triggered["success"] is True
    assert nothing == []
    assert len(decided["accepts"]) == len(decided["rejects"]) == 1
    assert len(left) == len(waiting) - 2
    assert added == {"recs_added": 2, "total_records_parsed": 3}
