from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from ops.errors import Interrupted
from ops.http.client import Client
from ops.http.parallel import Pool, each
from ops.http.paths import path
from tests.wire import Exchange, Wire, ok


@pytest.fixture
def stop() -> threading.Event:
    return threading.Event()


@pytest.mark.fault("A27")
def test_results_come_in_the_order_of_the_items_whatever_the_order_of_the_answers(
    opened: Callable[..., Client], stop: threading.Event
) -> None:
    chance = random.Random(3)

    def late(exchange: Exchange) -> None:
        exchange.closing.wait(chance.random() * 0.01)
        exchange.send(ok({"name": exchange.seen.target.rpartition("/")[2]}))

    names = [f"zone{n}" for n in range(25)]
    with Wire(late) as wire:
        client = opened(wire.url)
        runs = {
            json.dumps(
                list(
                    each(
                        lambda name: client.get(path("/zones/{}", name))["name"], names, workers=8, stop=stop
                    )
                )
            )
            for _ in range(20)
        }

    assert runs == {json.dumps(names)}


def test_several_calls_are_in_flight_at_once(stop: threading.Event) -> None:
    meeting = threading.Barrier(4)

    assert list(each(lambda n: meeting.wait(5) is not None and n, range(1, 9), workers=4, stop=stop))


def test_items_are_taken_no_further_ahead_than_twice_the_workers(stop: threading.Event) -> None:
    taken: list[int] = []

    def source() -> Iterator[int]:
        for n in range(1000):
            taken.append(n)
            yield n

    results = each(lambda n: n, source(), workers=3, stop=stop)
    for _ in range(10):
        next(results)

    assert len(taken) <= 10 + 6


def test_what_a_call_raises_is_raised_in_its_turn(stop: threading.Event) -> None:
    def work(n: int) -> int:
        if n == 3:
            raise KeyError(n)
        return n

    results = each(work, range(100), workers=4, stop=stop)

    assert [next(results) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError):
        next(results)


def test_no_call_begins_after_a_stop_and_those_in_flight_finish(stop: threading.Event) -> None:
    begun: list[int] = []
    finished: list[int] = []

    def work(n: int) -> int:
        begun.append(n)
        if n == 5:
            stop.set()
        time.sleep(0.01)  # in flight while the stop comes
        finished.append(n)
        return n

    with pytest.raises(Interrupted):
        list(each(work, range(1000), workers=4, stop=stop))

    assert 5 in finished
    assert len(begun) <= 5 + 4
    assert sorted(begun) == sorted(finished)


def test_a_reader_that_leaves_early_leaves_no_call_behind(stop: threading.Event) -> None:
    begun: list[int] = []
    results = each(begun.append, range(1000), workers=2, stop=stop)
    next(results)

    results.close()  # type: ignore[attr-defined]
    after = len(begun)

    assert after <= 1 + 2 * 2
    assert len(begun) == after


def test_a_stop_before_the_start_begins_nothing(stop: threading.Event) -> None:
    stop.set()

    with pytest.raises(Interrupted):
        list(each(str, [1, 2, 3], workers=4, stop=stop))


def test_nothing_to_do_is_done_at_once(stop: threading.Event) -> None:
    assert list(each(str, [], workers=4, stop=stop)) == []


def test_a_pool_carries_out_what_its_tasks_submit(stop: threading.Event) -> None:
    done: list[str] = []
    pool = Pool(4, stop)

    def parent(name: str) -> None:
        done.append(name)
        for n in range(10):
            pool.submit(partial(done.append, f"{name}.{n}"))

    for n in range(10):
        pool.submit(partial(parent, str(n)))
    pool.run_until_empty()

    assert len(done) == 110
    assert len(set(done)) == 110


def test_an_empty_pool_is_done_at_once(stop: threading.Event) -> None:
    Pool(4, stop).run_until_empty()


def test_a_pool_raises_what_a_task_let_out_and_begins_no_other(stop: threading.Event) -> None:
    done: list[int] = []
    pool = Pool(1, stop)

    def fail() -> None:
        raise ValueError("bug")

    pool.submit(fail)
    for n in range(10):
        pool.submit(partial(done.append, n))

    with pytest.raises(ValueError, match="bug"):
        pool.run_until_empty()
    assert done == []


def test_a_pool_that_is_stopped_drops_what_was_not_begun(stop: threading.Event) -> None:
    done: list[int] = []
    pool = Pool(2, stop)

    def work(n: int) -> None:
        done.append(n)
        stop.set()

    for n in range(100):
        pool.submit(partial(work, n))

    with pytest.raises(Interrupted):
        pool.run_until_empty()
    assert len(done) <= 2


def test_a_pool_never_has_more_at_work_than_its_workers(stop: threading.Event) -> None:
    lock, at_work, most = threading.Lock(), 0, 0

    def work() -> None:
        nonlocal at_work, most
        with lock:
            at_work += 1
            most = max(most, at_work)
        time.sleep(0.001)  # long enough to overlap
        with lock:
            at_work -= 1

    pool = Pool(3, stop)
    for _ in range(50):
        pool.submit(work)
    pool.run_until_empty()

    assert most == 3
