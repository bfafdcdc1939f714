"""Pushing a snapshot: complete and in order, resumable, and never taken for one while unfinished."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest

from ops.sandbox.faults import Fault
from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.offsite.server import Answer, Environ, Server, refusal
from tests.scan.processes import start, wait_until
from tests.snapshots.kept import ACCOUNT_ID, DAY, ITEMS, NOW, made

Inv = Callable[..., Result]
KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def below(s3: Server, bucket: str, folder: Path) -> dict[str, bytes]:
    """Return the objects of the snapshot *folder*."""
    prefix = f"cloudflare/{ACCOUNT_ID}/{folder.name}/"
    return {key.removeprefix(prefix): body for key, body in s3.keys(bucket).items() if key.startswith(prefix)}


def listed(inv: Inv, place: str) -> list[str]:
    result = inv("snapshots.list", "--from", place, "--output", "json")
    assert result.code == 0, result.err
    return [row["snapshot"] for row in json.loads(result.out)]


def failing(number: int, answer: Answer) -> Callable[[Environ], Answer | None]:
    """Return a fault for the PUT with that *number*, counted from 0, and each later one."""
    count = -1

    def fault(environ: Environ) -> Answer | None:
        nonlocal count
        count += environ["REQUEST_METHOD"] == "PUT"
        return answer if environ["REQUEST_METHOD"] == "PUT" and count >= number else None

    return fault


def test_a_snapshot_has_the_same_files_in_the_bucket_and_its_manifest_is_sent_last(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str
) -> None:
    folder = made(exports)

    result = inv("snapshots.push", "--to", place, "--output", "json")

    message = json.loads(result.out)
    assert result.code == 0, result.err
    assert below(s3, bucket, folder) == files_of(folder)
    assert s3.sent("PUT")[-1].endswith("/manifest.json")
    assert (message["objects"], message["sent"]) == (len(files_of(folder)),) * 2
    assert message["address"] == f"{place}/{ACCOUNT_ID}/{folder.name}"
    assert message["bytes"] == sum(map(len, files_of(folder).values()))


@pytest.mark.long
def test_an_interrupted_push_is_resumed_and_sends_nothing_twice(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_WORKERS", "1")
    items = {
        of: ITEMS[of]
        for of in (("zones.zone", ACCOUNT_ID), ("dns.record", "z1"), ("workers.script", ACCOUNT_ID))
    }
    count = len(files_of(made(exports, NOW - DAY, items=items)))
    for broken in range(count):
        folder = made(exports, NOW + broken, items=items)
        s3.faults.append(failing(broken, refusal(503, "SlowDown")))

        failed = inv("snapshots.push", "--name", folder.name, "--to", place)
        half = below(s3, bucket, folder)
        assert (failed.code, len(half), "manifest.json" in half) == (2, broken, False), failed.err
        assert folder.name not in listed(inv, place)
        s3.faults.clear()
        s3.asked.clear()
        resumed = inv("snapshots.push", "--name", folder.name, "--to", place, "--output", "json")

        assert json.loads(resumed.out)["sent"] == count - broken
        assert len(s3.sent("PUT")) == count - broken
        assert below(s3, bucket, folder) == files_of(folder)
    assert len(listed(inv, place)) == count == 5


def test_a_busy_bucket_is_retried(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "2")
    folder = made(exports)
    busy = [refusal(503, "SlowDown")]
    s3.faults.append(lambda environ: busy.pop() if busy and environ["REQUEST_METHOD"] == "PUT" else None)

    result = inv("snapshots.push", "--to", place)

    assert result.code == 0, result.err
    assert len(s3.sent("PUT")) == len(files_of(folder)) + 1
    assert below(s3, bucket, folder) == files_of(folder)


def test_existing_objects_are_not_sent_again(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str
) -> None:
    made(exports)
    inv("snapshots.push", "--to", place)
    s3.asked.clear()

    again = inv("snapshots.push", "--to", place, "--output", "json")

    assert (again.code, json.loads(again.out)["sent"]) == (0, 0)
    assert s3.sent("PUT") == []


def test_an_object_of_the_same_size_with_another_content_is_sent_again(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str
) -> None:
    folder = made(exports)
    inv("snapshots.push", "--to", place)
    whole = (folder / "dns.record.jsonl").read_bytes()
    s3.put(bucket, f"cloudflare/{ACCOUNT_ID}/{folder.name}/dns.record.jsonl", whole[:-2] + b"x\n")

    inv("snapshots.push", "--to", place)

    assert below(s3, bucket, folder)["dns.record.jsonl"] == whole


def test_a_byte_changed_in_transit_is_found(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str
) -> None:
    folder = made(exports)

    def flip(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == "PUT" and environ["PATH_INFO"].endswith("dns.record.jsonl"):
            environ["test.body"] = environ["test.body"][:-2] + b"?\n"

    s3.faults.append(flip)

    result = inv("snapshots.push", "--to", place)

    assert result.code == 2
    assert "it was changed in transit" in result.err
    assert "manifest.json" not in below(s3, bucket, folder)


def test_each_object_comes_with_its_checksum_and_a_signature_over_its_content(
    inv: Inv, exports: Path, s3: Server, place: str
) -> None:
    folder = made(exports)
    message: list[tuple[str, str]] = []

    def record(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == "PUT":
            message.append((environ["HTTP_X_AMZ_CHECKSUM_SHA256"], environ["HTTP_X_AMZ_CONTENT_SHA256"]))

    s3.faults.append(record)

    inv("snapshots.push", "--to", place)

    digests = [hashlib.sha256(body) for body in files_of(folder).values()]
    assert sorted(message) == sorted((b64encode(d.digest()).decode(), d.hexdigest()) for d in digests)


def test_an_object_that_disappears_during_the_push_leaves_no_manifest(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str
) -> None:
    folder = made(exports)
    lost = f"cloudflare/{ACCOUNT_ID}/{folder.name}/dns.record.jsonl"
    s3.faults.append(lambda environ: Answer(200) if environ["PATH_INFO"].endswith(lost) else None)

    result = inv("snapshots.push", "--to", place)

    assert result.code == 2
    assert f"{lost} was sent, but it is missing or has another size in the bucket" in result.err
    assert "manifest.json" not in below(s3, bucket, folder)


def test_a_damaged_file_is_not_sent(inv: Inv, exports: Path, s3: Server, bucket: str, place: str) -> None:
    folder = made(exports)
    (folder / "dns.record.jsonl").write_bytes(b"{}\n")

    result = inv("snapshots.push", "--to", place)

    assert result.code == 2
    assert "dns.record.jsonl is damaged" in result.err
    assert not {"manifest.json", "dns.record.jsonl"} & below(s3, bucket, folder).keys()


def test_another_snapshot_of_the_same_name_is_never_replaced(
    inv: Inv, exports: Path, tmp_path: Path, s3: Server, bucket: str, place: str
) -> None:
    folder = made(exports)
    inv("snapshots.push", "--to", place)
    other = made(tmp_path, reason="another")

    result = inv("snapshots.push", "--name", str(other), "--to", place)

    assert result.code == 1
    assert "another snapshot has the name" in result.err
    assert below(s3, bucket, folder) == files_of(folder)


def test_a_dry_run_reports_how_much_it_would_send(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str
) -> None:
    count = len(files_of(made(exports)))

    result = inv("snapshots.push", "--to", place, "--dry-run")

    assert result.code == 0
    assert f"{count} of {count} objects would be sent to {place}/" in result.err
    assert s3.keys(bucket) == {}


def test_a_complete_export_is_pushed(staged: Sandbox, inv: Inv, s3: Server, bucket: str, place: str) -> None:
    result = inv("scan.export", "--push", place, "--output", "json")

    message = json.loads(result.out)
    folder = Path(message["snapshot"])
    assert result.code == 0, result.err
    assert message["pushed"] == f"{place}/{staged.account_id}/{folder.name}"
    keys = s3.keys(bucket)
    prefix = f"cloudflare/{staged.account_id}/{folder.name}/"
    assert {key.removeprefix(prefix): body for key, body in keys.items()} == files_of(folder)


def test_the_page_of_an_export_is_pushed_beside_the_snapshots_in_place_of_the_last_one(
    staged: Sandbox, inv: Inv, s3: Server, bucket: str, place: str
) -> None:
    line = ("scan.export", "--only", "dns", "--report", "--push", place, "--output", "json")
    first, second = (json.loads(inv(*line).out) for _ in range(2))

    key = f"cloudflare/{staged.account_id}/report.html"
    stored = s3.client().get_object(Bucket=bucket, Key=key)
    assert second["pushed_report"] == first["pushed_report"] == f"{place}/{staged.account_id}/report.html"
    assert stored["Body"].read() == Path(second["report"]).read_bytes()
    assert stored["ContentType"] == "text/html; charset=utf-8"
    listed = json.loads(inv("snapshots.list", "--from", place, "--output", "json").out)
    assert {row["snapshot"] for row in listed} == {Path(one["snapshot"]).name for one in (first, second)}


@pytest.mark.long
def test_a_partial_snapshot_is_pushed_as_partial_and_is_never_latest(
    staged: Sandbox, inv: Inv, s3: Server, place: str
) -> None:
    staged.faults.add(Fault("denied", path="*/dns_records*", times=-1))

    result = inv("scan.export", "--push", place)

    [row] = json.loads(inv("snapshots.list", "--from", place, "--output", "json").out)
    latest = inv("snapshots.show", "--name", f"{place}/latest")
    assert (result.code, row["status"]) == (4, "partial")
    assert (latest.code, inv("snapshots.status", "--from", place).code) == (1, 1)
    assert "there is no complete snapshot" in latest.err


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (refusal(403, "AccessDenied"), 1, "needs permission to list, read, write"),
        (refusal(403, "SignatureDoesNotMatch"), 1, "the secret does not match"),
        (refusal(400, "ExpiredToken"), 1, "the temporary key has expired"),
        (refusal(404, "NoSuchBucket"), 1, "create the bucket"),
        (refusal(400, "AuthorizationHeaderMalformed"), 1, "set AWS_REGION"),
        (refusal(500, "InternalError"), 2, "InternalError, 500"),
        (Answer(200, b"<html>", length=2000), 2, "list s3://"),
    ],
)
def test_a_refusal_of_the_bucket_has_a_hint(
    inv: Inv, exports: Path, s3: Server, place: str, answer: Answer, code: int, message: str
) -> None:
    made(exports)
    s3.faults.append(lambda environ: answer)

    result = inv("snapshots.push", "--to", place)

    assert result.code == code, result.err
    assert message in result.err
    assert "Traceback" not in result.err


def test_an_export_that_cannot_be_pushed_is_kept_and_nothing_is_pruned(
    staged: Sandbox, inv: Inv, s3: Server, place: str
) -> None:
    first = json.loads(inv("scan.export", "--only", "dns", "--output", "json").out)["snapshot"]
    s3.faults.append(lambda environ: refusal(403, "AccessDenied"))

    result = inv("scan.export", "--only", "dns", "--push", place, "--prune", "last=1")

    paths = {row["path"] for row in json.loads(inv("snapshots.list", "--output", "json").out)}
    assert result.code == 1, result.err
    assert first in paths
    [kept] = paths - {first}
    assert f"the snapshot is kept: {kept}" in result.err
    assert f"inv snapshots.push --name {kept} --to {place}`" in result.err


def test_an_unreachable_bucket_is_a_network_error(
    staged: Sandbox, inv: Inv, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_S3_ENDPOINT", "http://127.0.0.1:1")

    result = inv("scan.export", "--only", "dns", "--push", place)

    assert result.code == 3
    assert "no answer from 127.0.0.1:1" in result.err
    assert "the snapshot is kept: " in result.err


def test_an_unknown_key_is_reported_without_the_secret(
    inv: Inv, exports: Path, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(exports)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIANOBODY")

    result = inv("snapshots.push", "--to", place, "--debug")

    assert result.code == 1
    assert "the endpoint does not know this key" in result.err
    assert '"event": "bucket"' in result.err
    assert "wJalrXUtnFEMI" not in result.out + result.err


def test_the_command_in_the_hint_of_a_failed_push_completes_it(
    staged: Sandbox, inv: Inv, exports: Path, s3: Server, place: str
) -> None:
    made(exports)
    s3.faults.append(lambda environ: refusal(503, "SlowDown"))
    failed = inv("scan.export", "--only", "dns", "--encrypt-to", KEY, "--push", place)
    s3.faults.clear()
    [hint] = [line for line in failed.err.splitlines() if line.startswith("hint: ")]

    result = inv(*hint.rpartition("`inv ")[2].rstrip("`").split())

    assert result.code == 0, result.err
    assert len(listed(inv, place)) == 1
    assert f"{place}/{staged.account_id}/" in result.out


def test_an_encrypted_file_in_another_folder_needs_its_account(
    inv: Inv, tmp_path: Path, s3: Server, bucket: str, place: str
) -> None:
    sealed = tmp_path / "2026-11-23T06-10-02Z-beef.tar.gz.age"
    sealed.write_bytes(b"sealed")

    refused = inv("snapshots.push", "--name", str(sealed), "--to", place)
    done = inv("snapshots.push", "--name", str(sealed), "--to", place, "--account-id", ACCOUNT_ID)

    assert (refused.code, done.code) == (1, 0)
    assert "--account-id" in refused.err
    assert [*s3.keys(bucket)] == [f"cloudflare/{ACCOUNT_ID}/{sealed.name}"]


def test_a_name_that_would_not_be_found_in_the_bucket_is_refused(
    inv: Inv, tmp_path: Path, s3: Server, bucket: str, place: str
) -> None:
    folder = made(tmp_path).rename(tmp_path / "before-the-move")

    result = inv("snapshots.push", "--name", str(folder), "--to", place)

    assert result.code == 1
    assert "before-the-move is not a name of a snapshot" in result.err
    assert s3.asked == []


def test_a_failed_push_keeps_the_counts_of_the_guard(
    staged: Sandbox, inv: Inv, home: Path, s3: Server, place: str
) -> None:
    s3.faults.append(lambda environ: refusal(503, "SlowDown"))

    inv("scan.export", "--only", "kv", "--guard", "1", "--encrypt-to", KEY, "--push", place)

    assert len(list((home / "state" / "counts").iterdir())) == 1


def test_only_a_successful_push_is_followed_by_pruning(
    staged: Sandbox, inv: Inv, s3: Server, place: str
) -> None:
    inv("scan.export", "--only", "dns")

    result = inv("scan.export", "--only", "dns", "--push", place, "--prune", "last=1")

    assert result.code == 0
    assert "1 older snapshots were pruned" in result.err
    assert len(listed(inv, place)) == 1


def test_an_impossible_push_is_refused_before_any_request(
    staged: Sandbox, inv: Inv, s3: Server, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = inv("scan.export", "--push", place, "--to", "all.json")
    wrong = inv("scan.export", "--push", "backups/cloudflare")
    monkeypatch.setenv("CFOPS_S3_ENDPOINT", "http://s3.example.com")
    plain = inv("scan.export", "--push", place)
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("CFOPS_S3_ENDPOINT")
    keyless = inv("scan.export", "--push", place)

    assert (other.code, wrong.code, plain.code, keyless.code) == (1, 1, 1, 1)
    assert "only https is allowed" in plain.err
    assert "AWS_ACCESS_KEY_ID" in keyless.err
    assert staged.requests == []
    assert s3.asked == []


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.long)]
)
def test_a_stopped_push_can_be_resumed(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str, monkeypatch: pytest.MonkeyPatch,
    number: int, code: int,
) -> None:  # fmt: skip
    monkeypatch.setenv("CFOPS_WORKERS", "1")
    folder = made(exports)
    process = stopped(s3, place, lambda process: process.send_signal(number))

    assert process.returncode == code
    assert listed(inv, place) == []
    assert "manifest.json" not in below(s3, bucket, folder)
    assert inv("snapshots.push", "--to", place).code == 0
    assert below(s3, bucket, folder) == files_of(folder)


@pytest.mark.parametrize(("method", "name"), [("GET", ""), ("PUT", "manifest.json")])
def test_a_stop_ends_a_wait_for_any_response(
    inv: Inv, exports: Path, s3: Server, place: str, method: str, name: str
) -> None:
    made(exports)
    hanging, met = threading.Event(), threading.Event()

    def hang(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == method and environ["PATH_INFO"].endswith(name):
            met.set()
            hanging.wait(20)

    s3.faults.append(hang)
    process = start("snapshots.push", "--to", place)
    assert met.wait(20)
    process.terminate()
    _, err = process.communicate(timeout=20)
    hanging.set()

    assert process.returncode == 143, err


@pytest.mark.long
def test_a_killed_push_is_not_a_snapshot_and_can_be_resumed(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_WORKERS", "1")
    folder = made(exports)
    stopped(s3, place, lambda process: process.kill())
    half = below(s3, bucket, folder)
    before = listed(inv, place)
    s3.asked.clear()

    resumed = inv("snapshots.push", "--to", place)

    assert (len(half), before, resumed.code) == (2, [], 0)
    assert len(s3.sent("PUT")) == len(files_of(folder)) - 2
    assert below(s3, bucket, folder) == files_of(folder)


def stopped(s3: Server, place: str, stop: Callable[..., None]) -> subprocess.Popen[str]:
    """Start a push whose third PUT gets no response, and *stop* it there."""
    hanging = threading.Event()

    def hang(environ: Environ) -> Answer | None:
        if environ["REQUEST_METHOD"] == "PUT" and len(s3.sent("PUT")) == 3:
            hanging.wait(20)
            return refusal(500, "InternalError")
        return None

    s3.faults.append(hang)
    process = start("snapshots.push", "--to", place)
    wait_until(lambda: len(s3.sent("PUT")) == 3)
    stop(process)
    process.communicate(timeout=20)
    hanging.set()
    s3.faults.clear()
    return process


def test_a_large_file_is_sent_in_parts_with_checksums(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.offsite.bucket.WHOLE", 1000)
    (exports / ACCOUNT_ID).mkdir(parents=True)
    sealed = exports / ACCOUNT_ID / "2026-11-23T06-10-02Z-beef.tar.gz.age"
    sealed.write_bytes(bytes(range(256)) * 40_000)

    result = inv("snapshots.push", "--to", place)

    [(key, body)] = s3.keys(bucket).items()
    head = s3.client().head_object(Bucket=bucket, Key=key)
    assert result.code == 0, result.err
    assert hashlib.sha256(body).digest() == hashlib.sha256(sealed.read_bytes()).digest()
    assert head["Metadata"]["sha256"] == hashlib.sha256(body).hexdigest()
    assert sum(asked.method == "PUT" and "partNumber" in asked.query for asked in s3.asked) == 2
    assert json.loads(inv("snapshots.push", "--to", place, "--output", "json").out)["sent"] == 0


def test_the_parts_of_a_failed_upload_are_deleted(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.offsite.bucket.WHOLE", 1000)
    (exports / ACCOUNT_ID).mkdir(parents=True)
    (exports / ACCOUNT_ID / "2026-11-23T06-10-02Z-beef.tar.gz.age").write_bytes(bytes(10_000_000))
    s3.faults.append(
        lambda environ: refusal(503, "SlowDown") if "partNumber=2" in environ["QUERY_STRING"] else None
    )

    result = inv("snapshots.push", "--to", place)

    assert result.code == 2
    assert s3.keys(bucket) == {}
    assert s3.client().list_multipart_uploads(Bucket=bucket).get("Uploads", []) == []
