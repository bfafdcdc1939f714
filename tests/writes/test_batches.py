"""Which changes go out together."""

from __future__ import annotations

from typing import Any

import pytest

from ops.kinds.change import Change
from ops.kinds.resource import Owner
from ops.writes import sending as module
from ops.writes.sending import batches
from tests.writes.stage import ZONE, Shelf

OTHER = Owner("a1", "z2", {"name": "example.org"})


def shelf_with(batch_size: int, *, batch: bool = True) -> Shelf:
    shelf = Shelf(batch_size=batch_size)
    writes = shelf.resource.writes
    assert writes
    if batch:
        shelf.resource = shelf.resource._replace(writes=writes._replace(batch=shelf.batch))
    return shelf


def together(*changes: Change) -> list[str]:
    return ["".join(change.label for change in batch) for batch in batches(changes)]


@pytest.mark.parametrize(
    ("shelf", "expected"),
    [
        (shelf_with(2), ["ab", "cd", "e"]),
        (shelf_with(9), ["abcde"]),
        (shelf_with(9, batch=False), list("abcde")),
    ],
)
def test_as_many_go_out_together_as_the_kind_allows(shelf: Shelf, expected: list[str]) -> None:
    assert together(*map(shelf.creation, "abcde")) == expected


def test_a_kind_that_is_read_only_has_no_batches(shelf: Shelf) -> None:
    bare = shelf.resource._replace(writes=None)

    assert together(*(shelf.creation(name)._replace(resource=bare) for name in "ab")) == ["a", "b"]


def test_only_neighbours_of_one_kind_and_owner_go_out_together() -> None:
    shelf = shelf_with(9)
    a, b, c, d, e = map(shelf.creation, "abcde")
    renamed = Owner(ZONE.account_id, ZONE.id, {"name": "by another name"})

    assert together(a, b._replace(owner=renamed), c._replace(owner=OTHER), d, e) == ["ab", "c", "de"]
    other = shelf.resource._replace(kind="other.kind")
    assert together(a, b._replace(resource=other), c) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([b"x" * 9, b"x" * 9, b"x" * 9], ["ab", "c"]),
        (["x" * 9, "x" * 9, "x" * 9], ["ab", "c"]),
        ([{"deep": [b"x" * 9]}, {"deep": (b"x" * 9,)}, b""], ["ab", "c"]),
        ([b"x" * 9, b"x" * 10, b"x" * 9], ["a", "b", "c"]),
        ([b"x" * 99, b"", b""], ["a", "bc"]),
        ([12345678901234567890, None, True], ["abc"]),
    ],
)
def test_no_more_weight_goes_out_together_than_is_held_in_memory(
    monkeypatch: pytest.MonkeyPatch, values: list[Any], expected: list[str]
) -> None:
    shelf = shelf_with(9)
    monkeypatch.setattr(module, "BATCH_BYTES", 20)

    found = together(*(shelf.creation(name, value=v) for name, v in zip("abc", values, strict=True)))

    assert found == expected


def test_what_stood_before_weighs_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    shelf = shelf_with(9)
    things = [{"id": "", "name": name, "value": b"x" * 9} for name in "abc"]
    monkeypatch.setattr(module, "BATCH_BYTES", 20)

    assert together(*map(shelf.deletion, things)) == ["ab", "c"]


def test_the_size_of_a_batch_may_be_its_owners() -> None:
    shelf = shelf_with(9)
    writes = shelf.resource.writes
    assert writes
    sized = writes._replace(batch_of=lambda owner: 1 if owner == OTHER else 2)
    shelf.resource = shelf.resource._replace(writes=sized)
    there = [shelf.creation(name)._replace(owner=OTHER) for name in "de"]

    assert together(*map(shelf.creation, "abc"), *there) == ["ab", "c", "d", "e"]
