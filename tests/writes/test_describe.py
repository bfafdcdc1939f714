"""Changes described in words."""

from __future__ import annotations

from typing import Any

import pytest

from ops.writes import describe
from tests.writes.stage import Remote


def test_twenty_changes_are_shown_and_the_others_counted(remote: Remote) -> None:
    creations = [remote.creation(f"n{i}") for i in range(21)]
    (thing,) = remote.stock("old")

    assert len(list(describe.lines(creations[:20]))) == 20
    assert list(describe.lines(creations))[20:] == ["… and 1 to create"]
    assert list(describe.lines([*creations, remote.deletion(thing)]))[20:] == [
        "… and 1 to create, 1 to delete"
    ]


def test_unchanged_items_are_shown_only_if_nothing_changes(remote: Remote) -> None:
    (thing,) = remote.stock("a")
    same = remote.change(thing)

    assert list(describe.lines([same])) == ["unchanged remote.thing a: nothing to change"]
    assert list(describe.lines([same, remote.creation("b")])) == ["create remote.thing b: name b"]
    assert len(list(describe.lines([same] * 21))) == 20


@pytest.mark.parametrize(
    ("value", "message"),
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
def test_a_long_value_is_cut_and_bytes_are_counted(remote: Remote, value: Any, message: str) -> None:
    (thing,) = remote.stock("a")

    assert describe.line(remote.change(thing, value=value, other=None)) == (
        f"update remote.thing a: value 1 → {message}"
    )


def test_a_deletion_shows_the_content_and_a_record_its_type(remote: Remote) -> None:
    record = {"id": "1", "name": "www", "type": "A", "content": "192.0.2.1"}
    deletion = remote.deletion(record)._replace(resource=remote.resource._replace(kind="dns.record"))

    assert describe.line(deletion) == "delete A record www 192.0.2.1"
    assert describe.name(deletion._replace(after=record)) == "A record www"
    assert describe.line(remote.deletion({"id": "1", "name": "a", "content": 5})) == "delete remote.thing a"
    assert describe.name(remote.creation("a", type="A")) == "remote.thing a"


def test_a_field_that_stays_empty_is_not_shown(remote: Remote) -> None:
    (thing,) = remote.stock("a")
    change = remote.change({**thing, "gone": "x", "empty": None}, gone="", empty=[], new=1)

    assert describe.differences(change) == "gone x → , new null → 1"
