"""The test kit of plugins and ops repositories, as their own suites use it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
TESTS = """
import json
import pytest
from ops.errors import NotFound

def test_a_line_reads_the_sandbox(inv, sandbox):
    listed = inv("zones.list", "--output", "json")
    assert listed.code == 0, listed.err
    assert "example.com" in {zone["name"] for zone in json.loads(listed.out)}
    assert inv("zones.info", "--zone", "absent.example").code == 5

def test_a_client_reads_the_sandbox(client, sandbox):
    assert client.get("/accounts/" + sandbox.account_id)["id"] == sandbox.account_id

def test_what_is_not_stubbed_fails(http):
    http.get("https://api.cloudflare.com/client/v4/zones", json={"success": True, "result": []})
"""


def test_the_fixtures_of_the_kit_serve_a_suite(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["ops.testing"]\n')
    (tmp_path / "test_own.py").write_text(TESTS)
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:xdist"]

    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True)

    assert "2 passed" in done.stdout, done.stdout
    assert "Not all requests have been executed" in done.stdout
