"""Values in files of records: read where they are plain, else refused with line, record and field."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.errors import OpsError, ValidationError
from ops.kinds.resource import Owner
from ops.products.dns import files
from ops.products.dns.entries import RecordFile, raise_all
from ops.products.dns.plan import plan

Json = dict[str, Any]
ZONE: Json = {"id": "1" * 32, "name": "example.com", "plan": {"legacy_id": "business"}}


def read(tmp_path: Path, name: str, text: str) -> RecordFile:
    file = tmp_path / name
    file.write_text(text)
    found = files.read(str(file), ZONE)
    raise_all(found.errors, found.name)
    return found


@pytest.mark.parametrize(
    ("field", "written", "value"),
    [
        ("proxied", "FALSE", False),
        ("proxied", '"TRUE"', True),
        ("proxied", '"off"', False),
        ("proxied", "Yes", True),
        ("ttl", '"300"', 300),
        ("ttl", "300.0", 300),
        ("ttl", "auto", 1),
        ("tags", '"a:b, c"', ["a:b", "c"]),
        ("tags", "[a:b]", ["a:b"]),
        (
            "settings",
            '{flatten_cname: "true", ipv4_only: false}',
            {"flatten_cname": True, "ipv4_only": False},
        ),
        ("comment", "null", None),
    ],
)
def test_a_plain_value_is_read_in_yaml(tmp_path: Path, field: str, written: str, value: object) -> None:
    found = read(tmp_path, "x.yaml", f"- {{name: a, type: A, content: 192.0.2.1, {field}: {written}}}\n")

    assert found.records[0].record[field] == value


@pytest.mark.parametrize(
    ("field", "cell", "value"),
    [
        ("proxied", "FALSE", False),
        ("proxied", "on", True),
        ("ttl", "300", 300),
        ("ttl", "automatic", 1),
        ("tags", '"a:b,c"', ["a:b", "c"]),
        ("tags", '"[""a:b""]"', ["a:b"]),
        ("settings", '"{""flatten_cname"": true}"', {"flatten_cname": True}),
    ],
)
def test_a_plain_cell_is_read_in_csv(tmp_path: Path, field: str, cell: str, value: object) -> None:
    found = read(tmp_path, "x.csv", f"name,type,content,{field}\na,A,192.0.2.1,{cell}\n")

    assert found.records[0].record[field] == value


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ("settings: flatten_cname", 'settings is "flatten_cname"'),
        ("settings: {flaten_cname: true}", "settings has no 'flaten_cname'; did you mean flatten_cname?"),
        ("settings: {flatten_cname: maybe}", "settings.flatten_cname is"),
        ("tags: 5", "tags is 5"),
        ("tags: [5]", "tags contains 5"),
        ("priority: [5]", "priority is"),
        ("priority: -1", "priority is -1"),
        ("ttl: 1h", 'ttl is "1h"'),
        ("ttl: true", "ttl is true"),
        ("ttl: 1.5", "ttl is 1.5"),
        ("proxied: 1", "proxied is 1"),
        ("proxied: maybe", 'proxied is "maybe"'),
        ("comment: 5", "comment is not text"),
        ("comment: {a: b}", "comment is not text"),
        ("data: 5", "data is 5"),
        ("data: {}", "a record of type A has no data"),
        ("priority: 5", "a record of type A has no priority"),
    ],
)
def test_an_unclear_value_is_refused_with_its_field(tmp_path: Path, fields: str, words: str) -> None:
    text = (
        f"- {{name: x, type: A, content: 192.0.2.9}}\n- {{name: a, type: A, content: 192.0.2.1, {fields}}}\n"
    )

    with pytest.raises(ValidationError) as error:
        read(tmp_path, "x.yaml", text)

    assert f"x.yaml: line 2, record 2: {words}" in error.value.message.replace("its comment", "comment")
    assert error.value.hint


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("{priority: 1, weight: 2, prt: 3, target: x.example}", "did you mean port"),
        ("{priority: 1, weight: 2, port: [3], target: x.example}", "data.port"),
        ("{priority: 1, weight: true, port: 3, target: x.example}", "data.weight"),
        ("{5: 1}", "data has no field 5"),
    ],
)
def test_the_fields_of_data_are_checked(tmp_path: Path, data: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        read(tmp_path, "x.yaml", f"- {{name: a, type: SRV, data: {data}}}\n")


def test_all_errors_of_a_file_are_reported_with_their_lines(tmp_path: Path) -> None:
    text = '[\n{"name": "a", "type": "A", "ttl": "x", "proxied": 7},\n\n{"name": 7, "type": "A"},\n5\n]'

    with pytest.raises(ValidationError) as error:
        read(tmp_path, "x.json", text)

    lines = error.value.message.splitlines()
    assert lines[0].endswith("x.json: 4 errors")
    assert [line.partition(": ")[0].strip() for line in lines[1:]] == [
        "line 2, record 1", "line 2, record 1", "line 4, record 2", "line 5, record 3"
    ]  # fmt: skip
    assert "ttl" in lines[1]
    assert "proxied" in lines[2]


@pytest.mark.parametrize("written", ["10", '"10"', "10.0"])
def test_a_priority_is_read_as_a_number(tmp_path: Path, written: str) -> None:
    found = read(tmp_path, "x.yaml", f"- {{name: a, type: MX, content: m.example, priority: {written}}}\n")

    assert found.records[0].record["priority"] == 10


@pytest.mark.parametrize("type", ["CNAME", "NS", "PTR"])
def test_an_at_sign_is_the_zone_as_a_target(tmp_path: Path, type: str) -> None:
    found = read(tmp_path, "x.yaml", f"- {{name: a, type: {type}, content: '@'}}\n")

    assert found.records[0].record["content"] == "example.com"


def test_an_at_sign_is_the_zone_in_priority_and_data_forms(tmp_path: Path) -> None:
    text = (
        "- {name: a, type: MX, content: '10 @'}\n"
        "- {name: b, type: SRV, data: {priority: 1, weight: 2, port: 3, target: '@'}}\n"
    )

    mail, service = (entry.record for entry in read(tmp_path, "x.yaml", text).records)

    assert mail["content"] == "10 example.com"
    assert service["data"]["target"] == "example.com"


def test_the_api_s_own_answer_is_read_if_it_is_complete(tmp_path: Path) -> None:
    answer = '{"result": [{"name": "a", "type": "A", "content": "192.0.2.1"}], "success": true%s}'

    found = read(tmp_path, "x.json", answer % ', "result_info": {"total_count": 1}')

    assert [entry.record["name"] for entry in found.records] == ["a.example.com"]
    with pytest.raises(ValidationError, match="incomplete"):
        read(tmp_path, "x.json", answer % ', "result_info": {"total_count": 2}')


def test_an_edited_export_is_read_and_a_cut_one_is_refused(tmp_path: Path) -> None:
    records = "- {name: a, type: A, content: 192.0.2.1}\n"

    json_file = read(
        tmp_path, "x.json", '{"count": 2, "records": [{"name": "a", "type": "A", "content": "192.0.2.1"}]}'
    )
    ended = read(tmp_path, "x.yaml", f"count: 2\nrecords:\n{records}...\n")
    grown = read(tmp_path, "y.yaml", f"count: 0\nrecords:\n{records}")

    assert all("count is" in found.notes[0] for found in (json_file, ended, grown))
    with pytest.raises(ValidationError, match="count is 2") as error:
        read(tmp_path, "z.yaml", f"count: 2\nrecords:\n{records}")
    assert "set count to 1" in error.value.hint


OCTODNS = """\
? ''
: - {type: A, value: 192.0.2.1, ttl: 60}
  - type: MX
    values:
    - {exchange: mx1.example.net., preference: 10}
    - {exchange: mx2.example.net., preference: 20}
  - {type: TXT, value: "v=x\\\\; p=y"}
  - {type: CAA, value: {flags: 0, tag: issue, value: ca.example}}
www:
  type: CNAME
  value: example.net.
  octodns: {cloudflare: {proxied: true, comment: why, tags: ["a:b"]}}
_sip._tcp: {type: SRV, values: [{priority: 1, weight: 2, port: 3, target: sip.example.net.}]}
h3: {type: HTTPS, value: {svcpriority: 1, targetname: ., svcparams: {alpn: [h3, h2]}}}
ssh: {type: SSHFP, value: {algorithm: 4, fingerprint_type: 2, fingerprint: abcd}}
old: {type: A, value: 192.0.2.9, octodns: {ignored: true}}
"""


def test_octodns_yaml_is_read(tmp_path: Path) -> None:
    found = {
        (record["name"].removesuffix(".example.com"), record["type"], record.get("content", "")): record
        for record in (entry.record for entry in read(tmp_path, "x.yaml", OCTODNS).records)
    }

    assert found["example.com", "A", "192.0.2.1"]["ttl"] == 60
    assert found["example.com", "MX", "mx2.example.net."]["priority"] == 20
    assert ("example.com", "TXT", "v=x; p=y") in found
    assert found["example.com", "CAA", ""]["data"]["value"] == "ca.example"
    assert {f: found["www", "CNAME", "example.net."][f] for f in ("proxied", "ttl", "comment", "tags")} == {
        "proxied": True, "ttl": 1, "comment": "why", "tags": ["a:b"]
    }  # fmt: skip
    assert found["_sip._tcp", "SRV", ""]["data"]["target"] == "sip.example.net."
    assert found["h3", "HTTPS", ""]["data"]["value"] == 'alpn="h3,h2"'
    assert found["ssh", "SSHFP", ""]["data"] == {"algorithm": 4, "type": 2, "fingerprint": "abcd"}
    assert not any(name == "old" for name, _, _ in found)


@pytest.mark.parametrize("field", ["dynamic: {pools: {}}", "geo: {}", "vales: [192.0.2.1]", "healthcheck: x"])
def test_a_feature_of_octodns_without_an_equivalent_is_refused(tmp_path: Path, field: str) -> None:
    with pytest.raises(ValidationError, match=field.partition(":")[0]):
        read(tmp_path, "x.yaml", f"www: {{type: A, value: 192.0.2.1, {field}}}\n")


def test_octodns_values_are_read_as_written_and_merged_as_yaml_does(tmp_path: Path) -> None:
    text = (
        "a: &a {type: TXT, value: yes}\nb: {<<: *a, value: 1.10}\non: {type: TXT, value: 2024-01-01}\nc: *a\n"
    )

    found = [entry.record for entry in read(tmp_path, "x.yaml", text).records]

    assert [(record["name"].partition(".")[0], record["content"]) for record in found] == [
        ("a", "yes"), ("b", "1.10"), ("on", "2024-01-01"), ("c", "yes")
    ]  # fmt: skip


@pytest.mark.parametrize("field", ["content", "comment", "tags", "data"])
def test_a_lone_surrogate_is_refused_before_it_is_sent(tmp_path: Path, field: str) -> None:
    value = {
        "content": '"\\ud800"',
        "comment": '"\\ud800"',
        "tags": '["\\ud800"]',
        "data": '{"x": "\\ud800"}',
    }
    content = "" if field == "content" else '"content": "192.0.2.1", '
    text = f'[{{"name": "a", "type": "A", {content}"{field}": {value[field]}}}]'

    with pytest.raises(ValidationError, match=f"{field} is not valid UTF-8"):
        read(tmp_path, "x.json", text)


def test_another_mapping_is_not_taken_for_octodns(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="no list of records"):
        read(tmp_path, "x.yaml", "zone: example.com\n")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = [
    "name",
    "type",
    "content",
    "data",
    "priority",
    "ttl",
    "proxied",
    "comment",
    "tags",
    "settings",
    "id",
    "x",
]
TYPES = st.sampled_from(["A", "MX", "SRV", "TXT", "CAA", "HTTPS", "LOC", "NOPE", "SPF"])
RECORD = st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=6).flatmap(
    lambda fields: st.fixed_dictionaries({"name": st.just("a"), "type": TYPES}).map(
        lambda named: named | fields
    )
)
DOCUMENTS = st.lists(RECORD | VALUES, max_size=3) | st.dictionaries(
    st.sampled_from(["records", "result", "items", "count", "meta", "zone", "result_info", "www", ""]),
    VALUES | st.lists(RECORD, max_size=2) | RECORD,
    max_size=4,
)


@settings(max_examples=300, deadline=None)
@given(document=DOCUMENTS, ending=st.sampled_from([".json", ".yaml"]))
def test_any_document_is_planned_or_refused_with_a_sentence(document: Any, ending: str) -> None:
    text = json.dumps(document) if ending == ".json" else yaml.safe_dump(document)
    with tempfile.NamedTemporaryFile("w", suffix=ending, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        try:
            plan(Owner("a" * 32, ZONE["id"], ZONE), [], files.read(file.name, ZONE))
        except OpsError as error:
            assert error.message
