"""A bucket at the edges: what is removed, what is not a snapshot, and settings that cannot be used."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from ops.snapshots.layout import snapshot_name
from tests.conftest import Result
from tests.offsite.server import Answer, Environ, Server
from tests.snapshots.kept import ACCOUNT_ID, DAY, NOW, made

Inv = Callable[..., Result]
FOLDER = f"cloudflare/{ACCOUNT_ID}"
ENDING = ".tar.gz.age"
LARGE = [{"id": f"{number:032x}", "title": "x" * 100_000} for number in range(60)]


def put(s3: Server, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.client().put_object(Bucket=bucket, Key=key, Body=b"x")


def test_an_encrypted_snapshot_that_no_rule_keeps_is_one_object_less(
    inv: Inv, s3: Server, bucket: str, place: str
) -> None:
    new, old = (f"{FOLDER}/{snapshot_name(NOW - n * DAY, 'beef')}{ENDING}" for n in range(2))
    put(s3, bucket, new, old)

    result = inv("snapshots.prune", "--from", place, "--keep-last", "1", "--yes", "--output", "json")

    assert result.code == 0, result.err
    assert [one["action"] for one in json.loads(result.out)] == ["kept", "removed"]
    assert set(s3.keys(bucket)) == {new}


def test_an_unfinished_upload_is_removed_a_day_later(inv: Inv, s3: Server, bucket: str, place: str) -> None:
    whole, half = f"{FOLDER}/{snapshot_name(NOW, 'beef')}{ENDING}", snapshot_name(NOW - DAY, "beef")
    put(s3, bucket, whole, f"{FOLDER}/{half}/zones.zone.jsonl")
    line = ("snapshots.prune", "--from", place, "--keep-last", "9", "--yes")

    young = inv(*line)
    with time_machine.travel(datetime.now(UTC).timestamp() + DAY + 60):
        old = inv(*line)

    assert (young.code, old.code) == (0, 0), old.err
    assert half not in young.err
    assert f"removed: {half} (an unfinished upload)" in old.err
    assert set(s3.keys(bucket)) == {whole}


def test_an_upload_without_a_time_is_left_alone(inv: Inv, s3: Server, bucket: str, place: str) -> None:
    put(s3, bucket, f"{FOLDER}/{snapshot_name(NOW, 'beef')}{ENDING}")
    upload = f"<Upload><Key>{FOLDER}/old{ENDING}</Key><UploadId>1</UploadId></Upload>"
    listing = f"<ListMultipartUploadsResult>{upload}</ListMultipartUploadsResult>".encode()
    s3.faults.append(lambda environ: Answer(200, listing) if "uploads" in environ["QUERY_STRING"] else None)

    result = inv("snapshots.prune", "--from", place, "--keep-last", "1", "--yes")

    assert result.code == 0, result.err
    assert s3.sent("DELETE") == []


def test_a_folder_without_a_snapshot_is_not_an_account(inv: Inv, s3: Server, bucket: str, place: str) -> None:
    name = snapshot_name(NOW, "beef")
    put(s3, bucket, f"{FOLDER}/{name}{ENDING}", f"cloudflare/{'b' * 32}/notes.txt", "cloudflare/other/x.txt")

    result = inv("snapshots.list", "--from", place, "--output", "json")

    assert result.code == 0, result.err
    assert [one["snapshot"] for one in json.loads(result.out)] == [name]


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("CFOPS_PROXY", "ftp://proxy.example", "proxy"),
        ("CFOPS_CA_FILE", "absent.pem", "absent.pem"),
        ("CFOPS_CA_FILE", "notes.pem", "notes.pem"),
    ],
)
def test_a_setting_that_no_bucket_can_be_reached_with_is_refused_before_any_request(
    inv: Inv, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch, setting: str, value: str, words: str
) -> None:
    Path("notes.pem").write_text("not a certificate")
    monkeypatch.setenv(setting, value)

    result = inv("snapshots.list", "--from", place)

    assert result.code == 1
    assert words in result.err
    assert s3.asked == []


def interrupting(method: str, part: str) -> Callable[[Environ], None]:
    """Return a fault that presses Ctrl-C at the first request of *part* by *method*."""
    left = [part]

    def fault(environ: Environ) -> None:
        where = f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        if left and environ["REQUEST_METHOD"] == method and left[0] in where:
            left.clear()
            os.kill(os.getpid(), signal.SIGINT)

    return fault


def test_a_stop_between_two_parts_deletes_the_parts(
    inv: Inv, home: Path, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.offsite.bucket.WHOLE", 1000)
    folder = home / "exports" / ACCOUNT_ID
    folder.mkdir(parents=True)
    (folder / f"{snapshot_name(NOW, 'beef')}{ENDING}").write_bytes(bytes(range(256)) * 40_000)
    s3.faults.append(interrupting("PUT", "partNumber=1"))

    result = inv("snapshots.push", "--to", place)

    assert result.code == 130
    assert [asked.query for asked in s3.asked if "partNumber=2" in asked.query] == []
    assert any(asked.method == "DELETE" and "uploadId" in asked.query for asked in s3.asked)


def test_a_stop_while_a_file_is_fetched_leaves_nothing(inv: Inv, home: Path, s3: Server, place: str) -> None:
    folder = made(home / "exports", items={("kv.namespace", ACCOUNT_ID): LARGE})
    assert inv("snapshots.push", "--to", place).code == 0
    s3.faults.append(interrupting("GET", "kv.namespace.jsonl"))

    result = inv("snapshots.verify", "--name", f"{place}/latest")

    assert result.code == 130
    assert folder.exists()
    assert list((home / "state").glob(".opened-*")) == []
