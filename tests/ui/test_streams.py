"""What cannot be written is an error; who has read enough is not."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ops.errors import DiskError
from ops.ui.output import show
from ops.ui.shapes import Output, Text
from tests.ui.paper import rows

PROJECT = Path(__file__).parents[2]

PROGRAM = """
import sys
from ops.errors import DiskError
from ops.ui.output import (show)
from ops.ui.shapes import Output
from ops.ui.shapes import Rows
from ops.telemetry.log import silence
try:
    show(Rows({"n": n} for n in range(int(sys.argv[1]))), Output(sys.argv[2]), sys.stdout, str)
except BrokenPipeError:
    silence(sys.stdout)
except DiskError as error:
    print(error.message, file=sys.stderr)
    sys.exit(error.exit_code)
"""


def run(stdout: int, *arguments: str, unbuffered: str = "") -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=PROJECT,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        stdout=stdout,
        stderr=subprocess.PIPE,
    )


@pytest.mark.fault("C2")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("count", ["1", "100000"])
@pytest.mark.parametrize("format", ["jsonl", "table"])
def test_a_full_disk_on_stdout_is_an_error(count: str, format: str, unbuffered: str) -> None:
    with (
        Path("/dev/full").open("wb") as full,
        run(full.fileno(), count, format, unbuffered=unbuffered) as process,
    ):
        _, err = process.communicate(timeout=30)

    assert process.returncode == 2
    assert err.decode() == "the output could not be written: No space left on device\n"


@pytest.mark.fault("D4")
@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("format", ["jsonl", "json", "csv", "table"])
def test_a_closed_pipe_is_a_quiet_end(format: str, unbuffered: str) -> None:
    with run(subprocess.PIPE, "100000", format, unbuffered=unbuffered) as process:
        assert process.stdout
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr
        err = process.stderr.read()

    assert err == b""
    assert process.returncode == 0


def test_a_pipe_that_was_closed_from_the_start_is_a_quiet_end() -> None:
    read, write = os.pipe()
    os.close(read)

    with run(write, "1", "json") as process:
        os.close(write)
        _, err = process.communicate(timeout=30)

    assert (process.returncode, err) == (0, b"")


class Sip(io.RawIOBase):
    """A raw stream that takes three bytes at a time, and nothing more once *room* is used up."""

    def __init__(self, room: int = 1000) -> None:
        self.room = room
        self.taken = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int | None:
        part = bytes(data[: min(3, self.room - len(self.taken))])
        self.taken += part
        return len(part) or None


def test_a_stream_that_takes_a_part_gets_the_rest_too() -> None:
    out = Sip()

    show(rows({"name": "www.example.com"}), Output("jsonl"), out, str)

    assert out.taken == b'{"name":"www.example.com"}\n'


def test_a_stream_that_takes_no_more_is_an_error() -> None:
    with pytest.raises(DiskError, match="temporarily unavailable"):
        show(rows({"name": "www.example.com"}), Output("jsonl"), Sip(10), str)


def test_a_failure_to_write_names_its_cause() -> None:
    with Path("/dev/full").open("wb") as full, pytest.raises(DiskError, match="No space left"):
        show(Text("x"), Output(), full, str)


def test_what_a_text_stream_holds_already_comes_first() -> None:
    below = io.BytesIO()
    out = io.TextIOWrapper(below)
    out.write("before\n")

    show(rows({"a": 1}), Output("jsonl"), out, str)

    assert below.getvalue() == b'before\n{"a":1}\n'


def test_a_stream_of_text_alone_is_written_too() -> None:
    out = io.StringIO()

    show(rows({"a": "é"}), Output("jsonl"), out, str)

    assert out.getvalue() == '{"a":"é"}\n'


@pytest.mark.long
def test_memory_does_not_grow_with_the_rows() -> None:
    script = (
        "import resource, sys; from ops.ui.output import *; from ops.ui.shapes import Rows\n"
        "show(Rows(({'name': 'key-%d' % n} for n in range(int(sys.argv[2]))), ('name',)),"
        " Output(sys.argv[1]), open('/dev/null', 'wb'), str)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    for format in ("json", "csv", "table"):
        few, many = (
            int(subprocess.check_output([sys.executable, "-c", script, format, count], cwd=PROJECT))
            for count in ("2000", "60000")
        )
        assert many - few < 4_000
