"""Changes in words."""

from __future__ import annotations

from typing import Any

import pytest

from ops.writes import describe
from tests.writes.stage import Shelf


def test_twenty_changes_are_shown_and_the_others_counted(shelf: Shelf) -> None:
    creations = [shelf.creation(f"n{i}") for i in range(21)]
    (thing,) = shelf.stock("old")

    assert len(list(describe.lines(creations[:20]))) == 20
    assert list(describe.lines(creations))[20:] == ["… and 1 to create"]
    assert list(describe.lines([*creations, shelf.deletion(thing)]))[20:] == [
        "… and 1 to create, 1 to delete"
    ]


def test_what_is_as_it_shall_be_is_shown_only_where_nothing_changes(shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    same = shelf.change(thing)

    assert list(describe.lines([same])) == ["unchanged shelf.thing a: nothing to change"]
    assert list(describe.lines([same, shelf.creation("b")])) == ["create shelf.thing b: name b"]
    assert len(list(describe.lines([same] * 21))) == 20


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (2, "2"),
        (False, "false"),
        ("é", "é"),
        (["é", 1], '["é", 1]'),
        (b"12345" * 1000, "5,000 bytes"),
        ({"a": b"1", "b": [b"22", (b"333",)]}, '{"a": "1 bytes", "b": ["2 bytes", ["3 bytes"]]}'),
        ("x" * 60, "x" * 60),
        ("x" * 1061, "x" * 60 + "… (1,061 characters)"),
    ],
)
def test_a_value_is_shown_short_and_bytes_by_their_number(shelf: Shelf, value: Any, told: str) -> None:
    (thing,) = shelf.stock("a")

    assert describe.line(shelf.change(thing, value=value, other=None)) == (
        f"update shelf.thing a: value 1 → {told}"
    )


def test_a_deletion_shows_the_content_that_goes_and_a_record_its_type(shelf: Shelf) -> None:
    record = {"id": "1", "name": "www", "type": "A", "content": "192.0.2.1"}
    deletion = shelf.deletion(record)._replace(resource=shelf.resource._replace(kind="dns.record"))

    assert describe.line(deletion) == "delete A record www 192.0.2.1"
    assert describe.name(deletion._replace(after=record)) == "A record www"
    assert describe.line(shelf.deletion({"id": "1", "name": "a", "content": 5})) == "delete shelf.thing a"
    assert describe.name(shelf.creation("a", type="A")) == "shelf.thing a"


def test_what_was_nothing_and_is_nothing_is_not_shown(shelf: Shelf) -> None:
    (thing,) = shelf.stock("a")
    change = shelf.change({**thing, "gone": "x", "empty": None}, gone="", empty=[], new=1)

    assert describe.differences(change) == "gone x → , new null → 1"
