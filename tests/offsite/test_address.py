"""Addresses of prefixes and of snapshots in a bucket."""

from __future__ import annotations

import pytest

from ops.errors import UsageError
from ops.offsite.bucket import BucketPrefix, read_prefix, read_snapshot

ACCOUNT = "a" * 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://backups", BucketPrefix("backups")),
        ("s3://backups/", BucketPrefix("backups")),
        ("s3://backups/cloudflare", BucketPrefix("backups", "cloudflare/")),
        ("s3://my.backups-1/a/b.c/", BucketPrefix("my.backups-1", "a/b.c/")),
    ],
)
def test_an_address_is_a_bucket_and_a_prefix(text: str, expected: BucketPrefix) -> None:
    found = read_prefix(text, "--push")

    assert found == expected
    assert str(found) == text.rstrip("/")


@pytest.mark.parametrize(
    "text",
    [
        "backups", "/exports", "S3://backups", "s3:/backups", "https://backups", "s3://", "s3:///x", "s3://ab",
        "s3://Backups", "s3://user:secret@backups", "s3://backups//x", "s3://backups/..", "s3://backups/a/../b",
        "s3://backups/.", "s3://backups/...", "s3://backups/a b", "s3://backups/a?x", "s3://backups/a#x",
        "s3://backups/a%2f..", "s3://backups/a\nb", "s3://backups/ä", "s3://backups:9000/x",
    ],
)  # fmt: skip
def test_an_address_that_needs_escaping_is_refused(text: str) -> None:
    with pytest.raises(UsageError) as error:
        read_prefix(text, "--push")

    assert error.value.hint == "--push s3://BUCKET/PREFIX"


def test_the_folder_of_an_account_is_not_a_prefix() -> None:
    with pytest.raises(UsageError) as error:
        read_prefix(f"s3://backups/cf/{ACCOUNT}", "--from")

    assert error.value.hint.startswith("--from s3://backups/cf, ")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("s3://backups/latest", (BucketPrefix("backups"), "", "latest")),
        ("s3://backups/a/b/previous", (BucketPrefix("backups", "a/b/"), "", "previous")),
        ("s3://backups/cf/2026-11-22T06:10", (BucketPrefix("backups", "cf/"), "", "2026-11-22T06:10")),
        (f"s3://backups/{ACCOUNT}/latest", (BucketPrefix("backups"), ACCOUNT, "latest")),
        (
            f"s3://backups/cf/{ACCOUNT}/2026-11-23T06-10-02Z-beef",
            (BucketPrefix("backups", "cf/"), ACCOUNT, "2026-11-23T06-10-02Z-beef"),
        ),
    ],
)
def test_a_snapshot_is_named_below_its_prefix(text: str, expected: tuple[BucketPrefix, str, str]) -> None:
    assert read_snapshot(text) == expected


@pytest.mark.parametrize("text", ["s3://backups", "s3://backups/cf", "s3://backups/cf/newest"])
def test_a_prefix_does_not_name_a_snapshot(text: str) -> None:
    with pytest.raises(UsageError, match="does not name a snapshot") as error:
        read_snapshot(text)

    assert error.value.hint.startswith(f"{text}/latest")
