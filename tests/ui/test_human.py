"""Values for people, in tables alone."""

from __future__ import annotations

from typing import Any

import pytest

from ops.ui.human import shown, style_of
from ops.ui.shapes import SIZE, TIME, TTL, UNTIL, Column, Item, Rows
from tests.ui.paper import on_terminal, printed

DAY = 86_400.0
NOW = 1_800_000_000.0  # 2027-01-15T08:00:00Z


@pytest.mark.parametrize(
    ("value", "meaning", "expected"),
    [
        ("2027-01-15T07:56:00Z", TIME, "4 min ago"),
        ("2027-01-15T07:59:59.500000Z", TIME, "now"),
        ("2027-01-15T08:00:45+00:00", TIME, "in 45 s"),
        (NOW + 6 * DAY, TIME, "in 6 days"),
        (int(NOW - 3 * 3600), TIME, "3 h ago"),
        ("2026-11-15T08:00:00Z", TIME, "2 months ago"),
        ("2024-01-15T08:00:00Z", TIME, "3 years ago"),
        ("never", TIME, "never"),
        (None, TIME, ""),
        (NOW + 12 * DAY, UNTIL, "12 days left"),
        (NOW - 3 * DAY, UNTIL, "expired 3 days ago"),
        (1, TTL, "auto"),
        (300, TTL, "300"),
        (13_600_000, SIZE, "13.6 MB"),
        (0, SIZE, "0 B"),
        (None, SIZE, ""),
    ],
)
def test_a_value_is_said_as_people_say_it(value: Any, meaning: str, expected: str) -> None:
    assert shown(value, meaning, NOW) == expected


@pytest.mark.parametrize("meaning", [TIME, UNTIL])
def test_times_can_be_plain(meaning: str) -> None:
    assert shown(NOW + 6 * DAY, meaning, NOW, utc=True) == "2027-01-21T08:00:00Z"


@pytest.mark.parametrize(("days", "style"), [(-1, "red"), (0, "red"), (29, "yellow"), (31, "")])
def test_what_expires_soon_is_yellow_and_what_has_expired_red(days: int, style: str) -> None:
    assert style_of(NOW + days * DAY, UNTIL, NOW) == style


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "yaml", "tsv"])
def test_machines_get_the_values_as_they_are(format: str) -> None:
    columns = (Column("ttl", meaning=TTL), Column("at", meaning=TIME))
    item = {"ttl": 1, "at": "2027-01-15T07:56:00Z"}

    for result in (Rows([item], columns), Item(item, columns)):
        out = printed(result, format, now=NOW).out
        assert "auto" not in out
        assert "2027-01-15T07:56:00Z" in out


def test_a_terminal_gets_them_as_people_say_them() -> None:
    columns = (Column("ttl", meaning=TTL), Column("at", meaning=TIME))
    item = {"ttl": 1, "at": "2027-01-15T07:56:00Z"}

    assert on_terminal(Item(item, columns), now=NOW).out == "ttl  auto\nat   4 min ago\n"
