from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Iterator

import pytest

from ops.errors import DiskError, Interrupted, NotSent, Terminated
from ops.http.budget import Budget
from ops.http.pause import Pause
from ops.kinds.change import Change
from ops.writes.journal import DONE, FAILED, UNKNOWN
from ops.writes.make import make, make_all
from ops.writes.writing import finish_request
from tests.writes.stage import Shelf, Stage


def kill_me(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.fault("D2", "P6")
@pytest.mark.parametrize("seed", range(50))
def test_no_write_begins_after_the_signal(stage: Stage, shelf: Shelf, seed: int) -> None:
    chance = random.Random(seed)
    at, moment = chance.randint(1, 20), chance.choice(["before", "after"])
    setattr(shelf, moment, lambda number: kill_me(signal.SIGINT) if number == at else None)
    app = stage.app()

    with pytest.raises(Interrupted) as interrupted:
        make(app, *(shelf.creation(f"n{i}") for i in range(20)))

    assert shelf.written == at
    assert interrupted.value.message.startswith("write was interrupted\n")
    assert [entry.state for entry in stage.journal().entries().values()] == [DONE] * at
    assert f"\n  {at} done, 0 unknown, {20 - at} not started" in interrupted.value.message
    assert f"inv undo.apply --id {app.task_id}" in interrupted.value.message
    assert interrupted.value.exit_code == 130


@pytest.mark.fault("D3")
def test_a_termination_ends_as_ctrl_c_does_with_its_own_exit_code(stage: Stage, shelf: Shelf) -> None:
    shelf.before = lambda number: kill_me(signal.SIGTERM) if number == 2 else None

    with pytest.raises(Terminated) as terminated:
        make(stage.app(), *(shelf.creation(f"n{i}") for i in range(5)))

    assert shelf.written == 2
    assert terminated.value.exit_code == 143


@pytest.mark.fault("D3")
def test_a_termination_while_a_request_waits_to_be_repeated_has_its_own_exit_code(
    stage: Stage, shelf: Shelf
) -> None:
    def wait(_number: int) -> None:
        kill_me(signal.SIGTERM)
        raise Interrupted("stopped while waiting", hint="look")

    shelf.before = wait
    with pytest.raises(Terminated, match="stopped while waiting\n  0 done") as terminated:
        make(stage.app(), shelf.creation("one"))

    assert (terminated.value.exit_code, terminated.value.hint) == (143, "look")


@pytest.mark.fault("D2")
def test_a_second_ctrl_c_leaves_at_once_and_leaves_the_outcome_unknown(stage: Stage, shelf: Shelf) -> None:
    def twice(_number: int) -> None:
        kill_me(signal.SIGINT)
        kill_me(signal.SIGINT)

    shelf.before = twice
    with pytest.raises(Interrupted, match="0 done, 1 unknown, 1 not started"):
        make(stage.app(), shelf.creation("one"), shelf.creation("two"))

    (entry,) = stage.journal().entries().values()
    assert entry.state == "unknown"
    assert "press Ctrl-C again to stop now" in stage.told


@pytest.mark.parametrize(
    ("number", "error", "told"),
    [
        (signal.SIGINT, Interrupted, "dns.create was interrupted"),
        (signal.SIGTERM, Terminated, "dns.create was terminated"),
    ],
)
def test_a_task_that_shall_end_says_which_it_is_and_why(
    number: signal.Signals, error: type[Interrupted], told: str
) -> None:
    stop = threading.Event()
    with finish_request(stop, warn=lambda _text: None) as stopping:
        stopping.check("dns.create")
        kill_me(number)
        with pytest.raises(error) as ended:
            stopping.check("dns.create")

    assert (type(ended.value), ended.value.message) == (error, told)


def test_the_signals_are_as_they_were_after_a_write(stage: Stage, shelf: Shelf) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    make(stage.app(), shelf.creation("one"))

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_write_from_another_thread_works(stage: Stage, shelf: Shelf) -> None:
    thread = threading.Thread(target=lambda: make(stage.app(), shelf.creation("one")))

    thread.start()
    thread.join()

    assert shelf.state() == [{"name": "one"}]


@pytest.mark.fault("D2")
def test_an_interrupted_stream_says_what_is_done(stage: Stage, shelf: Shelf) -> None:
    shelf.after = lambda number: kill_me(signal.SIGINT) if number == 7 else None

    with pytest.raises(Interrupted, match="7 done, 0 unknown; "):
        make_all(stage.app(), (shelf.creation(f"n{i}") for i in range(20)))

    assert shelf.written == 7


@pytest.mark.fault("D2")
def test_ctrl_c_between_two_writes_says_what_is_done_as_well(stage: Stage, shelf: Shelf) -> None:
    def source() -> Iterator[Change]:
        for number in range(20):
            if number == 6:
                kill_me(signal.SIGINT)
            yield shelf.creation(f"n{number}")

    with pytest.raises(Interrupted, match=r"^write was interrupted\n  5 done, 0 unknown; "):
        make_all(stage.app(), source())

    assert shelf.written == 5


def test_a_source_that_fails_halfway_leaves_no_doubt_about_what_is_done(stage: Stage, shelf: Shelf) -> None:
    def source() -> Iterator[Change]:
        yield shelf.creation("a")
        yield shelf.creation("b")
        yield shelf.creation("c")
        raise NotSent("no network")

    app = stage.app()
    with pytest.raises(NotSent, match="no network\n  2 done, 0 unknown; ") as failure:
        make_all(app, source())

    assert f"inv undo.apply --id {app.task_id}" in failure.value.message


def test_a_result_that_cannot_be_noted_is_told_as_unknown(stage: Stage, shelf: Shelf) -> None:
    journal = stage.folder / "state" / "journal" / "journal.jsonl"

    def spoil(number: int) -> None:
        if number == 2:
            journal.write_bytes(b"not a line\n")

    shelf.after = spoil
    with pytest.raises(DiskError, match="1 done, 1 unknown, 1 not started"):
        make(stage.app(), *(shelf.creation(name) for name in "abc"))


def test_a_run_that_was_stopped_begins_no_write(stage: Stage, shelf: Shelf) -> None:
    app = stage.app()
    app.stop.set()

    with pytest.raises(Interrupted, match=r"^write was interrupted"):
        make(app, shelf.creation("one"))

    assert shelf.written == 0
    assert stage.journal().entries() == {}


@pytest.mark.fault("D2")
@pytest.mark.parametrize(("sent", "state"), [(1, UNKNOWN), (0, FAILED)])
def test_a_call_that_was_stopped_is_unknown_once_it_was_sent(
    stage: Stage, shelf: Shelf, sent: int, state: str
) -> None:
    app = stage.app()
    budget = Budget(stage.folder / "budget", limit=0, window=1.0, pause=Pause(say=print))
    app.client.budget = budget

    def stopped(_number: int) -> None:
        for _ in range(sent):
            budget.acquire()
        raise Interrupted("stopped while waiting", hint="run it again")

    shelf.before = stopped
    with pytest.raises(Interrupted) as interrupted:
        make(app, shelf.creation("one"))
    budget.close()

    (entry,) = stage.journal().entries().values()
    look = f"the outcome is unknown; check it with `inv undo.show --id {entry.id}`"
    assert (entry.state, entry.why) == (state, "stopped while waiting")
    assert interrupted.value.hint == (look if sent else "run it again")
    assert interrupted.value.message.startswith("stopped while waiting\n  0 done, ")


@pytest.mark.fault("D4")
def test_a_terminal_that_hangs_up_ends_a_write_in_good_order_however_often_it_is_told(
    stage: Stage, shelf: Shelf
) -> None:
    def hang_up(number: int) -> None:
        if number == 2:
            kill_me(signal.SIGHUP)
            kill_me(signal.SIGHUP)

    shelf.before = hang_up
    before = signal.getsignal(signal.SIGHUP)
    try:
        with pytest.raises(Interrupted, match="2 done, 0 unknown, 3 not started"):
            make(stage.app(), *(shelf.creation(f"n{i}") for i in range(5)))
        ignored = signal.getsignal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert shelf.written == 2
    assert ignored == signal.SIG_IGN
