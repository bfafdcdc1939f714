"""The sections of the page: each shows what it is for, and says what is unknown."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from ops.items import Json
from ops.report.graph import MISSING, MOST, UNUSED, folded, graph_of
from ops.report.sources import OURS, Author, Fired
from ops.report.tables import Names
from ops.snapshots.snapshot import Snapshot
from tests.report.building import ZONE, ZONE_ID, account, page_of, record, sources_of

CNAME = record("a.example.com", "gone.example.com", "CNAME", id="r1")
RUN: Json = {
    "format": 1, "run": "r", "task": "scan.export", "stage": "", "profile": "", "account": "a" * 32,
    "started": 1_795_000_000.0, "seconds": 42.0, "exit_code": 0, "error": "", "requests": 154, "retries": 1,
    "limited": 2, "waits": 1, "waited": 3.0, "bytes": 1, "cache": {"hits": 0, "misses": 0}, "items": {},
    "sections": {"complete": 3}, "changes": 0, "cpu": 1.0, "memory": 1, "version": "0.1.0",
    "routes": {"GET /zones": {"n": 2, "failed": 0, "ms": [5, 1, 1]}},
}  # fmt: skip


def earlier(snapshot: Snapshot, started: str = "2026-11-21T06:10:00Z") -> Snapshot:
    """Return *snapshot* as if it had been made at another time."""
    return Snapshot(snapshot.path, replace(snapshot.manifest, started=started))


def workers(**more: Any) -> dict[tuple[str, str], Any]:
    bindings = [{"type": "kv_namespace", "name": "S", "namespace_id": "n1"}]
    bindings.append({"type": "kv_namespace", "name": "T", "namespace_id": "lost"})
    return {
        ("workers.script", ""): [{"id": "api"}],
        ("workers.settings", "api"): [{"bindings": bindings}],
        ("workers.route", ZONE_ID): [{"id": "r", "pattern": "a.example.com/*", "script": "api"}],
        ("kv.namespace", ""): [{"id": "n1", "title": "sessions"}, {"id": "n2", "title": "idle"}],
        **more,
    }


def test_what_needs_somebody_comes_first_with_place_time_person_and_command(tmp_path: Path) -> None:
    before, after = earlier(account(tmp_path / "a", [])), account(tmp_path / "b", [CNAME])
    author = Author("2026-11-22T05:02:00Z", "anna@example.org")

    page = page_of(after, before, who=lambda _old, _new: lambda _difference: author)

    needs = page.section("needs")
    assert needs.startswith("Needs you high CNAME to a name without a record in an own zone")
    for part in ("new", "a.example.com CNAME", "since 2026-11-21", "anna@example.org", "inv checks.explain"):
        assert part in needs
    assert "anna@example.org , 2026-11-22 05:00 UTC: 1 change in example.com" in page.section("changes")
    assert "1 change since 2026-11-21 06:10, by 1 person." in " ".join(page.texts)


def test_the_sentence_says_what_this_machine_and_what_others_changed(tmp_path: Path) -> None:
    ours, other = (
        Author("2026-11-22T05:02:00Z", OURS, "dns.put (a-1)"),
        Author("2026-11-22T05:02:00Z", "anna"),
    )
    before = earlier(account(tmp_path / "a", []))
    after = account(tmp_path / "b", [CNAME, record("b.example.com", "192.0.2.1", id="r2")])

    def said(first: Author | None, second: Author | None) -> str:
        authors = {"r1": first, "r2": second}
        page = page_of(after, before, who=lambda _old, _new: lambda one: authors[one.ids[0]])
        return " ".join(page.texts)

    since = "2 changes since 2026-11-21 06:10"
    assert f"{since}, by cfops on this machine." in said(ours, ours)
    assert f"{since}, 1 by cfops on this machine and 1 by someone else." in said(ours, None)
    assert f"{since}, by 1 person." in said(other, None)
    assert f"{since}." in said(None, None)


def test_a_finding_that_the_snapshot_before_could_not_have_is_not_called_new(tmp_path: Path) -> None:
    before = earlier(account(tmp_path / "a", [], statuses={("dns.record", ZONE_ID): "complete"}))
    unread = earlier(account(tmp_path / "c", [CNAME], statuses={("ssl.pack", ZONE_ID): "denied"}))
    after = account(tmp_path / "b", [CNAME])

    assert "new" in page_of(after, before).section("needs").split()
    assert unread.manifest.status == "partial"
    assert "new" not in page_of(after, unread).section("needs").split()


def test_a_finding_that_is_known_is_shown_with_the_oldest_snapshot_that_has_it(tmp_path: Path) -> None:
    older = [
        earlier(account(tmp_path / day, [CNAME]), f"2026-11-{day}T06:10:00Z") for day in ("14", "18", "21")
    ]

    page = page_of(account(tmp_path / "b", [CNAME]), *older)

    assert "since 2026-11-14" in page.section("needs")
    assert "since 2026-11-14" in page.section("findings")
    dates = {row["since"] for row in page.rows("all.findings") if row["check"] == "cname-to-nothing"}
    assert {date[:10] for date in dates} == {"2026-11-14"}


def test_the_map_leads_from_zones_to_stores_and_marks_what_is_missing(tmp_path: Path) -> None:
    sources = sources_of(account(tmp_path / "a", [], workers()))

    graph = graph_of(sources, Names(sources))

    edges = {(one[0], other[0]) for one, other in graph.edges}
    assert edges == {
        ("zones.zone", "workers.route"),
        ("workers.route", "workers.script"),
        ("workers.script", "kv.namespace"),
    }
    assert graph.nodes["kv.namespace", "lost"].state == MISSING
    # Other kinds that may use a namespace were not read, so nothing is known to be unused.
    assert UNUSED not in {node.state for node in graph.nodes.values()}
    assert "Not read, so not on the map" in page_of(account(tmp_path / "b", [], workers())).section("map")


def test_a_large_map_is_folded_and_loses_nothing(tmp_path: Path) -> None:
    zones = [{**ZONE, "id": f"{n:032x}", "name": f"zone-{n}.example"} for n in range(200)]
    more: dict[tuple[str, str], Any] = {("zones.zone", ""): zones, ("workers.script", ""): [{"id": "api"}]}
    for zone in zones:
        route = {"id": f"r{zone['id']}", "pattern": f"{zone['name']}/*", "script": "api"}
        more["workers.route", str(zone["id"])] = [route]
    sources = sources_of(account(tmp_path / "a", [], more))

    made = folded(graph_of(sources, Names(sources)))

    assert [made.nodes[id].name for id in made.column(0)] == ["200 zones"]
    assert sum(made.nodes[id].members for id in made.column(1)) == 200
    assert all(len(made.column(number)) <= MOST for number in range(4))


def test_certificates_are_on_a_time_line_and_the_next_ones_in_a_table(tmp_path: Path) -> None:
    life = {"uploaded_on": "2026-09-01T00:00:00Z", "expires_on": "2026-12-01T00:00:00Z"}
    pack = {
        "id": "p1", "type": "advanced", "status": "active", "hosts": ["example.com"], "validity_days": 90,
        "certificate_authority": "lets_encrypt", "certificates": [life],
    }  # fmt: skip

    page = page_of(account(tmp_path / "a", [], {("ssl.pack", ZONE_ID): [pack]}))

    shown = page.section("certificates")
    assert "1 in the last third of their life" in shown
    assert "2026-12-01 8 days left lets encrypt" in shown
    assert "Not known, because not all of them were read: ssl.certificate" in shown


def test_growth_has_a_gap_where_a_kind_was_not_read(tmp_path: Path) -> None:
    oldest = earlier(account(tmp_path / "a", []), "2026-11-19T06:10:00Z")
    gap = earlier(
        account(tmp_path / "b", [], statuses={("dns.record", ZONE_ID): "failed"}), "2026-11-20T06:10:00Z"
    )
    newer = earlier(account(tmp_path / "c", [CNAME]))
    newest = account(tmp_path / "d", [CNAME, record("b.example.com", "192.0.2.1")])

    page = page_of(newest, oldest, gap, newer)

    shown = page.section("growth")
    assert "dns.record: 2, +2" in shown
    assert "4 snapshots since 2026-11-19" in shown
    assert 'class="dot"' in page.text.split("dns.record: 2, +2")[1].split("</svg>")[0]


def test_the_jobs_show_outcomes_and_latencies(tmp_path: Path) -> None:
    failed = {**RUN, "run": "f", "exit_code": 2, "started": RUN["started"] - 86_400}

    page = page_of(account(tmp_path / "a", []), runs=[RUN, failed])

    shown = page.section("jobs")
    assert "The last 2 runs of scan.export" in shown
    assert "failed, 42 s, 154 requests" in shown
    assert "2 retries, 4 answers with 429" in shown
    assert "GET /zones 4 0" in shown
    assert "budget in use at the end: not known" in shown
    # None of them has read anything.
    assert "When the kinds were read" not in shown


def test_the_newest_run_that_scanned_is_shown_over_its_time(tmp_path: Path) -> None:
    timeline = {
        "kinds": {"zones.zone": [0.5, 1.0, 1, 0], "dns.record": [1.0, 3.5, 12, 2]},
        "step": 5,
        "routes": {"GET /zones": [0, 1], "GET /zones/{zone_id}/dns_records": [0, 2, 0, 10]},
    }
    scan = {**RUN, "run": "s", "started": RUN["started"] - 60, "timeline": timeline}

    page = page_of(account(tmp_path / "a", []), runs=[RUN, scan])

    shown = page.section("jobs")
    moment = "2026-11-18 11:05"
    assert f"When the kinds were read by the run of {moment}, in 3.00 s" in shown
    assert "dns.record: 12 sections in 2.50 s, 2 not read whole" in shown
    assert f"Requests by route and time in the run of {moment}, at most 10 in 5 s" in shown
    assert "GET /zones/{zone_id}/dns_records: 12 requests, at most 10 in 5 s" in shown
    # The hole between the two is not drawn.
    assert re.findall(r'd="(M[^"]+)"', page.text.split("dns_records: 12 requests")[1])[0].count("z") == 1


def test_a_page_that_a_scan_writes_shows_that_scan(tmp_path: Path) -> None:
    timeline = {"kinds": {"kv.namespace": [0.0, 75.0, 1, 0]}, "step": 1, "routes": {}}
    other = {"kinds": {"zones.zone": [0.0, 1.0, 1, 0]}, "step": 1, "routes": {}}

    page = page_of(
        account(tmp_path / "a", []),
        runs=[{**RUN, "timeline": other}],
        current={**RUN, "run": "now", "exit_code": None, "timeline": timeline},
    )

    assert "kv.namespace: 1 section in 75 s" in page.section("jobs")


def test_a_failed_export_needs_somebody(tmp_path: Path) -> None:
    page = page_of(account(tmp_path / "a", []), runs=[{**RUN, "exit_code": 3, "error": "NetworkError"}])

    assert "The last export ended: failed" in page.section("needs")


def test_alerts_that_fire_need_somebody_unless_the_page_says_the_same(tmp_path: Path) -> None:
    since = RUN["started"] + 5 * 86_400
    fired = [
        Fired("many-deletions", "medium", "60 items were deleted", [f"kv.key: {n}" for n in range(5)], since),
        Fired("damaged", "critical", "what is stored is damaged <b>", ["the audit log: broken"], since),
        Fired("run-failed", "medium", "failed: scan.export", [], since),
    ]
    failed = {**RUN, "exit_code": 3, "error": "NetworkError"}
    before = earlier(account(tmp_path / "a", []))

    page = page_of(account(tmp_path / "b", []), before, runs=[failed], fired=fired)

    shown = page.section("needs")
    assert shown.startswith(
        "Needs you critical Alert damaged: what is stored is damaged <b> new the audit log"
    )
    assert "kv.key: 0; kv.key: 1; kv.key: 2 and 2 more since 2026-11-23 11:06" in shown
    assert "inv alerts.list --filter rule=many-deletions" in shown
    assert shown.index("The last export ended: failed") < shown.index("Alert many-deletions")
    assert "Alert run-failed" not in shown
    assert "Alert run-failed" in page_of(account(tmp_path / "c", []), fired=fired).section("needs")


def test_what_a_light_snapshot_did_not_read_again_is_said_with_its_age(tmp_path: Path) -> None:
    made = account(tmp_path / "a", [CNAME])
    old = {"carried_from": "2026-11-20T06-10-00Z-0001", "read_at": "2026-11-20T06:10:00Z"}
    sections = [replace(one, **old) if one.kind == "dns.record" else one for one in made.manifest.sections]
    light = Snapshot(made.path, replace(made.manifest, sections=tuple(sections)))

    page, whole = page_of(light), page_of(account(tmp_path / "b", [CNAME]))

    said = " ".join(page.texts)
    assert "All that was asked for is known: 2 kinds, read at 06:10 UTC in 60 s where they changed." in said
    assert "1 of 2 sections are older, the oldest read 2026-11-20 06:10 UTC." in said
    shown = page.section("unread")
    assert "Not read again, because nothing says that it changed: 1 section" in shown
    assert "2026-11-20T06-10-00Z-0001 2026-11-20 06:10 UTC dns.record 1 section" in shown
    assert "Not read again" not in whole.section("unread")
    assert "older" not in " ".join(whole.texts)
