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
    assert inv("zones.info", "--zone", "absent.example").code == 1

def test_a_client_reads_the_sandbox(client, sandbox):
    assert client.get("/accounts/" + sandbox.account_id)["id"] == sandbox.account_id

def test_what_is_not_stubbed_fails(http):
    http.get("https://api.cloudflare.com/client/v4/zones", json={"success": True, "result": []})
"""


PLUGIN = """
import pytest

@pytest.fixture
def plugins(request):
    return (request.param,)

@pytest.fixture
def environment(environment):
    return environment | {"CFOPS_ATTEMPTS": "1"}

@pytest.mark.parametrize("plugins", ["cfops-own"], indirect=True)
def test_a_route_of_the_plugin_answers(client, sandbox, inv):
    assert client.get("/own") == {"answer": 42}
    assert '"status":"enabled"' in inv("plugins", "--output", "json").out

@pytest.mark.parametrize("plugins", ["cfops-own"], indirect=True)
def test_a_route_that_breaks(client, sandbox):
    with pytest.raises(Exception, match="/broken: workers.api.error.unknown"):
        client.get("/broken")

@pytest.mark.parametrize("plugins", ["cfops-absent"], indirect=True)
def test_a_plugin_that_is_absent(environment):
    raise AssertionError("it was enabled")
"""
OWN = {
    "cfops_own/__init__.py": 'ROUTES = "cfops_own.routes"\n',
    "cfops_own/routes.py": """
from ops.sandbox.router import getter

@getter("/own", "account:read")
def own(request, store):
    return {"answer": 42}

@getter("/broken", "account:read")
def broken(request, store):
    raise RuntimeError("a route that breaks")
""",
    "cfops_own-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: cfops-own\nVersion: 1.0\n",
    "cfops_own-1.0.dist-info/RECORD": "",
    "cfops_own-1.0.dist-info/entry_points.txt": "[cfops.plugins.v1]\nown = cfops_own\n",
}


def test_the_fixtures_of_the_kit_serve_a_suite_and_one_of_a_plugin(tmp_path: Path) -> None:
    site = tmp_path / "site"
    for name, text in OWN.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text)
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["ops.testing"]\n')
    (tmp_path / "test_own.py").write_text(TESTS)
    (tmp_path / "test_plugin.py").write_text(PLUGIN)
    environ = {**os.environ, "PYTHONPATH": f"{ROOT}:{site}"}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:cov", "-p", "no:xdist"]

    done = subprocess.run(words, cwd=tmp_path, env=environ, capture_output=True, text=True)

    assert "5 passed, 3 errors" in done.stdout, done.stdout
    assert "RuntimeError: a route that breaks" in done.stdout
    assert "cfops-absent is not installed: pip install --editable ." in done.stdout
    assert "it was enabled" not in done.stdout
    assert "Not all requests have been executed" in done.stdout
