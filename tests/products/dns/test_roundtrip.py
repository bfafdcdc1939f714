"""After a file is applied, planning it again finds nothing: all types, all formats, many spellings."""

from __future__ import annotations

import base64
import csv
import io
import json
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ops.errors import Conflict, ValidationError
from ops.kinds.resource import Owner
from ops.products.dns import export, files
from ops.products.dns.entries import RecordFile, raise_all
from ops.products.dns.plan import Plan, plan
from ops.products.dns.record import body
from ops.sandbox.dns_records import Zone, built

Json = dict[str, Any]
ZONE: Json = {"id": "1" * 32, "name": "example.com", "plan": {"legacy_id": "business"}}
OWNER = Owner("a" * 32, ZONE["id"], ZONE)
API = Zone(ZONE["id"], ZONE["name"], paid=True, enterprise=False)

LABELS = st.sampled_from(["a", "WWW", "-dash", "srv+x", "0/25", r"My\032Printer", "bücher", "_dmarc", "x_y"])
NAMES = st.lists(LABELS, min_size=1, max_size=3).map(".".join) | st.just("@")
# A final dot tells a complete name; without it the target must have two labels.
HOSTS = st.tuples(LABELS, st.sampled_from([".example.net.", ".Example.NET", ".example.com", ".tld."])).map(
    "".join
)
BYTE, SHORT = st.integers(0, 255), st.integers(0, 65535)
HEX = st.binary(min_size=32, max_size=32).map(bytes.hex) | st.just("AB" * 32)
BASE64 = st.binary(min_size=3, max_size=60).map(lambda data: base64.b64encode(data).decode())
WORDS = st.text("abcXYZ019 ;=,'ü", min_size=1, max_size=20).filter(str.strip)
SPACES = st.sampled_from([" ", "  ", "\t"])


def words(*parts: Any) -> st.SearchStrategy[str]:
    return st.tuples(SPACES, *parts).map(lambda found: found[0].join(map(str, found[1:])))


def quoted(text: str) -> str:
    return f'"{text}"'


TXT = WORDS.map(str.strip) | st.lists(WORDS | st.just("x" * 250), min_size=1, max_size=3).map(
    lambda strings: " ".join(map(quoted, strings))
)
CONTENTS: dict[str, st.SearchStrategy[str]] = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str) | st.just("2001:DB8:0:0::1"),
    "CAA": words(st.just(0), st.sampled_from(["issue", "issuewild", "iodef"]), st.just('"ca.example; x=1"')),
    "CERT": words(SHORT, SHORT, BYTE, BASE64),
    "CNAME": HOSTS,
    "DNSKEY": words(st.just(257), st.just(3), st.just(13), BASE64),
    "DS": words(SHORT, st.just(13), st.just(2), HEX),
    "HTTPS": words(
        st.just(1), HOSTS | st.just("."), st.sampled_from(['alpn="h3,h2"', "alpn=h2 port=8443", ""])
    ),
    "LOC": st.sampled_from(
        ["52 22 23.5 N 4 53 32 E -2.5m 10m 10m 2m", "52 22 23 N 4 53 32 E 0m", "1 N 2 W 3m"]
    ),
    "MX": words(SHORT, HOSTS | st.just(".")),
    "NAPTR": words(SHORT, SHORT, st.just('"S"'), st.just('"SIP+D2U"'), st.just('"!^.*$!sip:a@b!"'), HOSTS),
    "NS": HOSTS,
    "OPENPGPKEY": BASE64,
    "PTR": HOSTS,
    "SMIMEA": words(st.just(3), st.just(1), st.just(1), HEX),
    "SRV": words(SHORT, SHORT, SHORT, HOSTS),
    "SSHFP": words(st.just(4), st.just(2), HEX),
    "SVCB": words(st.just(1), HOSTS, st.just('alpn="h2"')),
    "TLSA": words(st.just(3), st.just(1), st.just(1), HEX),
    "TXT": TXT,
    "URI": words(SHORT, SHORT, st.just('"https://a.example/?x=1;y"')),
}
RECORDS = st.sampled_from(sorted(CONTENTS)).flatmap(
    lambda type: st.fixed_dictionaries(
        {"name": NAMES, "type": st.just(type), "content": CONTENTS[type]},
        optional={
            "ttl": st.sampled_from([1, 60, 300, "300"]),
            "comment": st.sampled_from(["why; because", "cf_tags= in a note"]),
            "tags": st.sampled_from([["a:b", "C"], ["x:1,2", 'say:"hi"']]),
        },
    )
)


def as_yaml(records: Any) -> str:
    return str(yaml.safe_dump(records, allow_unicode=True))


def as_csv(records: list[Json]) -> str:
    out = io.StringIO()
    rows = csv.DictWriter(out, ["name", "type", "content", "ttl", "comment", "tags"])
    rows.writeheader()
    for record in records:
        # A leading `'` is the mark of spreadsheets for text, so one of the text itself is doubled.
        content = record["content"].replace("'", "''", record["content"].startswith("'"))
        rows.writerow({**record, "content": content, "tags": json.dumps(record.get("tags", []))})
    return out.getvalue()


WRITERS: dict[str, Callable[[Any], str]] = {".json": json.dumps, ".yaml": as_yaml, ".csv": as_csv}


def read(text: str, ending: str) -> RecordFile:
    with tempfile.NamedTemporaryFile("w", suffix=ending, encoding="utf-8") as file:
        file.write(text)
        file.flush()
        found = files.read(file.name, ZONE)
    raise_all(found.errors)
    return found


def planned(live: list[Json], text: str, ending: str) -> Plan:
    return plan(OWNER, live, read(text, ending))


def possible(text: str, ending: str) -> Plan:
    """Return the plan for an empty zone; of records that exclude each other, hypothesis makes new ones."""
    try:
        return planned([], text, ending)
    except (Conflict, ValidationError) as error:
        assume(not any(words in str(error) for words in ("CNAME", "NS beside", "with other settings")))
        raise


def apply(live: list[Json], found: Plan) -> list[Json]:
    """Return the records after *found*, as an API stores and shows them."""
    records = {record["id"]: record for record in live}
    for number, change in enumerate(found.changes):
        if change.before is not None:
            del records[change.before["id"]]
        if change.after is not None:
            id = change.before["id"] if change.before else f"{len(live) + number:032x}"
            records[id] = formatted(built(API, body(change.after), id, "2026-01-01T00:00:00Z"))
    return list(records.values())


def formatted(record: Json) -> Json:
    """Return *record* with its content in Cloudflare's own form, which is not that of zone files."""
    data = record.get("data") or {}
    if record["type"] == "SRV":
        return {**record, "content": f"{data['weight']}\t{data['port']}\t{data['target']}"}
    if record["type"] == "LOC":
        return {**record, "content": f"IN LOC {record['content']}"}
    if record["type"] == "CAA":
        return {**record, "content": record["content"].replace(" ", "\t")}
    return record


@pytest.mark.parametrize("ending", WRITERS)
@settings(max_examples=120, deadline=None)
@given(records=st.lists(RECORDS, min_size=1, max_size=5))
def test_nothing_is_left_to_do_after_a_file_is_applied(records: list[Json], ending: str) -> None:
    text = WRITERS[ending](records)
    found = possible(text, ending)

    live = apply([], found)

    assert found.changes
    assert planned(live, text, ending).changes == []


@settings(max_examples=150, deadline=None)
@given(records=st.lists(RECORDS, min_size=1, max_size=5))
def test_every_export_of_the_resulting_zone_plans_back_to_nothing(records: list[Json]) -> None:
    live = apply([], possible(json.dumps(records), ".json"))

    exports = {
        ".json": json.dumps(export.document(ZONE, live)),
        ".yaml": as_yaml(export.document(ZONE, live)),
        ".zone": export.bind(ZONE, live)[0],
    }

    for ending, exported in exports.items():
        found = planned(live, exported, ending)
        assert found.changes == [], (ending, exported)


@settings(max_examples=150, deadline=None)
@given(records=st.lists(RECORDS, min_size=1, max_size=5))
def test_a_bind_export_creates_the_same_zone_elsewhere(records: list[Json]) -> None:
    records = [record for record in records if (record["name"], record["type"]) != ("@", "NS")]
    assume(records)  # a file without records is refused
    live = apply([], possible(json.dumps(records), ".json"))
    text, losses = export.bind(ZONE, live)
    bare = [{field: one for field, one in record.items() if field != "id"} for record in live]

    again = apply([], planned([], text, ".zone"))

    assert losses == []
    assert planned(again, json.dumps(export.document(ZONE, bare)), ".json").changes == []
