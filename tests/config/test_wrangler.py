"""The account id in wrangler's files, in each of their forms."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.config.layers import parse_jsonc

from .conftest import Place

JSONC = """{
  // the account
  "name": "shop", /* a
  comment */ "url": "https://example.com/*x*/", "odd": "a\\\\\\"// b,]",
  "account_id": "a1", // ours
  "list": [1, 2, ],
}
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("wrangler.toml", 'account_id = "a1"\n[vars]\nX = "1"\n'),
        ("wrangler.jsonc", JSONC),
        ("wrangler.json", '{"account_id": "a1"}'),
        ("wrangler.json", JSONC),
        ("wrangler.json", '\ufeff{"account_id": "a1"}'),
    ],
)
def test_the_account_id_is_found_in_each_form(place: Place, name: str, text: str) -> None:
    place.write(f"project/{name}", text)

    settings = place.load()

    assert settings.account_id == "a1"
    assert settings.origins["account_id"] == f"{place.project}/{name} account_id"


def test_nothing_else_is_taken(place: Place) -> None:
    place.write("project/wrangler.toml", 'account_id = "a1"\nworkers = 3\n')

    assert place.load().workers == 8


def test_strings_are_not_called() -> None:
    assert parse_jsonc(JSONC)["url"] == "https://example.com/*x*/"
    assert parse_jsonc(JSONC)["odd"] == 'a\\"// b,]'


@given(
    st.recursive(st.none() | st.text() | st.integers(), lambda x: st.lists(x) | st.dictionaries(st.text(), x))
)
def test_plain_json_means_the_same(value: object) -> None:
    assert parse_jsonc(json.dumps(value)) == value
    assert parse_jsonc(json.dumps(value, indent=1, ensure_ascii=False)) == value


@pytest.mark.parametrize("text", ["[]", '{"name": "a"}', '{"account_id": 7}', '{"account_id": ""}'])
def test_a_file_without_an_account_id_is_passed_over(place: Place, text: str) -> None:
    place.write("project/wrangler.json", text)
    place.write("project/wrangler.toml", 'account_id = "a2"')

    assert place.load().account_id == "a2"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("wrangler.toml", b"account_id = "),
        ("wrangler.jsonc", b"{"),
        ("wrangler.jsonc", b"{/* open"),
        ("wrangler.json", b"\xff"),
        ("wrangler.json", b"[" * 100_000),
        ("wrangler.json", b" " * ((1 << 20) + 1)),
    ],
)
def test_a_broken_file_is_a_note_only_when_it_is_needed(place: Place, name: str, content: bytes) -> None:
    file = place.write(f"project/{name}", content)

    needed, named = place.load(), place.load({"account_id": "a1"})

    assert needed.account_id == ""
    assert [str(file) in note and "cannot be read" in note for note in needed.notes] == [True]
    assert (named.account_id, named.notes) == ("a1", ())
