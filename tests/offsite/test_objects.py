"""A bucket at the edges: what is removed, what is not a snapshot, and settings that cannot be used."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine

from ops.snapshots.layout import snapshot_name
from tests.conftest import Result
from tests.offsite.server import Answer, Server
from tests.snapshots.kept import ACCOUNT_ID, DAY, NOW

Inv = Callable[..., Result]
FOLDER = f"cloudflare/{ACCOUNT_ID}"
ENDING = ".tar.gz.age"


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
