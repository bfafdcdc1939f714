"""Which changes are sent in one batch."""

from __future__ import annotations

from typing import Any

import pytest

from ops.kinds.resource import Change, Owner
from ops.writes import sending as module
from ops.writes.sending import batches
from tests.writes.stage import ZONE, Remote

OTHER = Owner("a1", "z2", {"name": "example.org"})


def shelf_with(batch_size: int, *, batch: bool = True) -> Remote:
    remote = Remote(batch_size=batch_size)
    writes = remote.resource.writes
    assert writes
    if batch:
        remote.resource = remote.resource._replace(writes=writes._replace(batch=remote.batch))
    return remote


def together(*changes: Change) -> list[str]:
    return ["".join(change.label for change in batch) for batch in batches(changes)]


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        (shelf_with(2), ["ab", "cd", "e"]),
        (shelf_with(9), ["abcde"]),
        (shelf_with(9, batch=False), list("abcde")),
    ],
)
def test_a_batch_holds_as_many_changes_as_the_kind_allows(remote: Remote, expected: list[str]) -> None:
    assert together(*map(remote.creation, "abcde")) == expected


def test_a_read_only_kind_has_no_batches(remote: Remote) -> None:
    bare = remote.resource._replace(writes=None)

    assert together(*(remote.creation(name)._replace(resource=bare) for name in "ab")) == ["a", "b"]


def test_a_batch_holds_only_consecutive_changes_of_one_kind_and_owner() -> None:
    remote = shelf_with(9)
    a, b, c, d, e = map(remote.creation, "abcde")
    renamed = Owner(ZONE.account_id, ZONE.id, {"name": "by another name"})

    assert together(a, b._replace(owner=renamed), c._replace(owner=OTHER), d, e) == ["ab", "c", "de"]
    other = remote.resource._replace(kind="other.kind")
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
def test_a_batch_is_limited_by_its_bytes(
    monkeypatch: pytest.MonkeyPatch, values: list[Any], expected: list[str]
) -> None:
    remote = shelf_with(9)
    monkeypatch.setattr(module, "BATCH_BYTES", 20)

    found = together(*(remote.creation(name, value=v) for name, v in zip("abc", values, strict=True)))

    assert found == expected


def test_the_bytes_of_the_item_before_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    remote = shelf_with(9)
    things = [{"id": "", "name": name, "value": b"x" * 9} for name in "abc"]
    monkeypatch.setattr(module, "BATCH_BYTES", 20)

    assert together(*map(remote.deletion, things)) == ["ab", "c"]


def test_the_size_of_a_batch_may_depend_on_the_owner() -> None:
    remote = shelf_with(9)
    writes = remote.resource.writes
    assert writes
    sized = writes._replace(batch_of=lambda owner: 1 if owner == OTHER else 2)
    remote.resource = remote.resource._replace(writes=sized)
    there = [remote.creation(name)._replace(owner=OTHER) for name in "de"]

    assert together(*map(remote.creation, "abc"), *there) == ["ab", "c", "d", "e"]
