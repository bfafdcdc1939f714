from __future__ import annotations

import threading

from ops.http.cursor_form import DEPTH, Following


def test_what_is_closed_makes_no_further_call() -> None:
    asked: list[int] = []

    def step(mark: int) -> tuple[int, int]:
        asked.append(mark)
        return mark, mark + 1

    before = set(threading.enumerate())
    following = Following(0, step)
    (thread,) = set(threading.enumerate()) - before

    first = following.take()
    following.close()
    thread.join(10)

    assert first == 0
    assert not thread.is_alive()
    assert asked == list(range(len(asked)))
    assert len(asked) <= DEPTH + 1
