"""Comparing a live item with the wanted one and with the state before."""

from __future__ import annotations

from typing import Any

import pytest

from ops.kinds.resource import Change
from ops.writes.describe import covers, is_applied, is_untouched
from tests.writes.stage import ZONE, Remote

ONE = {"id": "1", "name": "a", "ttl": 1}


def change(before: Any, after: Any) -> Change:
    return Change(Remote().resource, ZONE, before, after)


@pytest.mark.parametrize(
    ("found", "wanted", "covered"),
    [
        ({"a": 1, "more": 2}, {"a": 1}, True),
        ({"more": 2}, {"a": 1}, False),
        ({}, {"a": None, "b": "", "c": [], "d": {}}, True),
        ({"a": 0}, {"a": None}, False),
        ({"a": 1}, {"a": True}, False),
        ({"a": {"b": [0]}}, {"a": {"b": [False]}}, False),
        ({"a": {"b": 1, "more": 2}}, {"a": {"b": 1}}, True),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}}, False),
        ({"a": {"b": 1}}, {"a": {"b": 1, "c": None}}, True),
        ({"a": [1, 2]}, {"a": [1]}, False),
        ({"a": "x"}, {"a": {"b": "x"}}, False),
        ({"a": 1, "id": "2"}, {"a": 1, "id": "1"}, True),
    ],
)
def test_a_live_item_covers_the_wanted_one(found: Any, wanted: Any, covered: bool) -> None:
    assert covers(Remote().resource, found, wanted) is covered


@pytest.mark.parametrize(
    ("before", "after", "found", "there"),
    [
        (None, ONE, {**ONE, "id": "9", "added": True}, True),
        (None, ONE, {**ONE, "ttl": 2}, False),
        (None, ONE, None, False),
        (ONE, None, None, True),
        (ONE, None, ONE, False),
        (ONE, {"name": "a"}, ONE, False),
        (ONE, {"name": "a"}, {"name": "a"}, True),
        (ONE, {"name": "a"}, {"name": "a", "ttl": None}, True),
    ],
)
def test_a_change_is_applied_if_its_fields_are_set_and_its_removed_fields_are_not(
    before: Any, after: Any, found: Any, there: bool
) -> None:
    assert is_applied(change(before, after), found) is there


@pytest.mark.parametrize(
    ("before", "found", "same"),
    [
        (None, None, True),
        (None, ONE, False),
        (ONE, None, False),
        (ONE, {**ONE, "id": "9"}, True),
        (ONE, {**ONE, "ttl": 2}, False),
        (ONE, {**ONE, "added": True}, False),
    ],
)
def test_an_item_is_untouched_if_it_equals_the_state_before_except_for_ids(
    before: Any, found: Any, same: bool
) -> None:
    assert is_untouched(change(before, {"name": "new"}), found) is same
