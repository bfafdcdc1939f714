r"""The text of TXT records: quoting, escapes, and 2,048 characters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.errors import ValidationError
from ops.products.dns.rdata import fields_of
from ops.products.dns.strings import quoted, said, sendable


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("v=spf1 -all", b"v=spf1 -all"),
        ('"v=spf1 -all"', b"v=spf1 -all"),
        ('"v=spf1" " -all"', b"v=spf1 -all"),
        ('"v=spf1"" -all"', b"v=spf1 -all"),
        (r'"say \"hi\""', b'say "hi"'),
        (r'"a\\b"', rb"a\b"),
        (r"a\b", rb"a\b"),
        (r'"\195\188"', "ü".encode()),
        ("größe; 日本語", "größe; 日本語".encode()),
        ('""', b""),
    ],
)
def test_a_content_stands_for_its_text(content: str, text: bytes) -> None:
    assert said(content) == text


@given(st.text(min_size=1, max_size=400))
def test_quoted_text_reads_back_as_what_it_was(text: str) -> None:
    data = text.encode("utf-8", "surrogatepass")

    assert said(quoted(data)) == data


@given(st.binary(min_size=1, max_size=600))
def test_quoted_bytes_read_back_as_what_they_were(data: bytes) -> None:
    assert said(quoted(data)) == data


def test_a_string_holds_255_bytes_and_no_character_is_cut() -> None:
    pieces = quoted(("ü" * 200).encode()).split(" ")

    assert [len(piece.strip('"').encode()) for piece in pieces] == [254, 146]


def test_text_with_quotes_within_is_quoted_and_plain_text_is_not() -> None:
    assert sendable("v=spf1 -all") == "v=spf1 -all"
    assert sendable('say "hi"') == r'"say \"hi\""'
    assert sendable(r"a\b") == r'"a\\b"'
    assert sendable(' "a" "b" ') == '"a" "b"'


@pytest.mark.fault("E11")
@pytest.mark.parametrize(("length", "fits"), [(2047, True), (2048, True), (2049, False)])
def test_a_text_has_at_most_2048_characters(length: int, fits: bool) -> None:
    if fits:
        assert fields_of("TXT", "x" * length) == {"content": "x" * length}
        return
    with pytest.raises(ValidationError, match="2,049"):
        fields_of("TXT", "x" * length)


def test_a_record_has_at_most_4096_bytes() -> None:
    assert fields_of("TXT", "ü" * 2048)

    with pytest.raises(ValidationError, match="bytes"):
        fields_of("TXT", "日" * 2048)


@pytest.mark.parametrize("content", ['"a', 'a" b"x', '"a" b', '"a\\', r'"\999"'])
def test_quotes_that_do_not_pair_are_refused(content: str) -> None:
    if content.startswith('"'):
        with pytest.raises(ValidationError):
            sendable(content)
    else:
        assert said(sendable(content)) == content.encode()
