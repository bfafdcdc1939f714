"""Snapshots in a bucket that are damaged, encrypted, or not whole."""

from __future__ import annotations

import os
import shlex
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.offsite.server import Answer, Environ, Server
from tests.snapshots.kept import ACCOUNT_ID, NOW, made

Inv = Callable[..., Result]


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", ACCOUNT_ID)


def test_a_damaged_snapshot_is_not_pushed(inv: Inv, exports: Path, place: str) -> None:
    folder = made(exports, NOW)
    (folder / "manifest.json").write_text("{")

    result = inv("snapshots.push", place, "--name", folder.name)

    assert result.code == 2
    assert "manifest.json" in result.err


def test_an_encrypted_snapshot_is_pushed_for_the_account_of_its_folder(
    inv: Inv,
    exports: Path,
    place: str,
    s3: Server,
    bucket: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = exports / ACCOUNT_ID / "2026-11-24T06-10-02Z-beef.tar.gz.age"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"only its key opens it")
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID")

    result = inv("snapshots.push", place, "--name", str(file))
    unknown = inv("snapshots.push", place, "--name", str(file.rename(exports / file.name)))

    assert result.code == 0, result.err
    assert list(s3.keys(bucket)) == [f"cloudflare/{ACCOUNT_ID}/{file.name}"]
    assert unknown.code == 1
    assert f"the account of {exports / file.name} is unknown" in unknown.err


def test_unfinished_uploads_are_named_before_they_are_removed(
    inv: Inv,
    exports: Path,
    s3: Server,
    place: str,
) -> None:
    folder = made(exports, NOW)
    assert inv("snapshots.push", place, "--name", folder.name).code == 0
    begun = datetime.now(UTC) - timedelta(hours=25)
    upload = (
        f"<Upload><Key>cloudflare/{ACCOUNT_ID}/old.tar.gz.age</Key><UploadId>1</UploadId>"
        f"<Initiated>{begun:%Y-%m-%dT%H:%M:%S}.000Z</Initiated></Upload>"
    )
    listing = f"<ListMultipartUploadsResult>{upload}</ListMultipartUploadsResult>".encode()
    s3.faults.append(lambda environ: Answer(200, listing) if "uploads" in environ["QUERY_STRING"] else None)
    s3.asked.clear()

    dry = inv("snapshots.prune", "--from", place, "--keep-last", "1", "--dry-run")
    asked = inv("snapshots.prune", "--from", place, "--keep-last", "1")

    assert dry.code == 0, dry.err
    assert "would be removed: old.tar.gz.age (an unfinished upload)" in dry.err
    assert asked.code == 1
    assert "will be removed: old.tar.gz.age (an unfinished upload)" in asked.err
    assert "not confirmed: remove 0 snapshots and 1 unfinished uploads" in asked.err
    assert [one for one in s3.asked if one.method == "DELETE"] == []


def test_a_push_that_is_interrupted_keeps_the_snapshot_and_says_how_to_resume(
    inv: Inv, staged: Sandbox, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID")

    def interrupt(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == "PUT":
            s3.faults.clear()
            os.kill(os.getpid(), signal.SIGINT)

    s3.faults.append(interrupt)
    result = inv("scan.export", "--only", "zones", "--push", place)
    (line,) = [line for line in result.err.splitlines() if line.startswith("warning: to resume: ")]
    words = shlex.split(line.partition("`inv ")[2].rstrip("`"))
    resumed = inv(*words, "--output", "json")

    assert result.code == 130
    assert "it is not, or not completely, in the bucket" in result.err
    assert resumed.code == 0, resumed.err
