"""Items with bytes as JSON."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as some

from ops.errors import DiskError
from ops.writes.journal import INLINE, SHORT, Blobs

scalars = some.none() | some.booleans() | some.integers() | some.text(max_size=9) | some.binary(max_size=9)
scalars |= some.sampled_from([b"x" * (SHORT + n) for n in range(3)])
names = some.sampled_from(["a", "b", "$", "$dict", "$base64", "$at", "$blob"])
values = some.recursive(
    scalars, lambda inner: some.lists(inner, max_size=4) | some.dictionaries(names, inner, max_size=4)
)


@rules(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(values)
def test_any_value_is_unpacked_as_it_was_packed(tmp_path: Path, value: Any) -> None:
    blobs = Blobs(tmp_path)

    assert blobs.unpack(json.loads(json.dumps(blobs.pack(value)))) == value


def test_short_bytes_are_in_the_line_and_long_ones_in_a_file(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    short = blobs.pack({"v": b"x" * SHORT})
    nothing = not (tmp_path / "blobs").exists()
    long = blobs.pack([{"v": b"x" * 600}, {"v": b"y" * 700}, {"w": b"z" * 800}])

    (blob,) = (tmp_path / "blobs").iterdir()
    text = b'[{"v":{"$at":[0,600]}},{"v":{"$at":[600,700]}},{"w":{"$at":[1300,800]}}]'
    assert list(short) == ["inline"]
    assert nothing
    assert blob.read_bytes() == b"x" * 600 + b"y" * 700 + b"z" * 800 + text
    assert long == {"blob": sha256(blob.read_bytes()).hexdigest(), "at": [2100, len(text)]}


@pytest.mark.parametrize(("more", "inline"), [(0, True), (1, False)])
def test_a_list_up_to_the_limit_of_a_line_is_in_the_line(tmp_path: Path, more: int, inline: bool) -> None:
    value = "x" * (INLINE - 2 + more)

    packed = Blobs(tmp_path / "blobs").pack(value)

    assert ("inline" in packed) is inline
    assert Blobs(tmp_path / "blobs").unpack(packed) == value


def test_an_ordinary_dict_is_in_the_line_unchanged(tmp_path: Path) -> None:
    assert Blobs(tmp_path).pack({"a": {"b": [1, (2,)]}}) == {"inline": {"a": {"b": [1, [2]]}}}
    assert Blobs(tmp_path).pack({"a": {"$b": 1}}) == {"inline": {"a": {"$dict": {"$b": 1}}}}


def test_equal_content_is_stored_once(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    packed = blobs.pack(b"x" * 5000)
    (blob,) = (tmp_path / "blobs").iterdir()
    written = blob.stat().st_mtime_ns

    assert blobs.pack(b"x" * 5000) == packed
    assert [path.stat().st_mtime_ns for path in (tmp_path / "blobs").iterdir()] == [written]


def test_a_large_blob_that_was_modified_at_its_end_is_refused(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path / "blobs")
    value = bytes(range(256)) * (3 * 4096) + b"end"
    packed = blobs.pack(value)
    (blob,) = (tmp_path / "blobs").iterdir()
    assert blobs.unpack(packed) == value

    blob.write_bytes(blob.read_bytes().replace(b"end", b"END"))

    with pytest.raises(DiskError) as error:
        blobs.unpack(packed)
    assert error.value.message == f"{blob} was modified"
    assert error.value.hint == "its content cannot be restored"
