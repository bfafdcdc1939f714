"""Rdata of every type, from its text and from its fields, parsed strictly."""

from __future__ import annotations

from typing import Any

import pytest

from ops.errors import UsageError, ValidationError
from ops.products.dns.changes import new_record
from ops.products.dns.rdata import EXAMPLES, FIELDS, TYPES, fields_of, rdata_key, text_of

ZONE = {"id": "1" * 32, "name": "example.com", "plan": {"legacy_id": "business"}}
DIGEST = "ab" * 32
# A text for each type, and the fields of the API.
TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "A": ("192.0.2.1", {"content": "192.0.2.1"}),
    "AAAA": ("2001:DB8:0::1", {"content": "2001:db8::1"}),
    "CAA": ('0 issue "ca.example"', {"data": {"flags": 0, "tag": "issue", "value": "ca.example"}}),
    "CERT": ("1 2 8 AAAA", {"data": {"type": 1, "key_tag": 2, "algorithm": 8, "certificate": "AAAA"}}),
    "CNAME": ("WWW.Example.Com.", {"content": "www.example.com"}),
    "DNSKEY": (
        "257 3 13 AAAA",
        {"data": {"flags": 257, "protocol": 3, "algorithm": 13, "public_key": "AAAA"}},
    ),
    "DS": (f"1 13 2 {DIGEST}", {"data": {"key_tag": 1, "algorithm": 13, "digest_type": 2, "digest": DIGEST}}),
    "HTTPS": ('1 . alpn="h3,h2"', {"data": {"priority": 1, "target": ".", "value": 'alpn="h3,h2"'}}),
    "LOC": (
        "52 22 23.5 N 4 53 32 E -2.5m 10m 10m 2m",
        {"data": {"lat_degrees": 52, "lat_minutes": 22, "lat_seconds": 23.5, "lat_direction": "N",
                  "long_degrees": 4, "long_minutes": 53, "long_seconds": 32, "long_direction": "E",
                  "altitude": -2.5, "size": 10, "precision_horz": 10, "precision_vert": 2}},
    ),
    "MX": ("10 Mail.example.com.", {"content": "mail.example.com", "priority": 10}),
    "NAPTR": (
        '100 10 "S" "SIP+D2U" "!^.*$!sip:a@example.com!" .',
        {"data": {"order": 100, "preference": 10, "flags": "S", "service": "SIP+D2U",
                  "regex": "!^.*$!sip:a@example.com!", "replacement": "."}},
    ),
    "NS": ("ns1.example.net", {"content": "ns1.example.net"}),
    "OPENPGPKEY": ("AAAA", {"content": "AAAA"}),
    "PTR": ("host.example.com.", {"content": "host.example.com"}),
    "SMIMEA": (
        f"3 1 1 {DIGEST}",
        {"data": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": DIGEST}},
    ),
    "SRV": ("0 5 443 a.example.", {"data": {"priority": 0, "weight": 5, "port": 443, "target": "a.example"}}),
    "SSHFP": (f"4 2 {DIGEST}", {"data": {"algorithm": 4, "type": 2, "fingerprint": DIGEST}}),
    "SVCB": ("1 a.example.", {"data": {"priority": 1, "target": "a.example", "value": ""}}),
    "TLSA": (
        f"3 1 1 {DIGEST}",
        {"data": {"usage": 3, "selector": 1, "matching_type": 1, "certificate": DIGEST}},
    ),
    "TXT": ("v=spf1 -all", {"content": "v=spf1 -all"}),
    "URI": ('10 1 "https://a.example/"', {"priority": 10, "data": {"weight": 1, "target": "https://a.example/"}}),
}  # fmt: skip
# Text that does not parse.
WRONG = [
    ("A", ""), ("A", "192.0.2"), ("A", "192.0.2.256"), ("A", "010.0.0.1"), ("A", "::1"), ("A", "1.2.3.4 5"),
    ("A", "1.2.3.4 ; note"), ("A", "1.2.3.4\n5.6.7.8"), ("A", "www.example.com"), ("AAAA", "192.0.2.1"),
    ("AAAA", "fe80::1%eth0"), ("AAAA", "2001:db8:::1"), ("CAA", "issue ca.example"), ("CAA", "256 issue a"),
    ("CAA", '0 is-sue "a"'), ("CNAME", ""), ("CNAME", "a b"), ("CNAME", "a..b"), ("CNAME", "*.example.com"),
    ("DNSKEY", "257 3 13 !"), ("DS", "1 13 2 abcd"), ("DS", "70000 13 2 " + DIGEST), ("HTTPS", "1"),
    ("HTTPS", '1 . alpn'), ("HTTPS", '1 . ipv4hint="::1"'), ("LOC", "91 0 0 N 0 0 0 E 0m"), ("LOC", "52"),
    ("MX", "mail.example.com"), ("MX", "70000 mail.example.com"), ("MX", "10"), ("NAPTR", "1 2 S"),
    ("NS", "ns1 ns2"), ("OPENPGPKEY", "@"), ("PTR", "a..b"), ("SMIMEA", "3 1 1 zz"), ("SRV", "1 2 a.example"),
    ("SRV", "1 2 70000 a.example"), ("SSHFP", "4 2"), ("SVCB", "x a.example"), ("TLSA", "3 1 1 abc"),
    ("TXT", ""), ("TXT", '"a'), ("TXT", 'a\nb'), ("TXT", "x" * 2049), ("URI", "10 1"), ("URI", '10 x "a"'),
]  # fmt: skip


def sent(fields: dict[str, Any]) -> dict[str, Any]:
    """Return *fields* as they are sent: without the derived text beside `data`."""
    return {name: value for name, value in fields.items() if name != "content" or "data" not in fields}


def test_the_table_has_every_type_of_the_api() -> None:
    assert tuple(sorted(TEXTS)) == TYPES
    assert set(EXAMPLES) == set(TYPES)


@pytest.mark.parametrize("type", TYPES)
def test_text_becomes_fields_of_the_api_and_back(type: str) -> None:
    text, wanted = TEXTS[type]

    fields = fields_of(type, text)

    assert sent(fields) == wanted
    assert fields_of(type, text_of({"type": type, **fields})) == fields


@pytest.mark.parametrize(("type", "text"), WRONG)
def test_text_that_does_not_parse_is_refused_with_a_reason_and_an_example(type: str, text: str) -> None:
    with pytest.raises(ValidationError) as error:
        fields_of(type, text)

    assert error.value.hint


@pytest.mark.parametrize(
    ("type", "text", "words"),
    [
        ("A", "300.1.1.1", "its content is not an IPv4 address"),
        ("AAAA", "192.0.2.1", "its content is not an IPv6 address"),
        ("CAA", '300 issue "x"', "flags is '300', which is not a whole number of 0 to 255"),
        ("CAA", '0 is-sue "x"', "tag is 'is-sue'"),
        ("CAA", "0 issue", "it has no value"),
        ("CAA", "0 issue x y", "'y' follows its value"),
        ("CERT", "1 2 8 a!", "its certificate is not in base64"),
        ("CERT", "WHAT 2 8 AAAA", "type is 'WHAT', which is neither a number nor a known name"),
        ("CNAME", "a.example b.example", "'b.example' follows its target"),
        ("DNSKEY", "70000 3 13 AAAA", "flags is '70000', which is not a whole number of 0 to 65535"),
        ("DS", "1 13 2 abcd", "digest has 2 bytes, which does not fit digest_type 2"),
        ("HTTPS", '1 . alpm="h2"', 'the parameter alpm="h2", which is unknown or not valid'),
        ("LOC", "91 N 4 E 0m", "lat_degrees is '91', which is not a number of 0 to 90"),
        ("LOC", "52 N 4 E", "it has no N or S after the latitude"),
        ("LOC", "52 N 4 E 0m 1 2 3 4", "'4' follows precision_vert"),
        ("MX", "x mail.example.com", "priority is 'x', which is not a whole number of 0 to 65535"),
        ("MX", "10", "it has no target"),
        ("NAPTR", '1 2 "S" "x" ""', "it has no replacement"),
        ("OPENPGPKEY", "@", "its content is not in base64"),
        ("SRV", "1 2 x sip.example.com", "port is 'x'"),
        ("SSHFP", "4 2 xyz", "fingerprint is not in hexadecimal"),
        ("TLSA", "3 1 1", "it has no certificate"),
        ("TXT", '"a', "its quotes do not pair"),
        ("URI", '10 1 "https://a', "a quote is not closed"),
        ("URI", "10 1 x;y", "`;` begins a comment"),
        ("A", "1.2.3.4\n5.6.7.8", "it has a line break"),
    ],
)
def test_the_wrong_field_is_named_and_an_example_parses(type: str, text: str, words: str) -> None:
    with pytest.raises(ValidationError) as error:
        fields_of(type, text)

    assert words in error.value.message
    assert type == "TXT" or f"e.g. {type} {EXAMPLES[type]}" in error.value.message
    assert fields_of(type, EXAMPLES[type])


@pytest.mark.parametrize("type", [type for type in TYPES if type in FIELDS])
def test_a_missing_field_is_named(type: str) -> None:
    data = dict(TEXTS[type][1]["data"])
    lost = next(iter(data))
    del data[lost]

    with pytest.raises(ValidationError, match=lost):
        text_of({"type": type, "data": data})


def test_equal_rdata_is_equal_in_every_spelling() -> None:
    spelled = [
        ({"type": "CNAME", "content": "A.Example."}, {"type": "CNAME", "content": "a.example"}),
        ({"type": "AAAA", "content": "2001:db8:0:0::1"}, {"type": "AAAA", "content": "2001:db8::1"}),
        ({"type": "TXT", "content": '"a"  "b"'}, {"type": "TXT", "content": '"a""b"'}),
        ({"type": "TXT", "content": '"v=spf1 " "-all"'}, {"type": "TXT", "content": "v=spf1 -all"}),
        ({"type": "TLSA", "content": f"3 1 1 {DIGEST.upper()}"}, {"type": "TLSA", **TEXTS["TLSA"][1]}),
        (
            {"type": "SRV", "content": "5 443 a.example", "priority": 0},
            {"type": "SRV", "priority": 0, **TEXTS["SRV"][1]},
        ),
        ({"type": "SRV", "content": "0 IN SRV 5 443 a.example."}, {"type": "SRV", **TEXTS["SRV"][1]}),
        ({"type": "MX", "content": "a.example", "priority": 10}, {"type": "MX", "content": "10 A.example."}),
    ]

    assert [rdata_key(one) == rdata_key(other) for one, other in spelled] == [True] * len(spelled)


def test_other_address_hints_are_other_rdata() -> None:
    one = {"type": "HTTPS", "content": '1 . ipv4hint="192.0.2.65"'}
    other = {"type": "HTTPS", "content": '1 . ipv4hint="192.0.2.97"'}

    assert rdata_key(one) != rdata_key(other)


@pytest.mark.fault("E12")
def test_rdata_of_an_unknown_type_is_compared_as_text() -> None:
    assert rdata_key({"type": "NEW", "content": "a"}) == rdata_key({"type": "NEW", "content": "a"})
    assert rdata_key({"type": "NEW", "content": "a"}) != rdata_key({"type": "NEW", "content": "b"})


@pytest.mark.parametrize(
    ("type", "given", "wanted"),
    [
        ("MX", {"content": "a.example.com", "priority": 10}, {"content": "a.example.com", "priority": 10}),
        ("MX", {"target": "mail.example.com", "priority": 0}, {"content": "mail.example.com", "priority": 0}),
        ("MX", {"content": ".", "priority": 0}, {"content": ".", "priority": 0}),
        ("CNAME", {"target": "@"}, {"content": "example.com"}),
        ("SRV", {"content": "5 443 a.example", "priority": 0}, TEXTS["SRV"][1]),
        ("SRV", {"priority": 0, "weight": 5, "port": 443, "target": "A.Example."}, TEXTS["SRV"][1]),
        ("CAA", {"flags": "0", "tag": "issue", "value": "ca.example"}, TEXTS["CAA"][1]),
        ("HTTPS", {"priority": 1, "target": ".", "value": 'alpn="h3,h2"'}, TEXTS["HTTPS"][1]),
        ("URI", {"priority": 10, "weight": 1, "target": "https://a.example/"}, TEXTS["URI"][1]),
    ],
)  # fmt: skip
def test_a_record_is_built_from_content_or_from_fields(
    type: str, given: dict[str, Any], wanted: dict[str, Any]
) -> None:
    record = new_record(ZONE, type, "x", given)

    assert {name: record[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("type", "given", "words"),
    [
        ("A", {}, "--content"),
        ("A", {"content": "192.0.2.1", "priority": 1}, "--priority"),
        ("A", {"content": "192.0.2.1", "port": 1}, "--port"),
        ("SRV", {"content": "0 5 443 a.example", "port": 1}, "--content and --port"),
        ("MX", {"content": "10 a.example", "priority": 20}, "priority 10"),
        ("CNAME", {"content": "www"}, "single label"),
        ("SRV", {"content": "0 5 443 www"}, "single label"),
        ("NOPE", {"content": "x"}, "'NOPE'"),
        ("SVR", {"content": "x"}, "did you mean SRV"),
    ],
)
def test_contradictory_options_are_refused(type: str, given: dict[str, Any], words: str) -> None:
    with pytest.raises((UsageError, ValidationError), match=words):
        new_record(ZONE, type, "x", given)
