"""Columns get the widths that most rows need."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.ui.shapes import KEY, LOW, MAIN, PLAIN
from ops.ui.widths import Need, fitted, grown, total


def need(*cells: int, importance: int = PLAIN, head: int = 4, words: int = 0) -> Need:
    return Need(cells, head, importance, words)


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        (106, [20, 30, 10, 40]),
        (94, [20, 30, 0, 40]),
        (90, [16, 30, 0, 40]),
        (60, [0, 18, 0, 40]),
        (30, [0, 12, 0, 16]),
        (20, [0, 0, 0, 20]),
    ],
)
def test_what_matters_least_gives_way_first(room: int, expected: list[int]) -> None:
    needs = [
        need(20),
        need(30, importance=MAIN),
        need(10, importance=LOW),
        need(40, importance=KEY),
    ]

    assert fitted(needs, room) == expected


def test_a_few_long_cells_push_no_column_out() -> None:
    content = need(*[20] * 9, 500, importance=KEY)

    assert fitted([need(10, importance=MAIN), content, need(8, importance=LOW)], 60) == [10, 38, 8]


def test_a_column_of_long_texts_keeps_others_out() -> None:
    options = need(90, 100, 110, importance=KEY)

    assert fitted([need(8, importance=MAIN), options, need(9)], 100) == [8, 90, 0]


@pytest.mark.parametrize("long", [1, 3, 8])
def test_ordinary_records_are_whole_and_only_long_ones_are_cut(long: int) -> None:
    name = need(*[11] * 12, 27, 29, importance=MAIN)
    content = need(*[10, 39] * 3, *[400] * long, importance=KEY)

    assert fitted([name, need(5, importance=MAIN), content], 80) == [29, 5, 42]


def test_a_single_long_name_does_not_cut_the_contents() -> None:
    name, content = need(*[11] * 12, 60, importance=MAIN), need(*[10, 39] * 6, importance=KEY)

    assert fitted([name, content], 80) == [39, 39]


def test_what_is_dropped_comes_back_if_it_fits_after_all() -> None:
    assert fitted([need(20), need(5, importance=LOW), need(40, importance=LOW)], 40) == [20, 5, 0]


def test_what_continues_below_is_as_wide_as_its_longest_word() -> None:
    wraps = need(60, importance=KEY, words=17)

    assert fitted([need(30, importance=KEY), wraps], 50) == [30, 18]


def test_later_rows_keep_the_widths() -> None:
    assert grown([10, 20], [need(30), need(40)], 32) == [10, 20]


NEEDS = st.builds(
    Need,
    st.lists(st.integers(0, 300), max_size=12),
    st.integers(1, 12),
    st.sampled_from((LOW, PLAIN, MAIN, KEY)),
    st.integers(0, 40),
)


@given(st.lists(NEEDS, min_size=1, max_size=4), st.integers(70, 200))
def test_a_table_fits_and_no_column_is_wider_than_its_cells(needs: list[Need], room: int) -> None:
    widths = fitted(needs, room)

    assert total(widths) <= room
    assert all(width <= need.natural for width, need in zip(widths, needs, strict=True))
    assert any(widths)


def test_columns_that_tell_items_apart_keep_their_names_and_twelve_characters_in_any_room() -> None:
    needs = [need(30, importance=KEY, head=14), need(30, importance=KEY, head=2)]

    assert fitted(needs, 5) == [14, 12]
