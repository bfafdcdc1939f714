"""Bounds of wall time, held in the longer proofs only: a busy machine says nothing about the code."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext

import pytest

Within = Callable[[float], AbstractContextManager[None]]


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Fail if the block takes longer than *seconds*."""
    began = time.monotonic()
    yield
    took = time.monotonic() - began
    assert took < seconds, f"took {took:.2f} s"


@contextmanager
def computed(seconds: float) -> Iterator[None]:
    """Fail if the block takes longer than *seconds* of the processor, which other programs hardly change."""
    began = time.process_time()
    yield
    took = time.process_time() - began
    assert took < seconds, f"took {took:.2f} s of the processor"


def unbounded(seconds: float) -> AbstractContextManager[None]:
    """Run the block; the suite's own timeout ends one that hangs."""
    return nullcontext()


timed = pytest.mark.parametrize(
    "within",
    [pytest.param(unbounded, id="plain"), pytest.param(bounded, id="timed", marks=pytest.mark.long)],
)
"""Run a test twice: without its bounds of time, and with them among the longer proofs."""
