"""What a page shows of accounts that are large, damaged, or hold what few do."""

from __future__ import annotations

import re
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from ops.items import Json, timestamp
from ops.kinds.catalog import kinds
from ops.report.cover import Cover
from ops.report.graph import graph_of
from ops.report.past import Past
from ops.report.serve import Served, Source
from ops.report.sources import KEPT_CHANGES
from ops.report.tables import Names
from ops.snapshots.snapshot import Snapshot
from tests.report.building import ZONE_ID, account, page_of, record, sources_of
from tests.report.test_sections import RUN, earlier

DAY = 86_400.0


def pack(number: int, ends: float, **more: Any) -> Json:
    life = {"uploaded_on": timestamp(ends - 90 * DAY), "expires_on": timestamp(ends)}
    return {
        "id": f"p{number}", "type": "advanced", "status": "active", "hosts": [f"h{number}.example.com"],
        "validity_days": 90, "certificate_authority": "lets_encrypt", "certificates": [life], **more,
    }  # fmt: skip


def test_many_certificates_of_one_issuer_are_a_bar_for_each_week(tmp_path: Path) -> None:
    made = account(tmp_path / "a", [])
    packs = [pack(n, made.started + (n % 3 * 7 + 1) * DAY) for n in range(90)]
    packs += [pack(90 + n, made.started - 2 * DAY) for n in range(5)]

    page = page_of(account(tmp_path / "b", [], {("ssl.pack", ZONE_ID): packs}))

    assert "95 certificates at the time of the snapshot: 5 ended" in page.section("certificates")
    titles = [text for text in page.texts if re.match(r"\d+ certificates (ended$|in week)", text)]
    assert titles == [
        "5 certificates ended",
        "30 certificates in week 1",
        "30 certificates in week 2",
        "30 certificates in week 3",
    ]


def test_a_page_lists_a_number_of_changes_and_counts_the_others(tmp_path: Path) -> None:
    many = [record(f"h{n:05}.example.com", "192.0.2.1", id=f"r{n}") for n in range(KEPT_CHANGES + 3)]
    before, after = earlier(account(tmp_path / "a", [])), account(tmp_path / "b", many)

    shown = page_of(after, before).section("changes")

    assert "more changes are not listed here" in shown or "and " in shown
    assert f"{KEPT_CHANGES + 3:,}" in shown


def test_a_change_of_the_account_names_no_zone_and_a_missing_value_is_none(tmp_path: Path) -> None:
    def held(folder: str, **more: Any) -> Snapshot:
        namespace = {"id": "n1", "title": "sessions", **more}
        records = [record("a.example.com", "192.0.2.1", id="r1", **more)]
        return account(tmp_path / folder, records, {("kv.namespace", ""): [namespace]})

    shown = page_of(held("b", comment="by hand"), earlier(held("a"))).section("changes")

    assert "sessions kv.namespace changed" in shown
    assert "comment none → by hand" in shown


def test_the_past_of_an_item_ends_where_too_much_would_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held(day: int, *contents: str) -> Snapshot:
        records = [
            record(f"h{n}.example.com", text, id=f"r{n}", modified_on=f"{day}")
            for n, text in enumerate(contents)
        ]
        return earlier(account(tmp_path / str(day), records), f"2026-11-{day}T06:10:00Z")

    newest, *older = [
        held(22, "192.0.2.3", "192.0.2.1"),
        held(21, "192.0.2.2", "192.0.2.1"),
        held(20, "192.0.2.1", "192.0.2.1"),
    ]
    sources = sources_of(newest, *older)

    def past() -> tuple[str, list[int]]:
        found = Past(sources, Cover(redact=False))
        return timestamp(found.since)[:10], [len(found.of("dns.record", ZONE_ID, f"r{n}")) for n in range(2)]

    # A change of what is volatile is not an event.
    assert past() == ("2026-11-20", [2, 0])
    monkeypatch.setattr("ops.report.past.MOST_BYTES", 1)
    assert past() == ("2026-11-22", [0, 0])


def test_mail_of_a_zone_that_changed_at_its_own_name_needs_somebody(tmp_path: Path) -> None:
    def held(folder: str, server: str) -> Snapshot:
        records = [
            record("example.com", server, "MX", id="r1", priority=10),
            record("example.com", server, "TXT", id="r2"),
        ]
        return account(tmp_path / folder, records)

    needs = page_of(held("b", "mx2.example.net"), earlier(held("a", "mx1.example.net"))).section("needs")

    assert "example.com: MX record of the zone itself changed" in needs
    assert "TXT record of the zone itself" not in needs


@pytest.mark.parametrize(("code", "kind"), [(6, "other"), (130, "other"), (143, "other"), (2, "failed")])
def test_a_run_that_was_stopped_is_not_drawn_as_a_failure(tmp_path: Path, code: int, kind: str) -> None:
    from ops.report.sections.jobs import FAILED, OTHER, tone

    assert tone({**RUN, "exit_code": code}) == {"other": OTHER, "failed": FAILED}[kind]


def test_a_kind_that_no_snapshot_has_read_has_no_curve(tmp_path: Path) -> None:
    statuses = {("dns.record", ZONE_ID): "failed"}
    before = earlier(account(tmp_path / "a", [], statuses=statuses))

    page = page_of(account(tmp_path / "b", [], statuses=statuses), before)

    assert "dns.record: unknown" in page.section("growth") or "dns.record" not in page.section("growth")


def test_a_map_without_the_kinds_of_workers_is_empty(tmp_path: Path) -> None:
    sources = sources_of(account(tmp_path / "a", []))
    sources.kinds = {"zones.zone": kinds()["zones.zone"]}

    graph = graph_of(sources, Names(sources))

    assert (graph.nodes, graph.edges, graph.idle_zones) == ({}, set(), 1)


def test_a_route_of_a_zone_that_was_not_read_is_on_no_path(tmp_path: Path) -> None:
    lost = {"id": "d", "hostname": "x.example.net", "zone_id": "e" * 32, "service": "api"}
    more = {
        ("workers.script", ""): [{"id": "api"}],
        ("workers.settings", "api"): [{"bindings": [{"type": "service", "name": "SELF", "service": "api"}]}],
        ("workers.domain", ""): [lost],
    }
    sources = sources_of(account(tmp_path / "a", [], more))

    graph = graph_of(sources, Names(sources))

    assert {(one[0], other[0]) for one, other in graph.edges} == {("workers.domain", "workers.script")}
    assert not [id for id in graph.nodes if id[0] == "zones.zone"]
    assert graph.idle_zones == 1


def test_crowded_columns_of_workers_and_stores_are_folded(tmp_path: Path) -> None:
    from ops.report.graph import MOST, folded

    scripts = [{"id": f"s{n:03}"} for n in range(MOST * 2)]
    stores = [{"id": f"n{n:03}", "title": f"t{n:03}"} for n in range(MOST * 2)]
    more: dict[tuple[str, str], Any] = {("workers.script", ""): scripts, ("kv.namespace", ""): stores}
    for script, store in zip(scripts, stores, strict=True):
        binding = {"type": "kv_namespace", "name": "S", "namespace_id": store["id"]}
        after = scripts[(scripts.index(script) + 1) % len(scripts)]
        service = {"type": "service", "name": "NEXT", "service": after["id"]}
        more["workers.settings", script["id"]] = [{"bindings": [binding, service]}]
    made = account(tmp_path / "a", [], more)
    sources = sources_of(made)

    graph = folded(graph_of(sources, Names(sources)))

    assert all(len(graph.column(number)) <= MOST for number in range(4))
    for number in (2, 3):
        assert sum(graph.nodes[id].members for id in graph.column(number)) == MOST * 2
    assert graph.edges
    listed = page_of(made).section("map")
    assert "and " in listed


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        (b"GET /secret HTTP/9.9.9\r\n\r\n", b"Bad Request\n"),
        (b"secret\r\n\r\n", b"Bad Request\n"),
        # As long as what is read: bytes that are left unread could reset the connection before the answer.
        (b"GET /secret".ljust(65_537, b"x"), b"%s\n" % HTTPStatus.REQUEST_URI_TOO_LONG.phrase.encode()),
    ],
)
def test_what_is_not_a_request_is_refused_without_a_word_of_it(text: bytes, phrase: bytes) -> None:
    source = Source(lambda: b"page", lambda: "one", lambda _wait: iter(()))
    with Served(source) as served:
        connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
        connection.connect()
        connection.sock.sendall(text)
        with connection.sock.makefile("rb") as answer:
            found = answer.read()

    assert found.endswith(phrase)
    assert b"secret" not in found


def test_another_method_for_another_host_is_misdirected() -> None:
    source = Source(lambda: b"page", lambda: "one", lambda _wait: iter(()))
    with Served(source) as served:
        statuses = []
        for host in (f"127.0.0.1:{served.port}", "evil.example"):
            connection = HTTPConnection("127.0.0.1", served.port, timeout=10)
            connection.request("DELETE", "/", headers={"Host": host})
            statuses.append(connection.getresponse().status)
            connection.close()

    assert statuses == [405, 421]
