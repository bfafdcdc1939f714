"""--filter, --sort and --limit choose what was asked for, and say where they cut."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ops.errors import ApiError, Incomplete, Interrupted, UsageError
from ops.ui.shapes import Rows
from tests.ui.paper import printed, rows
from tests.ui.test_output import Doubtful

ZONES: tuple[dict[str, Any], ...] = (
    {
        "name": "example.com",
        "ttl": 300,
        "status": "active",
        "on": "2026-11-02T00:00:00Z",
        "tags": ["prod", "eu"],
    },
    {"name": "www.example.net", "ttl": 1, "status": "pending", "on": "2026-10-01T00:00:00Z", "tags": []},
    {"name": "Example.org", "ttl": 3600, "status": "active", "on": None, "account": {"name": "one"}},
)


def names(*filters: str, **options: Any) -> list[str]:
    shown = printed(rows(*ZONES), "json", filters=filters, **options)
    return [zone["name"] for zone in json.loads(shown.out)]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("name=example.com", ["example.com"]),
        ("name=*example*", ["example.com", "www.example.net"]),
        ("name=[wx]*", ["www.example.net"]),
        ("name = www*", ["www.example.net"]),
        ("status!=active", ["www.example.net"]),
        ("status==active", ["example.com", "Example.org"]),
        ("ttl=300", ["example.com"]),
        ("ttl>300", ["Example.org"]),
        ("ttl>=300", ["example.com", "Example.org"]),
        ("ttl<300", ["www.example.net"]),
        ("ttl<=1", ["www.example.net"]),
        ("on>2026-10-15", ["example.com"]),
        ("on=", ["Example.org"]),
        ("on!=", ["example.com", "www.example.net"]),
        ("tags=prod", ["example.com"]),
        ("tags!=prod", ["www.example.net", "Example.org"]),
        ("account.name=one", ["Example.org"]),
        ("account.name!=one", ["example.com", "www.example.net"]),
    ],
)
def test_a_filter_keeps_what_it_says(filter: str, expected: list[str]) -> None:
    assert names(filter) == expected


def test_several_filters_must_all_hold() -> None:
    assert names("status=active", "ttl>300") == ["Example.org"]


def test_numbers_are_compared_as_numbers() -> None:
    shown = printed(rows({"n": 9}, {"n": 10}, {"n": "11"}), "tsv", filters=("n>9.5",), headers=False)

    assert shown.out == "10\n11\n"


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("ttl", ["www.example.net", "example.com", "Example.org"]),
        ("-ttl", ["Example.org", "example.com", "www.example.net"]),
        ("on", ["www.example.net", "example.com", "Example.org"]),
        ("-on", ["example.com", "www.example.net", "Example.org"]),
    ],
)
def test_items_are_sorted_and_those_without_the_field_come_last(sort: str, expected: list[str]) -> None:
    assert names(sort=sort) == expected


def test_numbers_and_text_can_be_sorted_together() -> None:
    shown = printed(rows({"n": "b"}, {"n": 10}, {"n": 9}, {"n": "a"}), "tsv", sort="n", headers=False)

    assert shown.out == "9\n10\na\nb\n"


def test_a_limit_that_cuts_is_reported() -> None:
    shown = printed(rows(*ZONES), "csv", fields="name", limit=2)

    assert shown.out == "name\nexample.com\nwww.example.net\n"
    assert shown.err == "showing the first 2; more were not read\n"


def test_a_limit_that_cuts_nothing_is_not_reported() -> None:
    assert printed(rows(*ZONES), "csv", fields="name", limit=3).err == ""


def test_a_limit_reads_no_more_than_one_item_further() -> None:
    read = []

    def items() -> Iterator[dict[str, Any]]:
        for number in range(1000):
            read.append(number)
            yield {"n": number}

    printed(Rows(items()), "json", limit=10)

    assert len(read) == 11


def test_a_limit_does_not_search_the_whole_list_for_one_more_match() -> None:
    read = []

    def items() -> Iterator[dict[str, Any]]:
        for number in range(1000):
            read.append(number)
            yield {"n": number}

    shown = printed(Rows(items()), "jsonl", limit=1, filters=("n=5",))

    assert shown.out == '{"n":5}\n'
    assert shown.err == "showing the first 1; more were not read\n"
    assert len(read) == 7


def test_what_was_asked_for_is_given_though_the_next_page_cannot_be_read() -> None:
    def items() -> Iterator[dict[str, Any]]:
        yield {"n": 1}
        raise ApiError("page 2", 500)

    shown = printed(Rows(items()), "json", limit=1)

    assert json.loads(shown.out) == [{"n": 1}]
    assert "more were not read" in shown.err


def test_an_interruption_is_not_a_page_that_cannot_be_read() -> None:
    def items() -> Iterator[dict[str, Any]]:
        yield {"n": 1}
        raise Interrupted("interrupted")

    with pytest.raises(Interrupted):
        printed(Rows(items()), "json", limit=1)


class Unread:
    """A list that counts as not whole until it has been read to its end."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.problem = "not read to its end"
        self._items = items

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from self._items
        self.problem = ""


def test_a_list_that_was_cut_on_purpose_is_not_a_incomplete_one() -> None:
    shown = printed(Rows(Unread({"n": 1}, {"n": 2}, {"n": 3})), "json", limit=1)

    assert json.loads(shown.out) == [{"n": 1}]


def test_a_list_that_had_to_be_read_whole_for_sorting_is_judged_though_it_was_cut() -> None:
    with pytest.raises(Incomplete):
        printed(Rows(Doubtful({"n": 1}, {"n": 2})), "json", limit=1, sort="n")


def test_sorting_comes_before_the_limit() -> None:
    shown = printed(rows(*ZONES), "csv", fields="name", sort="-ttl", limit=1)

    assert shown.out == "name\nExample.org\n"
    assert shown.err == "showing the first 1 of 3\n"


@pytest.mark.parametrize(
    "options", [{"fields": "nmae"}, {"sort": "nmae"}, {"sort": "-nmae"}, {"filters": ("nmae=x",)}]
)
@pytest.mark.parametrize("format", ["json", "csv", "table"])
def test_a_field_that_no_item_has_names_the_nearest(options: dict[str, Any], format: str) -> None:
    with pytest.raises(UsageError, match="no item has a field 'nmae'") as error:
        printed(rows(*ZONES), format, **options)

    assert (
        error.value.hint
        == "did you mean name? the fields are: name, ttl, status, on, tags, account, account.name"
    )


def test_nothing_is_printed_before_a_wrong_field_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    import sys

    from ops.ui.output import show
    from ops.ui.shapes import Output

    with pytest.raises(UsageError):
        show(rows(*ZONES), Output("json", fields="nmae"), sys.stdout, str)

    assert capfd.readouterr() == ("", "")


def test_a_field_that_only_a_later_item_has_is_known() -> None:
    assert names("account.name=one") == ["Example.org"]


def test_a_column_of_the_command_is_known_though_no_item_has_it() -> None:
    shown = printed(rows({"name": "a"}, columns=("name", "comment")), "csv", fields="name,comment")

    assert shown.out == "name,comment\na,\n"


def test_an_empty_list_has_every_field() -> None:
    assert printed(rows(), "json", filters=("nmae=x",), sort="nmae").out == "[]\n"


def test_a_wrong_field_of_a_single_item_is_reported() -> None:
    from ops.ui.shapes import Item

    with pytest.raises(UsageError) as error:
        printed(Item({"name": "a"}), "json", fields="nmae")

    assert error.value.hint.startswith("did you mean name?")
