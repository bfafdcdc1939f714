"""What counts as a change of an item."""

from __future__ import annotations

from typing import Any

import pytest

from ops.items import equal
from ops.kinds.resource import UNCHANGED, UPDATE, Change
from tests.writes.stage import ZONE, Remote


@pytest.mark.parametrize(
    "value", [1, True, 0, False, None, "", "1", [], {}, [1], [True], {"a": 1}, {"a": True}]
)
def test_a_value_is_equal_to_itself_and_to_nothing_else(value: Any) -> None:
    others = [1, True, 0, False, None, "", "1", [], {}, [1], [True], {"a": 1}, {"a": True}]

    assert [repr(other) for other in others if equal(value, other)] == [repr(value)]
    assert equal({"deep": [{"x": value}]}, {"deep": [{"x": value}]})


@pytest.mark.parametrize(("before", "after"), [(1, True), (False, 0), ([{"n": 1}], [{"n": True}])])
def test_a_number_that_becomes_a_truth_value_is_an_update(before: Any, after: Any) -> None:
    resource = Remote().resource
    change = Change(resource, ZONE, {"name": "a", "value": before}, {"name": "a", "value": after})

    assert change.action == UPDATE
    assert list(change.differences()) == [("value", before, after)]
    assert change._replace(after=change.before).action == UNCHANGED
