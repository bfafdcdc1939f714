"""Zone files of other programs: what is read, skipped, warned of and refused, with lines."""

from __future__ import annotations

from typing import Any

import pytest

from ops.errors import ValidationError
from ops.products.dns import export
from ops.products.dns.zonefile import read, remarks

Json = dict[str, Any]
ZONE: Json = {"id": "1" * 32, "name": "example.com"}


def records(text: str) -> list[Json]:
    found = read(text, "example.com")
    assert found.errors == ()
    return [entry.record for entry in found.records]


@pytest.mark.parametrize(
    ("line", "content"),
    [
        ('t TXT "a=1" "b=2"', '"a=1" "b=2"'),
        ('t TXT "a" ""', '"a" ""'),
        (f't TXT "{"x" * 255}" "y"', f'"{"x" * 255}" "y"'),
        ('t TXT ( "a"\n "b" )', '"a" "b"'),
    ],
)
def test_strings_of_a_txt_record_stay_apart(line: str, content: str) -> None:
    (record,) = records(line + "\n")

    assert record["content"] == content
    text, losses = export.bind(ZONE, [{**record, "comment": None, "tags": []}])
    assert (content in text, losses) == (True, [])


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("-dash", "-dash.example.com"),
        ("srv+x", "srv+x.example.com"),
        ("0/25", "0/25.example.com"),
        (r"My\032Printer._ipp._tcp", r"my\032printer._ipp._tcp.example.com"),
        (r"\065\.b", r"a\046b.example.com"),
        ("_dmarc.bücher", "_dmarc.xn--bcher-kva.example.com"),
        ("*.bücher", "*.xn--bcher-kva.example.com"),
    ],
)
def test_names_are_read_as_on_the_command_line(written: str, name: str) -> None:
    address, alias = records(f"{written} A 192.0.2.1\nx CNAME {written.removeprefix('*.')}\n")

    assert address["name"] == name
    assert alias["content"] == name.removeprefix("*.")


def test_types_classes_and_data_are_read_in_the_form_for_unknown_ones() -> None:
    text = "a CLASS1 TYPE1 \\# 4 c0000201\nb TYPE16 \\# 4 03616263\nc CNAME \\# 3 01 78 00\n"

    assert [(record["type"], record["content"]) for record in records(text)] == [
        ("A", "192.0.2.1"),
        ("TXT", '"abc"'),
        ("CNAME", "x"),
    ]


def test_the_root_as_origin_and_the_minimum_of_the_soa_are_kept() -> None:
    text = "$ORIGIN .\nexample.com SOA a b 1 2 3 4 600\nwww.example.com CNAME a.example\n"
    text += "b.example.com 1h30m A 192.0.2.1\n"

    found = records(text)

    assert [(r["name"], r["content"], r["ttl"]) for r in found] == [
        ("www.example.com", "a.example", 600),
        ("b.example.com", "192.0.2.1", 5400),
    ]


def test_text_that_is_cut_at_a_semicolon_is_warned_of() -> None:
    found = read('a TXT v=DMARC1;p=none\nb TXT "v=DMARC1;p=none" ; note\nc TXT x ; note\n', "example.com")

    assert [warning.partition(":")[0] for warning in found.warnings] == ["line 1"]


def test_a_parenthesis_that_is_never_closed_does_not_hide_the_lines_after_it() -> None:
    found = read('a TXT ( "x"\nb A 192.0.2.1\nc TXT ( "y"\n "z" )\n', "example.com")

    assert [error.message for error in found.errors] == ["line 1: a parenthesis has no counterpart"]
    assert [entry.place for entry in found.records] == ["line 2", "line 3"]


def test_generate_expands_names_and_quoted_data() -> None:
    found = records(
        '$GENERATE 1-2 h$ 300 TXT "host $ is ${0,3,d}" "$$5"\n$GENERATE 9-10 ${0,2,x} A 10.0.0.$\n'
    )

    assert [(record["name"], record["content"]) for record in found] == [
        ("h1.example.com", '"host 1 is 001" "$5"'),
        ("h2.example.com", '"host 2 is 002" "$5"'),
        ("09.example.com", "10.0.0.9"),
        ("0a.example.com", "10.0.0.10"),
    ]


@pytest.mark.parametrize(
    "line", ["$GENERATE x h$ A 10.0.0.$", "$GENERATE 5-1 h$ A 10.0.0.$", "$GENERATE 1-2"]
)
def test_a_generate_line_without_a_range_is_refused(line: str) -> None:
    (error,) = read(line + "\n", "example.com").errors

    assert error.message.startswith("line 1: ")


def test_types_that_cloudflare_does_not_have_are_skipped() -> None:
    found = read('a A 192.0.2.1\nb SPF "v=spf1 -all"\nc HINFO a b\nd DNAME x.example.\n', "example.com")

    assert [entry.place for entry in found.records] == ["line 1"]
    assert [error.message for error in found.skipped] == [
        "line 2: Cloudflare has no SPF records",
        "line 3: Cloudflare has no HINFO records",
        "line 4: Cloudflare has no DNAME records",
    ]
    assert "TXT" in found.skipped[0].hint


def test_ages_of_windows_dns_are_skipped() -> None:
    found = read('@ [AGE:1] 600 A 192.0.2.1\n  [AGE:22]  600 A 192.0.2.2\nt TXT "[AGE:3]"\n', "example.com")

    assert [entry.record["content"] for entry in found.records] == ["192.0.2.1", "192.0.2.2", '"[AGE:3]"']
    assert [error.message for error in found.skipped] == ["line 1: [AGE:…] of Windows DNS, 2 times"]


def test_all_bad_lines_are_reported_and_good_ones_read() -> None:
    text = (
        'a A 192.0.2\n\nb MX (\n 10 mail ) ; fine\nc TXT "open\nd BOGUS x\ne CNAME 192.0.2.1\nf A 192.0.2.9\n'
    )

    found = read(text, "example.com")

    assert [error.message.partition(":")[0] for error in found.errors] == [
        "line 1",
        "line 5",
        "line 6",
        "line 7",
    ]
    assert [entry.place for entry in found.records if not entry.errors] == ["line 3", "line 8"]
    assert all(error.hint for error in found.errors)


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("@ MX 10 mail.example.com", "mail.example.com.example.com"),
        ("www.example.com A 192.0.2.1", "www.example.com.example.com"),
        ("_s._tcp SRV 1 2 3 sip.example.com", "sip.example.com.example.com"),
    ],
)
def test_a_missing_final_dot_is_warned_of(line: str, name: str) -> None:
    found = read(line + "\n", "example.com")

    (warning,) = found.warnings
    assert warning.startswith(f"line 1: {name} has the zone twice")
    assert len(found.records) == 1


TAGS = [
    ("cf_tags=bare", {"tags": ["bare"]}),
    ('note cf_tags=one,two:2,list:"x,y",said:"he \\"said\\""', {
        "comment": "note", "tags": ["one", "two:2", "list:x,y", 'said:he "said"']
    }),
    ("about cf_tags= here cf_tags=", {"comment": "about cf_tags= here", "tags": []}),
    ('cf_tags=empty:"",empty2:', {"tags": ["empty", "empty2"]}),
    ("cf_tags=cf-proxied:true,a:b", {"tags": ["a:b"], "proxied": True}),
    ("cf_tags=cf-flatten-cname", {"tags": [], "settings": {"flatten_cname": True}}),
    ("only a comment", {"comment": "only a comment"}),
    ("", {}),
]  # fmt: skip


@pytest.mark.parametrize(("comment", "found"), TAGS)
def test_comments_and_tags_are_read_as_documented(comment: str, found: Json) -> None:
    assert remarks(comment) == (found, [])


@pytest.mark.parametrize(
    "comment",
    [
        "cf_tags=cf-proxied:TRUE",
        "cf_tags=cf-proxied=true",
        "CF_TAGS=cf-proxied:true",
        "cf_tags=cf-x,a:b",
        "cf_tag=cf-proxied:true",
        "cf_tags = cf-proxied:true",
    ],
)
def test_a_reserved_tag_that_is_not_understood_is_warned_of(comment: str) -> None:
    (warning,) = read(f"a CNAME x.example. ; {comment}\n", "example.com").warnings

    assert warning.startswith("line 1: ")


def test_tags_and_comments_are_written_as_documented() -> None:
    record = {
        "name": "a.example.com", "type": "A", "content": "192.0.2.1", "ttl": 300, "proxiable": True,
        "proxied": False, "settings": {}, "comment": "about cf_tags= here",
        "tags": ["plain", "k:v w", 'list:x,"y"', "path:a\\b", "eq:a=b", "odd:cf_tags=x"],
    }  # fmt: skip

    text, losses = export.bind(ZONE, [record])
    (again,) = records(text)

    assert losses == []
    assert (again["comment"], again["tags"]) == (record["comment"], record["tags"])


def test_strict_reading_refuses_what_is_skipped(tmp_path: Any) -> None:
    from ops.kinds.resource import Owner
    from ops.products.dns.files import read as read_file
    from ops.products.dns.plan import plan

    file = tmp_path / "x.zone"
    file.write_text("a A 192.0.2.1\na A 192.0.2.1\nb HINFO a b\n")
    zone = Owner("a" * 32, "1" * 32, {**ZONE, "plan": {"legacy_id": "free"}})

    found = plan(zone, [], read_file(str(file), zone.item))

    assert len(found.changes) == 1
    assert [note.partition(":")[0] for note in found.notes] == ["skipped", "skipped"]
    with pytest.raises(ValidationError, match="2 errors"):
        plan(zone, [], read_file(str(file), zone.item), strict=True)


def test_a_ttl_out_of_bounds_is_fitted_on_request(tmp_path: Any) -> None:
    from ops.products.dns.files import read as read_file

    file = tmp_path / "x.zone"
    file.write_text("$TTL 604800\na A 192.0.2.1\nb 5 A 192.0.2.1\nc 1 A 192.0.2.1\n")

    found = read_file(str(file), {**ZONE, "plan": {"legacy_id": "free"}}, fit_ttl=True)

    assert [entry.record["ttl"] for entry in found.records] == [86400, 60, 1]
    assert "2 TTLs" in found.notes[-1]


@pytest.mark.parametrize("type", ["WINS", "WINSR", "ALIAS", "ANAME", "alias"])
def test_types_of_other_programs_are_skipped(type: str) -> None:
    found = read(f"a A 192.0.2.1\n@ {type} x.example.\n", "example.com")

    assert [error.message for error in found.errors] == []
    assert [error.message for error in found.skipped] == [f"line 2: Cloudflare has no {type.upper()} records"]
