"""Lines chained by hashes: what is written, what is read, and what is noticed."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import stat
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from ops.errors import DiskError, Refused
from ops.files.chain import START, Chain, ChainHead


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "chain.jsonl"


def written(path: Path, *bodies: object) -> list[ChainHead]:
    with closing(Chain(path)) as chain:
        return [chain.append({"body": body}) for body in bodies]


def bodies(path: Path) -> list[object]:
    return [line["body"] for line in Chain(path).lines()]


def test_a_line_holds_its_number_and_the_hash_of_all_before_it(path: Path) -> None:
    heads = written(path, "é", {"a": [1, None]})

    first, second = b'{"n":1,"format":1,"body":"\\u00e9"}', b'{"n":2,"format":1,"body":{"a":[1,null]}}'
    one = sha256(START.encode() + first).hexdigest()
    other = sha256(one.encode() + second).hexdigest()
    assert path.read_text() == (
        f'{first[:-1].decode()},"hash":"{one}"}}\n{second[:-1].decode()},"hash":"{other}"}}\n'
    )
    assert heads == list(Chain(path).heads()) == [ChainHead(1, one), ChainHead(2, other)]


def test_lines_come_back_as_they_were_written(path: Path) -> None:
    heads = written(path, 1, "two")

    assert list(Chain(path).lines()) == [
        {"n": 1, "body": 1, "hash": heads[0].hash}, {"n": 2, "body": "two", "hash": heads[1].hash}
    ]  # fmt: skip


def test_a_chain_that_was_never_written_to_is_empty_and_whole(path: Path) -> None:
    chain = Chain(path)
    assert chain.torn is False

    assert (list(chain.lines()), list(chain.heads()), chain.torn) == ([], [], False)
    assert not path.parent.exists()


@pytest.mark.parametrize("size", [10, 65_400, 65_536, 70_000, 131_072, 200_000])
def test_a_chain_goes_on_after_a_line_of_any_length(path: Path, size: int) -> None:
    written(path, "first", "x" * size)

    written(path, "third")

    assert bodies(path) == ["first", "x" * size, "third"]


@pytest.mark.parametrize("size", range(65_536 - 110, 65_536 - 70))
def test_a_line_that_ends_where_a_block_does_is_read_whole(path: Path, size: int) -> None:
    written(path, "x" * size)

    written(path, "second")

    assert bodies(path) == ["x" * size, "second"]


@pytest.mark.fault("C4")
@pytest.mark.parametrize("torn", [b"{", b'{"n":3', b"x" * 70_000, b"x" * 200_000])
@pytest.mark.parametrize("whole", [0, 1, 2])
def test_a_torn_line_is_left_out_and_then_cut_off(path: Path, torn: bytes, whole: int) -> None:
    path.parent.mkdir()
    written(path, *range(whole))
    with path.open("ab") as file:
        file.write(torn)
    path.chmod(0o600)
    chain = Chain(path)

    before = [line["body"] for line in chain.lines()]
    was_torn = chain.torn
    chain.append({"body": "next"})

    assert (before, was_torn) == (list(range(whole)), True)
    assert [line["body"] for line in chain.lines()] == [*range(whole), "next"]
    assert chain.torn is False


def test_several_may_append_at_once(path: Path) -> None:
    one, other = Chain(path), Chain(path)

    for number in range(3):
        one.append({"body": number})
        other.append({"body": -number})

    assert bodies(path) == [0, 0, 1, -1, 2, -2]


def test_a_head_is_kept_before_another_can_append(path: Path) -> None:
    kept: list[tuple[ChainHead, bool]] = []

    def keep(head: ChainHead) -> None:
        with path.open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                kept.append((head, True))

    chain = Chain(path)
    head = chain.append({"body": 1}, keep)

    assert kept == [(head, True)]
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_a_chain_that_is_closed_is_opened_again_by_the_next_line(path: Path) -> None:
    chain = Chain(path)
    chain.append({"body": 1})

    chain.close()
    chain.close()
    chain.append({"body": 2})

    assert bodies(path) == [1, 2]


def test_what_is_written_is_for_its_owner_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        written(path, 1)
    finally:
        os.umask(before)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622, 0o666, 0o610, 0o601])
def test_a_file_that_others_may_touch_is_refused(path: Path, mode: int) -> None:
    written(path, 1)
    path.chmod(mode)

    with pytest.raises(Refused) as refused:
        written(path, 2)

    assert refused.value.message == f"other users could have changed {path}"
    assert refused.value.hint == f"check it, then `chmod 600 {path}`, or move it away to start a new one"
    assert bodies(path) == [1]


def test_a_link_is_not_followed(path: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"")
    victim.chmod(0o600)
    path.parent.mkdir(mode=0o700)
    path.symlink_to(victim)

    with pytest.raises(DiskError, match=f"^{path} cannot be written: "):
        written(path, 1)

    assert victim.read_bytes() == b""


@pytest.mark.fault("F22")
@pytest.mark.parametrize(
    "last", [b"{}\n", b"[]\n", b"nonsense\n", b"\n", b'{"n":"x","hash":""}\n', b'{"n":1}\n', b"\xff\n"]
)
def test_nothing_is_added_to_a_line_that_is_not_one(path: Path, last: bytes) -> None:
    written(path, 1)
    with path.open("ab") as file:
        file.write(last)

    with pytest.raises(DiskError) as damaged:
        written(path, 2)

    assert damaged.value.message == f"the last line of {path} is damaged"
    assert damaged.value.hint == f"keep it for inspection: `mv {path} {path}.broken`"


@pytest.mark.fault("F22")
@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"body":2', b'"body":3'),
        (b'"n":2', b'"n":3'),
        (b',"hash":"', b',"hasH":"'),
        (b'"}\n', b'" }\n'),
        (b'"}\n', b'"}\r\n'),
    ],
)
def test_the_first_line_that_does_not_follow_is_named(path: Path, old: bytes, new: bytes) -> None:
    written(path, 1, 2, 3)
    first, second, third = path.read_bytes().splitlines(keepends=True)
    assert old in second
    path.write_bytes(first + second.replace(old, new) + third)
    lines = Chain(path).lines()

    assert next(lines)["body"] == 1
    with pytest.raises(DiskError) as changed:
        next(lines)

    assert changed.value.message == (
        f"{path} was changed by hand or damaged: line 2 does not follow from the rest"
    )
    assert changed.value.hint == f"keep it for inspection and start a new one: `mv {path} {path}.broken`"


@pytest.mark.fault("F22")
def test_a_digest_that_is_not_text_does_not_follow(path: Path) -> None:
    written(path, 1)
    line = path.read_bytes()
    path.write_bytes(line[:-10] + b"\xff" + line[-9:])

    with pytest.raises(DiskError, match="line 1 does not follow"):
        bodies(path)


@pytest.mark.fault("C6")
def test_a_line_that_finds_no_room_leaves_nothing_behind(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Chain(path)
    chain.append({"body": 1})
    whole = path.read_bytes()
    write, room = os.pwrite, [30]

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if not room[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken, room[0] = data[: room[0]], 0
        return write(descriptor, taken, offset)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(DiskError) as failure:
        chain.append({"body": 2})
    monkeypatch.undo()

    assert path.read_bytes() == whole
    assert str(path) in failure.value.message
    chain.append({"body": 3})
    assert bodies(path) == [1, 3]


def test_a_line_that_is_taken_in_two_parts_is_written_whole(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, sizes = os.pwrite, list[int]()

    def half(descriptor: int, data: bytes, offset: int) -> int:
        sizes.append(len(data))
        return write(descriptor, data[:20], offset) if len(sizes) % 2 else write(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", half)
    written(path, 1, 2)
    monkeypatch.undo()

    assert bodies(path) == [1, 2]
    assert sizes[1] == sizes[0] - 20


def test_a_line_is_on_the_disk_when_it_is_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []

    def sync(_descriptor: int) -> None:
        synced.append(path.read_bytes())

    monkeypatch.setattr(os, "fdatasync", sync)
    written(path, 1)

    assert [json.loads(content)["body"] for content in synced] == [1]


def test_where_no_file_can_be_made_the_path_is_named(path: Path) -> None:
    path.parent.write_text("a file, not a folder")

    with pytest.raises(DiskError) as failure:
        written(path, 1)

    assert str(path.parent) in failure.value.message
