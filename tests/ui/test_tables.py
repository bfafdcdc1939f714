"""Tables show what is there: nothing rewritten, nothing that drives the terminal, in line."""

from __future__ import annotations

import io
import re
import unicodedata
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.ui.cells import bar
from ops.ui.output import show
from ops.ui.shapes import CHANGE, KEY, LOW, MAIN, STATUS, TREND, Column, Item, Output, Rows
from ops.ui.tables import Table, cut_apart, item_table, shortened, width_of, wrapped
from ops.ui.talk import paint, use_color
from tests.ui.paper import Terminal, on_terminal, printed, rows
from tests.ui.test_escape import ANY_TEXT

WIDE = st.text(st.sampled_from("aé日本💥e\u0301한ｱ "), max_size=12)


@pytest.mark.fault("E9")
def test_values_are_not_rewritten() -> None:
    table = Table(("name", "value"), Output()).block(
        [
            {"name": "version", "value": "1.10"},
            {"name": "  leading", "value": "007"},
            {"name": "number", "value": 1e22},
            {"name": "big", "value": 12345678901234567890},
            {"name": "null", "value": None},
            {"name": "bool", "value": True},
        ]
    )

    assert table == (
        "name       value\n"
        "---------  --------------------\n"
        "version    1.10\n"
        "  leading  007\n"
        "number     1e+22\n"
        "big        12345678901234567890\n"
        "null\n"
        "bool       true\n"
    )


@pytest.mark.fault("E9")
def test_a_column_of_numbers_is_text_like_any_other() -> None:
    table = Table(("version",), Output()).block([{"version": "1.10"}, {"version": "007"}, {"version": "  2"}])

    assert table == "version\n-------\n1.10\n007\n  2\n"


def test_rows_without_a_header_keep_their_values() -> None:
    assert printed(rows({"v": "1.10"}, {"v": "  2"}), "table", headers=False).out == "1.10\n  2\n"


@pytest.mark.fault("P9")
@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=40))
def test_no_cell_drives_the_terminal(pairs: list[tuple[str, str]]) -> None:
    table = Table(("a", "b"), Output()).block([{"a": a, "b": b} for a, b in pairs])

    assert table.count("\n") == len(pairs) + 2
    assert not [
        c for c in table if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and c != "\n"
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(WIDE, min_size=1, max_size=8))
def test_columns_are_in_line_whatever_the_letters(names: list[str]) -> None:
    table = Table(("name", "end"), Output()).block([{"name": name, "end": "|"} for name in names])

    places = {width_of(line.rpartition("|")[0]) for line in table.splitlines()[2:]}
    assert len(places) == 1


def test_wide_letters_are_given_back_unchanged() -> None:
    items = [{"name": "日本e\u0301", "x": "1"}, {"name": "abcdef", "x": "2"}]

    table = Table(("name", "x"), Output()).block(items)

    assert table == "name    x\n------  -\n日本e\u0301   1\nabcdef  2\n"


def test_later_blocks_keep_the_widths_and_have_no_header() -> None:
    table = Table(("name", "x"), Output())

    first, second = table.block([{"name": "abcdef", "x": "1"}]), table.block([{"name": "a", "x": "2"}])

    assert first == "name    x\n------  -\nabcdef  1\n"
    assert second == "a       2\n"


def test_a_long_list_goes_out_in_blocks_with_one_header() -> None:
    shown = printed(rows(*({"n": str(number)} for number in range(2_500))), "table")

    assert shown.out.splitlines() == ["n", "---", *(str(number) for number in range(2_500))]


def test_long_cells_are_shortened_on_a_terminal() -> None:
    shown = on_terminal(rows({"name": "www.example.com", "content": "x" * 300}), width=40)

    assert shown.out.splitlines()[2] == "www.example.com  " + "x" * 22 + "…"


def test_nothing_is_shortened_in_a_pipe() -> None:
    shown = printed(rows({"name": "www.example.com", "content": "x" * 300}), "table")

    assert "x" * 300 in shown.out


def test_a_terminal_shows_what_one_looks_for_and_names_the_rest() -> None:
    columns = (Column("name", MAIN), Column("content", KEY), "comment", Column("id", LOW))
    record = {"name": "www.example.com", "content": "192.0.2.10", "comment": "c" * 30, "id": "f" * 32}

    shown = on_terminal(Rows([record], columns, "record"), width=40)

    assert shown.out.splitlines()[2] == "www.example.com  192.0.2.10"
    assert shown.below == "1 record (comment, id hidden: --wide or --output json)"


def test_wide_shows_everything() -> None:
    columns = (Column("name", MAIN), Column("id", LOW))

    shown = on_terminal(Rows([{"name": "n" * 60, "id": "f" * 32}], columns), width=50, wide=True)

    assert shown.out.splitlines()[2] == "n" * 60 + "  " + "f" * 32
    assert shown.below == "1 row"


def test_a_named_field_is_never_dropped() -> None:
    columns = (Column("name", MAIN), Column("id", LOW))

    shown = on_terminal(Rows([{"name": "n" * 60, "id": "f" * 32}], columns), width=50, fields="name,id")

    assert shown.out.splitlines()[0].split() == ["name", "id"]


@pytest.mark.parametrize(
    ("rows", "options", "expected"),
    [
        (1, {}, "1 entry"),
        (1_200, {}, "1,200 entries"),
        (0, {}, "no entries"),
        (3, {"filters": ("n>9",)}, "no entries match"),
        (3, {"limit": 2}, ""),
    ],
)
def test_a_table_ends_with_the_number_of_its_rows(rows: int, options: dict[str, Any], expected: str) -> None:
    items = ({"n": number} for number in range(rows))

    assert printed(Rows(items, ("n",), "entry"), "table", **options).below == expected


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "yaml", "tsv"])
def test_a_list_for_a_program_is_counted_where_a_person_reads_it(format: str) -> None:
    assert show(rows({"n": 1}), Output(format), io.BytesIO(), str, people=True) == "1 row"
    assert printed(rows({"n": 1}), format).below == ""


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "yaml", "tsv"])
def test_an_empty_list_says_so_in_every_format(format: str) -> None:
    assert printed(rows(), format).below == "no rows"
    assert printed(rows({"n": 1}), format, filters=("n>9",)).below == "no rows match"


def test_two_texts_are_not_cut_to_the_same() -> None:
    assert cut_apart(["snapshot-of-monday", "snapshot-of-tuesday"], 10) == ["snaps…nday", "snaps…sday"]
    assert cut_apart(["abcdefghij-1-klmnop", "abcdefghij-2-klmnop"], 8)[0] == "abcdefghij-1-klmnop"
    assert cut_apart(["short", "a-long-text"], 8) == ["short", "a-long-…"]


@given(st.lists(ANY_TEXT, unique=True), st.integers(2, 20))
def test_texts_that_differ_still_differ_when_they_are_cut(texts: list[str], width: int) -> None:
    assert len(set(cut_apart(texts, width))) == len(texts)


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "ab…"),
        ("日本語", 4, "日…"),
        ("日本語", 5, "日本…"),
        ("日本", 4, "日本"),
    ],
)
def test_a_shortened_text_fits(text: str, width: int, expected: str) -> None:
    assert shortened(text, width) == expected


@given(ANY_TEXT, st.integers(1, 20))
def test_no_shortened_text_is_too_wide(text: str, width: int) -> None:
    assert width_of(shortened(text, width)) <= width


def test_a_long_value_of_one_item_takes_several_lines() -> None:
    item = Item({"name": "word " * 8 + "x" * 50, "hosts": ["a.example", "b.example", "c.example"]})

    text = item_table(item, ("name", "hosts"), Output(width=32))

    assert text == (
        "name   word word word word word\n"
        "       word word word\n"
        "       xxxxxxxxxxxxxxxxxxxxxxxxx\n"
        "       xxxxxxxxxxxxxxxxxxxxxxxxx\n"
        "hosts  a.example\n"
        "       b.example\n"
        "       c.example\n"
    )


@given(ANY_TEXT, st.integers(2, 20))
def test_a_wrapped_text_loses_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrapped(text, width)

    assert all(width_of(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_the_parts_of_an_object_are_shown_one_on_a_line() -> None:
    item = Item({"bindings": {"kv_namespace": ["A", "B"], "json": ["C"]}})

    assert item_table(item, ("bindings",), Output()) == ("bindings  kv_namespace  A, B\n          json  C\n")


def test_an_item_may_say_how_a_field_is_shown() -> None:
    item = Item({"bindings": {"kv": ["A"]}}, ("bindings",), {"bindings": ("A → sessions",)})

    assert item_table(item, ("bindings",), Output()) == "bindings  A → sessions\n"


def styles(columns: tuple[str, ...], *items: dict[str, Any]) -> list[list[str]]:
    table = Table(columns, Output(color=True, headers=False, now=0.0)).block(items)
    return [re.findall("\x1b\\[[0-9;]*m", line) for line in table.splitlines()]


def test_a_state_is_coloured_in_a_column_of_states_alone() -> None:
    item = {"name": "failed", "status": "failed"}

    assert styles((Column("name", KEY), Column("status", MAIN, STATUS)), item) == [["\x1b[31m", "\x1b[0m"]]


@pytest.mark.parametrize(
    ("change", "text", "style"),
    [
        ("created", "+ created", "\x1b[32m"),
        ("delete", "- delete", "\x1b[31m"),
        ("update", "~ update", "\x1b[33m"),
        ("unchanged", "  unchanged", "\x1b[2m"),
    ],
)
def test_a_change_has_a_sign_and_a_colour(change: str, text: str, style: str) -> None:
    column = Column("action", MAIN, CHANGE)

    assert Table((column,), Output(headers=False)).block([{"action": change}]) == text + "\n"
    assert styles((column,), {"action": change}) == [[style, "\x1b[0m"]]


def test_colour_changes_no_layout() -> None:
    items = [{"status": "active", "name": "日本"}, {"status": "x", "name": "abcdefghi"}]

    columns = (Column("status", MAIN, STATUS), "name")
    plain, colored = (Table(columns, Output(color=color)).block(items) for color in (False, True))

    lines = re.sub("\x1b\\[[0-9;]*m", "", colored).splitlines()
    assert [line.rstrip() for line in lines] == plain.splitlines()


def test_a_pipe_gets_no_colour_that_was_not_asked_for() -> None:
    assert "\x1b" not in printed(rows({"status": "active"}), "table").out


@pytest.mark.parametrize(
    ("setting", "terminal", "expected"),
    [
        ("auto", True, True),
        ("auto", False, False),
        ("always", False, True),
        ("never", True, False),
    ],
)
def test_colour_is_for_terminals_unless_the_setting_says_otherwise(
    setting: str, terminal: bool, expected: bool
) -> None:
    import io

    assert use_color(setting, Terminal() if terminal else io.StringIO()) is expected


def test_a_painted_text_is_reset_at_its_end() -> None:
    assert paint("a", "bold") == "\x1b[1ma\x1b[0m"


def test_a_list_of_plain_values_is_shown_with_commas_and_not_as_json() -> None:
    rows = [{"name": "example.com", "hosts": ["a.example", "b.example"], "none": [], "deep": [{"a": 1}]}]

    text = Table(("name", "hosts", "none", "deep"), Output(headers=False)).block(rows)

    assert "a.example, b.example" in text
    assert '[{"a":1}]' in text
    assert "[]" not in text


def test_a_reason_is_continued_below_and_not_cut() -> None:
    columns = (Column("kind", MAIN), Column("note", MAIN, wraps=True))
    note = "denied in 12 of 12: no permission (10000)"

    lines = Table(columns, Output(width=34)).block([{"kind": "dns.record", "note": note}]).splitlines()

    assert lines == [
        "kind        note",
        "----------  ----------------------",
        "dns.record  denied in 12 of 12: no",
        "            permission (10000)",
    ]


def test_a_long_word_is_not_broken_where_it_fits_on_a_line_of_its_own() -> None:
    assert wrapped("a: pages.example.net b", 18) == ["a:", "pages.example.net", "b"]


def test_a_path_is_broken_after_a_slash() -> None:
    assert wrapped("/srv/ops/exports/2026-11-30T00-59-09Z-9b25", 30) == [
        "/srv/ops/exports/",
        "2026-11-30T00-59-09Z-9b25",
    ]


JOINING = (Column("kind", joins="name"), Column("name", KEY, wraps=True), Column("state", KEY))


def test_a_column_without_room_is_shown_in_the_one_that_it_joins() -> None:
    item = {"kind": "dns.record", "name": "docs.example.com", "state": "done"}

    wide, narrow = (Table(JOINING, Output(width=width)).block([item]).splitlines() for width in (40, 23))

    assert wide[2] == "dns.record  docs.example.com  done"
    assert narrow == [
        "name              state",
        "----------------  -----",
        "dns.record        done",
        "docs.example.com",
    ]


def test_what_joins_another_column_stands_on_its_line_where_both_fit() -> None:
    items = [{"kind": "kv.pair", "name": "a"}, {"kind": "dns.record", "name": "docs.example.com"}]
    table = Table(JOINING, Output(width=23, headers=False))

    assert table.block(items).splitlines()[0] == "kv.pair a"
    assert table.block(items[:1]) == "kv.pair a\n"
    assert table.hidden == []


def test_a_trend_that_is_cut_keeps_its_newest_counts() -> None:
    columns = (Column("name", KEY), Column("trend", MAIN, TREND))
    item = {"name": "api", "trend": [1] * 20 + [8] * 4}

    line = Table(columns, Output(width=17, headers=False)).block([item])

    assert line == "api  …▂▂▂▂▂▂▂████\n"


def test_a_text_that_looks_like_a_cut_one_stays_apart_from_it() -> None:
    assert cut_apart(["abc…", "abcdefg", "short"], 5) == ["abc…", "abcd…", "short"]
    assert cut_apart(["abc…", "abcdefg"], 4) == ["abc…", "ab…g"]


@pytest.mark.parametrize(("value", "most"), [(None, 10), (0, 0), (5, 0)])
def test_a_bar_of_nothing_is_empty(value: float | None, most: float) -> None:
    assert bar(value, most) == ""
