"""A bucket that others can write to, or whose responses are cut off: nothing is trusted."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result
from tests.offsite.server import Answer, Environ, Server
from tests.scan.processes import start
from tests.snapshots.kept import ACCOUNT_ID, DAY, NOW, made

Inv = Callable[..., Result]
FILE = "dns.record.jsonl"


@pytest.fixture
def folder(inv: Inv, tmp_path: Path, place: str) -> Path:
    """A snapshot that is in the bucket too."""
    made(tmp_path, NOW)
    [account] = tmp_path.iterdir()
    [folder] = account.iterdir()
    assert inv("snapshots.push", "--name", str(folder), "--to", place).code == 0
    return folder


def key(folder: Path, name: str = FILE) -> str:
    return f"cloudflare/{ACCOUNT_ID}/{folder.name}/{name}"


def verified(inv: Inv, place: str) -> Result:
    return inv("snapshots.verify", "--name", f"{place}/latest")


def test_a_changed_object_is_named(
    inv: Inv, s3: Server, bucket: str, place: str, folder: Path, home: Path
) -> None:
    whole = (folder / FILE).read_bytes()
    s3.put(bucket, key(folder), whole.replace(b"192.0.2.1", b"192.0.2.8"))

    result = verified(inv, place)

    assert result.code == 2
    assert (
        f"{folder.name} is damaged: {FILE}: differs from what was written (its SHA-256 differs)" in result.err
    )
    assert not list((home / "state").glob(".opened-*"))


def test_every_changed_object_is_named(inv: Inv, s3: Server, bucket: str, place: str, folder: Path) -> None:
    s3.put(bucket, key(folder), b"short")
    s3.client().delete_object(Bucket=bucket, Key=key(folder, "zones.zone.jsonl"))

    result = verified(inv, place)

    assert result.code == 2
    assert f"{FILE}: has 5 bytes, not " in result.err
    assert "zones.zone.jsonl: is missing" in result.err


@pytest.mark.parametrize(
    "task", [("snapshots.show", "--name"), ("dns.list", "--zone", "example.com", "--at")]
)
def test_no_task_reads_a_changed_object(
    inv: Inv, s3: Server, bucket: str, place: str, folder: Path, task: tuple[str, ...]
) -> None:
    s3.put(bucket, key(folder), (folder / FILE).read_bytes().replace(b"192.0.2.1", b"192.0.2.8"))

    result = inv(*task, f"{place}/latest")

    assert (result.code, result.out) == (2, "")
    assert FILE in result.err


def test_an_object_larger_than_its_stated_size_is_cut_off(
    inv: Inv, s3: Server, bucket: str, place: str, folder: Path, home: Path
) -> None:
    size = len((folder / FILE).read_bytes())

    def endless(environ: Environ) -> Answer | None:
        of_it = environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].endswith(FILE)
        return Answer(200, bytes(size + 5_000_000)) if of_it else None

    s3.faults.append(endless)

    result = verified(inv, place)

    assert result.code == 2
    assert f"{FILE}: has {size + 5_000_000:,} bytes, not {size:,}" in result.err


def test_an_object_without_a_stated_size_is_cut_off_too(
    inv: Inv, s3: Server, place: str, folder: Path
) -> None:
    taken = []

    def flood(environ: Environ) -> Answer | None:
        of_it = environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].endswith(FILE)
        pieces = (taken.append(n) or bytes(1_000_000) for n in range(200))  # type: ignore[func-returns-value]
        return Answer(200, length=-1, stream=pieces) if of_it else None

    s3.faults.append(flood)

    result = verified(inv, place)

    assert result.code == 2
    assert f"{FILE}: has more than {SIZE} bytes" in result.err
    assert len(taken) < 50


def test_an_object_that_is_not_in_the_manifest_is_named_and_never_fetched(
    inv: Inv, s3: Server, bucket: str, place: str, folder: Path
) -> None:
    for name in ("more", "../../../escaped", "/etc/passwd", "scripts/"):
        s3.put(bucket, key(folder, name), b"x")
    s3.asked.clear()

    result = verified(inv, place)
    shown = inv("snapshots.show", "--name", f"{place}/latest")

    assert (result.code, shown.code) == (2, 0)
    for name in ("more", "../../../escaped", "/etc/passwd"):
        assert f"{name}: is not in the manifest" in result.err
    assert not [asked for asked in s3.sent("GET") if "escaped" in asked or "more" in asked]


@pytest.mark.parametrize("name", ["../../escaped", "/etc/passwd", "scripts/../../x", "a/b/c/d", ".ssh"])
def test_a_manifest_that_names_a_file_outside_is_damaged(
    inv: Inv, s3: Server, bucket: str, place: str, folder: Path, home: Path, name: str
) -> None:
    document = json.loads((folder / "manifest.json").read_bytes())
    del document["sha256"]
    document["files"][name] = {"bytes": 1, "sha256": "00"}
    s3.put(bucket, key(folder, "manifest.json"), json.dumps(document).encode())

    named = inv("snapshots.show", "--name", f"{place}/{folder.name}")
    [row] = json.loads(inv("snapshots.list", "--from", place, "--output", "json").out)

    assert named.code == 2
    assert row["status"] == "damaged"
    assert not list(home.rglob("escaped"))


def test_a_manifest_over_the_limit_is_not_read(
    inv: Inv, s3: Server, bucket: str, place: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.offsite.library.LARGEST", 1000)

    [row] = json.loads(inv("snapshots.list", "--from", place, "--output", "json").out)

    assert row["status"] == "damaged"
    assert "is larger than 1,000 bytes" in row["note"]


def test_a_snapshot_in_the_folder_of_another_account_is_refused(
    inv: Inv, s3: Server, bucket: str, place: str, folder: Path
) -> None:
    other = "b" * 32
    s3.put(bucket, f"cloudflare/{other}/{folder.name}/manifest.json", (folder / "manifest.json").read_bytes())

    listed = inv("snapshots.list", "--from", place, "--account-id", other, "--output", "json")

    assert [row["status"] for row in json.loads(listed.out)] == ["damaged"]


def test_foreign_names_are_ignored(inv: Inv, s3: Server, bucket: str, place: str, folder: Path) -> None:
    for name in ("notes/manifest.json", "../x/manifest.json", "2026-11-22.tar.gz.age", "x.tar.gz.age"):
        s3.put(bucket, f"cloudflare/{ACCOUNT_ID}/{name}", b"{}")
    s3.put(bucket, "cloudflare/..%2f/x/manifest.json", b"{}")

    rows = json.loads(inv("snapshots.list", "--from", place, "--output", "json").out)

    assert [row["snapshot"] for row in rows] == [folder.name]


def cut_off(times: int) -> Callable[[Environ], Answer | None]:
    """Return a fault that cuts off the file *times* times."""
    left = times

    def fault(environ: Environ) -> Answer | None:
        nonlocal left
        if environ["REQUEST_METHOD"] != "GET" or not environ["PATH_INFO"].endswith(FILE) or left == 0:
            return None
        left -= 1
        return Answer(200, b"{", length=SIZE)

    return fault


SIZE = 293
"""Bytes of the file: the stated size is right, and only the body is too short."""


def test_a_download_that_is_always_cut_off_is_a_network_error(
    inv: Inv, s3: Server, place: str, folder: Path, home: Path
) -> None:
    assert len((folder / FILE).read_bytes()) == SIZE
    s3.faults.append(cut_off(99))

    result = verified(inv, place)

    assert result.code == 3
    assert FILE in result.err
    assert not list((home / "state").glob(".opened-*"))


def test_a_download_that_is_cut_off_once_is_retried(
    inv: Inv, s3: Server, place: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CFOPS_ATTEMPTS", "2")
    s3.faults.append(cut_off(1))

    result = verified(inv, place)

    assert result.code == 0, result.err


@pytest.mark.long
def test_a_stopped_download_leaves_nothing_on_this_machine(
    s3: Server, place: str, folder: Path, home: Path
) -> None:
    hanging, met = threading.Event(), threading.Event()

    def hang(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == "GET" and environ["PATH_INFO"].endswith(FILE):
            met.set()
            hanging.wait(20)

    s3.faults.append(hang)
    process = start("snapshots.verify", "--name", f"{place}/latest")
    assert met.wait(20)
    there = list((home / "state").glob(".opened-*"))
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    hanging.set()

    assert process.returncode == 130, err
    assert there
    assert not list((home / "state").glob(".opened-*"))


def test_a_list_that_never_ends_is_bounded(
    inv: Inv, s3: Server, place: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.offsite.bucket.MOST", 3000)
    page = (
        b"<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>again</NextContinuationToken>"
        b"</ListBucketResult>"
    )
    s3.faults.append(lambda environ: Answer(200, page) if "list-type=2" in environ["QUERY_STRING"] else None)

    result = inv("snapshots.list", "--from", place)

    assert result.code == 2
    assert "the list does not end" in result.err


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200), Answer(200, b"<html></html>"), Answer(200, b"<html><p>"), Answer(302), Answer(404, b"x"),
        Answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>"),
        Answer(
            200,
            b"<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Size>x</Size></Contents>"
            b"</ListBucketResult>",
        ),
    ],
)  # fmt: skip
def test_a_response_that_is_not_from_s3_is_never_an_empty_bucket(
    inv: Inv, s3: Server, place: str, folder: Path, answer: Answer
) -> None:
    s3.faults.append(lambda environ: answer)

    result = inv("snapshots.list", "--from", place, "--output", "json")

    assert (result.code, result.out) == (1 if answer.status == 404 else 2, ""), result.err
    assert "Traceback" not in result.err


def test_a_snapshot_larger_than_the_free_space_is_not_fetched(
    inv: Inv, s3: Server, place: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda path: type("Usage", (), {"free": 100})())

    result = verified(inv, place)

    assert result.code == 2
    assert "has 100 bytes free" in result.err
    assert FILE not in "".join(s3.sent("GET"))


def test_an_encrypted_object_that_was_changed_is_damaged(
    inv: Inv, exports: Path, s3: Server, bucket: str, place: str, tmp_path: Path
) -> None:
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    (tmp_path / "KEY.txt").write_text(str(identity))
    (exports / ACCOUNT_ID).mkdir(parents=True)
    sealed = exports / ACCOUNT_ID / "2026-11-23T06-10-02Z-beef.tar.gz.age"
    sealed.write_bytes(pyrage.encrypt(bytes(1000), [identity.to_public()]))
    inv("snapshots.push", "--to", place)
    body = sealed.read_bytes()
    s3.put(bucket, f"cloudflare/{ACCOUNT_ID}/{sealed.name}", body[:-1] + bytes([body[-1] ^ 1]))

    result = inv("snapshots.verify", "--name", f"{place}/latest", "--identity", str(tmp_path / "KEY.txt"))

    assert result.code == 2
    assert "damaged" in result.err


def test_an_older_snapshot_stays_readable_next_to_a_damaged_one(
    inv: Inv, s3: Server, bucket: str, place: str, folder: Path, tmp_path: Path
) -> None:
    older = made(tmp_path / "older", NOW - DAY)
    inv("snapshots.push", "--name", str(older), "--to", place)
    s3.put(bucket, key(folder, "manifest.json"), b"{")

    result = verified(inv, place)

    assert result.code == 0
    assert older.name in result.err
