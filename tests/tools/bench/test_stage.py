"""The measured time and memory of a run do not depend on the process that started it."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tests.tools.bench.stage import measured

PYTHON = [sys.executable, "-I", "-c"]
ENVIRON = {"PATH": os.environ["PATH"]}


def test_the_peak_memory_of_a_run_does_not_include_that_of_the_suite(tmp_path: Path) -> None:
    held = bytearray(os.urandom(1 << 20)) * 200

    run = measured([*PYTHON, "print(len(b'x' * (30 << 20)))"], ENVIRON, tmp_path)

    assert run.out.read_text() == f"{30 << 20}\n"
    assert 30 < run.memory < 100 < len(held) >> 20


@pytest.mark.parametrize("code", [0, 3, -signal.SIGKILL])
def test_the_exit_code_of_a_run_is_its_own(tmp_path: Path, code: int) -> None:
    end = f"os.kill(os.getpid(), {-code})" if code < 0 else f"sys.exit({code})"

    run = measured([*PYTHON, f"import os, sys; {end}"], ENVIRON, tmp_path)

    assert (run.code, run.late) == (code, False)


def test_a_run_that_takes_too_long_is_stopped_and_marked(tmp_path: Path) -> None:
    run = measured([*PYTHON, "import signal; signal.pause()"], ENVIRON, tmp_path, patience=0.5)

    assert run.late
