"""Lists of any length, pages of any size, servers that say anything: whole, or marked as not."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.errors import ApiError, OpsError, ValidationError
from ops.http.client import Client
from ops.http.exchange import Call, Reply
from tests.http.test_cursor import KEYS
from tests.http.test_pages import Table, stir

SAYINGS = st.fixed_dictionaries(
    {},
    optional={
        "total_count": st.integers(0, 80) | st.sampled_from(["7", "many", -1, None, True]),
        "per_page": st.integers(1, 30) | st.sampled_from(["x", 0]),
        "count": st.integers(0, 30),
    },
)


@pytest.mark.fault("P4")
@settings(max_examples=150, deadline=None)
@given(
    rows=st.integers(0, 60),
    per_page=st.integers(1, 25),
    most=st.integers(1, 25),
    dated=st.booleans(),
    without=st.sets(st.sampled_from(["total_count", "per_page", "count"])),
    failing=st.none() | st.integers(2, 6),
    often=st.sampled_from([0.0, 0.0, 0.1, 0.5]),
    seed=st.integers(0, 2**32),
)
def test_a_list_by_pages_is_whole_or_marked(
    rows: int,
    per_page: int,
    most: int,
    dated: bool,
    without: set[str],
    failing: int | None,
    often: float,
    seed: int,
) -> None:
    chance = random.Random(seed)

    def meddle(table: Table) -> None:
        if table.items and chance.random() < often:
            stir(table, chance)

    table = Table(rows, most=most, dated=dated, without=tuple(without), meddle=meddle)
    # A server whose pages are smaller than asked for says how large they are, or how many items there are.
    if {"total_count", "per_page"} <= without:
        table.most = 10**9
    if failing:
        table.failures = {failing: ApiError("GET: it broke", 500)}
    listing = table.listing(per_page=per_page)

    found = [item["id"] for item in listing]

    assert len(set(found)) == len(found)
    assert listing.problem or table.throughout <= set(found)


@pytest.mark.fault("P4")
@pytest.mark.fault("B3")
@settings(max_examples=150, deadline=None)
@given(rows=st.integers(0, 60), per_page=st.integers(1, 25), says=SAYINGS)
def test_no_number_that_a_server_says_makes_a_list_shorter_unsaid(
    rows: int, per_page: int, says: dict[str, Any]
) -> None:
    table = Table(rows, says=says)
    listing = table.listing(per_page=per_page)

    found = {item["id"] for item in listing}

    assert listing.problem or found == table.throughout


class Keys:
    """Names in order, page by page; *events* are what befalls the requests behind the first, in turn."""

    def __init__(self, count: int, size: int, events: list[str]) -> None:
        self.names = [f"{number:04}" for number in range(count)]
        self.size, self.events = size, list(events)

    def __call__(self, call: Call) -> Reply:
        cursor = dict(call.params).get("cursor", "")
        event = self.events.pop(0) if cursor and self.events else ""
        start = int(cursor.rpartition("/")[2] or 0)
        if error := self._error(event):
            raise error
        empty = event == "empty"
        names = [] if empty else self.names[start : start + self.size]
        follows = start if empty else start + self.size
        # An empty page leads on with a cursor of its own; one that is stuck gives the same again.
        fresh = f"{len(self.events)}/{follows}" if follows < len(self.names) else ""
        reply = Reply(200)
        info = {"cursor": cursor if event == "stuck" else fresh}
        reply.data = {"success": True, "result": [{"name": name} for name in names], "result_info": info}
        return reply

    @staticmethod
    def _error(event: str) -> OpsError | None:
        if event == "expired":
            return ValidationError("GET: cursor invalid or expired", 400)
        return ApiError("GET: it broke", 500) if event == "broken" else None


@pytest.mark.fault("P4")
@pytest.mark.fault("B7")
@settings(max_examples=150, deadline=None)
@given(
    count=st.integers(0, 60),
    size=st.integers(1, 20),
    events=st.lists(st.sampled_from(["", "", "empty", "expired", "stuck", "broken"]), max_size=8),
    ordered=st.booleans(),
)
def test_a_list_by_cursor_is_whole_or_marked(count: int, size: int, events: list[str], ordered: bool) -> None:
    server = Keys(count, size, events)
    how = {"ordered_by": "name"} if ordered else {"identity": "name"}
    listing = Client(server).cursor(KEYS, **how)

    found = [item["name"] for item in listing]

    assert len(set(found)) == len(found)
    assert listing.problem or found == server.names
