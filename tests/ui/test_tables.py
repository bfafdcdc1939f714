"""Tables show what is there: nothing rewritten, nothing that drives the terminal, in line."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.ui.tables import Table, fitted, folded, item_table, shortened, width_of
from ops.ui.talk import paint, use_color
from tests.ui.paper import Terminal, on_terminal, printed, rows
from tests.ui.test_escape import ANY_TEXT

WIDE = st.text(st.sampled_from("aé日本💥e\u0301한ｱ "), max_size=12)


@pytest.mark.fault("E9")
def test_values_are_not_rewritten() -> None:
    table = Table(("name", "value")).block(
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
    table = Table(("version",)).block([{"version": "1.10"}, {"version": "007"}, {"version": "  2"}])

    assert table == "version\n-------\n1.10\n007\n  2\n"


def test_rows_without_a_header_keep_their_values() -> None:
    assert printed(rows({"v": "1.10"}, {"v": "  2"}), "table", headers=False).out == "1.10\n  2\n"


@pytest.mark.fault("P9")
@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=40))
def test_no_cell_drives_the_terminal(pairs: list[tuple[str, str]]) -> None:
    table = Table(("a", "b")).block([{"a": a, "b": b} for a, b in pairs])

    assert table.count("\n") == len(pairs) + 2
    assert not [
        c for c in table if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") and c != "\n"
    ]


@settings(max_examples=200, deadline=None)
@given(st.lists(WIDE, min_size=1, max_size=8))
def test_columns_are_in_line_whatever_the_letters(names: list[str]) -> None:
    table = Table(("name", "end")).block([{"name": name, "end": "|"} for name in names])

    places = {width_of(line.rpartition("|")[0]) for line in table.splitlines()[2:]}
    assert len(places) == 1


def test_wide_letters_are_given_back_unchanged() -> None:
    table = Table(("name", "x")).block([{"name": "日本e\u0301", "x": "1"}, {"name": "abcdef", "x": "2"}])

    assert table == "name    x\n------  -\n日本e\u0301   1\nabcdef  2\n"


def test_later_blocks_keep_the_widths_and_have_no_header() -> None:
    table = Table(("name", "x"))

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


def test_id_and_name_are_shortened_last() -> None:
    assert fitted([32, 30, 100], ["id", "name", "content"], 80) == [32, 30, 14]
    assert fitted([32, 30, 100], ["id", "name", "content"], 60) == [24, 24, 8]


def test_the_widest_column_is_shortened_first() -> None:
    assert fitted([5, 40, 30], ["ttl", "content", "comment"], 60) == [5, 25, 26]
    assert fitted([5, 1_000_000, 30], ["ttl", "content", "comment"], 60) == [5, 25, 26]


def test_no_column_gets_narrower_than_eight() -> None:
    assert fitted([30, 5, 30], ["id", "ttl", "content"], 10) == [8, 5, 8]


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


def test_a_long_value_of_one_item_is_continued_below_on_a_terminal() -> None:
    item = {"reason": "failed in 2 of 12: GET /zones: refused", "path": "x" * 30, "status": ""}

    table = item_table(item, tuple(item), width=30)

    assert table.splitlines() == [
        "reason  failed in 2 of 12:",
        "        GET /zones: refused",
        "path    " + "x" * 21,
        "        " + "x" * 9,
        "status",
    ]


def test_a_whole_column_is_continued_below_and_the_others_are_cut() -> None:
    table = Table(("kind", "note"), width=24, whole=("note",))

    lines = table.block([{"kind": "dns.record", "note": "denied: no permission (10000)"}]).splitlines()

    assert lines == [
        "kind        note",
        "----------  ------------",
        "dns.record  denied: no",
        "            permission",
        "            (10000)",
    ]


@given(st.text(alphabet="ab 漢é\u0301", max_size=40), st.integers(2, 12))
def test_a_folded_text_is_complete_and_fits(text: str, width: int) -> None:
    lines = folded(text, width)

    assert all(width_of(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_words_that_say_how_something_is_are_coloured() -> None:
    table = Table(("name", "status"), color=True).block(
        [
            {"name": "a", "status": "active"},
            {"name": "b", "status": "pending"},
            {"name": "c", "status": "failed"},
        ]
    )

    assert [re.findall("\x1b\\[[0-9;]*m", line) for line in table.splitlines()] == [
        ["\x1b[1m", "\x1b[0m"] * 2,
        [],
        ["\x1b[32m", "\x1b[0m"],
        ["\x1b[33m", "\x1b[0m"],
        ["\x1b[31m", "\x1b[0m"],
    ]


def test_colour_changes_no_layout() -> None:
    items = [{"status": "active", "name": "日本"}, {"status": "x", "name": "abcdefghi"}]

    plain, colored = (Table(("status", "name"), color=color).block(items) for color in (False, True))

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

    text = Table(("name", "hosts", "none", "deep"), width=0, headers=False, color=False).block(rows)

    assert "a.example, b.example" in text
    assert '[{"a":1}]' in text
    assert "[]" not in text
