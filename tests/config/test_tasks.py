"""`config`, `profile` and `version`, as a user types them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result

Inv = Callable[..., Result]
CANARY = "cfut_" + "Ca7nary9Zq" * 4 + "a1b2c3d4"

pytestmark = pytest.mark.holds_secret("live.token", "staging.token")


def profiles(home: Path, text: str) -> None:
    (home / "config").mkdir(exist_ok=True)
    (home / "config" / "profiles.toml").write_text(text)


def test_each_setting_is_shown_with_its_origin_and_no_secret(
    inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", CANARY)
    monkeypatch.setenv("CFOPS_WORKERS", "3")
    monkeypatch.setenv("CFOPS_PROXY", "http://user:hunter2@proxy.example:8080")

    result = inv("config", "--output", "json")

    rows = {row["setting"]: row for row in json.loads(result.out)}
    assert rows["workers"] == {"setting": "workers", "value": 3, "origin": "environment CFOPS_WORKERS"}
    assert rows["credentials"]["value"] == "token cfut_… (53 characters)"
    assert rows["credentials"]["origin"] == "environment CLOUDFLARE_API_TOKEN"
    assert rows["proxy"]["value"] == "http://***@proxy.example:8080"
    assert rows["budget"] == {"setting": "budget", "value": 1000, "origin": "default"}
    assert CANARY[5:15] not in result.out + result.err
    assert "hunter2" not in result.out + result.err


def test_a_deprecated_variable_is_reported_beside_the_settings(
    inv: Inv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CF_API_TOKEN", CANARY)

    result = inv("config")

    assert "CF_API_TOKEN is no longer read: use CLOUDFLARE_API_TOKEN" in result.err
    assert CANARY[5:15] not in result.out + result.err


def test_profiles_are_listed_with_the_one_in_force(inv: Inv, home: Path) -> None:
    profiles(home, 'default = "live"\n[live]\naccount_id = "a1"\ntoken_file = "live.token"\n[staging]\n')
    (home / "config" / "live.token").write_text(CANARY)
    (home / "config" / "live.token").chmod(0o600)

    result = inv("profile", "--output", "json")

    live, staging = json.loads(result.out)
    assert (live["name"], live["in_force"], live["default"], live["account_id"]) == ("live", True, True, "a1")
    assert live["token"] == str(home / "config" / "live.token")
    assert (staging["name"], staging["in_force"]) == ("staging", False)
    assert result.code == 0


def test_no_profiles_is_not_a_failure(inv: Inv, home: Path) -> None:
    result = inv("profile")

    assert result.code == 0
    assert str(home / "config" / "profiles.toml") in result.err


def test_a_profile_is_in_force_for_the_rest_of_the_line(inv: Inv, home: Path) -> None:
    profiles(home, '[staging]\naccount_id = "a1"\n')

    result = inv("profile", "--name", "staging", "config", "--output", "json")

    rows = {row["setting"]: row for row in json.loads(result.out)}
    assert rows["profile"]["value"] == "staging"
    assert rows["account_id"]["value"] == "a1"
    assert rows["account_id"]["origin"].startswith("profile staging ")


def test_an_unknown_profile_names_the_nearest_and_ends_the_line(inv: Inv, home: Path) -> None:
    profiles(home, "[staging]\n")

    result = inv("profile", "--name", "stagin", "config")

    assert result.code == 1
    assert "no profile 'stagin'" in result.err
    assert "did you mean staging?" in result.err
    assert result.out == ""


def test_a_profile_can_be_made_the_default(inv: Inv, home: Path) -> None:
    profiles(home, "[staging]\n")

    result = inv("profile", "--name", "staging", "--default")

    assert result.code == 0
    assert (home / "config" / "profiles.toml").read_text() == 'default = "staging"\n[staging]\n'


def test_a_default_without_a_name_is_refused(inv: Inv) -> None:
    assert inv("profile", "--default").code == 1


def test_versions_are_reported(inv: Inv) -> None:
    reported = json.loads(inv("version", "--output", "json").out)

    assert set(reported) == {"cfops", "invoke", "requests", "python", "platform"}
    assert all(reported.values())


def test_what_the_sandbox_sets_is_reported_as_such(inv: Inv) -> None:
    result = inv("sandbox", "config", "--output", "json")

    rows = {row["setting"]: row for row in json.loads(result.out)}
    assert rows["credentials"]["value"] == "token sandbox_… (48 characters)"
    assert rows["base_url"]["origin"] == "set by an earlier task"


def test_the_variables_that_the_environment_holds_reach_a_task(inv: Inv, staged: Sandbox) -> None:
    assert inv("zones.list", "--output", "json").code == 0


@pytest.mark.unmeasured
def test_listing_the_tasks_loads_neither_settings_nor_their_libraries() -> None:
    heavy = "ops.config.settings ops.config.credentials dotenv tomllib platformdirs requests http.client"
    source = (
        f"import sys, ops.commands.config, ops.commands.doctor; print({heavy.split()} & sys.modules.keys())"
    )
    source = source.replace("print([", "print({").replace("] &", "} &")

    loaded = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])  # fmt: skip  # noqa: E501

    assert loaded.stdout == "set()\n"
