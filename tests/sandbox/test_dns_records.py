"""DNS records: rules of each type, conflicts, changes, filters."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import Api

Bare = tuple[Api, str]

GOOD: list[tuple[str, dict[str, Any], str]] = [
    ("A", {"content": "192.0.2.1", "name": "-dash"}, "192.0.2.1"),
    ("NS", {"content": "ns1.example.net", "name": "0/25"}, "ns1.example.net"),
    ("PTR", {"content": r"My\032Printer._ipp._tcp.example.net"}, r"My\032Printer._ipp._tcp.example.net"),
    ("TXT", {"content": '"a" "b"'}, '"a" "b"'),
    ("A", {"content": "192.0.2.1"}, "192.0.2.1"),
    ("AAAA", {"content": "2001:DB8:0:0::1"}, "2001:db8::1"),
    ("CNAME", {"content": "Target.example."}, "Target.example"),
    ("MX", {"content": "mx.example", "priority": 0}, "mx.example"),
    ("MX", {"content": ".", "priority": 0}, "."),
    ("NS", {"content": "ns1.example"}, "ns1.example"),
    ("OPENPGPKEY", {"content": "aGVsbG8="}, "aGVsbG8="),
    ("PTR", {"content": "host.example"}, "host.example"),
    ("TXT", {"content": "x" * 2048}, "x" * 2048),
    ("CAA", {"data": {"flags": 0, "tag": "issue", "value": "ca.example"}}, '0 issue "ca.example"'),
    (
        "CERT",
        {"data": {"type": 9, "key_tag": 1, "algorithm": 8, "certificate": "aGVsbG8="}},
        "9 1 8 aGVsbG8=",
    ),
    (
        "DNSKEY",
        {"data": {"flags": 257, "protocol": 3, "algorithm": 13, "public_key": "aGVsbG8="}},
        "257 3 13 aGVsbG8=",
    ),
    ("DS", {"data": {"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": "ABCD"}}, "1 13 2 ABCD"),
    ("HTTPS", {"data": {"priority": 1, "target": ".", "value": 'alpn="h3"'}}, '1 . alpn="h3"'),
    (
        "LOC",
        {
            "data": {
                "lat_degrees": 37,
                "lat_minutes": 46,
                "lat_seconds": 46,
                "lat_direction": "N",
                "long_degrees": 122,
                "long_minutes": 23,
                "long_seconds": 35,
                "long_direction": "W",
                "altitude": 0,
                "size": 100,
            }
        },
        "37 46 46 N 122 23 35 W 0m 100m 0m 0m",
    ),
    (
        "NAPTR",
        {
            "data": {
                "order": 100,
                "preference": 10,
                "flags": "U",
                "service": "E2U+sip",
                "regex": "!^.*$!sip:info@example.com!",
                "replacement": ".",
            }
        },
        '100 10 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .',
    ),
    (
        "SMIMEA",
        {"data": {"usage": 3, "selector": 0, "matching_type": 0, "certificate": "00ff"}},
        "3 0 0 00ff",
    ),
    (
        "SRV",
        {"data": {"priority": 10, "weight": 5, "port": 8806, "target": "sip.example"}},
        "10 5 8806 sip.example",
    ),
    ("SSHFP", {"data": {"algorithm": 2, "type": 1, "fingerprint": "12ab"}}, "2 1 12ab"),
    ("SVCB", {"data": {"priority": 0, "target": "other.example", "value": ""}}, "0 other.example."),
    ("TLSA", {"data": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "00ff"}}, "3 1 1 00ff"),
    ("URI", {"data": {"weight": 20, "target": "https://a.example"}, "priority": 1}, '20 "https://a.example"'),
]
BAD: list[tuple[str, dict[str, Any], int]] = [
    ("A", {"content": "192.0.2.256"}, 9005),
    ("A", {"content": "2001:db8::1"}, 9005),
    ("A", {"content": "192.0.2.01"}, 9005),
    ("A", {"content": None}, 9005),
    ("A", {"content": 3221225985}, 9005),
    ("AAAA", {"content": "192.0.2.1"}, 9006),
    ("AAAA", {"content": "fe80::1%eth0"}, 9006),
    ("CNAME", {"content": "not a name"}, 9007),
    ("CNAME", {"content": "https://example.com"}, 9007),
    ("MX", {"content": "mx.example", "priority": 65536}, 9022),
    ("MX", {"content": "mx.example"}, 9022),
    ("TXT", {"content": "x" * 2049}, 9013),
    ("TXT", {"content": ""}, 9013),
    ("TXT", {"content": "two\nlines"}, 9013),
    ("CAA", {"content": '0 issue "ca.example"'}, 9006),
    ("CAA", {"data": {"flags": 256, "tag": "issue", "value": "x"}}, 9006),
    ("CAA", {"data": {"flags": True, "tag": "issue", "value": "x"}}, 9006),
    ("SRV", {"data": {"priority": 10, "weight": 5, "port": 70000, "target": "sip.example"}}, 9006),
    ("SRV", {"data": {"priority": 10, "weight": 5, "target": "sip.example"}}, 9006),
    ("TLSA", {"data": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": "xyz"}}, 9006),
    ("DS", {"data": {"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": "ABC"}}, 9006),
    (
        "LOC",
        {"data": {"lat_degrees": 91, "lat_direction": "N", "long_degrees": 1, "long_direction": "W"}},
        9006,
    ),
    ("NOPE", {"content": "x"}, 9002),
    ("TXT", {"content": "x", "proxied": True}, 9004),
    ("A", {"content": "192.0.2.1", "name": "bad name"}, 9000),
    ("A", {"content": "192.0.2.1", "name": "a" * 64}, 9000),
    ("A", {"content": "192.0.2.1", "name": "a;b"}, 9000),
    ("A", {"content": "192.0.2.1", "name": "x.*"}, 9000),
    ("A", {"content": "192.0.2.1", "name": ""}, 9000),
    ("A", {"content": "192.0.2.1", "comment": "two\nlines"}, 9301),
    ("A", {"content": "192.0.2.1", "comment": "x" * 101}, 9302),
    ("A", {"content": "192.0.2.1", "tags": ["no spaces:x"]}, 9303),
]


def create(bare: Bare, type: str = "A", name: str = "www", **more: Any) -> Any:
    api, zone = bare
    sent = {"type": type, "name": name, **({"content": "192.0.2.1"} if type == "A" else {}), **more}
    return api("POST", f"/zones/{zone}/dns_records", json=sent)


@pytest.mark.parametrize(
    ("type", "more", "content"), GOOD, ids=[f"{case[0]}-{at}" for at, case in enumerate(GOOD)]
)
def test_each_record_type_is_accepted_and_returned(
    bare: Bare, type: str, more: dict[str, Any], content: str
) -> None:
    api, zone = bare

    made = create(bare, type, **more).json()["result"]

    assert made["content"] == content
    assert made["proxiable"] is (type in ("A", "AAAA", "CNAME"))
    assert api.result("GET", f"/zones/{zone}/dns_records/{made['id']}") == made


@pytest.mark.parametrize(
    ("type", "more", "code"), BAD, ids=[f"{case[0]}-{at}" for at, case in enumerate(BAD)]
)
def test_a_broken_rule_is_named_in_the_error_chain(
    bare: Bare, type: str, more: dict[str, Any], code: int
) -> None:
    answer = create(bare, type, **more)

    error = answer.json()["errors"][0]
    assert (answer.status_code, error["code"], error["message"]) == (400, 1004, "DNS Validation Error")
    assert error["error_chain"][0]["code"] == code


@pytest.mark.parametrize(
    ("ttl", "status"), [(1, 200), (59, 400), (60, 200), (86400, 200), (86401, 400), ("60", 400)]
)
def test_ttl_is_automatic_or_between_a_minute_and_a_day(bare: Bare, ttl: Any, status: int) -> None:
    answer = create(bare, ttl=ttl)

    assert answer.status_code == status
    assert status == 200 or answer.json()["errors"][0]["code"] == 9021


def test_an_enterprise_zone_accepts_a_ttl_of_thirty_seconds(api: Api) -> None:
    shop = api.result("GET", "/zones?name=shop.example")[0]["id"]
    record = {"type": "A", "name": "quick", "content": "192.0.2.1"}

    assert api("POST", f"/zones/{shop}/dns_records", json={**record, "ttl": 30}).status_code == 200
    assert (
        api("POST", f"/zones/{shop}/dns_records", json={**record, "name": "q", "ttl": 29}).status_code == 400
    )


def test_a_proxied_record_has_an_automatic_ttl(bare: Bare) -> None:
    assert create(bare, proxied=True, ttl=300).json()["result"]["ttl"] == 1


@pytest.mark.parametrize(
    ("name", "stored"),
    [
        ("@", "free.example"),
        ("free.example.", "free.example"),
        ("www", "www.free.example"),
        ("www.free.example", "www.free.example"),
        ("WWW", "WWW.free.example"),
        ("*", "*.free.example"),
        ("bücher", "xn--bcher-kva.free.example"),
        ("notfree.example", "notfree.example.free.example"),
        ("_dmarc", "_dmarc.free.example"),
    ],
)
@pytest.mark.fault("E10")
def test_relative_names_are_completed(bare: Bare, name: str, stored: str) -> None:
    assert create(bare, name=name).json()["result"]["name"] == stored


@pytest.mark.parametrize(
    ("existing", "new", "code"),
    [
        ({"type": "A"}, {"type": "A"}, 81058),
        ({"type": "A"}, {"type": "A", "name": "WWW"}, 81058),
        ({"type": "A"}, {"type": "A", "ttl": 300}, 81057),
        ({"type": "A"}, {"type": "A", "content": "192.0.2.2"}, 0),
        ({"type": "A"}, {"type": "CNAME", "content": "x.example"}, 81053),
        ({"type": "CNAME", "content": "x.example"}, {"type": "CNAME", "content": "y.example"}, 81053),
        ({"type": "CNAME", "content": "x.example"}, {"type": "A"}, 81054),
        ({"type": "CNAME", "content": "x.example"}, {"type": "TXT", "content": "x"}, 0),
        ({"type": "NS", "content": "ns.example"}, {"type": "A"}, 81056),
        ({"type": "A"}, {"type": "NS", "content": "ns.example"}, 81055),
        ({"type": "TXT", "content": "x"}, {"type": "TXT", "content": '"x"'}, 81058),
        (
            {"type": "MX", "content": "mx.example", "priority": 1},
            {"type": "MX", "content": "mx.example", "priority": 2},
            0,
        ),
    ],
)
def test_conflicting_records_are_refused(
    bare: Bare, existing: dict[str, Any], new: dict[str, Any], code: int
) -> None:
    create(bare, **existing)

    answer = create(bare, **new)

    assert answer.status_code == (400 if code else 200)
    assert not code or answer.json()["errors"][0]["code"] == code


def test_patch_keeps_unsent_fields_and_put_resets_them(bare: Bare) -> None:
    api, zone = bare
    made = create(bare, comment="kept", ttl=300).json()["result"]
    place = f"/zones/{zone}/dns_records/{made['id']}"

    patched = api.result("PATCH", place, json={"content": "192.0.2.2"})
    put = api.result("PUT", place, json={"name": "www", "type": "A", "content": "192.0.2.3", "ttl": 60})

    assert (patched["comment"], patched["ttl"], patched["content"]) == ("kept", 300, "192.0.2.2")
    assert (put["comment"], put["ttl"], put["id"]) == (None, 60, made["id"])
    assert put["created_on"] == made["created_on"]


@pytest.mark.parametrize("name", ["-dash", "srv+x", "0/25", r"My\032Printer._ipp._tcp", r"a\.b", "*.-x", "@"])
def test_labels_may_have_any_octet(bare: Bare, name: str) -> None:
    created = create(bare, name=name)

    assert created.status_code == 200
    assert created.json()["result"]["name"] == ("free.example" if name == "@" else f"{name}.free.example")


@pytest.mark.parametrize(
    ("type", "content", "code"),
    [
        ("A", "10.0.0.1", 9003),
        ("A", "127.0.0.1", 9003),
        ("A", "1.1.1.1", 9003),
        ("AAAA", "fe80::1", 9003),
        ("AAAA", "::1", 9003),
        ("A", "192.0.2.1", 0),
        ("AAAA", "100::", 0),
        ("CNAME", "www.free.example", 9039),
        ("CNAME", "WWW.free.example", 9039),
    ],
)
def test_a_proxied_target_must_be_reachable(bare: Bare, type: str, content: str, code: int) -> None:
    errors = create(bare, type, content=content, proxied=True).json()["errors"]

    assert [one["code"] for one in errors] == ([code] if code else [])
    assert create(bare, type, "other", content=content).status_code == 200


@pytest.mark.parametrize("type", ["HTTPS", "SVCB", "NAPTR", "SRV"])
@pytest.mark.parametrize("target", [".", "target.example", "target.example."])
def test_targets_may_have_a_final_dot(bare: Bare, type: str, target: str) -> None:
    data: dict[str, Any] = {"priority": 1, "weight": 1, "port": 1, "target": target, "value": ' alpn="h2" '}
    if type == "NAPTR":
        data = {"order": 1, "preference": 1, "flags": "S", "service": "", "regex": "", "replacement": target}

    record = create(bare, type, data=data).json()["result"]

    qualified = target if target.endswith(".") else f"{target}."
    stored = record["data"]["replacement" if type == "NAPTR" else "target"]
    assert stored == (target if type != "SRV" or target == "." else "target.example")
    if type == "SRV":
        assert record["content"] == f"1 1 1 {stored}"
    elif type == "NAPTR":
        assert record["content"] == f'1 1 "S" "" "" {qualified}'
    else:
        assert record["content"] == f'1 {qualified} alpn="h2"'


def test_put_needs_a_name_and_a_type(bare: Bare) -> None:
    api, zone = bare
    made = create(bare).json()["result"]

    place = f"/zones/{zone}/dns_records/{made['id']}"
    assert api.refused("PUT", place, json={"name": "www", "content": "192.0.2.9"}) == (400, 1004)
    assert api.result("PUT", place, json={"name": "www", "type": "A", "content": "192.0.2.9"})["ttl"] == 1


def test_a_change_that_causes_a_conflict_is_refused(bare: Bare) -> None:
    api, zone = bare
    create(bare)
    other = create(bare, content="192.0.2.2").json()["result"]

    place = f"/zones/{zone}/dns_records/{other['id']}"
    assert api.refused("PATCH", place, json={"content": "192.0.2.1"}) == (400, 81058)
    assert api.result("PATCH", place, json={"content": "192.0.2.2"})["content"] == "192.0.2.2"


def test_a_deletion_returns_the_id_without_an_envelope(bare: Bare) -> None:
    api, zone = bare
    place = f"/zones/{zone}/dns_records/{create(bare).json()['result']['id']}"

    first = api("DELETE", place).json()

    assert first == {"result": {"id": place[-32:]}}
    assert api.refused("DELETE", place) == (404, 81044)
    assert api.refused("GET", place) == (404, 81044)


def test_a_free_zone_has_no_tags(bare: Bare) -> None:
    answer = create(bare, tags=["team:dns"])

    assert answer.json()["errors"][0]["code"] == 9300


def test_a_paid_zone_has_twenty_tags_a_record(api: Api, zone: str) -> None:
    record = {"type": "A", "name": "tagged", "content": "192.0.2.1"}
    tags = [f"tag-{number}:x" for number in range(21)]

    assert api.refused("POST", f"/zones/{zone}/dns_records", json={**record, "tags": tags}) == (400, 9300)
    assert api.result("POST", f"/zones/{zone}/dns_records", json={**record, "tags": tags[:20]})


def test_a_free_zone_has_at_most_two_hundred_records(bare: Bare) -> None:
    api, zone = bare
    posts = [{"type": "A", "name": f"h{number}", "content": "192.0.2.1"} for number in range(200)]
    api.result("POST", f"/zones/{zone}/dns_records/batch", json={"posts": posts})

    answer = create(bare)

    assert answer.json()["errors"][0]["code"] == 81045
    usage = api.result("GET", f"/zones/{zone}/dns_records/usage")
    assert usage == {"record_quota": 200, "record_usage": 200}


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("type=AAAA&content.startswith=2001", ["api", "@"]),
        ("name=API.example.com&type=A", ["api"]),
        ("name=api.example.com.&type=A", ["api"]),
        ("name.contains=ORIGIN", ["origin", "origin"]),
        ("name.startswith=sip", ["sip"]),
        ("name.endswith=.mixed-case.example.com", ["Status.Mixed-Case"]),
        ("name=api.example.com&name=nothing.example.com", []),
        ("content=192.0.2.40", ["vpn"]),
        ("content.contains=dmarc1", ["_dmarc"]),
        ("content.endswith=.4", []),
        ("proxied=true&type=A", ["api", "auth", "chat", "@", "img"]),
        ("proxied=false&type=A&name.startswith=vp", ["vpn"]),
        ("comment.present=&type=A", ["@", "img", "origin"]),
        ("comment.absent=true&type=CNAME", ["docs", "www"]),
        ("comment.contains=RESIZED", ["img"]),
        ("comment=written with capitals", ["Status.Mixed-Case"]),
        ("tag=important", ["api"]),
        ("tag=team:web", ["www"]),
        ("tag.exact=team:we", []),
        ("tag.contains=team:form", ["api", "origin"]),
        ("tag.startswith=env:prod", ["api", "www"]),
        ("tag.endswith=env:tion", ["api", "www"]),
        ("tag.present=team&tag.absent=env", ["origin"]),
        ("tag.present=important&tag.exact=team:web&tag_match=any", ["api", "www"]),
        ("type=A&tag.present=important&tag.exact=team:web&tag_match=any", ["api"]),
        ("match=any&content=192.0.2.40&name=docs.example.com", ["vpn", "docs"]),
        ("search=health checks", ["origin"]),
        ("search=192.0.2.22", ["img"]),
        ("search=team:platform&type=A", ["api", "origin"]),
    ],
)
def test_filters_select_records(api: Api, zone: str, query: str, names: list[str]) -> None:
    found = api.result("GET", f"/zones/{zone}/dns_records?{query}")

    complete = ["example.com" if name == "@" else f"{name}.example.com" for name in names]
    assert [record["name"] for record in found] == complete


@pytest.mark.parametrize("query", ["order=comment", "direction=up", "match=none&type=A", "tag_match=x&tag=y"])
def test_an_invalid_list_parameter_is_refused(api: Api, zone: str, query: str) -> None:
    assert api.refused("GET", f"/zones/{zone}/dns_records?{query}") == (400, 1004)


@pytest.mark.parametrize("field", ["type", "name", "content", "ttl", "proxied"])
def test_records_are_returned_in_the_requested_order(api: Api, zone: str, field: str) -> None:
    place = f"/zones/{zone}/dns_records?order={field}&direction="

    up, down = (api.result("GET", place + direction) for direction in ("asc", "desc"))

    values = [record[field].lower() if field == "name" else record[field] for record in up]
    assert values == sorted(values)
    assert [record["id"] for record in down] == [record["id"] for record in reversed(up)]


def test_dns_settings_are_stored(api: Api, zone: str) -> None:
    place = f"/zones/{zone}/dns_settings"

    changed = api.result("PATCH", place, json={"ns_ttl": 3600, "soa": {"refresh": 9000}})

    assert (changed["ns_ttl"], changed["soa"]["refresh"], changed["soa"]["retry"]) == (3600, 9000, 2400)
    assert api.result("GET", place) == changed
    assert api.refused("PATCH", place, json={"ns_ttl": 29})[0] == 400
    assert api.refused("PATCH", place, json={"soa": {"retry": 1}})[0] == 400
    assert api.refused("PATCH", place, json={"unknown": 1})[0] == 400
