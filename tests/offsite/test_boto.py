"""Requests to a bucket use our settings, and nothing else of the machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result
from tests.offsite.server import KEY_ID, SECRET, Server
from tests.snapshots.kept import made

Inv = Callable[..., Result]


def test_keys_of_the_aws_command_line_are_not_used(
    inv: Inv, s3: Server, place: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    (home / ".aws").mkdir()
    (home / ".aws" / "credentials").write_text(
        f"[default]\naws_access_key_id={KEY_ID}\naws_secret_access_key={SECRET}\n"
    )
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")

    result = inv("snapshots.list", "--from", place)

    assert result.code == 1
    assert "no keys for the bucket" in result.err
    assert "aws configure export-credentials" in result.err
    assert s3.asked == []


def test_no_other_setting_of_the_machine_redirects_a_request(
    inv: Inv, s3: Server, place: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(home))
    (home / ".aws").mkdir()
    (home / ".aws" / "config").write_text("[default]\nregion = nowhere\nendpoint_url = http://127.0.0.1:1\n")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")

    result = inv("snapshots.list", "--from", place)

    assert result.code == 0, result.err


def test_without_the_extra_the_error_says_what_to_install(
    inv: Inv, exports: Path, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(exports)
    monkeypatch.setitem(sys.modules, "boto3", None)

    here = inv("snapshots.list")
    there = inv("snapshots.push", "--to", place)

    assert (here.code, there.code) == (0, 1)
    assert "pip install 'cfops[s3]'" in there.err


def test_a_session_token_is_sent_with_a_temporary_key(
    inv: Inv, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens = []
    s3.faults.append(lambda environ: tokens.append(environ.get("HTTP_X_AMZ_SECURITY_TOKEN")))
    monkeypatch.setenv("AWS_SESSION_TOKEN", "temporary-token")

    result = inv("snapshots.list", "--from", place)

    assert result.code == 0, result.err
    assert set(tokens) == {"temporary-token"}


def test_keys_are_shown_only_by_their_length(inv: Inv, s3: Server) -> None:
    result = inv("config", "--output", "json")

    rows = {row["setting"]: row for row in json.loads(result.out)}
    assert rows["s3_keys"]["value"] == "… (20 characters), … (40 characters)"
    assert rows["s3_keys"]["origin"] == "environment AWS_ACCESS_KEY_ID"
    assert rows["s3_endpoint"]["value"] == s3.url
    assert SECRET not in result.out


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"])
def test_a_key_that_no_header_can_carry_is_refused_without_showing_it(
    inv: Inv, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, "canary canary")

    result = inv("snapshots.list", "--from", place)

    assert result.code == 1
    assert f"{name}, beside environment AWS_ACCESS_KEY_ID, contains a blank" in result.err
    assert "canary" not in result.err


def test_a_secret_in_a_response_is_hidden(
    inv: Inv, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.offsite.server import Answer

    body = f"<Error><Code>Odd</Code><Message>you sent {SECRET}</Message></Error>".encode()
    s3.faults.append(lambda environ: Answer(400, body))

    result = inv("snapshots.list", "--from", place)

    assert "you sent [hidden]" in result.err
    assert SECRET not in result.err
