"""The runbooks of the README work on the sandbox without a change."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest

from tests.e2e.conftest import ROOT, Shell

README = (ROOT / "README.md").read_text()
RUNBOOKS = README.partition("## Runbooks")[2].partition("\n## ")[0]
MODULE = RUNBOOKS.partition("in its own `tasks.py`:")[2].partition("and then")[0]


def run(shell: Shell, line: str) -> subprocess.CompletedProcess[str]:
    """Run *line* as a shell does."""
    return subprocess.run(
        ["bash", "-c", line], env=shell.environ, cwd=shell.folder, capture_output=True, text=True, timeout=50
    )


@pytest.mark.long
def test_the_runbooks_work_unchanged(bare: Shell) -> None:
    lines = re.findall(r"^    (inv sandbox .+)$", RUNBOOKS, re.MULTILINE)

    ended = [(line, run(bare, line)) for line in lines]

    assert len(lines) == 8
    assert [(line, done.stderr) for line, done in ended if done.returncode] == []


def test_a_dry_run_of_a_runbook_changes_nothing(bare: Shell) -> None:
    line = "inv sandbox dns.list --zone example.com --output json"
    before = run(bare, line).stdout
    swap = next(found for found in re.findall(r"^    inv (sandbox dns.put .+)$", RUNBOOKS, re.MULTILINE))

    rehearsal = run(bare, f"inv --dry {swap}")

    assert rehearsal.returncode == 0, rehearsal.stderr
    assert "dry run" in rehearsal.stderr
    assert run(bare, line).stdout == before != ""


def test_a_runbook_may_be_a_task_of_the_repository(bare: Shell) -> None:
    Path(bare.folder, "tasks.py").write_text(dedent(MODULE))

    done = run(bare, "inv sandbox move-docs --to docs.example.net")
    shown = run(
        bare, "inv sandbox dns.list --zone example.com --name docs.example.com --fields content --no-headers"
    )

    assert done.returncode == 0, done.stderr
    assert shown.stdout.strip() == "docs.example.net"
