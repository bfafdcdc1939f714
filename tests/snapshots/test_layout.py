"""Names: generated, unique, and never outside the folder."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.snapshots import layout

SAFE = re.compile(r"[a-z0-9][a-z0-9._-]*")
CORPUS = (
    "../x", "/abs", "a\0b", "..\\", "%2e%2e", "x" * 300, "\ud800", "CON", "-rf", "", ".", "..", " ", "~",
    "NUL.txt", "a/b", "a:b", "é", "日本", "💥", "\u202e", "a\nb", ".hidden", "con.", "file.", "x.JS",
)  # fmt: skip


ODD = st.characters(categories=["Cs", "Cc", "Lu", "Po"])
NAMES = st.one_of(st.text(), st.text(alphabet=ODD), st.sampled_from(CORPUS))


@pytest.mark.fault("P10")
@pytest.mark.fault("C12")
@settings(max_examples=300, deadline=None)
@given(NAMES)
def test_no_name_leaves_the_folder(name: str) -> None:
    stays_inside(name)


@pytest.mark.fault("P10")
@pytest.mark.long
@pytest.mark.fault("C12")
@settings(max_examples=10_000, deadline=None)
@given(NAMES)
@pytest.mark.fault("P10")
def test_none_of_ten_thousand_names_leaves_the_folder(name: str) -> None:
    stays_inside(name)


def stays_inside(name: str) -> None:
    root = Path("/snapshots/one")

    for file in (
        layout.content_file("code.script", "a", name, name),
        layout.values_file("kv.key", name, name),
    ):
        assert all(SAFE.fullmatch(part) and len(part) <= 100 for part in file.split("/"))
        assert (root / file).resolve().is_relative_to(root)
        assert ".." not in file.split("/")


@pytest.mark.fault("C10")
@pytest.mark.parametrize(
    ("one", "other"), [("Ab", "aB"), ("a/b", "a-b"), ("x" * 200, "x" * 201), ("\ud800", "\ud801")]
)
def test_similar_names_get_different_files(one: str, other: str) -> None:
    assert layout.slug(one) != layout.slug(other)


def test_a_slug_is_readable_and_always_the_same() -> None:
    assert layout.slug("My Worker (prod)").startswith("my-worker-prod-")
    assert layout.slug("My Worker (prod)") == layout.slug("My Worker (prod)")


def test_contents_with_names_that_differ_in_case_get_different_files() -> None:
    one = layout.content_file("code.script", "a", "s", "Index.js")
    other = layout.content_file("code.script", "a", "s", "index.JS")

    assert one.lower() != other.lower()
    assert one.endswith(".js")


def test_an_account_folder_is_its_id_and_anything_else_a_slug() -> None:
    assert layout.account_folder("a" * 32) == "a" * 32
    assert re.fullmatch(r"etc-[0-9a-f]{12}", layout.account_folder("../etc"))


def test_a_snapshot_is_named_by_its_time_in_utc() -> None:
    assert layout.snapshot_name(1795414202.9, "beef") == "2026-11-23T06-10-02Z-beef"
