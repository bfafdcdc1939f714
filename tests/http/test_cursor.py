from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable
from typing import Any

import pytest

from ops.errors import ApiError, NotFound, OpsError, PermissionDenied, ValidationError
from ops.http import cursor_form, pages
from ops.http.client import Client
from ops.http.exchange import Call, Reply
from ops.http.paths import path

KEYS = path("/accounts/a/storage/kv/namespaces/{}/keys", "n")
Page = dict[str, Any] | OpsError


def page(*names: str, cursor: str | None = None, **info: Any) -> Page:
    found = {**info, **({} if cursor is None else {"cursor": cursor})}
    return {"success": True, "result": [{"name": name} for name in names], "result_info": found}


class Pages:
    """Return *pages* by their cursor; "" is the first."""

    def __init__(self, **pages: Page | list[Page]) -> None:
        self.pages = pages
        self.asked: list[dict[str, str]] = []

    def __call__(self, call: Call) -> Reply:
        self.asked.append(dict(call.params))
        found = self.pages[self.asked[-1].get("cursor", "first")]
        if isinstance(found, list):
            found = found.pop(0) if len(found) > 1 else found[0]
        if isinstance(found, OpsError):
            raise found
        reply = Reply(200)
        reply.data = found
        return reply

    def listing(self, **options: Any) -> Any:
        return Client(self).cursor(KEYS, **{"identity": "name", **options})


def names(listing: Any) -> list[str]:
    return [item["name"] for item in listing]


def test_cursors_are_followed_and_the_other_parameters_repeated() -> None:
    pages = Pages(first=page("a", "b", cursor="c1"), c1=page("c", cursor=""))
    listing = pages.listing(limit=1000, prefix="x")

    assert names(listing) == ["a", "b", "c"]
    assert listing.problem == ""
    assert pages.asked == [
        {"limit": "1000", "prefix": "x"},
        {"limit": "1000", "prefix": "x", "cursor": "c1"},
    ]


def test_the_size_of_a_page_may_be_called_otherwise() -> None:
    pages = Pages(first={"result": {"buckets": [{"name": "a"}]}, "result_info": {"cursor": None}})

    assert names(pages.listing(limit=20, limit_name="per_page", inside="buckets")) == ["a"]
    assert pages.asked == [{"per_page": "20"}]


def test_the_cursor_may_be_in_either_place() -> None:
    pages = Pages(first=page("a", cursors={"after": "c1"}), c1=page("b", cursors={"after": ""}))

    assert names(pages.listing()) == ["a", "b"]


def test_an_empty_page_with_a_cursor_is_not_the_end() -> None:
    pages = Pages(first=page("a", cursor="c1"), c1=page(cursor="c2"), c2=page("b"))
    listing = pages.listing()

    assert names(listing) == ["a", "b"]
    assert listing.problem == ""


@pytest.mark.fault("B8")
@pytest.mark.parametrize("end", [page("b"), page("b", cursor=""), page("b", cursors={"after": None})])
def test_a_cursor_that_is_missing_or_empty_is_the_end(end: Page) -> None:
    listing = Pages(first=page("a", cursor="c1"), c1=end).listing()

    assert names(listing) == ["a", "b"]
    assert listing.problem == ""


@pytest.mark.fault("B8")
def test_the_same_cursor_with_nothing_more_is_the_end() -> None:
    listing = Pages(first=page("a", cursor="c1"), c1=page(cursor="c1")).listing()

    assert names(listing) == ["a"]
    assert listing.problem == ""


@pytest.mark.fault("B6")
def test_a_cursor_that_comes_again_ends_the_list_and_is_reported() -> None:
    pages = Pages(first=page("a", cursor="c1"), c1=page("b", cursor="c2"), c2=page("c", cursor="c1"))
    listing = pages.listing()

    assert names(listing) == ["a", "b", "c"]
    assert listing.problem == "the cursor of page 3 was repeated, so the end is not certain"
    assert len(pages.asked) == 3


@pytest.mark.fault("B6")
@pytest.mark.parametrize(("last", "problem"), [("", ""), ("c3", "the list has more than 3 pages")])
def test_a_list_of_as_many_pages_as_are_read_at_most_is_whole(
    monkeypatch: pytest.MonkeyPatch, last: str, problem: str
) -> None:
    monkeypatch.setattr(cursor_form, "PAGE_CAP", 3)
    pages = Pages(first=page("a", cursor="c1"), c1=page("b", cursor="c2"), c2=page("c", cursor=last))
    listing = pages.listing()

    assert names(listing) == ["a", "b", "c"]
    assert listing.problem == problem


@pytest.mark.fault("B6")
def test_a_list_has_no_more_than_ten_thousand_pages() -> None:
    def send(call: Call) -> Reply:
        reply = Reply(200)
        turn = int(dict(call.params).get("cursor", "0")) + 1
        reply.data = {"result": [{"name": f"{turn:09}"}], "result_info": {"cursor": str(turn)}}
        return reply

    listing = Client(send).cursor(KEYS, ordered_by="name")

    assert sum(1 for _ in listing) == 10_000
    assert "more than 10,000 pages" in listing.problem


@pytest.mark.fault("B7")
@pytest.mark.parametrize("options", [{"ordered_by": "name"}, {}])
def test_a_list_whose_cursor_expired_is_read_once_more_without_repeating_items(options: Any) -> None:
    expired = ValidationError("cursor expired", 400)
    pages = Pages(first=page("a", "b", cursor="c1"), c1=[expired, page("c", cursor="c2")], c2=page("d"))
    listing = pages.listing(**options)

    assert names(listing) == ["a", "b", "c", "d"]
    assert (listing.problem, listing.passes, listing.duplicates) == ("", 2, 0)


@pytest.mark.fault("B7")
def test_a_cursor_that_expires_twice_leaves_an_incomplete_list() -> None:
    pages = Pages(first=page("a", cursor="c1"), c1=ValidationError("cursor expired", 400))
    listing = pages.listing(ordered_by="name")

    assert names(listing) == ["a"]
    assert "the cursor expired: cursor expired" in listing.problem
    assert len(pages.asked) == 4


@pytest.mark.fault("B7")
@pytest.mark.parametrize("options", [{"ordered_by": "name"}, {}])
def test_what_came_into_a_list_before_it_was_read_once_more_is_given(options: Any) -> None:
    again = page("a", "aa", "b", "bb", cursor="c1")
    pages = Pages(first=[page("a", "b", cursor="c1"), again], c1=[ValidationError("expired", 400), page("c")])
    listing = pages.listing(**options)

    expected = ["a", "b", "bb", "c"] if options else ["a", "b", "aa", "bb", "c"]
    assert names(listing) == expected
    assert (listing.problem, listing.duplicates) == ("", 0)


@pytest.mark.fault("B7")
def test_a_list_too_long_to_be_remembered_is_incomplete_when_its_cursor_expires(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cursor_form, "REMEMBERED", 1)
    pages = Pages(first=page("a", "b", cursor="c1"), c1=page("c", cursor="c2"), c2=ValidationError("expired"))
    listing = pages.listing()

    assert names(listing) == ["a", "b", "c"]
    assert "expired" in listing.problem


@pytest.mark.fault("B7")
def test_a_list_just_short_enough_to_be_remembered_is_read_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor_form, "REMEMBERED", 2)
    expired = ValidationError("expired", 400)
    pages = Pages(
        first=page("a", "b", cursor="c1"),
        c1=page(cursor="c2"),
        c2=[expired, page("c", cursor="c3")],
        c3=page(),
    )
    listing = pages.listing()

    assert names(listing) == ["a", "b", "c"]
    assert listing.problem == ""


@pytest.mark.fault("B9")
def test_a_later_page_that_fails_permanently_leaves_an_incomplete_list() -> None:
    listing = Pages(first=page("a", cursor="c1"), c1=ApiError("GET /x: failed", 502)).listing()

    assert names(listing) == ["a"]
    assert listing.problem == "page 2 could not be read: GET /x: failed (status 502)"


@pytest.mark.fault("B9")
def test_a_refusal_on_a_later_page_is_raised() -> None:
    with pytest.raises(PermissionDenied):
        list(Pages(first=page("a", cursor="c1"), c1=PermissionDenied("no", 403)).listing())


@pytest.mark.fault("B9")
@pytest.mark.parametrize("error", [ApiError("x", 502), ValidationError("x", 400)])
def test_a_first_page_that_fails_is_a_failure(error: OpsError) -> None:
    with pytest.raises(type(error)):
        list(Pages(first=error).listing())


def test_what_is_missing_on_a_later_page_is_gone() -> None:
    with pytest.raises(NotFound):
        list(Pages(first=page("a", cursor="c1"), c1=NotFound("namespace not found", 404)).listing())


@pytest.mark.fault("B1")
@pytest.mark.parametrize("options", [{"ordered_by": "name"}, {}])
def test_an_item_that_comes_twice_is_given_once_and_counted(options: Any) -> None:
    listing = Pages(first=page("a", "b", "b", cursor="c1"), c1=page("b", "c")).listing(**options)

    assert names(listing) == ["a", "b", "c"]
    assert listing.duplicates == 2


@pytest.mark.fault("B1")
@pytest.mark.parametrize("options", [{"identity": ""}, {"identity": "name"}])
def test_items_differ_by_their_identity_or_else_by_all_they_hold(options: Any) -> None:
    field = options["identity"] or "id"
    named = [{field: "x", "more": 1}, {field: "x", "more": 2}, {field: "y", "more": 2}]
    nameless = [{"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 2, "b": 2}]
    listing = Pages(first={"result": [*named, *nameless], "result_info": {}}).listing(**options)

    assert list(listing) == [named[0], named[2], nameless[0], nameless[2]]
    assert listing.duplicates == 2


def test_items_without_the_field_of_the_order_are_given_and_reported() -> None:
    found = [{"x": 1}, {"x": 2}, {"name": "a"}, {"x": 3}]
    listing = Pages(first={"result": found, "result_info": {}}).listing(ordered_by="name")

    assert list(listing) == found
    assert (listing.duplicates, listing.problem) == (0, "the order is broken at '', so items may be missing")


@pytest.mark.parametrize(
    ("cached", "asked"),
    [
        (page("a", cursor="old"), [("", True), ("", False), ("c1", False)]),
        (page("a"), [("", True)]),
    ],
)
def test_only_a_list_of_a_single_page_comes_from_the_cache(
    cached: Page, asked: list[tuple[str, bool]]
) -> None:
    seen: list[tuple[str, bool]] = []
    answers = {("", True): cached, ("", False): page("b", cursor="c1"), ("c1", False): page("c")}

    def ask(params: dict[str, Any], may_be_old: bool) -> pages.Page:
        seen.append((params.get("cursor", ""), may_be_old))
        found: Any = answers[seen[-1]]
        return pages.Page(found["result"], found["result_info"], Reply(200, cached=may_be_old))

    listing = cursor_form.cursor_form(ask, ordered_by="", identity="name")

    assert names(listing) == (["b", "c"] if len(asked) > 1 else ["a"])
    assert seen == asked


def test_the_first_key_may_be_any() -> None:
    listing = Pages(first=page("!", "0", "A", "a")).listing(ordered_by="name")

    assert names(listing) == ["!", "0", "A", "a"]
    assert listing.problem == ""


def test_an_order_that_is_broken_is_reported() -> None:
    listing = Pages(first=page("b", cursor="c1"), c1=page("a", "c")).listing(ordered_by="name")

    assert names(listing) == ["b", "a", "c"]
    assert "the order is broken at 'a'" in listing.problem


def many(pages: int, size: int) -> Callable[[Call], Reply]:
    def send(call: Call) -> Reply:
        turn = int(dict(call.params).get("cursor", "0"))
        reply = Reply(200)
        found = [{"name": f"{turn:05}-{n:05}"} for n in range(size)]
        reply.data = {"result": found, "result_info": {"cursor": str(turn + 1) if turn + 1 < pages else ""}}
        return reply

    return send


@pytest.mark.long
@pytest.mark.parametrize(("options", "most"), [({"ordered_by": "name"}, 1_000_000), ({}, 3_000_000)])
def test_memory_does_not_grow_with_the_list(options: Any, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cursor_form, "REMEMBERED", 10_000)
    listing = Client(many(60, 1000)).cursor(KEYS, identity="name", **options)
    tracemalloc.start()

    count = sum(1 for _ in listing)

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 60_000
    assert peak < most


def test_read_ahead_the_page_after_the_second_is_asked_for_before_its_turn() -> None:
    asked_for_it = threading.Event()

    class Watched(Pages):
        def __call__(self, call: Call) -> Reply:
            reply = super().__call__(call)
            if self.asked[-1].get("cursor") == "c2":
                asked_for_it.set()
            return reply

    pages = Watched(first=page("a", cursor="c1"), c1=page("b", "c", cursor="c2"), c2=page("d"))
    listing = pages.listing(ahead=True)

    assert [next(listing)["name"], next(listing)["name"]] == ["a", "b"]
    assert asked_for_it.wait(10)
    assert names(listing) == ["c", "d"]


def test_read_ahead_the_first_page_alone_causes_no_other_request() -> None:
    pages = Pages(first=page("a", "b", cursor="c1"), c1=page("c"))
    listing = pages.listing(ahead=True)

    assert [next(listing)["name"], next(listing)["name"]] == ["a", "b"]
    assert len(pages.asked) == 1


@pytest.mark.parametrize("ahead", [False, True])
def test_no_page_is_asked_for_twice_or_after_the_last(ahead: bool) -> None:
    pages = Pages(
        first=page("a", cursor="c1"), c1=page("b", cursor="c2"), c2=page("c", cursor="c3"), c3=page("d")
    )

    assert names(pages.listing(ahead=ahead)) == ["a", "b", "c", "d"]
    assert [asked.get("cursor", "") for asked in pages.asked] == ["", "c1", "c2", "c3"]


def test_read_ahead_a_cursor_that_expired_restarts_the_list_without_repeating_an_item() -> None:
    gone = ValidationError("Invalid cursor", 400)
    pages = Pages(
        first=page("a", cursor="c1"),
        c1=page("b", cursor="c2"),
        c2=[gone, page("c", cursor="c3")],
        c3=page("d"),
    )
    listing = pages.listing(ahead=True, ordered_by="name")

    assert names(listing) == ["a", "b", "c", "d"]
    assert (listing.passes, listing.problem) == (2, "")


def test_read_ahead_a_page_that_cannot_be_read_is_reported_in_its_turn() -> None:
    pages = Pages(
        first=page("a", cursor="c1"), c1=page("b", cursor="c2"), c2=ApiError("the database is away", 500)
    )
    listing = pages.listing(ahead=True)

    assert names(listing) == ["a", "b"]
    assert "page 3 could not be read: the database is away" in listing.problem


def test_read_ahead_a_cursor_that_came_before_is_not_followed_again() -> None:
    pages = Pages(first=page("a", cursor="c1"), c1=page("b", cursor="c2"), c2=page("c", cursor="c1"))
    listing = pages.listing(ahead=True)

    assert names(listing) == ["a", "b", "c"]
    assert "was repeated" in listing.problem
    assert len(pages.asked) == 3
