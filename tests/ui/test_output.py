"""Every format says the same of the same items, as they come, and cuts nothing silently."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.errors import ApiError, Incomplete, UsageError
from ops.ui.output import FORMATS, show
from ops.ui.shapes import Bytes, Item, Output, Rows, Text
from tests.ui.paper import Terminal, on_terminal, printed, rows
from tests.ui.test_escape import ANY_TEXT

RECORD = {
    "id": "r1",
    "name": "www.example.com",
    "ttl": 300,
    "proxied": True,
    "comment": None,
    "tags": ["a", "b"],
    "meta": {"auto": False},
}
SURVIVES_UTF8 = st.text(st.characters(codec="utf-8"))
TRIGGERED = st.builds("{}{}".format, st.sampled_from("=+-@\t\r\n\0'"), SURVIVES_UTF8)


class Doubtful:
    """A list that is known not to be whole once it has been read."""

    def __init__(self, *items: dict[str, Any]) -> None:
        self.problem = ""
        self._items = items

    def __iter__(self) -> Iterator[dict[str, Any]]:
        yield from self._items
        self.problem = "zones: 2 of 3 could be read"


def test_a_pipe_gets_tsv() -> None:
    assert printed(rows(RECORD, columns=("name", "ttl"))).out == "name\tttl\nwww.example.com\t300\n"


def test_a_terminal_gets_a_table() -> None:
    shown = on_terminal(rows(RECORD, columns=("name", "ttl")))

    assert shown.out == "name             ttl\n---------------  ---\nwww.example.com  300\n"


def test_a_json_list_is_one_array_with_an_item_a_line() -> None:
    shown = printed(rows({"a": 1}, {"a": 2}), "json")

    assert shown.out == '[\n  {"a":1},\n  {"a":2}\n]\n'


@pytest.mark.parametrize(
    ("format", "expected"),
    [("json", "[]\n"), ("jsonl", ""), ("yaml", "[]\n"), ("csv", "name\n"), ("tsv", "name\n")],
)
def test_an_empty_list_is_valid_in_every_format(format: str, expected: str) -> None:
    assert printed(rows(columns=("name",)), format).out == expected


def test_an_empty_table_shows_its_columns() -> None:
    assert printed(rows(columns=("name",)), "table").out == "name\n----\n"


def test_a_single_item_is_a_json_object() -> None:
    assert json.loads(printed(Item(RECORD), "json").out) == RECORD


def test_a_single_item_is_one_line_of_jsonl() -> None:
    assert printed(Item({"a": [1, 2]}), "jsonl").out == '{"a":[1,2]}\n'


def test_a_single_item_is_a_table_of_fields_and_values() -> None:
    assert (
        printed(Item(RECORD, ("name", "proxied")), "table").out == "name     www.example.com\nproxied  true\n"
    )


def test_cells_are_text_as_the_api_says_it() -> None:
    fields = "proxied,comment,tags,meta,meta.auto,ttl"

    shown = printed(rows(RECORD), "tsv", fields=fields, headers=False)

    assert shown.out == 'true\t\t["a","b"]\t{"auto":false}\tfalse\t300\n'


def test_json_keeps_the_whole_item_whatever_the_columns() -> None:
    shown = printed(rows(RECORD, columns=("name",)), "json")

    assert json.loads(shown.out) == [RECORD]


@pytest.mark.parametrize("format", ["json", "jsonl", "yaml"])
def test_named_fields_are_the_keys_of_what_is_given(format: str) -> None:
    shown = printed(rows(RECORD), format, fields="name, meta.auto")

    read = yaml.safe_load(shown.out)
    assert read in (
        [{"name": "www.example.com", "meta.auto": False}],
        {"name": "www.example.com", "meta.auto": False},
    )


def test_a_field_with_a_dot_in_its_name_is_found() -> None:
    assert printed(rows({"a.b": 1, "a": {"b": 2}}), "csv", fields="a.b").out == "a.b\n1\n"


@pytest.mark.parametrize("format", ["csv", "tsv", "table"])
def test_the_header_can_be_left_out(format: str) -> None:
    assert printed(rows({"a": "x"}), format, headers=False).out == "x\n"


@pytest.mark.parametrize("format", ["csv", "tsv"])
def test_a_field_that_only_a_later_item_has_gets_its_column(format: str) -> None:
    separator = "," if format == "csv" else "\t"

    shown = printed(rows({"a": 1}, {"a": 2, "b": 3}), format)

    assert shown.out.replace(separator, " ") == "a b\n1 \n2 3\n"


@pytest.mark.parametrize("format", ["csv", "tsv", "table"])
def test_a_field_that_comes_too_late_for_a_column_is_reported(format: str) -> None:
    items = ({"a": 1} if number < 1000 else {"a": 1, "late": 2} for number in range(1001))

    shown = printed(Rows(items), format)

    assert "not shown, because they first appear after 1,000 rows: late; name them with --fields" in shown.err


@pytest.mark.fault("P9")
@pytest.mark.fault("E8")
@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(SURVIVES_UTF8 | TRIGGERED, min_size=2, max_size=2), min_size=1, max_size=10))
@pytest.mark.fault("P9")
def test_csv_cells_start_no_formula_and_read_back_as_they_were(cells: list[list[str]]) -> None:
    items = [dict(zip("ab", row, strict=True)) for row in cells]

    text = printed(rows(*items), "csv", headers=False).out

    read = list(csv.reader(io.StringIO(text, newline="")))
    assert not [
        cell for row in read for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "\0"))
    ]
    assert [[cell.removeprefix("'") for cell in row] for row in read] == cells


def test_csv_quotes_what_would_end_a_cell() -> None:
    shown = printed(rows({"a": 'x,"y"', "b": "1\r2"}), "csv", headers=False)

    assert shown.out == '"x,""y""","1\r2"\n'


@settings(max_examples=300, deadline=None)
@given(st.lists(ANY_TEXT, min_size=2, max_size=2))
def test_tsv_is_one_line_an_item_and_reversible(cells: list[str]) -> None:
    text = printed(rows(dict(zip("ab", cells, strict=True))), "tsv", headers=False).out

    assert text.count("\n") == 1
    assert text.count("\t") == 1
    read = [
        part.encode("ascii", "backslashreplace").decode("unicode_escape") for part in text[:-1].split("\t")
    ]
    assert read == cells


def test_tsv_shows_tabs_newlines_and_backslashes_as_escapes() -> None:
    assert printed(rows({"a": "1\t2\n3\\4\r"}), "tsv", headers=False).out == "1\\t2\\n3\\\\4\\r\n"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            SURVIVES_UTF8, SURVIVES_UTF8 | st.none() | st.booleans() | st.integers() | st.lists(SURVIVES_UTF8)
        ),
        max_size=3,
    )
)
def test_yaml_reads_back_as_what_it_was_and_is_printable(items: list[dict[str, Any]]) -> None:
    text = printed(rows(*items), "yaml").out

    assert yaml.safe_load(text) == items
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize(
    "text", ["1.10", "yes", "no", "y", "n", "null", "~", "0o17", "1e3", "012", "1:30", "", "-", "=1"]
)
def test_text_that_looks_like_something_else_is_quoted_in_yaml(text: str) -> None:
    assert printed(rows({"a": text}), "yaml").out == f"- a: '{text}'\n"


def test_a_lone_surrogate_survives_in_json() -> None:
    text = printed(rows({"a": "\ud800"}), "json").out

    assert json.loads(text) == [{"a": "\ud800"}]


@pytest.mark.parametrize("format", FORMATS)
def test_a_lone_surrogate_ends_no_format_in_a_traceback(format: str) -> None:
    assert "ud800" in printed(rows({"a": "\ud800"}), format).out.lower()


@pytest.mark.fault("E7")
@pytest.mark.parametrize("format", FORMATS)
def test_no_format_drives_a_terminal(format: str) -> None:
    canary = "\x1b]52;c;eA==\x07\r\u202e\u200b\x9b"

    for result in (rows({"a": canary, canary: "b"}), Item({"a": canary, canary: "b"})):
        shown = on_terminal(result, format).out.replace("\t", " ")
        assert all(line.isprintable() for line in shown.split("\n"))


def test_text_is_written_unchanged() -> None:
    assert printed(Text("$ORIGIN example.com.\n\x1b"), "json").out == "$ORIGIN example.com.\n\x1b"


def test_text_drives_no_terminal() -> None:
    assert on_terminal(Text("a\tb\n\x1b[2J")).out == "a\tb\n\\x1b[2J"


def test_bytes_go_out_untouched() -> None:
    out = io.BytesIO()

    show(Bytes(iter([b"\xff\x00", b"\r\n"])), Output("json"), out, str)

    assert out.getvalue() == b"\xff\x00\r\n"


def test_bytes_drive_no_terminal_and_letters_are_not_cut_between_chunks() -> None:
    assert on_terminal(Bytes(iter([b"\xff\xc3", b"\xa9\x1b", b"\xe6"]))).out == "\\xffé\\x1b\\xe6"


def test_a_terminal_that_is_not_utf8_gets_escapes() -> None:
    out = Terminal("ascii")

    show(rows({"a": "é"}), Output("json"), out, str)

    assert "\\xe9" in out.seen


def test_nothing_is_printed_for_nothing() -> None:
    assert printed(None) == ("", "", "")


@pytest.mark.parametrize("format", FORMATS)
def test_a_list_that_may_not_be_whole_is_reported_after_it(format: str) -> None:
    out = io.BytesIO()

    with pytest.raises(Incomplete, match="2 of 3") as error:
        show(Rows(Doubtful({"a": "x1"}, {"a": "x2"})), Output(format), out, str)

    assert error.value.exit_code == 4
    assert b"x2" in out.getvalue()


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("columns", [(), ("a",)])
def test_what_was_read_before_a_failure_is_printed(format: str, columns: tuple[str, ...]) -> None:
    def failing() -> Iterator[dict[str, Any]]:
        yield {"a": "read"}
        raise ApiError("page 2", 500)

    out = io.BytesIO()

    with pytest.raises(ApiError):
        show(Rows(failing(), columns), Output(format), out, str)

    assert b"read" in out.getvalue()


@pytest.mark.fault("B9")
def test_a_json_list_that_broke_off_is_not_valid() -> None:
    def failing() -> Iterator[dict[str, Any]]:
        yield {"a": 1}
        raise ApiError("page 2", 500)

    out = io.BytesIO()

    with pytest.raises(ApiError):
        show(Rows(failing()), Output("json"), out, str)

    with pytest.raises(json.JSONDecodeError):
        json.loads(out.getvalue())


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "yaml", "tsv", "table"])
def test_rows_go_out_before_the_list_is_read_to_its_end(format: str) -> None:
    out = io.BytesIO()
    printed_by_then = []

    def items() -> Iterator[dict[str, Any]]:
        for number in range(5_000):
            if number == 4_000:
                printed_by_then.append(len(out.getvalue()))
            yield {"name": f"key-{number}"}

    show(Rows(items(), ("name",)), Output(format), out, str)

    assert printed_by_then[0] > len(out.getvalue()) / 2


def test_an_unknown_format_names_the_nearest_and_all() -> None:
    with pytest.raises(UsageError, match="unknown output format 'jsn'") as error:
        printed(rows(RECORD), "jsn")

    assert error.value.hint == "did you mean json? --output takes table, json, jsonl, csv, yaml, tsv"


@pytest.mark.parametrize(
    "options", [Output(limit=-1), Output(sort="-"), Output(filters=("name",)), Output(filters=("=x",))]
)
def test_options_that_make_no_sense_are_refused_before_anything_is_read(options: Output) -> None:
    def unread() -> Iterator[dict[str, Any]]:
        raise AssertionError("read")
        yield {}

    with pytest.raises(UsageError) as error:
        show(Rows(unread()), options, io.BytesIO(), str)

    assert error.value.hint


def test_the_width_of_the_environment_has_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")

    assert on_terminal(rows({"content": "x" * 300})).out.splitlines()[2] == "x" * 29 + "…"


def test_rows_of_what_is_under_way_are_handed_on_one_by_one() -> None:
    class Pipe(io.BytesIO):
        flushed = 0

        def flush(self) -> None:
            self.flushed = self.getvalue().count(b"\n")

    out = Pipe()

    def given() -> Iterator[dict[str, Any]]:
        for number in range(3):
            yield {"n": number}
            seen.append(out.flushed)

    seen: list[int] = []
    show(Rows(given(), live=True), Output("jsonl"), out, print)

    assert seen == [1, 2, 3]
