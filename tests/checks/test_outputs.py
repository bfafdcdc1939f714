"""JUnit and SARIF: what other programs read of the results."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft4Validator, FormatChecker

from ops.checks.accepted import Accepted, applied
from ops.checks.catalog import checks
from ops.checks.junit import junit
from ops.checks.model import View
from ops.checks.run import Result, run
from ops.checks.sarif import Source, sarif
from ops.items import Json
from ops.snapshots.whole import WholeSections
from tests.checks.building import NOW, Given, record, written
from tests.snapshots.making import ACCOUNT_ID

# The official schema, of the npm package @microsoft/jest-sarif, which `.ci/run` installs.
SCHEMA = Path(__file__).parents[2] / "node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json"
needs_schema = pytest.mark.skipif(
    not SCHEMA.exists() and "CI" not in os.environ, reason="the schema of SARIF is not installed"
)


def problems(found: Json) -> list[str]:
    """Return what the official schema refuses in *found*."""
    validator = Draft4Validator(json.loads(SCHEMA.read_text()), format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(found)]


@pytest.fixture
def sections(tmp_path: Path) -> WholeSections:
    records = [
        record("A", "*", "198.51.100.1"),
        record("A", "db", "10.0.0.1"),
        record("CNAME", "zz", "gone.example.org"),
    ]
    given = Given(records, others={"example.org": [], "example.net": []}, unread=("zones.dnssec",))
    return written(tmp_path / "snapshot", given)


def ran(sections: WholeSections) -> list[Result]:
    return list(run(checks(), View(sections, NOW)))


def document(sections: WholeSections, base: Path, results: list[Result] | None = None) -> Json:
    made = sarif(ran(sections) if results is None else results, "info", Source(sections, base.resolve()))
    return dict(json.loads(json.dumps(made)))


@needs_schema
def test_sarif_is_valid_by_the_official_schema(sections: WholeSections, tmp_path: Path) -> None:
    made = document(sections, tmp_path)

    assert problems(made) == []
    assert problems(document(sections, tmp_path, [])) == []
    assert len(made["runs"][0]["results"]) > 5


@needs_schema
def test_the_official_schema_refuses_an_unknown_name_and_a_missing_one(
    sections: WholeSections, tmp_path: Path
) -> None:
    made = document(sections, tmp_path)
    result = made["runs"][0]["results"][0]
    result["status"] = result.pop("message")

    assert len(problems(made)) == 2


def test_every_result_of_sarif_has_the_true_line_of_its_item(sections: WholeSections, tmp_path: Path) -> None:
    results = document(sections, tmp_path)["runs"][0]["results"]

    places = [(one["ruleId"], location) for one in results for location in one["locations"]]
    for rule, location in places:
        physical, name = location["physicalLocation"], location["logicalLocations"][0]["fullyQualifiedName"]
        lines = (tmp_path / physical["artifactLocation"]["uri"]).read_text().splitlines()
        line = lines[physical["region"]["startLine"] - 1]
        if rule in ("private-address", "wildcard", "cname-to-nothing"):
            assert json.loads(line)["item"]["name"] == name.partition("/")[2].partition(" ")[0]
        elif rule == "spf":
            assert json.loads(line)["item"]["name"] == name.partition("/")[0]
    assert {"private-address", "wildcard", "cname-to-nothing", "spf"} <= {rule for rule, _ in places}


def test_what_has_no_item_in_the_snapshot_is_placed_at_a_line_that_exists(tmp_path: Path) -> None:
    account = {"notifications.policy": [], "pages.project": []}
    given = Given([record("A", "*", "198.51.100.1"), record("A", "*.dev", "198.51.100.1")], account=account)
    expired = [Accepted("wildcard", "*.dev*", "meant", date(2026, 11, 1), line=7)]
    sections = written(tmp_path / "snapshot", given)
    results = list(applied(ran(sections), expired, ACCOUNT_ID, date(2026, 11, 22)))

    found = {
        one["ruleId"]: one["locations"][0]
        for one in document(sections, tmp_path, results)["runs"][0]["results"]
    }

    places = {rule: one["physicalLocation"] for rule, one in found.items()}
    assert places["accepted"]["artifactLocation"] == {"uri": ".cfops-ignore.toml"}
    assert places["accepted"]["region"] == {"startLine": 7}
    assert places["spf"]["artifactLocation"]["uri"].endswith("zones.zone.jsonl")
    assert places["account"]["artifactLocation"]["uri"].endswith("manifest.json")
    assert places["account"]["region"] == {"startLine": 1}


def test_a_fingerprint_survives_a_restore_which_changes_ids(sections: WholeSections, tmp_path: Path) -> None:
    again = [
        record("A", "db", "10.0.0.1") | {"id": "another"},
        record("A", "*", "198.51.100.1") | {"id": "new"},
    ]
    other = written(tmp_path / "again", Given(again))

    def prints(made: Json) -> dict[str, str]:
        results = made["runs"][0]["results"]
        kept = [one for one in results if one["ruleId"] in ("private-address", "wildcard")]
        return {one["ruleId"]: one["partialFingerprints"]["cfopsFinding/v1"] for one in kept}

    before, after = prints(document(sections, tmp_path)), prints(document(other, tmp_path))
    assert before == after
    assert len(before) == 2


def test_sarif_without_findings_has_an_empty_list_of_results(sections: WholeSections, tmp_path: Path) -> None:
    assert document(sections, tmp_path, [])["runs"][0]["results"] == []


def test_what_is_unknown_is_a_notification_in_sarif_and_never_a_result(
    sections: WholeSections, tmp_path: Path
) -> None:
    run = document(sections, tmp_path)["runs"][0]

    notes = [one["message"]["text"] for one in run["invocations"][0]["toolExecutionNotifications"]]
    assert any(note.startswith("dnssec-off: not read: zones.dnssec: skipped") for note in notes)
    assert "dnssec-off" not in {one["ruleId"] for one in run["results"]}


def test_junit_has_a_suite_a_zone_and_a_case_a_check_and_skips_what_is_unknown(
    sections: WholeSections,
) -> None:
    tree = ET.fromstring(junit(ran(sections), "info"))

    suites = {suite.get("name"): suite for suite in tree}
    assert list(suites) == ["example.com", "example.net", "example.org", "account"]
    cases = {case.get("name"): case for case in suites["example.com"]}
    assert cases["private-address"].find("failure") is not None
    assert "db.example.com A: 10.0.0.1 is a private address" in (cases["private-address"][0].text or "")
    assert cases["dnssec-off"].find("skipped") is not None
    assert len(cases["origin-leak"]) == 0
    assert int(suites["example.com"].get("tests", "")) == len(cases)


def test_junit_skips_findings_below_the_severity_instead_of_passing_them(sections: WholeSections) -> None:
    tree = ET.fromstring(junit(ran(sections), "high"))

    cases = {case.get("name"): case for case in tree[0]}
    assert cases["wildcard"][0].tag == "skipped"
    assert cases["wildcard"][0].get("message") == "low is below high"


def test_names_that_xml_and_terminals_would_interpret_are_escaped(tmp_path: Path) -> None:
    given = Given([record("A", "a", "10.0.0.1") | {"name": '<b>&"\x1b[31m.example.com'}])

    text = junit(ran(written(tmp_path / "hostile", given)), "info")

    assert ET.fromstring(text) is not None
    assert "&lt;b&gt;" in text
    assert "\x1b" not in text
