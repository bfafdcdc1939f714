"""Keys by several prefixes, read concurrently: none is missing, none is listed twice, all are in order."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.errors import ApiError, UsageError
from ops.http.client import Client
from ops.http.exchange import Call, Reply
from ops.http.parallel import each
from ops.kinds.resource import Owner
from ops.products.kv.tasks.keys import disjoint, list_ranges
from ops.sandbox.server import Sandbox

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=4)
# Few characters, so that prefixes match keys: the first and last ones of one to four bytes in UTF-8.
NEAR = st.text("ab\x7f\x80é\u07ff\u0800日\uffff\U00010000💥", min_size=1, max_size=4)


class Namespace:
    """List keys in the order of their bytes, *size* a page; `meddle` may change them before a response."""

    def __init__(self, names: set[str], size: int = 3) -> None:
        self.names = names
        self.size = size
        self.requested: list[dict[str, str]] = []
        self.meddle: Callable[[Namespace], None] = lambda _: None
        self._lock = threading.Lock()

    def __call__(self, call: Call) -> Reply:
        with self._lock:
            requested = dict(call.params)
            self.requested.append(requested)
            self.meddle(self)
            behind, prefix = requested.get("cursor", ""), requested.get("prefix", "").encode()
            names = sorted(name.encode() for name in self.names)
            left = [name for name in names if name.startswith(prefix) and name > bytes.fromhex(behind)]
        reply, shown = Reply(200), left[: self.size]
        more = shown[-1].hex() if len(left) > self.size else ""
        result = [{"name": name.decode()} for name in shown]
        reply.data = {"success": True, "result": result, "result_info": {"cursor": more}}
        return reply


def listed(namespace: Callable[[Call], Reply], *prefixes: str, workers: int = 3) -> Any:
    """Read a listing to its end; return it with its `names`."""
    with TemporaryDirectory() as folder:
        listing: Any = list_ranges(
            Client(namespace),
            Owner("a" * 32, "b" * 32, {}),
            prefixes,
            parallel=lambda read, items: each(read, items, workers=workers, stop=threading.Event()),
            folder=Path(folder),
        )
        listing.names = [key["name"] for key in listing]
    return listing


@settings(max_examples=60, deadline=None)
@given(st.sets(NEAR | TEXT, max_size=30), st.lists(NEAR | TEXT, min_size=1, max_size=6))
def test_every_key_with_one_of_the_prefixes_is_listed_once_and_in_order(
    names: set[str], prefixes: list[str]
) -> None:
    expected = [name for name in names if name.startswith(tuple(prefixes))]

    listing = listed(Namespace(names), *prefixes)

    assert listing.names == sorted(expected, key=str.encode)
    assert (listing.problem, listing.duplicates) == ("", 0)


@given(st.lists(NEAR | TEXT, min_size=1, max_size=8))
def test_no_remaining_prefix_begins_with_another_and_all_are_covered(prefixes: list[str]) -> None:
    apart = disjoint(prefixes)

    assert apart == sorted(apart, key=str.encode)
    assert not [one for one in apart for other in apart if one != other and one.startswith(other)]
    assert all(prefix.startswith(tuple(apart)) for prefix in prefixes)
    assert set(apart) <= set(prefixes)


def test_a_prefix_without_keys_costs_one_request_and_hides_nothing() -> None:
    namespace = Namespace({"a1", "c1"})

    listing = listed(namespace, "a", "b", "c", "d")

    assert listing.names == ["a1", "c1"]
    assert sorted(requested["prefix"] for requested in namespace.requested) == ["a", "b", "c", "d"]


def test_overlapping_prefixes_are_requested_once() -> None:
    namespace = Namespace({"a", "ab", "abc", "b"})

    listing = listed(namespace, "abc", "a", "ab", "a")

    assert listing.names == ["a", "ab", "abc"]
    assert [requested["prefix"] for requested in namespace.requested] == ["a"]


def test_several_prefixes_are_read_concurrently() -> None:
    together, namespace = threading.Barrier(3, timeout=10), Namespace({"a", "b", "c"})

    def meet(call: Call) -> Reply:
        together.wait()
        return namespace(call)

    assert listed(meet, "a", "b", "c").names == ["a", "b", "c"]


@settings(max_examples=40, deadline=None)
@given(st.sets(NEAR, min_size=12, max_size=40), st.randoms(use_true_random=False))
def test_keys_created_and_deleted_meanwhile_hide_none_that_existed_throughout(
    names: set[str], chance: Any
) -> None:
    prefixes = sorted({name[0] for name in names})
    passing = set(chance.sample(sorted(names), len(names) // 3))
    stay = names - passing

    def come_and_go(namespace: Namespace) -> None:
        namespace.names = stay | {name for name in passing if chance.random() < 0.5}

    namespace = Namespace(set(names))
    namespace.meddle = come_and_go
    found = listed(namespace, *prefixes).names

    assert len(found) == len(set(found))
    assert stay <= set(found) <= names


def test_a_range_that_cannot_be_read_whole_is_named_and_the_others_are_listed() -> None:
    namespace = Namespace({f"a{n}" for n in range(9)} | {"b1", "c1"})

    def failing(call: Call) -> Reply:
        if dict(call.params).get("cursor") == b"a2".hex():
            raise ApiError("the database is away", 500)
        return namespace(call)

    listing = listed(failing, "a", "b", "c")

    assert listing.names == ["a0", "a1", "a2", "b1", "c1"]
    assert listing.problem.startswith("the keys with the prefix 'a': page 2 could not be read")


def test_a_prefix_that_no_key_can_have_is_refused_before_any_request() -> None:
    namespace = Namespace({"a"})

    with pytest.raises(UsageError):
        listed(namespace, "a", "x" * 513)

    assert namespace.requested == []


def test_the_command_lists_the_same_keys_as_the_whole_listing(staged: Sandbox, inv: Any) -> None:
    line = ("kv.keys", "--namespace", "sessions", "--output", "jsonl")
    whole = [json.loads(text)["name"] for text in inv(*line).out.splitlines()]
    prefixes = ("session:4", "session:00", "session:0")

    result = inv(*line, *(f"--prefix={prefix}" for prefix in prefixes))

    names = [json.loads(text)["name"] for text in result.out.splitlines()]
    assert result.code == 0, result.err
    assert names == [name for name in whole if name.startswith(prefixes)]
    assert len(names) > 100
