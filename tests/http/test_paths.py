"""Any name is exactly one segment of a path, or is refused."""

from __future__ import annotations

import re
from urllib.parse import unquote

import pytest
import requests
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ops.errors import UsageError
from ops.http.paths import path, segment

# What a segment may consist of, RFC 3986; everything else has a meaning of its own somewhere.
ENCODED = re.compile(r"(?:[A-Za-z0-9._~-]|%[0-9A-F]{2})+")
AWKWARD = st.text(st.sampled_from("./\\%2eE?#;&=+ \n\0\u202eé\ud800"), max_size=12)
NAMES = st.text(st.characters(codec=None, exclude_categories=())) | AWKWARD


@pytest.mark.fault("P10")
@settings(max_examples=100, deadline=None)
@given(NAMES)
@example("..")
@example("%2e%2e")
@example("...")
def test_a_name_is_one_segment_or_refused(name: str) -> None:
    is_one_segment(name)


@pytest.mark.long
@pytest.mark.fault("P10")
@settings(max_examples=10_000, deadline=None)
@given(NAMES)
def test_ten_thousand_names_are_one_segment_each_or_refused(name: str) -> None:
    is_one_segment(name)


def is_one_segment(name: str) -> None:
    try:
        encoded = segment(name)
    except UsageError:
        assert name in ("", ".", "..") or any(0xD800 <= ord(letter) <= 0xDFFF for letter in name)
        return

    sent = requests.Request("DELETE", f"http://127.0.0.1/values/{encoded}").prepare().url or ""
    assert ENCODED.fullmatch(encoded)
    assert unquote(encoded) == name
    # What requests and urllib3 make of it is still that segment, and no other place.
    assert sent.count("/") == 4
    assert unquote(sent.removeprefix("http://127.0.0.1/values/")) == name


@pytest.mark.fault("P10")
@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        NAMES.filter(lambda name: name not in ("", ".", "..") and name.isascii()), min_size=2, max_size=2
    )
)
def test_no_name_reaches_into_the_place_of_another(names: list[str]) -> None:
    filled = path("/zones/{}/dns_records/{}", *names)

    assert filled.split("/")[1::2] == ["zones", "dns_records"]
    assert [unquote(part) for part in filled.split("/")[2::2]] == names


@pytest.mark.fault("E3")
@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_address_something_else_is_refused_with_the_reason(name: str) -> None:
    with pytest.raises(UsageError) as refusal:
        path("/accounts/{}/values/{}", "a", name)

    assert refusal.value.message == f"{name!r} cannot be part of an API path"
    assert refusal.value.hint == (
        "empty names, `.` and `..` are refused because they would address something else"
    )


@pytest.mark.fault("E3")
def test_a_name_that_is_not_text_is_refused_with_the_reason() -> None:
    with pytest.raises(UsageError) as refusal:
        path("/values/{}", "a\udcff")

    assert refusal.value.message == "'a\\udcff' is not valid text"
    assert refusal.value.hint == "write the name in UTF-8"


@pytest.mark.fault("E3")
def test_what_is_not_plain_in_a_name_is_encoded_the_slash_above_all() -> None:
    assert path("/a/{}/b/{}", "x/X", "-._~ é") == "/a/x%2FX/b/-._~%20%C3%A9"
