"""Bad input as a user types it: a sentence, a hint that names the next command, the right exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.e2e.conftest import Shell
from tests.timing import bounded


def plain(result: Result, code: int, *words: str) -> None:
    """Assert what every mistake must end in."""
    assert result.code == code, result.err
    assert "Traceback" not in result.err
    assert "hint:" in result.err
    for word in words:
        assert word in result.err


def test_a_missing_token_names_the_variable_and_the_sandbox(bare: Shell) -> None:
    result = bare("zones.list")

    plain(
        result, 1, "no Cloudflare API token", "`inv init`", "CLOUDFLARE_API_TOKEN", "inv sandbox zones.list"
    )


def test_a_token_with_a_blank_is_refused_without_showing_it(bare: Shell) -> None:
    bare.environ["CLOUDFLARE_API_TOKEN"] = "cfut_secret part"

    result = bare("zones.list")

    plain(result, 1, "contains a blank", "cfut_…")
    assert "secret" not in result.err


def test_an_expired_token_is_reported(shell: Shell, sandbox: Sandbox) -> None:
    token = "sandbox_" + "e" * 40
    sandbox.store.add_token(token, expires_on="2026-01-01T00:00:00Z")
    shell.environ["CLOUDFLARE_API_TOKEN"] = token

    result = shell("zones.list")

    plain(result, 1, "inv doctor")
    assert token not in result.err + result.out


def test_an_unknown_zone_names_the_list_of_zones(shell: Shell) -> None:
    result = shell("dns.list", "--zone", "nowhere.example")

    plain(result, 1, "no zone nowhere.example", "inv zones.list")


def test_an_unknown_format_names_the_known_ones(shell: Shell, sandbox: Sandbox) -> None:
    result = shell("zones.list", "--output", "xml")

    plain(result, 1, "xml", "jsonl")
    assert sandbox.requests == []


def test_an_env_file_that_others_can_read_is_refused_with_its_mode(bare: Shell) -> None:
    file = bare.folder / ".env"
    file.write_text("CLOUDFLARE_API_TOKEN=cfut_abcdefgh\n")
    file.chmod(0o644)

    result = bare("zones.list")

    plain(result, 1, "0644", "chmod 600")


def test_a_base_url_on_plain_http_is_refused(bare: Shell) -> None:
    bare.environ |= {"CLOUDFLARE_API_TOKEN": "cfut_abcdefgh", "CLOUDFLARE_API_BASE_URL": "http://api.example"}

    result = bare("zones.list")

    plain(result, 1, "http://api.example")


def test_a_read_only_exports_folder_is_reported_before_the_first_request(
    shell: Shell, sandbox: Sandbox
) -> None:
    blocked = shell.folder / "taken"
    blocked.write_text("a file stands where the folder should be")
    shell.environ["CFOPS_EXPORTS"] = str(blocked)

    result = shell("scan.export")

    assert result.code in (1, 2), result.err
    assert "Traceback" not in result.err
    assert str(blocked) in result.err
    assert sandbox.requests == []


def test_an_unreachable_api_is_a_network_error(bare: Shell) -> None:
    bare.environ |= {
        "CLOUDFLARE_API_TOKEN": "sandbox_" + "x" * 40,
        "CLOUDFLARE_API_BASE_URL": "http://127.0.0.1:1/client/v4",
        "CFOPS_ATTEMPTS": "1",
    }

    result = bare("zones.list")

    plain(result, 3, "127.0.0.1")


def test_with_json_output_an_error_is_a_json_object_on_stderr(shell: Shell) -> None:
    result = shell("dns.list", "--zone", "nowhere.example", "--output", "json")

    error = json.loads(result.err)
    assert result.out == ""
    assert error["exit_code"] == result.code == 1
    assert "nowhere.example" in error["message"]
    assert "zones.list" in error["hint"]


@pytest.mark.fault("E6")
def test_a_value_that_begins_with_a_dash_needs_the_equals_sign(shell: Shell) -> None:
    result = shell("kv.get", "--namespace=config", "--key=--value")

    plain(result, 1, "key not found", "inv kv.keys")


def test_cfops_works_outside_a_repository(bare: Shell, tmp_path: Path) -> None:
    bare.folder = tmp_path

    version = bare("--version", program="cfops")
    listing = bare("sandbox", "accounts.list", program="cfops")

    assert version.code == listing.code == 0, listing.err
    assert version.out.startswith("cfops 0.")
    assert listing.out.startswith("name\t")


def test_a_second_run_of_the_sandbox_finds_the_state_of_the_first(bare: Shell) -> None:
    first = bare("sandbox", "zones.list", "--output", "json")
    second = bare("sandbox", "zones.list", "--output", "json")

    assert first.code == second.code == 0, first.err
    assert json.loads(first.out) == json.loads(second.out)
    assert len(json.loads(first.out)) == 12


@pytest.mark.long
def test_the_first_answer_comes_within_ten_seconds(bare: Shell) -> None:
    with bounded(10):
        result = bare("sandbox", "zones.list")

    assert result.code == 0, result.err
