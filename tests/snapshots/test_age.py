"""The age of a snapshot, in words."""

from __future__ import annotations

import pytest

from ops.snapshots.layout import age, dated


@pytest.mark.parametrize(
    ("seconds", "message"),
    [
        (-5, "0 min old"),
        (59, "0 min old"),
        (3599, "59 min old"),
        (3600, "1 h old"),
        (31 * 3600 + 59, "31 h old"),
        (72 * 3600 - 1, "71 h old"),
        (72 * 3600, "3 days old"),
    ],
)
def test_the_age_is_shown_in_a_suitable_unit(seconds: float, message: str) -> None:
    assert age(1_000_000.0, 1_000_000.0 + seconds) == message


def test_the_time_is_shown_in_utc_to_the_minute() -> None:
    assert dated(1795317420.0) == "2026-11-22 03:17"
