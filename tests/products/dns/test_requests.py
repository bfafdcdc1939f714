"""What is sent for a change of records: fields, a whole record, or the four lists of a batch."""

from __future__ import annotations

from typing import Any

import pytest
import responses
from responses.matchers import json_params_matcher

from ops.errors import Conflict, MalformedAnswer, OpsError
from ops.http.client import Client
from ops.kinds.resource import Change, Owner
from ops.products.dns.record import body, patch, spelled_like
from ops.products.dns.resources import RECORDS, SETTINGS
from ops.products.dns.writes import batch_records, create_record, update_record, update_settings
from tests.conftest import API
from tests.products.answers import envelope, page, refusal

Json = dict[str, Any]
ZONE = Owner("a" * 32, "1" * 32, {})
URL = f"{API}/zones/{ZONE.id}/dns_records"
STAMPS = {"created_on": "2026-01-01T00:00:00Z", "modified_on": "2026-01-01T00:00:00Z", "meta": {}}
LIVE: Json = {
    "id": "f" * 32, "name": "www.example.com", "type": "A", "content": "192.0.2.1", "proxiable": True,
    "proxied": False, "ttl": 300, "settings": {}, "comment": "why", "tags": ["a:b"], **STAMPS,
}  # fmt: skip
SRV: Json = {
    "id": "e" * 32, "name": "_s._tcp.example.com", "type": "SRV", "content": "0 5 443 a.example",
    "priority": 0,
    "data": {"priority": 0, "weight": 5, "port": 443, "target": "a.example"}, "proxiable": False,
    "proxied": False, "ttl": 1, "settings": {}, "comment": None, "tags": [], **STAMPS,
}  # fmt: skip


def test_only_settable_fields_are_sent() -> None:
    assert body(LIVE | {"zone_id": "z", "zone_name": "example.com", "locked": False}) == {
        "name": "www.example.com", "type": "A", "content": "192.0.2.1", "proxied": False, "ttl": 300,
        "comment": "why", "tags": ["a:b"],
    }  # fmt: skip


def test_a_structured_record_is_sent_by_its_data() -> None:
    assert body(SRV) == {"name": SRV["name"], "type": "SRV", "data": SRV["data"], "ttl": 1}


@pytest.mark.fault("E12")
def test_unknown_fields_are_sent_as_they_came() -> None:
    assert body(LIVE | {"private_routing": True, "newer": {"x": [1]}})["newer"] == {"x": [1]}
    assert (
        body({"name": "n", "type": "NEW", "content": "x", "data": {"y": 1}, "proxied": True})["content"]
        == "x"
    )


def test_an_update_of_the_live_record_sends_the_different_fields() -> None:
    assert patch(LIVE, LIVE | {"ttl": 60, "comment": None, "tags": []}) == {
        "ttl": 60,
        "comment": "",
        "tags": [],
    }
    assert patch(SRV, SRV | {"data": {**SRV["data"], "port": 1}, "content": "0 5 1 a.example"}) == {
        "data": {"priority": 0, "weight": 5, "port": 1, "target": "a.example"}
    }


@pytest.mark.parametrize(
    "after",
    [
        LIVE | {"modified_on": "2025-01-01T00:00:00Z", "ttl": 60},
        LIVE | {"type": "CNAME", "content": "a.example"},
        {name: value for name, value in LIVE.items() if name != "comment"},
    ],
)
def test_a_record_from_a_snapshot_or_of_another_type_replaces_the_whole(after: Json) -> None:
    assert patch(LIVE, after) is None


def test_removing_a_setting_replaces_the_whole_record() -> None:
    assert patch(LIVE | {"settings": {"ipv4_only": True}}, LIVE) is None


def test_a_record_from_a_snapshot_is_restored_under_its_id(
    client: Client, http: responses.RequestsMock
) -> None:
    old = LIVE | {"modified_on": "2025-01-01T00:00:00Z", "content": "192.0.2.9"}
    http.put(f"{URL}/{LIVE['id']}", json=envelope(old), match=[json_params_matcher(body(old))])

    assert update_record(client, ZONE, LIVE, old) == old


def test_a_batch_sends_four_lists_and_returns_records_in_the_order_of_changes(
    client: Client, http: responses.RequestsMock
) -> None:
    new = {"name": "n.example.com", "type": "TXT", "content": "x", "ttl": 1}
    old = LIVE | {"id": "d" * 32, "modified_on": "2025"}
    lists = {
        "deletes": [{"id": SRV["id"]}],
        "patches": [{"id": LIVE["id"], "ttl": 60}],
        "puts": [{"id": "d" * 32, **body(old)}],
        "posts": [body(new)],
    }
    done = {"deletes": [SRV], "patches": [{"ttl": 60}], "puts": [old], "posts": [{**new, "id": "c" * 32}]}
    http.post(f"{URL}/batch", json=envelope(done), match=[json_params_matcher(lists)])
    changes = [
        Change(RECORDS, ZONE, None, new),
        Change(RECORDS, ZONE, LIVE, LIVE | {"ttl": 60}),
        Change(RECORDS, ZONE, SRV, None),
        Change(RECORDS, ZONE, LIVE | {"id": "d" * 32}, old),
    ]

    assert batch_records(client, ZONE, changes) == [{**new, "id": "c" * 32}, {"ttl": 60}, None, old]


def test_a_batch_response_without_a_record_is_malformed(client: Client, http: responses.RequestsMock) -> None:
    http.post(f"{URL}/batch", json=envelope({"deletes": []}))

    with pytest.raises(MalformedAnswer):
        batch_records(client, ZONE, [Change(RECORDS, ZONE, LIVE, None)])


NEW: list[Json] = [
    {"name": "a.example.com", "type": "A", "content": "192.0.2.1", "ttl": 1},
    {"name": "b.example.com", "type": "CNAME", "content": "a.example", "ttl": 1},
    {"name": "c.example.com", "type": "A", "content": "192.0.2.3", "ttl": 1},
]


@pytest.mark.parametrize(
    ("live", "message", "named"),
    [
        (
            [{"id": "1", "name": "A.example.com", "type": "A", "ttl": 300, "content": "192.0.2.1"}],
            "exists",
            "create A a.",
        ),
        (
            [{"id": "1", "name": "b.example.com", "type": "A", "ttl": 300, "content": "192.0.2.9"}],
            "exists",
            "create CNAME b.",
        ),
        ([], "Content for CNAME record is invalid.", "create CNAME b."),
    ],
)
def test_the_record_that_a_batch_was_refused_for_is_named(
    client: Client, http: responses.RequestsMock, live: list[Json], message: str, named: str
) -> None:
    http.post(f"{URL}/batch", json=refusal(81058, message), status=400)
    http.get(URL, json=page(live))

    with pytest.raises(OpsError) as error:
        batch_records(client, ZONE, [Change(RECORDS, ZONE, None, record) for record in NEW])

    assert f"nothing of this batch was done; the record is: {named}" in error.value.message
    assert error.value.codes == (81058,)


def test_a_batch_refused_for_an_unknown_reason_names_the_candidates(
    client: Client, http: responses.RequestsMock
) -> None:
    http.post(f"{URL}/batch", json=refusal(1004, "DNS Validation Error"), status=400)
    http.get(URL, json=refusal(1, "no"), status=403)

    with pytest.raises(OpsError, match="it is one of: create A a"):
        batch_records(client, ZONE, [Change(RECORDS, ZONE, None, record) for record in NEW])


def test_a_record_is_sent_without_what_the_plan_of_the_zone_refuses(
    client: Client, http: responses.RequestsMock
) -> None:
    free = Owner(*ZONE[:2], {"plan": {"legacy_id": "free"}})
    sent = {f: one for f, one in body(LIVE).items() if f not in ("tags", "comment")}
    http.post(URL, json=envelope(LIVE), match=[json_params_matcher(sent)])

    create_record(client, free, LIVE | {"comment": "c" * 101})

    assert len(http.calls) == 1


@pytest.mark.parametrize("code", [81057, 81058])
def test_creating_an_existing_record_raises_a_conflict(
    client: Client, http: responses.RequestsMock, code: int
) -> None:
    http.post(URL, json=refusal(code, "already exists"), status=400)

    with pytest.raises(Conflict):
        create_record(client, ZONE, LIVE)


@pytest.mark.fault("E12")
def test_a_found_record_takes_the_spelling_of_the_sought_one() -> None:
    found = SRV | {"content": "0\t5\t443\ta.example", "newer": 1, "tags": None}

    assert spelled_like(found, SRV) == SRV | {"newer": 1}
    assert spelled_like(found | {"ttl": 60}, SRV)["ttl"] == 60


def test_only_different_dns_settings_are_sent(client: Client, http: responses.RequestsMock) -> None:
    old = {"flatten_all_cnames": False, "ns_ttl": 86400, "zone_mode": "standard"}
    url = f"{API}/zones/{ZONE.id}/dns_settings"
    http.patch(url, json=envelope(old), match=[json_params_matcher({"ns_ttl": 86400})])

    assert update_settings(client, ZONE, old | {"ns_ttl": 300}, old) == old
    assert update_settings(client, ZONE, old, old) == old
    assert len(http.calls) == 1
    assert SETTINGS.writes
    assert SETTINGS.writes.create is None
