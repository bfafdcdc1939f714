"""A call made while its result is not needed yet: the next page comes while this one is worked on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Ahead(Generic[T]):
    """Makes *call* at once, in a thread of its own, which does not outlast the process."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self._done = threading.Event()
        self._value: Any = None
        self._failure: BaseException | None = None
        threading.Thread(target=self._run, name="ops-ahead", daemon=True).start()

    def result(self) -> T:
        """Wait for what the call gives, or raise what it raised."""
        self._done.wait()
        if self._failure:
            raise self._failure
        value: T = self._value
        return value

    def _run(self) -> None:
        try:
            self._value = self._call()
        except BaseException as failure:  # raised by whoever asks for the result
            self._failure = failure
        self._done.set()
