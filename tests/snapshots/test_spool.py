"""Lines are sorted, whatever their original order, in little memory."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ops.errors import Interrupted
from ops.snapshots.layout import decode, encode
from ops.snapshots.writer import ScopeLines, Spool


def key_of(line: bytes) -> tuple[str, ...]:
    return (decode(line)["k"],)


def lines_of(folder: Path, keys: list[str], run_bytes: int) -> ScopeLines:
    spool = Spool(folder / f"spool-{len(list(folder.iterdir()))}", key_of)
    lines = ScopeLines(spool, run_bytes)
    for key in keys:
        lines.add((key,), encode({"k": key}))
    lines.close()
    return lines


def keys_in(lines: ScopeLines) -> list[str]:
    return [json.loads(line)["k"] for line in b"".join(lines.blocks()).splitlines()]


@settings(max_examples=200, deadline=None)
@given(keys=st.lists(st.text(max_size=5)), run_bytes=st.integers(1, 60))
def test_lines_come_out_sorted(
    tmp_path_factory: pytest.TempPathFactory, keys: list[str], run_bytes: int
) -> None:
    lines = lines_of(tmp_path_factory.mktemp("spool"), keys, run_bytes)

    assert keys_in(lines) == sorted(keys)
    assert lines.count == len(keys)


def test_a_list_in_order_is_copied_unchanged(tmp_path: Path) -> None:
    def never(line: bytes) -> tuple[str, ...]:
        raise AssertionError(f"parsed again: {line!r}")

    lines = ScopeLines(Spool(tmp_path / "spool", never), run_bytes=50)
    keys = [f"{n:03}" for n in range(100)]
    for key in keys:
        lines.add((key,), encode({"k": key}))
    lines.close()

    assert keys_in(lines) == keys


def test_lines_far_larger_than_a_block_are_merged_completely(tmp_path: Path) -> None:
    keys = [f"{n}" + "x" * 300_000 for n in (3, 1, 2)]

    lines = lines_of(tmp_path, keys, run_bytes=10)

    assert keys_in(lines) == sorted(keys)


def test_equal_keys_are_sorted_by_their_lines(tmp_path: Path) -> None:
    def lines(values: list[int]) -> bytes:
        lines = ScopeLines(Spool(tmp_path / f"s{values[0]}", key_of), run_bytes=1)
        for value in values:
            lines.add(("same",), encode({"k": "same", "v": value}))
        lines.close()
        return b"".join(lines.blocks())

    assert lines([1, 2, 3]) == lines([3, 1, 2])


def test_closed_lines_accept_no_more(tmp_path: Path) -> None:
    lines = lines_of(tmp_path, ["a"], 10)

    with pytest.raises(Interrupted):
        lines.add(("b",), b"{}\n")

    assert keys_in(lines) == ["a"]


def test_the_file_is_private(tmp_path: Path) -> None:
    Spool(tmp_path / "spool", key_of)

    assert (tmp_path / "spool").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["plain", "日本", "\u2028\x85", 'quote " and \\', "\x00\x1b]52"])
def test_text_survives_unchanged(text: str) -> None:
    assert decode(encode({"k": text})) == {"k": text}
    assert encode({"k": text}).count(b"\n") == 1


@pytest.mark.fault("A12")
def test_a_lone_surrogate_survives_as_an_escape() -> None:
    assert encode({"k": "a\ud800"}) == b'{"k":"a\\ud800"}\n'
    assert decode(encode({"k": "a\ud800"})) == {"k": "a\ud800"}
