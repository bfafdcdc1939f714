"""Light exports whose base is in a bucket: it is fetched, or everything is read again, or the run ends."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest
import time_machine

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.offsite.server import Answer, Server, refusal
from tests.scan.test_light import HOUR, add_record, carried, clock, newest, read_since, summary, zones_in
from tests.snapshots.checking import checked

__all__ = ["clock"]

Inv = Callable[..., Result]
LIGHT = ("scan.export", "--refresh", "0", "--output", "json", "--since")


def in_bucket(inv: Inv, place: str, exports: Path, *more: str) -> str:
    """Export the account into the bucket alone; return the name of the snapshot."""
    made = inv("scan.export", "--push", place, "--output", "json", *more)
    assert made.code == 0, made.err
    shutil.rmtree(exports)
    return newest(made).name.removesuffix(".tar.gz.age")


def test_a_base_in_a_bucket_is_carried_from_and_leaves_nothing_here(
    staged: Sandbox, inv: Inv, place: str, exports: Path, home: Path, clock: time_machine.Coordinates
) -> None:
    base = in_bucket(inv, place, exports)
    clock.shift(HOUR)
    changed = add_record(staged)
    before = len(staged.requests)

    result = inv(*LIGHT, f"{place}/latest", "--push", place)

    manifest = checked(newest(result))
    assert result.code == 0, result.err
    assert zones_in(read_since(staged, before)) == {changed}
    assert {one.carried_from for one in manifest.sections if one.carried_from} == {base}
    assert list((home / "state").glob(".opened-*")) == []
    # The next one finds what was pushed, as a job on a runner does each hour.
    shutil.rmtree(exports)
    clock.shift(HOUR)
    again = checked(newest(inv(*LIGHT, f"{place}/{staged.account_id}/latest")))
    assert carried(again) >= carried(manifest)
    assert {one.carried_from for one in again.sections if one.carried_from} == {base}


def test_an_encrypted_base_in_a_bucket_needs_its_key(
    staged: Sandbox, inv: Inv, place: str, exports: Path, tmp_path: Path, clock: time_machine.Coordinates
) -> None:
    key = pyrage.x25519.Identity.generate()
    identity = tmp_path / "key.txt"
    identity.write_text(f"{key}\n")
    sealed = ("--encrypt-to", str(key.to_public()))
    in_bucket(inv, place, exports, *sealed)
    clock.shift(HOUR)

    without = inv(*LIGHT, f"{place}/latest", *sealed)
    opened = inv(*LIGHT, f"{place}/latest", *sealed, "--identity", str(identity))

    assert summary(without)["carried"] == 0
    assert "is encrypted: --identity or --passphrase-file opens it" in without.err
    assert summary(opened)["carried"] > 50


def test_without_a_snapshot_in_the_bucket_everything_is_read(staged: Sandbox, inv: Inv, place: str) -> None:
    result = inv(*LIGHT, f"{place}/latest")

    assert result.code == 0
    assert summary(result)["carried"] == 0
    assert "everything is read again: there is no complete snapshot in s3://" in result.err


@pytest.mark.parametrize("answer", [refusal(500, "InternalError"), Answer(200, b"<html>")])
def test_a_bucket_that_fails_makes_the_run_a_full_one(
    staged: Sandbox, inv: Inv, s3: Server, place: str, answer: Answer
) -> None:
    s3.faults.append(lambda environ: answer)

    result = inv(*LIGHT, f"{place}/latest")

    assert result.code == 0, result.err
    assert summary(result)["carried"] == 0
    assert "everything is read again: the snapshots in s3://" in result.err


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (refusal(403, "AccessDenied"), "needs permission to list, read"),
        (refusal(404, "NoSuchBucket"), "create the bucket"),
    ],
)
def test_a_bucket_that_refuses_ends_the_run_before_anything_is_read(
    staged: Sandbox, inv: Inv, s3: Server, place: str, answer: Answer, problem: str
) -> None:
    s3.faults.append(lambda environ: answer)

    result = inv(*LIGHT, f"{place}/latest")

    assert result.code == 1
    assert problem in result.err
    assert not zones_in(read_since(staged, 0))


def test_a_base_of_another_account_is_refused(staged: Sandbox, inv: Inv, place: str) -> None:
    result = inv(*LIGHT, f"{place}/{'f' * 32}/latest")

    assert result.code == 1
    assert f"this is a snapshot of the account {'f' * 32}" in result.err
    assert not zones_in(read_since(staged, 0))
