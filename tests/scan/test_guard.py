"""The sanity guard: what counts as a loss, and what can be compared."""

from __future__ import annotations

import pytest

from ops.export.job import Guard, counts
from ops.snapshots.manifest import Section


def sections(**count: int) -> list[Section]:
    return [Section(kind, "acc", "complete", number) for kind, number in count.items()]


@pytest.mark.parametrize(
    ("before", "now", "message"),
    [
        (100, 70, ""),
        (100, 69, "guard of 30 %: dns fell from 100 to 69 (31 %)"),
        (3, 2, "guard of 30 %: dns fell from 3 to 2 (33 %)"),
        (4, 3, ""),
        (10_000, 0, "guard of 30 %: dns fell from 10,000 to 0 (100 %)"),
        (0, 0, ""),
        (10, 500, ""),
    ],
)
def test_a_loss_is_more_than_the_threshold(before: int, now: int, message: str) -> None:
    assert Guard(30, {"dns": before}).losses(sections(dns=now)) == message


def test_every_kind_with_a_loss_is_reported_in_order() -> None:
    message = Guard(10, {"b": 10, "a": 10, "c": 10}).losses(sections(a=1, b=0, c=10))

    assert message == "guard of 10 %: a fell from 10 to 1 (90 %), b fell from 10 to 0 (100 %)"


def test_a_kind_that_was_not_requested_is_not_a_loss() -> None:
    assert Guard(10, {"dns": 10}).losses([Section("dns", "", "skipped")]) == ""
    assert Guard(10, {"dns": 10}).losses([]) == ""


def test_a_deleted_zone_counts_as_a_loss() -> None:
    read = [Section("dns", "z1", "complete", 5), Section("dns", "z2", "gone")]

    assert Guard(10, {"dns": 10}).losses(read) == "guard of 10 %: dns fell from 10 to 5 (50 %)"


@pytest.mark.parametrize("status", ["denied", "failed", "inconsistent", "unavailable", "skipped"])
def test_a_kind_that_was_not_read_everywhere_has_no_count(status: str) -> None:
    read = [
        Section("dns", "z1", "complete", 5),
        Section("dns", "z2", status),
        Section("kv", "acc", "complete", 2),
    ]

    assert counts(read) == {"kv": 2}
