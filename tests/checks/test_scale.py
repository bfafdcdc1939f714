"""1,000 zones with 100 records each are judged while somebody waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops.checks.catalog import checks, chosen
from ops.checks.model import View
from ops.checks.run import rows, run
from ops.checks.since import Ages
from ops.items import Json
from ops.kinds.catalog import resources
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.whole import WholeSections
from tests.checks.building import NOW
from tests.snapshots.making import made
from tests.timing import computed

ZONES, RECORDS = 1_000, 100


def records(zone: str, number: int) -> list[Json]:
    return [
        {
            "id": f"{number:016x}{n:016x}",
            "type": "CNAME" if n % 3 == 0 else "A",
            "name": f"host-{n}.{zone}",
            "content": f"host-{n + 1}.{zone}" if n % 3 == 0 else f"198.51.{number % 200}.{n}",
            "proxied": n % 2 == 0,
            "proxiable": True,
            "ttl": 1,
            "comment": None,
            "tags": [],
            "settings": {},
            "meta": {},
            "created_on": "2026-01-01T00:00:00.000000Z",
            "modified_on": "2026-01-01T00:00:00.000000Z",
        }
        for n in range(RECORDS)
    ]


def account(folder: Path) -> Snapshot:
    zones = [
        {"id": f"{n:032x}", "name": f"zone-{n}.example", "status": "active", "type": "full", "paused": False}
        for n in range(ZONES)
    ]
    items = {("zones.zone", ""): zones}
    values = {"ssl": "full", "min_tls_version": "1.0", "always_use_https": "off", "security_header": {}}
    for number, zone in enumerate(zones):
        items["dns.record", str(zone["id"])] = records(str(zone["name"]), number)
        items["zones.setting", str(zone["id"])] = [
            {"id": name, "value": value} for name, value in values.items()
        ]
        items["zones.dnssec", str(zone["id"])] = [{"status": "disabled"}]
        for kind in ("workers.route", "ssl.pack", "rulesets.zone", "pagerules.rule", "ssl.certificate"):
            items[kind, str(zone["id"])] = []
    for kind in ("workers.script", "workers.domain", "workers.subdomain", "pages.project"):
        items[kind, ""] = []
    return made(folder, items, kinds=resources())


def view_of(snapshot: Snapshot) -> View:
    known = {resource.kind: resource for resource in resources()}
    return View(WholeSections(snapshot, known), NOW)


@pytest.mark.long
@pytest.mark.timeout(180)
def test_a_thousand_zones_of_a_hundred_records_are_judged_in_five_seconds(tmp_path: Path) -> None:
    snapshot = account(tmp_path / "snapshot")

    with computed(5.0):
        found = list(rows(run(checks(), view_of(snapshot))))

    assert sum(row["count"] for row in found if row["check"] == "unproxied") == ZONES * RECORDS // 2


@pytest.mark.long
@pytest.mark.timeout(180)
def test_the_ages_of_the_findings_of_a_thousand_zones_take_as_long_as_two_snapshots(tmp_path: Path) -> None:
    snapshot = account(tmp_path / "snapshot")
    results = list(run(chosen((), every=False), view_of(snapshot)))

    with computed(5.0):
        ages = Ages(results, NOW, [snapshot] * 30, view_of)

    assert ages.judged == 2
    assert {ages.of(result, subject).new for result in results for subject in result.subjects} == {False}
