"""The page of a large account: small, ready and searched while somebody waits."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from ops.items import Json
from ops.kinds.catalog import resources
from ops.report.page import write_page
from ops.report.sources import Look
from ops.telemetry.timeline import COLUMNS, KINDS, ROUTES, Timeline
from tests.report.browser import chromium, needs_chromium
from tests.report.building import sources_of
from tests.report.test_sections import RUN
from tests.snapshots.making import made

ZONES, RECORDS = 1_012, 100_000
LARGEST, READY, NODES, SEARCH = 6_000_000, 2_000, 5_000, 50


def random(*parts: object) -> str:
    """Return 40 hex digits that cannot be compressed, the same each time."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:40]


def record(zone: str, number: int, before: bool) -> Json:
    chance = random(zone, number)
    address = ".".join(str(int(chance[at : at + 2], 16)) for at in (0, 2, 4, 6))
    day = f"202{int(chance[8], 16) % 6}-0{1 + int(chance[9], 16) % 9}-1{int(chance[10], 16) % 10}"
    clock = f"1{int(chance[11], 16) % 10}:{10 + int(chance[12:14], 16) % 50}"
    moment = f"{day}T{clock}:{10 + int(chance[14:16], 16) % 50}.{int(chance[16:21], 16) % 1000000:06d}Z"
    return {
        "id": chance[:32],
        "name": f"host-{number}.{zone}" if number else zone,
        "type": "A",
        "content": "198.51.100.1" if before and number == 7 else address,
        "proxied": number % 2 == 0,
        "proxiable": True,
        "ttl": 1 if number % 3 else 300,
        "comment": None,
        "tags": [],
        "settings": {},
        "meta": {},
        "created_on": moment,
        "modified_on": moment,
    }


def large(folder: Path, *, before: bool = False) -> Path:
    zones = [
        {
            "id": random("zone", n)[:32],
            "name": f"zone-{n}.example",
            "status": "active",
            "type": "full",
            "paused": False,
        }
        for n in range(ZONES)
    ]
    each = -(-RECORDS // ZONES)
    items: dict[tuple[str, str], list[Json]] = {("zones.zone", ""): zones}
    left = RECORDS
    for zone in zones:
        count = min(each, left)
        left -= count
        items["dns.record", zone["id"]] = [record(str(zone["name"]), n, before) for n in range(count)]
        items["zones.setting", zone["id"]] = [
            {"id": "ssl", "value": "full"},
            {"id": "min_tls_version", "value": "1.0"},
        ]
        items["workers.route", zone["id"]] = [
            {"id": random("route", zone["id"])[:32], "pattern": f"{zone['name']}/*", "script": "redirects"}
        ]
    items["workers.script", ""] = [{"id": "redirects"}]
    return made(folder, items, kinds=resources()).path


def long_scan() -> Json:
    """Return the timeline of a scan with as many kinds, routes and parts of time as are kept."""
    timeline = Timeline()
    for number in range(KINDS):
        timeline.add_section(f"product.kind_{number}", float(number), 3500.0, whole=number > 0)
    for number in range(ROUTES * COLUMNS):
        for _ in range(1 + number % 50):
            timeline.add_request(f"GET /zones/{{zone_id}}/route_{number % ROUTES}", 60.0 * (number // ROUTES))
    return timeline.as_json()


@pytest.mark.long
@needs_chromium
@pytest.mark.timeout(400)
def test_a_thousand_zones_and_100_000_records_are_ready_in_two_seconds_timed(tmp_path: Path) -> None:
    from ops.snapshots.manifest import load
    from ops.snapshots.snapshot import Snapshot

    before, after = (large(tmp_path / name, before=name == "a") for name in "ab")
    older, newer = (Snapshot(path, load(path)) for path in (before, after))
    page = write_page(sources_of(newer, older, runs=[{**RUN, "timeline": long_scan()}]), Look())
    file = tmp_path / "page.html"
    file.write_bytes(page)

    found = []
    for _ in range(3):
        with chromium() as browser:
            browser.open(f"file://{file}#dns.record")
            ready = browser.run("return performance.getEntriesByName('ready')[0].startTime")
            nodes = browser.run("return document.getElementsByTagName('*').length")
            for word in ("host-5", "zone-900", "198.51", "host-77.zone-77.example"):
                browser.run(
                    "const s = document.getElementById('search'); s.value = arguments[0]; s.oninput()", word
                )
                browser.wait(f"document.getElementById('chips').textContent.includes({word!r})")
            searches = browser.run("return performance.getEntriesByName('search').map(one => one.duration)")
            assert browser.console() == []
            pages = browser.pages()
        found.append((ready, max(searches), nodes, pages))

    print(f"{len(page):,} bytes; ready, search, nodes, pages: {found}")
    assert len(page) < LARGEST
    # Other programs slow it down, so the best of three counts.
    assert min(ready for ready, *_ in found) < READY
    assert min(search for _, search, *_ in found) < SEARCH
    assert max(nodes for _, _, nodes, _ in found) < NODES
    assert max(pages for *_, pages in found) <= 12
