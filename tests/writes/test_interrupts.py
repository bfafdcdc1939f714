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
from ops.kinds.resource import Change
from ops.writes.journal import DONE, FAILED, UNKNOWN
from ops.writes.make import make, make_all
from ops.writes.writing import finish_request
from tests.writes.stage import Remote, Stage


def kill_me(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.fault("D2", "P6")
@pytest.mark.parametrize("seed", range(50))
def test_no_write_begins_after_the_signal(stage: Stage, remote: Remote, seed: int) -> None:
    chance = random.Random(seed)
    at, moment = chance.randint(1, 20), chance.choice(["before", "after"])
    setattr(remote, moment, lambda number: kill_me(signal.SIGINT) if number == at else None)
    app = stage.app()

    with pytest.raises(Interrupted) as interrupted:
        make(app, *(remote.creation(f"n{i}") for i in range(20)))

    assert remote.written == at
    assert interrupted.value.message.startswith("write was interrupted\n")
    assert [entry.state for entry in stage.journal().entries().values()] == [DONE] * at
    assert f"\n  {at} done, 0 unknown, {20 - at} not started" in interrupted.value.message
    assert f"inv undo.apply {app.task_id}" in interrupted.value.message
    assert interrupted.value.exit_code == 130


@pytest.mark.fault("D3")
def test_sigterm_ends_a_write_like_ctrl_c_with_its_own_exit_code(stage: Stage, remote: Remote) -> None:
    remote.before = lambda number: kill_me(signal.SIGTERM) if number == 2 else None

    with pytest.raises(Terminated) as terminated:
        make(stage.app(), *(remote.creation(f"n{i}") for i in range(5)))

    assert remote.written == 2
    assert terminated.value.exit_code == 143


@pytest.mark.fault("D3")
def test_sigterm_while_a_request_waits_for_a_retry_has_its_own_exit_code(
    stage: Stage, remote: Remote
) -> None:
    def wait(_number: int) -> None:
        kill_me(signal.SIGTERM)
        raise Interrupted("stopped while waiting", hint="look")

    remote.before = wait
    with pytest.raises(Terminated, match="stopped while waiting\n  0 done") as terminated:
        make(stage.app(), remote.creation("one"))

    assert (terminated.value.exit_code, terminated.value.hint) == (143, "look")


@pytest.mark.fault("D2")
def test_a_second_ctrl_c_ends_immediately_with_an_unknown_outcome(stage: Stage, remote: Remote) -> None:
    def twice(_number: int) -> None:
        kill_me(signal.SIGINT)
        kill_me(signal.SIGINT)

    remote.before = twice
    with pytest.raises(Interrupted, match="0 done, 1 unknown, 1 not started"):
        make(stage.app(), remote.creation("one"), remote.creation("two"))

    (entry,) = stage.journal().entries().values()
    assert entry.state == "unknown"
    assert "press Ctrl-C again to stop now" in stage.messages


@pytest.mark.parametrize(
    ("number", "error", "message"),
    [
        (signal.SIGINT, Interrupted, "dns.create was interrupted"),
        (signal.SIGTERM, Terminated, "dns.create was terminated"),
    ],
)
def test_a_task_that_must_stop_names_itself_and_the_reason(
    number: signal.Signals, error: type[Interrupted], message: str
) -> None:
    stop = threading.Event()
    with finish_request(stop, warn=lambda _text: None) as stopping:
        stopping.check("dns.create")
        kill_me(number)
        with pytest.raises(error) as ended:
            stopping.check("dns.create")

    assert (type(ended.value), ended.value.message) == (error, message)


def test_the_signal_handlers_are_restored_after_a_write(stage: Stage, remote: Remote) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]

    make(stage.app(), remote.creation("one"))

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_a_write_from_another_thread_works(stage: Stage, remote: Remote) -> None:
    thread = threading.Thread(target=lambda: make(stage.app(), remote.creation("one")))

    thread.start()
    thread.join()

    assert remote.state() == [{"name": "one"}]


@pytest.mark.fault("D2")
def test_an_interrupted_stream_says_what_is_done(stage: Stage, remote: Remote) -> None:
    remote.after = lambda number: kill_me(signal.SIGINT) if number == 7 else None

    with pytest.raises(Interrupted, match="7 done, 0 unknown; "):
        make_all(stage.app(), (remote.creation(f"n{i}") for i in range(20)))

    assert remote.written == 7


@pytest.mark.fault("D2")
def test_ctrl_c_between_two_writes_also_says_what_is_done(stage: Stage, remote: Remote) -> None:
    def source() -> Iterator[Change]:
        for number in range(20):
            if number == 6:
                kill_me(signal.SIGINT)
            yield remote.creation(f"n{number}")

    with pytest.raises(Interrupted, match=r"^write was interrupted\n  5 done, 0 unknown; "):
        make_all(stage.app(), source())

    assert remote.written == 5


def test_a_source_that_fails_halfway_leaves_no_doubt_about_what_is_done(stage: Stage, remote: Remote) -> None:
    def source() -> Iterator[Change]:
        yield remote.creation("a")
        yield remote.creation("b")
        yield remote.creation("c")
        raise NotSent("no network")

    app = stage.app()
    with pytest.raises(NotSent, match="no network\n  2 done, 0 unknown; ") as failure:
        make_all(app, source())

    assert f"inv undo.apply {app.task_id}" in failure.value.message


def test_a_result_that_cannot_be_noted_is_reported_as_unknown(stage: Stage, remote: Remote) -> None:
    journal = stage.folder / "state" / "journal" / "journal.jsonl"

    def spoil(number: int) -> None:
        if number == 2:
            journal.write_bytes(b"not a line\n")

    remote.after = spoil
    with pytest.raises(DiskError, match="1 done, 1 unknown, 1 not started"):
        make(stage.app(), *(remote.creation(name) for name in "abc"))


def test_a_stopped_run_starts_no_write(stage: Stage, remote: Remote) -> None:
    app = stage.app()
    app.stop.set()

    with pytest.raises(Interrupted, match=r"^write was interrupted"):
        make(app, remote.creation("one"))

    assert remote.written == 0
    assert stage.journal().entries() == {}


@pytest.mark.fault("D2")
@pytest.mark.parametrize(("sent", "state"), [(1, UNKNOWN), (0, FAILED)])
def test_a_stopped_request_is_unknown_if_it_was_sent(
    stage: Stage, remote: Remote, sent: int, state: str
) -> None:
    app = stage.app()
    budget = Budget(stage.folder / "budget", limit=0, window=1.0, pause=Pause(say=print))
    app.client.budget = budget

    def stopped(_number: int) -> None:
        for _ in range(sent):
            budget.acquire()
        raise Interrupted("stopped while waiting", hint="run it again")

    remote.before = stopped
    with pytest.raises(Interrupted) as interrupted:
        make(app, remote.creation("one"))
    budget.close()

    (entry,) = stage.journal().entries().values()
    look = f"the outcome is unknown; check it with `inv undo.show {entry.id}`"
    assert (entry.state, entry.why) == (state, "stopped while waiting")
    assert interrupted.value.hint == (look if sent else "run it again")
    assert interrupted.value.message.startswith("stopped while waiting\n  0 done, ")


@pytest.mark.fault("D4")
def test_repeated_sighup_ends_a_write_cleanly(stage: Stage, remote: Remote) -> None:
    def hang_up(number: int) -> None:
        if number == 2:
            kill_me(signal.SIGHUP)
            kill_me(signal.SIGHUP)

    remote.before = hang_up
    before = signal.getsignal(signal.SIGHUP)
    try:
        with pytest.raises(Interrupted, match="2 done, 0 unknown, 3 not started"):
            make(stage.app(), *(remote.creation(f"n{i}") for i in range(5)))
        ignored = signal.getsignal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)

    assert remote.written == 2
    assert ignored == signal.SIG_IGN
