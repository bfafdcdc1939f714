"""What reaches a terminal is printable, and nothing that can be printed is changed."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ops.ui.escape import json_text, printable

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))

HOSTILE = {
    "ANSI escape": "\x1b[2J",
    "clipboard (OSC 52)": "\x1b]52;c;cm0gLXJm\x07",
    "carriage return": "\r",
    "newline": "\n",
    "backspace": "\b",
    "NUL": "\0",
    "DEL": "\x7f",
    "C1 CSI": "\x9b2J",
    "C1 OSC": "\x9d",
    "right-to-left override": "\u202e",
    "bidirectional isolate": "\u2066",
    "zero-width space": "\u200b",
    "zero-width joiner": "\u200d",
    "byte order mark": "\ufeff",
    "line separator": "\u2028",
    "soft hyphen": "\xad",
    "lone surrogate": "\ud800",
    "tag character": "\U000e0041",
}


@pytest.mark.fault("E7")
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_drives_a_terminal_is_shown_as_an_escape(text: str) -> None:
    shown = printable(f"a{text}b")

    assert shown.isprintable()
    assert shown.startswith("a\\")


@pytest.mark.parametrize("text", ["www.example.com", "日本", "é", "e\u0301", "💥", 'don\'t \\ "quote"', ""])
def test_printable_text_is_left_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_an_escape_names_the_character() -> None:
    assert printable("\x1b\x85\u202e\U000e0041") == "\\x1b\\x85\\u202e\\U000e0041"


def test_lines_and_tabs_of_a_text_stay() -> None:
    assert printable("a\tb\r\n\x1b", "\n\t") == "a\tb\\x0d\n\\x1b"


@settings(max_examples=500, deadline=None)
@given(ANY_TEXT)
@example("".join(HOSTILE.values()))
@pytest.mark.fault("P9")
def test_no_control_bidirectional_or_zero_width_character_is_left(text: str) -> None:
    drives_nothing(text)


@settings(max_examples=10_000, deadline=None)
@given(ANY_TEXT)
@pytest.mark.fault("P9")
@pytest.mark.long
def test_none_of_ten_thousand_texts_drives_a_terminal(text: str) -> None:
    drives_nothing(text)


def drives_nothing(text: str) -> None:
    shown = printable(text)

    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")]
    assert not [
        c for c in shown if unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "LRE", "PDF", "RLI")
    ]


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(ANY_TEXT, ANY_TEXT | st.floats(allow_nan=False, allow_infinity=False) | st.integers()))
@example({"lone": "\ud800", "pair": "💥", "bidi": "\u202e", "DEL": "\x7f"})
@pytest.mark.fault("A12")
def test_json_reads_back_as_what_it_was_and_drives_no_terminal(value: dict[str, object]) -> None:
    text = json_text(value)

    # Two lone surrogates in a row are a pair in JSON: there is no other way to write them.
    assert json.loads(text) == json.loads(json.dumps(value))
    assert text.isprintable()


def test_json_keeps_letters_readable() -> None:
    assert json_text({"name": "日本 é"}) == '{"name":"日本 é"}'


def test_what_is_not_a_number_is_not_written_as_json() -> None:
    with pytest.raises(ValueError, match="JSON"):
        json_text(float("nan"))
