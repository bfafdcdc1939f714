r"""The strings of TXT records: quoting, escapes, lengths, and what is equal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.errors import ValidationError
from ops.products.dns.rdata import fields_of, rdata_key
from ops.products.dns.strings import quoted, sendable, strings_of


@pytest.mark.parametrize(
    ("content", "strings"),
    [
        ("v=spf1 -all", [b"v=spf1 -all"]),
        ('"v=spf1 -all"', [b"v=spf1 -all"]),
        ('"v=spf1" " -all"', [b"v=spf1", b" -all"]),
        ('"v=spf1"" -all"', [b"v=spf1", b" -all"]),
        (r'"say \"hi\""', [b'say "hi"']),
        (r'"a\\b"', [rb"a\b"]),
        (r"a\b", [rb"a\b"]),
        (r'"\195\188"', ["ü".encode()]),
        ("größe; 日本語", ["größe; 日本語".encode()]),
        ('""', [b""]),
        (' "a" "" ', [b"a", b""]),
        ("plain\n", [b"plain"]),
    ],
)
def test_a_content_means_its_strings(content: str, strings: list[bytes]) -> None:
    assert strings_of(content) == strings


@given(st.lists(st.text(max_size=120), min_size=1, max_size=4))
def test_quoted_text_reads_back_unchanged(texts: list[str]) -> None:
    data = [text.encode("utf-8", "surrogatepass") for text in texts]

    assert b"".join(strings_of(quoted(data))) == b"".join(data)


@given(st.lists(st.binary(max_size=255), min_size=1, max_size=4))
def test_quoted_bytes_read_back_unchanged(data: list[bytes]) -> None:
    found = strings_of(quoted(data))

    assert b"".join(found) == b"".join(data)
    assert all(len(one) <= 255 for one in found)


@given(st.lists(st.binary(max_size=250), min_size=1, max_size=4))
def test_strings_stay_apart(data: list[bytes]) -> None:
    assert strings_of(quoted(data)) == data


def test_a_string_holds_255_bytes_and_no_character_is_cut() -> None:
    pieces = quoted([("ü" * 200).encode()]).split(" ")

    assert [len(piece.strip('"').encode()) for piece in pieces] == [254, 146]


def test_only_text_with_special_characters_is_quoted() -> None:
    assert sendable("v=spf1 -all") == "v=spf1 -all"
    assert sendable('say "hi"') == r'"say \"hi\""'
    assert sendable(r"a\b") == r'"a\\b"'
    assert sendable(' "a" "b" ') == '"a" "b"'


def key(content: str) -> bytes:
    return rdata_key({"type": "TXT", "content": content})


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("plain", '"plain"'),
        ("  plain \n", "plain"),
        ('"v=spf1 ip4:192.0.2.1" " -all"', "v=spf1 ip4:192.0.2.1 -all"),
        ('"v=DKIM1; k=rsa; " "p=AAAA"', "v=DKIM1; k=rsa; p=AAAA"),
        ("x" * 400, f'"{"x" * 255}" "{"x" * 145}"'),
        ("ü" * 200, f'"{"ü" * 127}" "{"ü" * 73}"'),
    ],
)
def test_text_is_equal_where_readers_see_the_same(one: str, other: str) -> None:
    assert key(one) == key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('"txtvers=1" "rp=lp"', "txtvers=1rp=lp"),
        ('"txtvers=1" "rp=lp"', '"rp=lp" "txtvers=1"'),
        ('"a" ""', '"a"'),
        ('"a b"', '"a" "b"'),
        (f'"{"x" * 253}" "y"', f'"{"x" * 253}y"'),
        ("A", "a"),
    ],
)
def test_other_strings_are_other_text(one: str, other: str) -> None:
    assert key(one) != key(other)


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
        assert strings_of(sendable(content)) == [content.encode()]
