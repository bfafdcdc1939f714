"""A release: version, tag and changelog agree; its workflows build without a token, with pinned actions."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ops.schedule.github import ACTIONS
from ops.version import VERSION
from tests.packages.conftest import ROOT

FOLDER = ROOT / ".github" / "workflows"


def release(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / ".packaging" / "release.py"), *words], capture_output=True, text=True
    )


def jobs(name: str) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text())["jobs"]
    return jobs


def test_the_version_the_newest_section_of_the_changelog_and_the_reusable_workflow_agree() -> None:
    # Before a release, the section has no date yet.
    dated = [
        line for line in release("check", f"v{VERSION}").stderr.splitlines() if "has no date" not in line
    ]

    assert dated == []


def test_another_tag_than_the_version_is_refused() -> None:
    done = release("check", "v99.0")

    assert done.returncode == 1
    assert done.stderr.startswith(f"the tag is v99.0, and the version in ops/version.py is {VERSION}\n")


def test_the_notes_are_the_section_of_the_changelog() -> None:
    notes = release("notes", f"v{VERSION}").stdout
    text = (ROOT / "CHANGELOG.md").read_text()

    assert notes.strip()
    assert notes.strip() in text
    assert "\n## " not in notes
    assert release("notes", "v99.0").returncode == 1


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.yml")), ids=lambda file: file.stem)
def test_actions_are_pinned_to_commits_and_each_to_one(file: Path) -> None:
    used = re.findall(r"uses: (?!OWNER)(\S+)(.*)$", file.read_text(), re.MULTILINE)

    assert used
    for action, comment in used:
        name, _, commit = action.partition("@")
        assert re.fullmatch(r"[0-9a-f]{40}", commit), action
        assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment), action
        if name in ACTIONS:
            assert (commit, comment.removeprefix(" # ")) == ACTIONS[name]


def test_what_builds_has_no_token_and_what_publishes_builds_nothing() -> None:
    found = jobs("release.yml")

    assert found["build"]["permissions"] == {"contents": "read"}
    for name in found.keys() - {"build"}:
        text = str(found[name]["steps"])
        assert found[name]["permissions"]["id-token"] == "write"
        assert "checkout" not in text
        assert ".ci/package" not in text


def test_the_suite_runs_on_each_python_of_the_metadata_on_both_systems() -> None:
    matrix = jobs("ci.yml")["suite"]["strategy"]["matrix"]
    versions = re.findall(r"Python :: (3\.\d+)\"", (ROOT / "pyproject.toml").read_text())

    assert matrix == {"os": ["ubuntu-latest", "macos-latest"], "python": versions}
