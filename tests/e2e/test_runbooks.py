"""The runbooks of the pages, as a user types them; all of them run in tests/test_documents.py."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.e2e.conftest import ROOT, Shell
from tests.tools.documents import steps

DOCS = ROOT / "ops" / "docs"
RUNBOOKS = [step.line for step in steps((DOCS / "runbooks.md").read_text())]
MODULE = (DOCS / "own-tasks.md").read_text().partition("```python\n")[2].partition("```")[0]


def run(shell: Shell, line: str) -> subprocess.CompletedProcess[str]:
    """Run *line* as a shell does."""
    return subprocess.run(
        ["bash", "-c", line], env=shell.environ, cwd=shell.folder, capture_output=True, text=True, timeout=50
    )


def test_a_dry_run_of_a_runbook_changes_nothing(bare: Shell) -> None:
    line = "inv sandbox dns.list --zone example.com --output json"
    before = run(bare, line).stdout
    swap = next(found for found in RUNBOOKS if found.startswith("inv --dry sandbox dns.put"))

    rehearsal = run(bare, swap)

    assert rehearsal.returncode == 0, rehearsal.stderr
    assert "dry run" in rehearsal.stderr
    assert run(bare, line).stdout == before != ""


def test_a_runbook_may_be_a_task_of_the_repository(bare: Shell) -> None:
    Path(bare.folder, "tasks.py").write_text(MODULE)

    done = run(bare, "inv sandbox move-docs --to docs.example.net")
    shown = run(
        bare, "inv sandbox dns.list --zone example.com --name docs.example.com --fields content --no-headers"
    )

    assert done.returncode == 0, done.stderr
    assert shown.stdout.strip() == "docs.example.net"
