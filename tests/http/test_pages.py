from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import pytest

from ops.errors import CredentialsError, MalformedAnswer, NotFound, OpsError, Unanswered
from ops.http.client import Client
from ops.http.exchange import Call, Reply
from ops.http.page_form import page_form
from ops.http.pages import Page, whole
from ops.http.paths import path

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC).timestamp()
RECORDS = path("/zones/{}/dns_records", "z1")
Item = dict[str, Any]


def stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


class Table:
    """A list in a server: pages of it are asked for while `meddle` changes it between two requests."""

    def __init__(self, rows: int, **more: Any) -> None:
        self.now = START
        self.made = 0
        self.dated = True
        self.says: dict[str, Any] = {"total_count": None}
        self.without: tuple[str, ...] = ()
        self.most = 10**9
        self.calls: list[dict[str, str]] = []
        self.meddle: Callable[[Table], None] = lambda table: None
        self.failures: dict[int, OpsError] = {}
        self.items = [self.item(START - 86400) for _ in range(rows)]
        self.throughout = {item["id"] for item in self.items}
        vars(self).update(more)

    def item(self, moment: float) -> Item:
        self.made += 1
        dates = {"created_on": stamp(moment), "modified_on": stamp(moment)} if self.dated else {}
        return {"id": f"id{self.made}", **dates}

    def insert(self, place: int) -> None:
        self.items.insert(place, self.item(self.now))

    def delete(self, place: int) -> None:
        self.throughout.discard(self.items.pop(place)["id"])

    def __call__(self, call: Call) -> Reply:
        if self.calls:
            self.meddle(self)
        self.now += 0.1
        asked = dict(call.params)
        self.calls.append(asked)
        if failure := self.failures.get(len(self.calls)):
            raise failure
        page, size = int(asked["page"]), min(int(asked["per_page"]), self.most)
        items = self.items[(page - 1) * size : page * size]
        info = {"page": page, "per_page": size, "count": len(items), "total_count": len(self.items)}
        info.update({name: value for name, value in self.says.items() if value is not None})
        info = {name: value for name, value in info.items() if name not in self.without}
        reply = Reply(200, {"date": format_datetime(datetime.fromtimestamp(self.now, UTC), usegmt=True)})
        reply.data = {"success": True, "result": [dict(item) for item in items], "result_info": info}
        return reply

    def listing(self, per_page: int = 10) -> Any:
        return Client(self).pages(RECORDS, per_page=per_page)


def ids(listing: Any) -> list[str]:
    return [item["id"] for item in listing]


def test_nothing_is_asked_for_before_the_first_item() -> None:
    table = Table(5)
    listing = table.listing()
    assert table.calls == []
    assert (listing.passes, listing.total, listing.problem) == (0, None, "")

    next(listing)

    assert len(table.calls) == 1


def test_all_pages_are_read_in_their_order() -> None:
    table = Table(25)
    listing = table.listing()

    assert ids(listing) == [f"id{n}" for n in range(1, 26)]
    assert [call["page"] for call in table.calls] == ["1", "2", "3"]
    assert (listing.problem, listing.duplicates, listing.passes, listing.total) == ("", 0, 1, 25)


def test_an_empty_list_is_whole_after_one_request() -> None:
    table = Table(0)
    listing = table.listing()

    assert ids(listing) == []
    assert (listing.problem, listing.total) == ("", 0)
    assert len(table.calls) == 1


def test_what_is_derived_from_a_listing_is_as_honest() -> None:
    table = Table(25, says={"total_count": 99})
    listing = table.listing().where(lambda item: item["id"] != "id1").map(lambda item: {"name": item["id"]})

    assert [item["name"] for item in listing][:2] == ["id2", "id3"]
    assert listing.problem == "the API reports 99 items, but sent 25 in 3 readings"
    assert listing.total == 99


@pytest.mark.fault("B1")
def test_an_item_that_comes_twice_is_given_once_and_counted() -> None:
    def once(table: Table) -> None:
        table.meddle = lambda table: None
        table.insert(0)
        table.now += 60

    listing = (table := Table(25, meddle=once)).listing()

    found = ids(listing)

    assert sorted(found) == sorted(item["id"] for item in table.items)
    assert len(found) == len(set(found))
    assert (listing.duplicates, listing.passes, listing.problem) == (1, 2, "")


@pytest.mark.fault("B2")
def test_an_item_hidden_by_a_deletion_is_found_by_reading_again() -> None:
    def once(table: Table) -> None:
        table.meddle = lambda table: None
        table.delete(0)

    listing = Table(25, meddle=once).listing()

    found = ids(listing)

    assert "id11" in found
    assert (listing.passes, listing.problem) == (2, "")


@pytest.mark.fault("B2")
def test_a_deletion_before_and_an_insertion_after_do_not_hide_an_item() -> None:
    def once(table: Table) -> None:
        table.meddle = lambda table: None
        table.now += 60
        table.delete(0)
        table.insert(20)

    listing = Table(25, meddle=once).listing()

    found = ids(listing)

    assert "id11" in found
    assert len(found) == 26
    assert (listing.passes, listing.problem) == (2, "")


@pytest.mark.fault("B2")
def test_the_same_is_found_where_items_carry_no_date() -> None:
    def once(table: Table) -> None:
        table.meddle = lambda table: None
        table.delete(0)
        table.insert(20)

    table = Table(0, dated=False, meddle=once)
    table.items = [table.item(0) for _ in range(25)]
    listing = table.listing()

    assert "id11" in ids(listing)
    assert (listing.passes, listing.problem) == (3, "")


def test_a_list_that_cannot_be_proven_is_believed_when_a_second_reading_finds_nothing_new() -> None:
    table = Table(0, dated=False)
    table.items = [table.item(0) for _ in range(25)]
    listing = table.listing()

    assert len(ids(listing)) == 25
    assert (listing.passes, listing.problem) == (2, "")


@pytest.mark.parametrize(
    "date", ["yesterday", "", 5, None, "2020-13-45", "2020-01-01", "2020-01-01T00:00:00"]
)
def test_a_date_that_is_nonsense_proves_nothing_and_breaks_nothing(date: Any) -> None:
    table = Table(25)
    for item in table.items:
        item.update(created_on=date, modified_on=date)
    listing = table.listing()

    assert len(ids(listing)) == 25
    assert listing.problem == ""
    assert listing.passes == (1 if str(date).startswith("2020-01") else 2)


@pytest.mark.fault("B1")
def test_a_list_without_a_total_that_always_repeats_an_item_is_marked() -> None:
    table = Table(25, without=("total_count",))
    table.items[15] = table.items[5]
    listing = table.listing()

    assert len(ids(listing)) == 24
    assert listing.problem.endswith("1 items came twice")


def at(*calls: int, change: Callable[[Table], None]) -> Callable[[Table], None]:
    """Make a meddler that makes *change* before the requests with these numbers."""
    return lambda table: change(table) if len(table.calls) + 1 in calls else None


@pytest.mark.fault("B2")
def test_a_list_whose_total_moves_each_time_is_marked() -> None:
    listing = Table(25, meddle=at(2, 5, 9, change=lambda table: table.insert(len(table.items)))).listing()

    assert len(ids(listing)) == 28
    assert listing.problem == "the list changed while it was read 3 times: the total changed"


@pytest.mark.fault("B2")
def test_a_list_in_which_items_appear_each_time_is_marked_with_their_number() -> None:
    def swap(table: Table) -> None:
        table.now += 60
        for _ in range(2):
            table.delete(20)
            table.insert(len(table.items))

    listing = Table(25, meddle=at(2, 5, 8, change=swap)).listing()

    list(listing)

    assert listing.problem == "the list changed while it was read 3 times: 2 items appeared meanwhile"


@pytest.mark.fault("B2")
@pytest.mark.parametrize(("age", "passes"), [(2, 2), (3, 1)])
def test_an_item_counts_as_young_within_two_seconds_of_the_first_page(age: int, passes: int) -> None:
    table = Table(24)
    table.items.append(table.item(START - age))
    listing = table.listing()

    assert len(ids(listing)) == 25
    assert (listing.passes, listing.problem) == (passes, "")


@pytest.mark.fault("B2")
@pytest.mark.parametrize(
    ("date", "passes"),
    [
        ("2026-11-23T09:00:30", 2),
        ("2026-11-23T08:00:30", 1),
        ("2026-11-23T18:00:30+09:00", 2),
        ("2026-11-23T17:00:30+09:00", 1),
    ],
)
def test_a_date_is_read_in_its_zone_and_without_one_in_utc(
    monkeypatch: pytest.MonkeyPatch, date: str, passes: int
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        table = Table(25)
        table.items[3].update(created_on=date, modified_on=date)
        listing = table.listing()

        assert len(ids(listing)) == 25
        assert listing.passes == passes
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.fault("B1")
def test_an_item_that_moved_and_changed_meanwhile_is_given_once() -> None:
    def move(table: Table) -> None:
        table.items.append({**table.items.pop(0), "name": "changed"})

    found = ids(Table(25, meddle=at(2, change=move)).listing())

    assert sorted(found) == sorted(f"id{n}" for n in range(1, 26))


@pytest.mark.fault("B1")
def test_each_item_that_comes_twice_is_counted() -> None:
    table = Table(25, without=("total_count",))
    table.items[15:17] = table.items[5:7]
    listing = table.listing()

    assert len(ids(listing)) == 23
    assert listing.problem.endswith("2 items came twice")
    assert listing.duplicates == 6


@pytest.mark.fault("B9")
def test_a_second_reading_that_fails_at_its_start_leaves_an_incomplete_list() -> None:
    table = Table(0, dated=False, failures={4: Unanswered("GET /x: no answer in time")})
    table.items = [table.item(0) for _ in range(25)]
    listing = table.listing()

    assert len(ids(listing)) == 25
    assert listing.problem == "page 1 could not be read: GET /x: no answer in time"


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (Page([{"id": "1"}], {"total_count": 1}, Reply(200, cached=True)), False),
        (Page([{"id": "1"}], {}, Reply(200, cached=True)), False),
        (Page([{"id": "1"}], {"total_count": 3}, Reply(200, cached=True)), True),
        (Page([{"id": "1"}, {"id": "2"}], {"total_count": 2}, Reply(200, cached=True)), True),
        (Page([{"id": "1"}], {"total_count": 1, "per_page": 1}, Reply(200, cached=True)), True),
        (Page([{"id": "1"}], {"total_count": 3}, Reply(200)), False),
    ],
)
def test_only_a_list_of_a_single_page_comes_from_the_cache(first: Page, again: bool) -> None:
    asked: list[tuple[int, int, bool]] = []

    def ask(params: Item, may_be_old: bool) -> Page:
        asked.append((params["page"], params["per_page"], may_be_old))
        return first if len(asked) == 1 else Page([{"id": "3"}], {}, Reply(200))

    next(page_form(ask, 2))

    assert asked == [(1, 2, True), *([(1, 2, False)] if again else [])]


@pytest.mark.fault("B2")
def test_no_page_but_the_first_may_be_old() -> None:
    asked: list[bool] = []

    def ask(params: Item, may_be_old: bool) -> Page:
        asked.append(may_be_old)
        items = [{"id": f"{params['page']}-{n}"} for n in range(2 if params["page"] < 3 else 1)]
        return Page(items, {"total_count": 5}, Reply(200, cached=may_be_old))

    list(page_form(ask, 2))

    assert asked[:4] == [True, False, False, False]


def test_a_whole_list_may_be_old() -> None:
    asked: list[bool] = []

    def ask(params: Item, may_be_old: bool) -> Page:
        asked.append(may_be_old)
        return Page([], {}, Reply(200))

    assert list(whole(ask)) == []
    assert asked == [True]


@pytest.mark.parametrize("info", [{"cursor": 5}, {"cursors": {"after": 5}}, {"cursors": "more"}])
def test_a_cursor_that_is_not_text_is_not_taken_for_the_end(info: Item) -> None:
    listing = Client(answering({"result": [{"id": "1"}], "result_info": info})).whole(RECORDS)

    with pytest.raises(MalformedAnswer, match="cursor of the list is not text"):
        list(listing)


@pytest.mark.fault("B2")
def test_a_list_that_never_stands_still_is_marked() -> None:
    listing = Table(95, meddle=lambda table: table.insert(0)).listing()

    list(listing)

    assert listing.passes == 3
    assert "changed while it was read 3 times" in listing.problem


def test_an_item_made_just_before_the_list_was_read_is_not_a_drift_forever() -> None:
    table = Table(24)
    table.insert(0)
    listing = table.listing()

    assert len(ids(listing)) == 25
    assert listing.problem == ""
    assert listing.passes == 2


@pytest.mark.fault("B3")
@pytest.mark.parametrize("lie", [3, 10, 20, 21, 10**9, 0])
def test_a_total_that_lies_stops_nothing_and_is_reported(lie: int) -> None:
    table = Table(25, says={"total_count": lie})
    listing = table.listing()

    assert len(ids(listing)) == 25
    assert str(lie) in listing.problem


@pytest.mark.fault("B3")
def test_a_total_that_is_text_is_read() -> None:
    listing = Table(25, says={"total_count": "25", "per_page": "10"}).listing()

    assert len(ids(listing)) == 25
    assert listing.problem == ""


@pytest.mark.fault("B3")
@pytest.mark.parametrize("without", [("total_count",), ("total_count", "per_page"), ("total_count", "count")])
def test_a_list_without_a_total_is_read_to_its_end_twice(without: tuple[str, ...]) -> None:
    listing = (table := Table(25, without=without)).listing()

    assert len(ids(listing)) == 25
    assert (listing.problem, listing.passes, listing.total) == ("", 2, None)
    assert len(table.calls) == 6


@pytest.mark.fault("B3")
@pytest.mark.parametrize("nonsense", [-1, 1.5, "many", "9" * 16, [], {}, True])
def test_a_total_that_is_not_a_number_counts_as_absent(nonsense: Any) -> None:
    listing = Table(25, says={"total_count": nonsense}).listing()

    assert len(ids(listing)) == 25
    assert listing.problem == ""


@pytest.mark.fault("B4")
@pytest.mark.parametrize(("rows", "requests"), [(9, 1), (10, 2), (11, 2), (20, 3), (21, 3)])
def test_a_full_last_page_costs_one_more_request(rows: int, requests: int) -> None:
    listing = (table := Table(rows)).listing()

    assert len(ids(listing)) == rows
    assert listing.problem == ""
    assert len(table.calls) == requests


@pytest.mark.fault("B5")
def test_a_server_that_gives_smaller_pages_is_read_to_the_end() -> None:
    listing = (table := Table(95, most=20)).listing(per_page=5000)

    assert len(ids(listing)) == 95
    assert listing.problem == ""
    assert len(table.calls) == 5


@pytest.mark.fault("B5")
def test_a_server_that_gives_smaller_pages_and_does_not_say_so_is_read_to_the_end() -> None:
    listing = Table(95, most=20, says={"per_page": 5000}).listing(per_page=5000)

    assert len(ids(listing)) == 95


@pytest.mark.fault("B5")
def test_a_server_that_claims_larger_pages_than_were_asked_for_is_read_to_the_end() -> None:
    table = Table(5, says={"per_page": 50, "total_count": 2})
    listing = table.listing(per_page=2)

    assert len(ids(listing)) == 5
    assert listing.problem


@pytest.mark.fault("B5")
def test_a_server_that_gives_smaller_pages_and_no_total_is_read_to_the_end() -> None:
    listing = Table(95, most=20, without=("total_count",)).listing(per_page=5000)

    assert len(ids(listing)) == 95


@pytest.mark.fault("B6")
def test_the_same_page_forever_is_left_and_reported() -> None:
    table = Table(10)

    def send(call: Call) -> Reply:
        page = dict(call.params)["page"]
        reply = table(call._replace(params=(("page", "1"), ("per_page", "10"))))
        reply.data["result_info"]["page"] = int(page)
        return reply

    listing = Client(send).pages(RECORDS, per_page=10)

    assert len(ids(listing)) == 10
    assert "brought nothing new" in listing.problem
    assert len(table.calls) == 6


@pytest.mark.fault("B6")
@pytest.mark.parametrize(("rows", "problem"), [(29, ""), (31, "3 times: it has more than 3 pages")])
def test_a_list_of_as_many_pages_as_are_read_at_most_is_whole(
    monkeypatch: pytest.MonkeyPatch, rows: int, problem: str
) -> None:
    monkeypatch.setattr("ops.http.page_form.PAGE_CAP", 3)
    listing = (table := Table(rows)).listing()

    assert len(ids(listing)) == min(rows, 30)
    assert listing.problem.endswith(problem)
    assert {call["page"] for call in table.calls} == {"1", "2", "3"}


@pytest.mark.fault("B6")
def test_a_list_has_no_more_than_ten_thousand_pages() -> None:
    turns = iter(range(10**9))

    def send(call: Call) -> Reply:
        reply = Reply(200)
        reply.data = {"result": [{"id": str(next(turns))}], "result_info": {"per_page": 1}}
        return reply

    listing = Client(send).pages(RECORDS, per_page=1)

    assert sum(1 for _ in listing) == 30_000
    assert "more than 10,000 pages" in listing.problem


@pytest.mark.parametrize(("per_page", "requests"), [(5, 1), (7, 2), (9, 1)])
def test_a_server_that_knows_no_pages_is_asked_once_more_at_most(per_page: int, requests: int) -> None:
    calls: list[Call] = []

    def send(call: Call) -> Reply:
        calls.append(call)
        reply = Reply(200)
        reply.data = {"result": [{"id": str(n)} for n in range(7)]}
        return reply

    listing = Client(send).pages(RECORDS, per_page=per_page)

    assert len(ids(listing)) == 7
    assert (listing.problem, listing.passes, listing.duplicates) == ("", 1, 0)
    assert len(calls) == requests


@pytest.mark.fault("B9")
def test_a_later_page_that_fails_permanently_leaves_an_incomplete_list() -> None:
    table = Table(195, failures={7: Unanswered("GET /x: no answer in time")})
    listing = table.listing()

    assert len(ids(listing)) == 60
    assert listing.problem == "page 7 could not be read: GET /x: no answer in time"


@pytest.mark.fault("B9")
def test_a_first_page_that_fails_is_a_failure() -> None:
    with pytest.raises(Unanswered):
        list(Table(5, failures={1: Unanswered("gone")}).listing())


@pytest.mark.fault("A24")
@pytest.mark.parametrize("error", [CredentialsError("bad token"), NotFound("gone")])
def test_a_refusal_on_a_later_page_is_raised(error: OpsError) -> None:
    listing = Table(95, failures={3: error}).listing()

    with pytest.raises(type(error)):
        list(listing)


@pytest.mark.parametrize("result", [None, {}, "x", [1], [None]])
def test_what_is_not_a_list_of_objects_is_malformed(result: Any) -> None:
    def send(call: Call) -> Reply:
        reply = Reply(200)
        reply.data = {"success": True, "result": result}
        return reply

    with pytest.raises(MalformedAnswer):
        list(Client(send).pages(RECORDS, per_page=10))


def test_items_without_an_id_differ_by_all_they_hold() -> None:
    def send(call: Call) -> Reply:
        reply = Reply(200)
        found = [{"name": "a", "id": id} for id in ("", 5, None)] + [
            {"name": "b", "id": id} for id in ("", 5)
        ]
        again = dict(reversed(found[0].items()))
        reply.data = {"result": [*found, again], "result_info": {"per_page": 9}}
        return reply

    listing = Client(send).pages(RECORDS, per_page=9)

    assert len(list(listing)) == 5
    assert listing.duplicates == 1


def test_a_whole_list_comes_in_one_answer() -> None:
    listing = Client(answering({"result": [{"id": "1"}]})).whole(RECORDS)

    assert (ids(listing), listing.problem, listing.passes) == (["1"], "", 1)


def test_a_whole_list_may_be_inside_the_result() -> None:
    assert ids(
        Client(answering({"result": {"buckets": [{"id": "1"}]}})).whole(RECORDS, inside="buckets")
    ) == ["1"]


@pytest.mark.parametrize("info", [{"total_count": 5}, {"cursor": "more"}, {"cursors": {"after": "more"}}])
def test_a_whole_list_whose_answer_speaks_of_more_is_marked(info: Item) -> None:
    listing = Client(answering({"result": [{"id": "1"}], "result_info": info})).whole(RECORDS)

    assert ids(listing) == ["1"]
    assert "the API sent 1" in listing.problem


def answering(data: Item) -> Callable[[Call], Reply]:
    def send(call: Call) -> Reply:
        reply = Reply(200)
        reply.data = data
        return reply

    return send


def stir(table: Table, chance: random.Random) -> None:
    """Change the list once, in one of the ways that hide an item from who is reading it."""
    place = chance.randrange(len(table.items))
    match chance.randrange(4):
        case 0:
            table.insert(place)
        case 1:
            table.delete(place)
        case 2:
            table.delete(place)
            table.insert(chance.randint(0, len(table.items)))
        case _:
            moved = {**table.items.pop(place), "modified_on": stamp(table.now)}
            table.items.insert(chance.randint(0, len(table.items)), moved)


def drifting(seed: int, *, often: float, calm_after: int = 10**9, **more: Any) -> Table:
    """Make a list of 200 items of which one is changed before that share of the requests, once or twice."""
    chance = random.Random(seed)

    def meddle(table: Table) -> None:
        if len(table.calls) < calm_after and chance.random() < often:
            for _ in range(chance.randint(1, 2)):
                stir(table, chance)

    table = Table(0, meddle=meddle, **more)
    table.items = [table.item(START - 86400) for _ in range(200)]
    table.throughout = {item["id"] for item in table.items}
    return table


@pytest.mark.fault("P4")
@pytest.mark.fault("B2")
@pytest.mark.parametrize("more", [{}, {"dated": False}, {"without": ("total_count",)}], ids=str)
@pytest.mark.parametrize(("often", "flagged_at_most"), [(0.01, 0.15), (0.03, 0.45), (0.1, 1), (0.7, 1)])
@pytest.mark.parametrize("lists", [100, pytest.param(1000, marks=pytest.mark.long)])
def test_no_drifting_list_has_a_gap_that_is_not_reported(
    lists: int, more: dict[str, Any], often: float, flagged_at_most: float
) -> None:
    gaps = flagged = 0
    for seed in range(lists):
        table = drifting(seed, often=often, **more)
        listing = table.listing(per_page=20)

        found = set(ids(listing))

        flagged += bool(listing.problem)
        gaps += not listing.problem and not table.throughout <= found

    assert gaps == 0
    assert flagged <= flagged_at_most * lists


@pytest.mark.fault("B2")
def test_a_list_that_comes_to_rest_is_whole_and_not_marked() -> None:
    for seed in range(100):
        table = drifting(seed, often=0.7, calm_after=11)
        listing = table.listing(per_page=20)

        found = set(ids(listing))

        assert listing.problem == ""
        assert table.throughout <= found
