"""Long output goes through the pager, short output does not."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from shlex import quote

import pytest

from ops.ui.pager import Pager, PagerClosed

COPY = "import shutil, sys; shutil.copyfileobj(sys.stdin.buffer, open(sys.argv[1], 'wb'))"


def reader(code: str, *arguments: Path) -> str:
    return " ".join(map(quote, (sys.executable, "-c", code, *map(str, arguments))))


def paged(command: str, *pieces: bytes, screen: tuple[int, int] = (20, 5)) -> bytes:
    """Write *pieces* and return what was printed past the pager."""
    direct: list[bytes] = []
    with Pager(command, screen, direct.append, {}) as pager:
        for piece in pieces:
            pager.write(piece)
    return b"".join(direct)


def test_what_fits_is_printed(tmp_path: Path) -> None:
    copy = tmp_path / "copy"

    assert paged(reader(COPY, copy), b"a\n", b"b\nc\n") == b"a\nb\nc\n"
    assert not copy.exists()


@pytest.mark.parametrize(
    "pieces", [(b"a\n" * 6,), (b"a\n", b"b\n" * 5, b"c\n"), (b"x" * 200 + b"\n",), (b"a\n" * 3, b"y" * 60)]
)
def test_what_is_longer_goes_through_the_pager(tmp_path: Path, pieces: tuple[bytes, ...]) -> None:
    copy = tmp_path / "copy"

    assert paged(reader(COPY, copy), *pieces) == b""
    assert copy.read_bytes() == b"".join(pieces)


def test_colors_take_no_room() -> None:
    assert paged("cat", b"\x1b[31m" * 20 + b"a\n") == b"\x1b[31m" * 20 + b"a\n"


@pytest.mark.parametrize("command", ["/nowhere/pager", "'unclosed"])
def test_without_a_usable_pager_everything_is_printed(command: str) -> None:
    assert paged(command, b"a\n" * 9, b"b\n") == b"a\n" * 9 + b"b\n"


def test_a_reader_who_leaves_ends_the_output() -> None:
    with (
        Pager(reader("pass"), (20, 5), bytes, {}) as pager,  # type: ignore[arg-type]  # nothing is printed
        pytest.raises(PagerClosed),
    ):
        for _ in range(100_000):
            pager.write(b"a\n" * 1_000)


def test_an_interrupt_ends_nothing_before_the_pager(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    code = (
        "import os, signal, sys; data = sys.stdin.buffer.read(); os.kill(os.getppid(), signal.SIGINT); "
        "open(sys.argv[1], 'wb').write(data)"
    )

    # An earlier test of this process may have left a handler that ends the process.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            paged(reader(code, copy), b"a\n" * 9)
    finally:
        signal.signal(signal.SIGINT, before)

    assert copy.read_bytes() == b"a\n" * 9


def test_the_pager_says_how_to_leave_unless_the_user_has_set_it_up(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    code = "import os, sys; open(sys.argv[1], 'w').write(os.environ['LESS']); sys.stdin.read()"

    for environ, expected in (({}, "q leaves, space shows more$"), ({"LESS": "-S"}, "-S")):
        with Pager(reader(code, copy), (20, 5), bytes, environ) as pager:  # type: ignore[arg-type]
            pager.write(b"a\n" * 9)
        assert copy.read_text().endswith(expected)
