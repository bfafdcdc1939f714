"""The dashboard and the alert rules: every metric in them is written, and promtool accepts all of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
METRIC = re.compile(r"\b(?:cfops|node)_[a-z0-9_]+")
PROMTOOL = shutil.which("promtool")
needs_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is in Debian's package prometheus")


@pytest.fixture
def folder(inv: Inv, tmp_path: Path) -> Path:
    assert inv("metrics.dashboard", "--to", str(tmp_path / "prometheus")).code == 0
    return tmp_path / "prometheus"


def written(inv: Inv, tmp_path: Path) -> str:
    """Return the textfile after an export."""
    assert inv("scan.export", "--quiet").code == 0
    assert inv("metrics.export", "--to", str(tmp_path / "cfops.prom")).code == 0
    return (tmp_path / "cfops.prom").read_text()


def named(text: str) -> set[str]:
    return set(METRIC.findall(text))


def test_each_metric_in_the_dashboard_and_the_rules_is_written(
    inv: Inv, staged: Sandbox, folder: Path, tmp_path: Path
) -> None:
    families = set(re.findall(r"# TYPE (\S+) gauge", written(inv, tmp_path)))
    dashboard = json.loads((folder / "dashboard.json").read_text())
    rules = yaml.safe_load((folder / "cfops.rules.yml").read_text())

    shown = {name for panel in dashboard["panels"] for one in panel["targets"] for name in named(one["expr"])}
    shown |= named(json.dumps(dashboard["templating"]))
    judged = {name for group in rules["groups"] for rule in group["rules"] for name in named(rule["expr"])}

    assert len(shown) > 15
    assert len(judged) > 8
    assert sorted((shown | judged) - families) == []


def test_the_panels_of_the_dashboard_do_not_overlap(folder: Path) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in json.loads((folder / "dashboard.json").read_text())["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_each_rule_has_a_test_in_which_it_fires(folder: Path) -> None:
    rules = yaml.safe_load((folder / "cfops.rules.yml").read_text())
    tests = yaml.safe_load((folder / "cfops.rules.test.yml").read_text())

    fired = {
        one["alertname"] for test in tests["tests"] for one in test["alert_rule_test"] if one["exp_alerts"]
    }
    assert {rule["alert"] for group in rules["groups"] for rule in group["rules"]} == fired


@pytest.mark.long
@needs_promtool
def test_promtool_accepts_the_rules_and_their_tests(folder: Path) -> None:
    for line in (("check", "rules", "cfops.rules.yml"), ("test", "rules", "cfops.rules.test.yml")):
        done = subprocess.run([str(PROMTOOL), *line], cwd=folder, capture_output=True, text=True)

        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@needs_promtool
def test_promtool_accepts_what_is_written(inv: Inv, staged: Sandbox, tmp_path: Path) -> None:
    text = written(inv, tmp_path)

    done = subprocess.run([str(PROMTOOL), "check", "metrics"], input=text, capture_output=True, text=True)

    assert (done.returncode, done.stdout + done.stderr) == (0, "")
