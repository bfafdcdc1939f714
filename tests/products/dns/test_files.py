"""Files of records: zone files, and the exports and lists of the toolkit, read back unchanged."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ops.errors import UsageError, ValidationError
from ops.products.dns import export, files, zonefile
from ops.products.dns.entries import RecordFile, raise_all

Json = dict[str, Any]
ZONE: Json = {"id": "1" * 32, "name": "example.com", "plan": {"legacy_id": "business"}}

FILE = """\
; a comment of its own
$TTL 1h
@\t\tIN SOA ns1.example.net. admin.example.net. (
\t\t\t2026010101 ; serial
\t\t\t3600 600 86400 300 )
\t\tNS ns1.example.net.
www\t300\tIN\tA\t192.0.2.1 ; the first cf_tags=team:web,cf-proxied:false
\tA 192.0.2.2
WWW2 IN 600 CNAME www
@ MX 10 mail
long TXT ( "first "
\t"second" ) ; joined
$ORIGIN sub.example.com.
_sip._tcp SRV 0 5 5060 sip.example.com.
p 120 A 192.0.2.3 ; cf_tags=cf-proxied:true
$GENERATE 1-3 host$ A 10.0.0.$
"""


def read(tmp_path: Path, name: str, text: str | bytes, proxied: bool | None = None) -> RecordFile:
    file = tmp_path / name
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = files.read(str(file), ZONE, proxied, ending="" if proxied is None else ".zone")
    raise_all(found.errors, found.name)
    return found


def records(found: RecordFile) -> list[Json]:
    return [entry.record for entry in found.records]


def test_a_zone_file_is_read_with_lines_ttls_and_comments(tmp_path: Path) -> None:
    found = read(tmp_path, "x.zone", FILE)

    by_line = {entry.place: entry.record for entry in found.records}
    assert by_line["line 7"] == {
        "name": "www.example.com", "type": "A", "content": "192.0.2.1", "ttl": 300,
        "comment": "the first", "tags": ["team:web"], "proxied": False,
    }  # fmt: skip
    assert by_line["line 8"] == {"name": "www.example.com", "type": "A", "content": "192.0.2.2", "ttl": 3600}
    assert (by_line["line 9"]["name"], by_line["line 9"]["content"]) == (
        "www2.example.com",
        "www.example.com",
    )
    assert (by_line["line 10"]["content"], by_line["line 10"]["priority"]) == ("mail.example.com", 10)
    assert by_line["line 11"]["content"] == '"first " "second"'
    assert by_line["line 11"]["comment"] == "joined"
    assert by_line["line 14"]["name"] == "_sip._tcp.sub.example.com"
    assert (by_line["line 15"]["proxied"], by_line["line 15"]["ttl"]) == (True, 1)
    assert [r["content"] for r in records(found)[-3:]] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert found.notes == ("left out: 2 SOA or NS of example.com itself, which Cloudflare sets",)


def test_a_record_without_a_ttl_has_an_automatic_one(tmp_path: Path) -> None:
    (record,) = records(read(tmp_path, "x.zone", "www A 192.0.2.1\n"))

    assert record["ttl"] == 1


def test_proxied_applies_to_proxiable_records_without_a_tag(tmp_path: Path) -> None:
    text = "a A 192.0.2.1\nb A 192.0.2.2 ; cf_tags=cf-proxied:false\nc TXT x\n"

    found = records(read(tmp_path, "x.zone", text, proxied=True))

    assert [record.get("proxied") for record in found] == [True, False, None]


def test_a_byte_order_mark_and_letters_outside_ascii_are_read(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + 'straße CNAME bücher.example.\ntext TXT "größe=groß"\n'.encode()

    alias, words = records(read(tmp_path, "x.zone", text))

    assert (alias["name"], alias["content"]) == ("xn--strae-oqa.example.com", "xn--bcher-kva.example")
    assert words["content"] == '"größe=groß"'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ok A 192.0.2.1\nbad A 192.0.2\n", "line 2: "),
        ("ok A 192.0.2.1\n\n\nbad WHAT x\n", "line 4: "),
        ("$INCLUDE /etc/passwd\n", r"line 1: .*\$INCLUDE"),
        ("ok A 192.0.2.1\n$include other.zone\n", r"line 2: .*\$INCLUDE"),
        ("www.example.org. A 192.0.2.1\n", "line 1: .*example.org"),
        ("$ORIGIN example.org.\nwww A 192.0.2.1\n", "line 2: .*example.org"),
        ('t TXT "open\n', "line 1: "),
        ("t TXT ( a\n", "line "),
        ("m MX mail\n", "line 1: "),
        ("s SRV 1 2 mail\n", "line 1: "),
        ("x CH A 192.0.2.1\n", "line 1: "),
        ("a b A 192.0.2.1\n", "line 1: "),
    ],
)
def test_an_error_in_a_zone_file_names_the_line_and_the_reason(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as error:
        read(tmp_path, "x.zone", text)

    assert error.value.hint


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.json", '[{"name": "a",\n"type": A}]', "line 2: it is not JSON: Expecting value"),
        ("x.json", "[" * 100_000, "it is not JSON: maximum recursion"),
        ("x.json", "{}", "no list of records"),
        ("x.json", "[5]", "record 1: "),
        ("x.json", '[{"name": "a"}]', "record 1: it has no type"),
        ("x.json", '[{"name": "a", "type": "A", "content": 5}]', "not text"),
        ("x.json", '{"zone": "example.org", "records": []}', "example.org"),
        ("x.yaml", "count: 2\nrecords: []\n", "incomplete"),
        ("x.json", '{"items": [], "meta": {"complete": false, "count": 0}}', "incomplete"),
        ("x.yaml", "- name: a\n- name: *\n", "line 2: it is not YAML: did not find expected alphabetic"),
        ("x.yaml", "- name: !!timestamp x\n", "it is not YAML"),
        ("x.yaml", "- name: !!bool x\n", "it is not YAML"),
        ("x.jsonl", '{"name": "a"}\n{"name"', "line 2: it is not JSON"),
        ("x.yaml", "- name: no\n  type: A\n", "record 1: its name is false"),
        ("x.yaml", "!!python/object/apply:os.system ['true']", "line 1: it is not YAML"),
        ("x.csv", "", "the file has no records: it is empty"),
        ("x.zone", "", "the file has no records: it is empty"),
        ("x.zone", "; only a comment\n", "the file has no records"),
        ("x.yaml", "", "the file has no records: it is empty"),
        ("x.yaml", "[]\n", "the file has no records"),
        ("x.json", "", "the file has no records: it is empty"),
        ("x.json", '{"result": []}', "the file has no records"),
        ("x.json", '{"count": 2, "records": []}', "the file has no records"),
        ("x.csv", "name,type,content\n", "the file has no records"),
        ("x.csv", "name,type,content,Name\n", "the column 'name' more than once"),
        ("x.csv", "name;type;content\na;A;192.0.2.1\n", "the columns are separated by ';'"),
        ("x.csv", "name\ttype\tcontent\n", r"the columns are separated by '\\t'"),
        ("x.json", '[{"name": "a", "type": "A", "tags": [null]}]', "tags contains null, which is not text"),
        ("x.csv", "name,type,contents\n", "'contents'"),
        ("x.csv", 'name,type,content\na,A,"192.0.2.1\n', "line "),
        ("x.csv", "name,type,content\n,A,192.0.2.1\n", "it has no name"),
        ("x.zone", b"\xff\xfe", "UTF-8"),
        ("x.json", b"[\xff]", "UTF-8"),
    ],
)
def test_a_file_without_a_valid_list_of_records_is_refused(
    tmp_path: Path, name: str, text: str | bytes, words: str
) -> None:
    with pytest.raises(ValidationError, match=words) as error:
        read(tmp_path, name, text)

    assert error.value.hint


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="No such file"):
        files.read(str(tmp_path / "gone.yaml"), ZONE)


def test_a_hand_written_yaml_file_sets_only_its_own_fields(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "x.yml",
        "- name: WWW\n  type: a\n  content: 192.0.2.1\n- {name: '@', type: TXT, content: x}\n",
    )

    assert records(found) == [
        {"name": "www.example.com", "type": "A", "content": "192.0.2.1"},
        {"name": "example.com", "type": "TXT", "content": "x"},
    ]


def test_a_csv_cell_with_an_apostrophe_is_read_without_it(tmp_path: Path) -> None:
    text = "name,type,content,ttl,proxied,comment,priority\n'@,TXT,'=1+1,300,false,'-x,\n'@,MX,'@,1,,,0\n"

    text_record, mail = records(read(tmp_path, "x.csv", text))

    assert text_record == {
        "name": "example.com", "type": "TXT", "content": "=1+1", "ttl": 300, "proxied": False,
        "comment": "-x",
    }  # fmt: skip
    assert mail["priority"] == 0


@pytest.mark.parametrize(
    "text",
    [
        "name,type,content,\na,A,192.0.2.1,\n",
        "name,type,content\na,A,192.0.2.1,,\n , ,\n,,\n",
        "sep=,\nname,type,content\na,A,192.0.2.1\n",
    ],
)
def test_what_spreadsheets_add_to_a_csv_is_read_over(tmp_path: Path, text: str) -> None:
    found = records(read(tmp_path, "x.csv", text))

    assert found == records(read(tmp_path, "y.csv", "name,type,content\na,A,192.0.2.1\n"))


def test_a_list_of_one_record_a_line_is_read(tmp_path: Path) -> None:
    lines = ('{"name": "a", "type": "A", "content": "192.0.2.1"}', "", '{"name": "b", "type": "NS"}', "")

    found = read(tmp_path, "x.jsonl", "\n".join(lines))

    assert [(entry.place, entry.record["name"]) for entry in found.records] == [
        ("line 1, record 1", "a.example.com"),
        ("line 3, record 2", "b.example.com"),
    ]


def test_the_columns_of_a_csv_are_found_in_any_case(tmp_path: Path) -> None:
    (found,) = records(read(tmp_path, "x.csv", "Name,TYPE, Content\nwww,A,192.0.2.1\n"))

    assert found == {"name": "www.example.com", "type": "A", "content": "192.0.2.1"}


def test_a_named_pipe_and_a_device_are_refused_without_reading_them(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    for file in (str(tmp_path / "pipe"), "/dev/zero"):
        with pytest.raises(ValidationError, match=f"{file} cannot be read: it is not a regular file"):
            files.read(file, ZONE)


@pytest.mark.parametrize("file", ["a pipe of the shell", "-"])
def test_a_zone_file_is_read_from_a_pipe_and_from_stdin(monkeypatch: pytest.MonkeyPatch, file: str) -> None:
    source, target = os.pipe()
    os.write(target, b"www A 192.0.2.1\r\n")
    os.close(target)
    with os.fdopen(source, encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        found = files.read("-" if file == "-" else f"/dev/fd/{source}", ZONE)

    assert records(found) == [{"name": "www.example.com", "type": "A", "content": "192.0.2.1", "ttl": 1}]


def test_nothing_on_stdin_and_a_closed_stdin_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with Path(os.devnull).open(encoding="utf-8") as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(ValidationError, match="stdin: the file has no records: it is empty"):
            files.read("-", ZONE)
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError, match="stdin is closed"):
        files.read("-", ZONE)


def record(name: str, type: str, content: str, **more: Any) -> Json:
    rest = {"ttl": 300, "proxied": False, "proxiable": type in ("A", "CNAME"), "comment": None, "tags": []}
    return {"name": f"{name}.example.com", "type": type, "content": content, "settings": {}, **rest, **more}


def test_a_bind_export_reads_back_and_names_what_it_cannot_hold() -> None:
    kept = [
        record("a", "A", "192.0.2.1", comment="why; because", tags=["team:web"]),
        record("b", "CNAME", "c.example", settings={"flatten_cname": True}),
        record("c", "TXT", 'say "hi" größe'),
    ]
    lost = [record("d", "A", "192.0.2.2", settings={"ipv4_only": True}), record("e", "NEW", "x")]

    text, losses = export.bind(ZONE, kept + lost)
    found = records(zonefile.read(text, "example.com"))

    assert len(losses) == 2
    assert "d.example.com" in losses[0]
    assert "e.example.com NEW" in losses[1]
    assert [(r["comment"], r["tags"]) for r in found if r["name"].startswith("a.")] == [
        ("why; because", ["team:web"])
    ]
    assert [r["settings"] for r in found if r["name"].startswith("b.")] == [{"flatten_cname": True}]
    assert [r["content"] for r in found if r["type"] == "TXT"] == [r'"say \"hi\" größe"']


@pytest.mark.fault("F20")
def test_a_generate_line_of_too_many_records_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zonefile, "MOST", 100)

    found = zonefile.read("$GENERATE 1-2000000000 h$ A 10.0.0.1\n", "example.com")

    assert [error.message for error in found.errors] == ["line 1: more than 100 records"]
