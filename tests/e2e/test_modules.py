"""Start-up is cheap because few modules are loaded: tested by modules, not by time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ops.sandbox.server import Sandbox
from tests.e2e.conftest import Shell

pytestmark = pytest.mark.unmeasured
# Invoke itself loads ssl (through asyncio) and yaml.
HEAVY = {
    "requests", "urllib3", "sqlite3", "cryptography", "tabulate", "tqdm", "dns", "pyrage", "colorama",
    "platformdirs", "dotenv", "tomllib", "http.server", "keyring",
}  # fmt: skip
PROBE = """
import sys
from invoke.main import program
try:
    program.run(sys.argv[:1] + {line!r})
finally:
    print(" ".join(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(shell: Shell, *line: str) -> set[str]:
    """Return the names of the modules that *line* has loaded when it ends."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(line=list(line))],
        env=shell.environ, cwd=shell.folder, capture_output=True, timeout=40, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stderr.splitlines()[-1].split())


def test_the_list_of_tasks_loads_nothing_heavy(bare: Shell) -> None:
    assert loaded(bare, "--list") & HEAVY == set()


def test_the_help_of_a_task_loads_nothing_heavy(bare: Shell) -> None:
    assert loaded(bare, "--help", "dns.list") & HEAVY == set()


def test_a_listing_loads_the_http_client_and_no_other_heavy_module(shell: Shell, sandbox: Sandbox) -> None:
    names = loaded(shell, "dns.list", "--zone", "example.com", "--output", "json", "--quiet")

    # The names of zones are cached in SQLite.
    assert names & HEAVY == {"requests", "urllib3", "sqlite3"}


def test_a_listing_by_id_needs_no_database(shell: Shell, sandbox: Sandbox) -> None:
    names = loaded(shell, "accounts.list", "--output", "json", "--quiet")

    assert names & HEAVY == {"requests", "urllib3"}
