"""No more requests are under way than may be, however many threads ask."""

from __future__ import annotations

import threading

import pytest

from ops.errors import ApiError
from ops.http.exchange import Call, Reply
from ops.http.parallel import in_flight

CALL = Call("GET", "/zones")


def test_only_as_many_calls_are_in_flight_as_there_are_places() -> None:
    inside, most, lock, go_on = 0, 0, threading.Lock(), threading.Event()

    def send(_call: Call) -> Reply:
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
            if inside == 3:
                go_on.set()
        assert go_on.wait(10)
        with lock:
            inside -= 1
        return Reply(200)

    wait = in_flight(send, 3)
    threads = [threading.Thread(target=wait, args=(CALL,)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)

    assert (most, inside) == (3, 0)


def test_a_call_that_fails_leaves_its_place() -> None:
    def fail(_call: Call) -> Reply:
        raise ApiError("the database is away", 500)

    wait = in_flight(fail, 1)

    for _ in range(3):
        with pytest.raises(ApiError, match="the database is away"):
            wait(CALL)
