"""The tasks of checks, as a user types them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from ops.commands.checks import COLUMNS
from ops.kinds.catalog import resources
from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from ops.sandbox.store import zone_id
from ops.ui.shapes import Output
from ops.ui.tables import Table
from tests.conftest import Result
from tests.snapshots import making

Inv = Callable[..., Result]


def rows(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.out)
    return found


@pytest.fixture
def kept(staged: Sandbox, inv: Inv) -> Sandbox:
    """Return the sandbox after an export, with no request recorded."""
    assert inv("scan.export", "--deep").code == 0
    staged.requests.clear()
    return staged


def test_checks_judge_the_newest_snapshot_without_a_request(kept: Sandbox, inv: Inv) -> None:
    result = inv("checks", "--output", "json")

    assert (result.code, kept.requests) == (0, [])
    found = {(row["check"], row["zone"]): row for row in rows(result)}
    assert found["tls-mode", "example.net"]["severity"] == "high"
    assert found["wildcard", "wild.example"]["count"] == 3
    assert found["account", None]["problem"].startswith("never expires")
    assert "do not know everything" not in result.err


def test_findings_end_with_5_only_if_asked_for_and_severe_enough(kept: Sandbox, inv: Inv) -> None:
    assert inv("checks", "--severity", "high").code == 0
    assert inv("checks", "--severity", "high", "--exit-code").code == 5
    assert inv("checks", "--severity", "critical", "--exit-code").code == 0
    assert inv("checks", "--only", "route-without-script", "--exit-code").code == 0
    assert "error: 1 high finding\n" in inv("checks", "--only", "dnssec-pending", "--exit-code").err


def test_the_most_severe_findings_come_first_and_the_unknown_last(kept: Sandbox, inv: Inv) -> None:
    found = rows(inv("checks", "--output", "json"))

    order = ["critical", "high", "medium", "low", "info"]
    severities = [order.index(row["severity"]) for row in found if row["status"] == "finding"]
    assert severities == sorted(severities)
    statuses = [row["status"] for row in found]
    assert statuses == sorted(statuses)


def test_a_table_names_the_first_five_subjects_and_counts_the_others(kept: Sandbox, inv: Inv) -> None:
    result = inv("checks", "--only", "unused", "--output", "table")

    assert "r2.bucket assets, r2.bucket logs-01, r2.bucket logs-02" in result.out
    assert "and 17 more" in result.out


@pytest.mark.parametrize("width", [50, 80, 120])
def test_a_narrow_table_keeps_the_severity_and_the_problem_of_each_zone(
    kept: Sandbox, inv: Inv, width: int
) -> None:
    found = rows(inv("checks", "--only", "tls-mode", "--output", "json"))

    shown = Table(COLUMNS, Output(width=width)).block(found)

    assert max(map(len, shown.splitlines())) <= width
    words = " ".join(shown.split())
    assert "high tls-mode legacy.example is off: visitors are not" in words


def test_noisy_checks_run_with_all_or_by_name_only(kept: Sandbox, inv: Inv) -> None:
    def ran(*options: str) -> set[str]:
        return {row["check"] for row in rows(inv("checks", *options, "--output", "json"))}

    assert "unproxied" not in ran()
    assert "unproxied" in ran("--all")
    assert ran("--only", "unproxied,wildcard") == {"unproxied", "wildcard"}


def test_a_zone_whose_records_were_denied_is_unknown_and_the_others_are_judged(
    staged: Sandbox, inv: Inv
) -> None:
    zone = next(row for row in rows(inv("zones.list", "--output", "json")) if row["name"] == "wild.example")
    staged.faults.add(Fault("denied", "GET", f"/zones/{zone['id']}/dns_records*", times=-1))
    exported = inv("scan.export", "--output", "json")
    path = json.loads(exported.out)["snapshot"]

    result = inv("checks", "--at", path, "--only", "wildcard,caa-missing", "--output", "json")

    found = {(row["status"], row["zone"]) for row in rows(result)}
    assert ("unknown", "wild.example") in found
    assert ("finding", "wild.example") not in found
    assert ("finding", "example.net") in found


def test_a_snapshot_without_the_deep_kinds_says_which_option_reads_them(staged: Sandbox, inv: Inv) -> None:
    inv("scan.export")

    found = rows(inv("checks", "--only", "cert-ends", "--output", "json"))

    assert {row["status"] for row in found} == {"unknown"}
    assert found[0]["problem"] == "not read: ssl.pack: skipped: only with --deep"


def test_a_table_shows_no_severity_of_what_is_not_known(staged: Sandbox, inv: Inv) -> None:
    assert inv("scan.export", "--quiet").code == 0

    table = inv("checks", "--only", "account,worker-hygiene", "--output", "table").out
    unread = [line for line in table.splitlines() if "not read" in line]

    assert [line.split()[:2] for line in unread] == [["unknown", "account"], ["unknown", "worker-hygiene"]]


def test_live_reads_what_the_checks_need_and_leaves_no_snapshot(
    staged: Sandbox, inv: Inv, home: Path
) -> None:
    result = inv("checks", "--live", "--only", "tls-mode", "--output", "json")

    assert {row["zone"] for row in rows(result)} == {"example.net", "legacy.example"}
    asked = {path.rpartition("/")[2].partition("?")[0] for _, path in staged.requests}
    assert "settings" in asked
    assert "scripts" not in asked
    assert not [path for path in (home / "exports").rglob("*") if path.name == "manifest.json"]


def test_what_another_account_of_this_machine_has_is_not_missing(
    staged: Sandbox, inv: Inv, home: Path
) -> None:
    named = ("--zone", "example.org", "--name", "docs", "--type", "CNAME", "--content", "docs-9zz.pages.dev")
    assert inv("dns.create", *named).code == 0
    assert inv("scan.export", "--only", "zones.zone,dns.record,pages.project").code == 0
    line = ("checks", "--only", "cname-to-foreign-gone", "--output", "json")
    alone = rows(inv(*line))
    project = {"id": "1", "name": "docs", "subdomain": "docs-9zz.pages.dev"}
    other = home / "exports" / ("b" * 32) / "2026-11-22T06-10-00Z-aaaa"
    making.made(other, {("pages.project", ""): [project]}, kinds=resources(), account_id="b" * 32)
    encrypted = home / "exports" / ("c" * 32) / "2026-11-22T06-10-00Z-aaaa.tar.gz.age"
    encrypted.parent.mkdir()
    encrypted.write_bytes(b"only its key opens it")

    both = rows(inv(*line))

    assert [row["subjects"] for row in alone] == [["docs.example.org CNAME"]]
    assert both == []


def test_a_finding_is_accepted_until_a_day_in_the_repository(kept: Sandbox, inv: Inv) -> None:
    line = ("checks", "--only", "wildcard", "--exit-code")
    before = inv(*line)

    accepted = inv("checks.accept", "wildcard", "wild.example/*", "--why", "meant", "--output", "json")
    after = inv(*line)

    assert (before.code, accepted.code, after.code) == (5, 0, 0)
    shown = json.loads(accepted.out)
    assert shown["accepted"] == 3
    entry = tomllib.loads(Path(shown["file"]).read_text())["accepted"][0]
    assert (entry["check"], entry["subject"], entry["why"]) == ("wildcard", "wild.example/*", "meant")


def test_accepting_what_was_not_found_or_for_more_than_a_year_is_refused(kept: Sandbox, inv: Inv) -> None:
    nothing = inv("checks.accept", "wildcard", "example.org/x", "--why", "x")
    too_long = inv("checks.accept", "wildcard", "wild.example/*", "--why", "x", "--until", "2y")
    no_reason = inv("checks.accept", "wildcard", "wild.example/*")

    assert (nothing.code, too_long.code, no_reason.code) == (1, 1, 1)
    assert "has no finding that matches 'example.org/x'" in nothing.err
    assert "is not within a year" in too_long.err
    assert "needs --why" in no_reason.err
    assert not Path(".cfops-ignore.toml").exists()


def test_junit_and_sarif_are_written_beside_the_table(kept: Sandbox, inv: Inv) -> None:
    result = inv("checks", "--junit", "checks.xml", "--sarif", "checks.sarif")

    assert result.code == 0, result.err
    assert "tls-mode" in result.out
    assert ET.parse("checks.xml").getroot().tag == "testsuites"
    assert json.loads(Path("checks.sarif").read_text())["version"] == "2.1.0"


def test_a_check_is_explained_and_listed(inv: Inv) -> None:
    explained = json.loads(inv("checks.explain", "origin-leak", "--output", "json").out)
    listed = rows(inv("checks.list", "--output", "json"))

    assert explained["check"] == "origin-leak"
    assert "around Cloudflare" in explained["why"]
    assert len(listed) == 31


def test_an_unknown_check_or_severity_is_refused_with_the_nearest_one(kept: Sandbox, inv: Inv) -> None:
    check, severity = inv("checks", "--only", "wildcrd"), inv("checks", "--severity", "terrible")

    assert (check.code, severity.code) == (1, 1)
    assert "did you mean wildcard?" in check.err
    assert "--severity takes info, low, medium, high, critical" in severity.err


def test_a_zone_of_internal_dns_is_not_judged_and_leaves_nothing_unknown(kept: Sandbox, inv: Inv) -> None:
    found = rows(inv("checks", "--output", "json"))
    shown = json.loads(inv("snapshots.show", "--output", "json").out)

    internal = zone_id("corp.example")
    reasons = {row["kind"]: row["note"] for row in shown if row["scope"] == internal}
    assert reasons["workers.route"] == "not asked: an internal zone only has DNS"
    assert reasons["dns.record"] == ""
    assert "corp.example" not in {row["zone"] for row in found}
