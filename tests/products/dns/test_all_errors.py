"""One run names every error of every line of a file, in the order of the file, and sends nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result
from tests.products.dns.conftest import Zone
from tests.products.dns.test_records import AT

Inv = Callable[..., Result]

CSV = """\
name,type,content,ttl,proxied,comment,colour
new,A,300.1.1.1,5,maybe,x,
mail,MX,web,abc,true,x,
t,TXT,x,60,,,,more
,TXT,x,9999999,yes,"two
lines",
k,BOGUS,x,1x,,,
q,"A"x,1.2.3.4,,,,
c,CNAME,a.example.net,1,,,
c,A,192.0.2.1,1,,,
"""
CSV_ERRORS = [
    ("line 1", "the CSV has a column 'colour'"),
    ("line 2, record 1", 'proxied is "maybe", which is neither true nor false'),
    ("line 2, record 1", "'300.1.1.1' does not parse as A: its content is not an IPv4 address"),
    ("line 2, record 1", "the TTL 5 of new.example.com is out of range"),
    ("line 3, record 2", 'ttl is "abc", which is not a whole number'),
    ("line 3, record 2", "a record of type MX needs a priority"),
    ("line 3, record 2", "a target is a complete name, and 'web' is a single label"),
    ("line 3, record 2", "a MX record cannot be proxied"),
    ("line 4, record 3", "it has 8 cells, and there are 7 columns"),
    ("line 5, record 4", "it has no name"),
    ("line 5, record 4", "a TXT record cannot be proxied"),
    ("line 5, record 4", "the TTL 9999999 of example.com is out of range"),
    ("line 5, record 4", "a comment is one line of text"),
    ("line 7, record 5", 'ttl is "1x", which is not a whole number'),
    ("line 7, record 5", "Cloudflare has no records of the type 'BOGUS'"),
    ("line 8", "its quotes do not pair"),
    ("line 10, record 7", "which DNS does not allow (line 9, record 6; line 10, record 7)"),
]
ZONE_FILE = """\
$TTL 300
$ORIGIN bad..name.
$FOO x
@ 5 IN A 1.2.3
www 3OO IN A 192.0.2.999
 MX 10
w..w 7 A 192.0.2
m CH MX x mail
open TXT ( "never
next A 192.0.2.999
q TXT "open
$GENERATE 255-256 h$ A 10.0.0.$
$INCLUDE other.zone
c CNAME a.example.net.
c A 192.0.2.1
last NOPE x
"""
ZONE_FILE_ERRORS = [
    ("line 2", "a label is empty"),
    ("line 3", "$FOO 'x' cannot be read"),
    ("line 4", "'1.2.3' does not parse as A"),
    ("line 4", "the TTL 5 of example.com is out of range"),
    ("line 5", "'3OO' is neither a TTL nor a class nor a type"),
    ("line 5", "'192.0.2.999' does not parse as A"),
    ("line 6", "'10' does not parse as MX: it has no target"),
    ("line 7", "a label is empty"),
    ("line 7", "'192.0.2' does not parse as A"),
    ("line 7", "the TTL 7 of w..w is out of range"),
    ("line 8", "its class is CH, and not IN"),
    ("line 8", "priority is 'x', which is not a whole number of 0 to 65535"),
    ("line 9", "a quote or a backslash has no counterpart"),
    ("line 10", "'192.0.2.999' does not parse as A"),
    ("line 11", "a quote or a backslash has no counterpart"),
    ("line 12", "'10.0.0.256' does not parse as A"),
    ("line 13", "$INCLUDE 'other.zone' cannot be read"),
    ("line 15", "c.example.com would have a CNAME beside A, which DNS does not allow (line 14, line 15)"),
    ("line 16", "Cloudflare has no records of the type 'NOPE'"),
]
OCTODNS = """\
'':
  - type: A
    ttl: 5
    value: 1.2.3
  - type: TXT
    values: ["v=spf1 -all", yes]
on:
  ttl: abc
  type: A
  vales: [1.2.3.4]
  values:
  - 192.0.2.1
  - 192.0.2.300
twice: {type: TXT, value: x}
mx:
  type: MX
  values:
  - {exchange: a.example., preference: -1}
  - exchange: 1.2.3.4
none: {type: TXT}
x: 5
z:
  - {type: CNAME, value: a.example.}
  - {type: A, value: 192.0.2.1}
caa:
  type: CAA
  value: {flags: 0, tga: issue, value: x}
twice: {type: TXT, value: y}
"""
OCTODNS_ERRORS = [
    ("line 3", "the TTL 5 of example.com is out of range"),
    ("line 4", "'1.2.3' does not parse as A"),
    ("line 8", 'ttl is "abc", which is not a whole number'),
    ("line 10", "'vales', which has no equivalent here; did you mean values?"),
    ("line 13", "'192.0.2.300' does not parse as A"),
    ("line 18", "priority is -1, which is not a whole number"),
    ("line 19", "a record of type MX needs a priority"),
    ("line 19", "'1.2.3.4' is an IP address, where a name is needed"),
    ("line 20", "the TXT record none.example.com. of octoDNS has no value"),
    ("line 21", "'x' is not a record of octoDNS"),
    ("line 24", "z.example.com would have a CNAME beside A"),
    ("line 27", "data has no field 'tga'; did you mean tag?"),
    ("line 28", "the mapping has 'twice' twice"),
]
YAML = """\
- {name: a, type: SRV, data: {prt: 1, target: [x]}, ttl: 2, tags: ["a b"], proxed: true}
- 5
- {name: 7, type: MX, content: 10 web, ttl: 1h, settings: {flaten_cname: true, ipv4_only: maybe}}
- {name: b, type: A, content: 10.0.0.1, proxied: true, ttl: 300, comment: "x\\ny", colour: red}
- {name: b, type: A, content: 10.0.0.1, ttl: 400}
"""
YAML_ERRORS = [
    ("line 1, record 1", "data has no field 'prt'; did you mean port?"),
    ("line 1, record 1", 'data.target is ["x"], which is neither text nor a number'),
    ("line 1, record 1", "a record has no field 'proxed'; did you mean proxied?"),
    ("line 1, record 1", "the TTL 2 of a.example.com is out of range"),
    ("line 1, record 1", "['a b'] is not a list of tags"),
    ("line 2, record 2", "it is not a record"),
    ("line 3, record 3", "its name is 7, not text"),
    ("line 3, record 3", 'ttl is "1h", which is not a whole number'),
    (
        "line 3, record 3",
        "settings has no 'flaten_cname'; did you mean flatten_cname?; settings.ipv4_only is",
    ),
    ("line 3, record 3", "'web' is a single label"),
    ("line 4, record 4", "a record has no field 'colour'"),
    ("line 4, record 4", "cannot be proxied to 10.0.0.1, a private address"),
    ("line 4, record 4", "b.example.com is proxied, so its TTL is automatic and cannot be 300"),
    ("line 4, record 4", "a comment is one line of text"),
    ("line 5, record 5", "the A record b.example.com is at line 4, record 4 as well, with other settings"),
]


@pytest.mark.parametrize(
    ("file", "text", "errors"),
    [
        ("x.csv", CSV, CSV_ERRORS),
        ("x.zone", ZONE_FILE, ZONE_FILE_ERRORS),
        ("o.yaml", OCTODNS, OCTODNS_ERRORS),
        ("x.yaml", YAML, YAML_ERRORS),
    ],
)
def test_one_run_names_every_error_of_a_file_in_its_order(
    inv: Inv, zone: Zone, file: str, text: str, errors: list[tuple[str, str]]
) -> None:
    Path(file).write_text(text)

    result = inv("dns.apply", *AT, "--file", file, "--keep", "--yes")

    lines = [line.strip() for line in result.err.splitlines() if line.startswith("  ")]
    assert result.code == 1
    assert f"{file}: {len(errors)} errors" in result.err
    assert [line.partition(": ")[0] for line in lines] == [place for place, _ in errors]
    for line, (_, words) in zip(lines, errors, strict=True):
        assert words.replace('["x"]', "['x']") in line
    assert zone.writes == []


def test_a_json_file_names_every_error_and_a_field_that_is_there_twice(inv: Inv, zone: Zone) -> None:
    Path("x.json").write_text(
        '[\n{"name": "a", "type": "A", "content": "192.0.2", "ttl": 5, "ttl": 6},\n'
        '{"name": "b", "type": "MX", "content": "10 a.b c.d", "ttl": 7},\n'
        '{"name": "c", "type": "CAA", "data": {"flags": 0, "flags": 1, "tag": "issue", "value": "x"}}\n]'
    )

    result = inv("dns.plan", *AT, "--file", "x.json", "--keep")

    assert result.code == 1
    for words in (
        "line 2, record 1: it has 'ttl' twice",
        "line 4, record 3: it has 'flags' twice",
        "'192.0.2' does not parse",
        "the TTL 6 of",
        "'c.d' follows its target",
    ):
        assert words in result.err
    assert "line 3, record 2: the TTL 7 of b.example.com" in result.err


def test_a_hundred_wrong_lines_are_all_named(inv: Inv, zone: Zone) -> None:
    Path("x.zone").write_text("".join(f"h{n} 5 A 192.0.2.x\n" for n in range(100)))

    result = inv("dns.import", *AT, "--file", "x.zone", "--yes")

    assert "x.zone: 200 errors" in result.err
    assert "line 100: the TTL 5 of h99.example.com is out of range" in result.err


@pytest.mark.parametrize("line", [("--ttl", "5", "--comment", "x" * 600, "--tags", "a b")])
def test_all_settings_of_the_command_line_are_reported_together(
    inv: Inv, zone: Zone, line: tuple[str, ...]
) -> None:
    result = inv("dns.create", *AT, "--name", "a", "--type", "A", "--content", "192.0.2.1", *line)

    assert result.code == 1
    assert [word in result.err for word in ("TTL 5", "600 characters", "'a b'")] == [True] * 3
    assert zone.writes == []
