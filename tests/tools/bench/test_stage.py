"""What a run took is its own, whoever started it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.tools.bench.stage import measured

PYTHON = [sys.executable, "-I", "-c"]
ENVIRON = {"PATH": os.environ["PATH"]}


def test_the_peak_of_a_run_does_not_begin_with_what_the_suite_holds(tmp_path: Path) -> None:
    held = bytearray(os.urandom(1 << 20)) * 200

    run = measured([*PYTHON, "print(len(b'x' * (30 << 20)))"], ENVIRON, tmp_path)

    assert run.out.read_text() == f"{30 << 20}\n"
    assert 30 < run.memory < 100 < len(held) >> 20


@pytest.mark.parametrize("code", [0, 3, -signal.SIGKILL])
def test_the_ending_of_a_run_is_its_own(tmp_path: Path, code: int) -> None:
    end = f"os.kill(os.getpid(), {-code})" if code < 0 else f"sys.exit({code})"

    run = measured([*PYTHON, f"import os, sys; {end}"], ENVIRON, tmp_path)

    assert (run.code, run.late) == (code, False)


def test_a_run_that_takes_too_long_is_ended_and_told(tmp_path: Path) -> None:
    run = measured([*PYTHON, "import signal; signal.pause()"], ENVIRON, tmp_path, patience=0.5)

    assert run.late
