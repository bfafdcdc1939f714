from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from ops.errors import Interrupted, NetworkError, NotSent, RateLimited, Unanswered
from ops.http import slots
from ops.http.budget import PER_SECOND, Budget, with_budget
from ops.http.client import Client
from ops.http.exchange import Call, Reply
from ops.http.paths import path
from ops.http.pause import Pause
from ops.http.slots import HEAD, MAGIC
from tests.http.conftest import CANARY, FakeTime
from tests.wire import Exchange, Wire, failed, ok

Make = Callable[..., Budget]
READ_X = Call("GET", "/x")


@pytest.fixture
def notes() -> list[str]:
    return []


@pytest.fixture
def make(tmp_path: Path, fake_time: FakeTime, notes: list[str]) -> Iterator[Make]:
    """Open budgets of one file, on one fake clock."""
    made: list[Budget] = []

    def one(limit: int = 10, window: float = 100.0, **options: object) -> Budget:
        file = tmp_path / "state" / "budget"
        given = {"pause": fake_time.pause(), "say": notes.append, "clock": fake_time, **options}
        made.append(Budget(file, limit=limit, window=window, **given))  # type: ignore[arg-type]
        return made[-1]

    yield one
    for budget in made:
        budget.close()


def fullest(moments: Sequence[float], window: float) -> int:
    """Count the moments of the fullest window."""
    ordered = sorted(moments)
    return max(bisect_left(ordered, start + window) - n for n, start in enumerate(ordered))


def test_no_window_holds_more_than_the_limit(make: Make, fake_time: FakeTime) -> None:
    budget, chance, moments = make(limit=10, window=100.0), random.Random(1), []

    for _ in range(300):
        fake_time.now += chance.expovariate(1 / 5)
        slot = budget.acquire()
        fake_time.now += chance.random() * 3
        budget.settle(slot)
        moments.append(fake_time.now)

    assert fullest(moments, 100.0) <= 10
    assert budget.used == 300


def test_slow_requests_that_end_after_later_ones_still_count(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=2, window=100.0)
    slow = budget.acquire()
    fake_time.now += 50
    budget.settle(budget.acquire())
    fake_time.now += 20
    budget.settle(slow)
    ended = fake_time.now

    budget.acquire()

    assert fake_time.now >= ended - 20 + 100
    budget.acquire()
    assert fake_time.now >= ended + 100


def test_no_second_holds_more_than_an_address_may_send(make: Make, fake_time: FakeTime) -> None:
    budget, moments = make(limit=100_000), []

    for _ in range(2000):
        budget.settle(budget.acquire())
        moments.append(fake_time.now)

    assert fullest(moments, 1.0) == PER_SECOND
    assert fake_time.said == []


def test_a_full_budget_is_reported_with_its_length(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=2, window=300.0)

    for _ in range(3):
        budget.settle(budget.acquire())

    assert fake_time.said == ["waiting 5 min 1 s: the budget of 2 requests in 300 s is used"]


def test_a_deadline_within_a_full_second_ends_with_the_reason(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=100_000, pause=fake_time.pause(until=fake_time.now + 0.5))
    for _ in range(PER_SECOND):
        budget.acquire()

    with pytest.raises(RateLimited, match=r"^to stay under 200 requests in a second: that takes 1 s"):
        budget.acquire()


def test_nothing_is_waited_for_in_the_first_second_after_a_boot(make: Make, fake_time: FakeTime) -> None:
    fake_time.now = 0.5
    budget = make(limit=10)

    for _ in range(10):
        budget.acquire()

    assert fake_time.waits == []


def test_two_budgets_of_one_file_share_its_slots(make: Make, fake_time: FakeTime) -> None:
    one, other = make(limit=10), make(limit=10)
    for _ in range(5):
        one.settle(one.acquire())
        other.settle(other.acquire())

    assert (one.remaining(), other.remaining()) == (0, 0)
    assert fake_time.waits == []
    other.acquire()
    assert len(fake_time.waits) == 1


def test_a_deadline_that_comes_first_ends_it_at_once(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=1, pause=fake_time.pause(until=fake_time.now + 50))
    budget.acquire()

    with pytest.raises(RateLimited) as failure:
        budget.acquire()

    assert fake_time.waits == []
    assert "try again at" in failure.value.hint


def test_no_request_begins_after_the_deadline(make: Make, fake_time: FakeTime) -> None:
    budget = make(pause=fake_time.pause(until=fake_time.now + 50))
    fake_time.now += 50

    with pytest.raises(NetworkError, match="deadline of this run has passed"):
        budget.acquire()


@pytest.mark.fault("D5")
def test_no_request_begins_after_a_stop(make: Make, fake_time: FakeTime) -> None:
    stop = threading.Event()
    budget = make(pause=Pause(say=print, stop=stop, clock=fake_time))
    stop.set()

    with pytest.raises(Interrupted):
        budget.acquire()


@pytest.mark.fault("A1")
def test_a_429_stops_every_process_of_the_token(make: Make, fake_time: FakeTime) -> None:
    one, other = make(), make()
    limited = Reply(429, {"retry-after": "60"})
    with_budget(lambda call: limited, one)(READ_X)
    started = fake_time.now

    with_budget(lambda call: Reply(200), other)(READ_X)

    assert fake_time.now >= started + 60
    assert fake_time.said == ["waiting 60 s: Cloudflare has blocked this token's requests (429)"]


@pytest.mark.fault("A2")
def test_a_429_without_a_word_stops_for_longer_each_time(make: Make, fake_time: FakeTime) -> None:
    send = with_budget(lambda call: Reply(429), make(limit=0))

    send(READ_X)
    send(READ_X._replace(attempt=2))
    send(READ_X._replace(attempt=9))
    send(READ_X)

    assert [round(wait) for wait in fake_time.waits] == [5, 10, 300]


@pytest.mark.fault("A5")
def test_little_that_the_server_allows_is_not_called(make: Make, fake_time: FakeTime) -> None:
    """The server's window is shared with others, whose requests only its header shows."""
    left, reset_at, refused = 60, fake_time.now + 30, 0

    def server(call: Call) -> Reply:
        nonlocal left, reset_at, refused
        if fake_time.now >= reset_at:
            left, reset_at = 60, fake_time.now + 30
        fake_time.now += 0.01
        left -= 2
        refused += left < 0
        return Reply(200, {"ratelimit": f'"default";r={max(0, left)};t={reset_at - fake_time.now:.0f}'})

    send = with_budget(server, make(limit=1000, window=300.0))

    for _ in range(300):
        send(READ_X)

    assert refused == 0
    assert "Cloudflare allows only" in fake_time.said[0]


@pytest.mark.fault("A5")
@pytest.mark.parametrize(("limit", "reserve"), [(0, 20), (10, 1), (75, 1), (100, 2), (149, 2), (5000, 20)])
def test_a_fiftieth_of_the_limit_is_not_called_one_request_at_least_and_twenty_at_most(
    make: Make, fake_time: FakeTime, limit: int, reserve: int
) -> None:
    budget = make(limit=limit)
    budget.heed(READ_X, Reply(200, {"ratelimit": f'"default";r={reserve + 1};t=30'}))

    budget.acquire()
    assert fake_time.waits == []
    budget.acquire()

    assert [round(wait) for wait in fake_time.waits] == [30]


def test_requests_in_flight_are_taken_off_what_the_server_allows(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=1000)
    budget.heed(READ_X, Reply(200, {"ratelimit": '"default";r=25;t=30'}))

    for _ in range(5):
        budget.acquire()
    assert fake_time.waits == []
    budget.acquire()

    assert [round(wait) for wait in fake_time.waits] == [30]


@pytest.mark.parametrize(("end", "waits"), [(29, [30]), (30, [30]), (31, [30]), (32, [])])
def test_an_answer_that_was_overtaken_allows_nothing_back_unless_its_window_is_another(
    make: Make, fake_time: FakeTime, end: int, waits: list[int]
) -> None:
    budget = make(limit=1000)
    budget.heed(READ_X, Reply(200, {"ratelimit": '"default";r=20;t=30'}))
    budget.heed(READ_X, Reply(200, {"ratelimit": f'"default";r=500;t={end}'}))

    budget.acquire()

    assert [round(wait) for wait in fake_time.waits] == waits


def test_a_server_whose_window_slides_is_believed_when_it_allows_more_again(
    make: Make, fake_time: FakeTime
) -> None:
    budget = make(limit=100_000)

    for _ in range(500):
        budget.settle(budget.acquire())
        budget.heed(READ_X, Reply(200, {"ratelimit": '"default";r=200;t=300'}))
        fake_time.now += 0.02

    assert fake_time.waits == []


def test_a_request_that_was_not_sent_gives_its_slot_back(make: Make) -> None:
    # The clock of the test stands at 1000: even what was sent at its start would still count.
    budget = make(limit=5, window=5000.0)

    def unreachable(call: Call) -> Reply:
        raise NotSent("no name")

    for _ in range(10):
        with pytest.raises(NotSent):
            with_budget(unreachable, budget)(READ_X)

    assert (budget.used, budget.remaining()) == (0, 5)


@pytest.mark.fault("A16")
def test_a_request_of_unknown_outcome_counts_and_ends_with_its_own_error(
    make: Make, fake_time: FakeTime
) -> None:
    budget = make(limit=5, window=100.0)

    def silent(call: Call) -> Reply:
        fake_time.now += 90
        raise Unanswered("gone")

    with pytest.raises(Unanswered):
        with_budget(silent, budget)(READ_X)

    fake_time.now += 90
    assert (budget.used, budget.remaining()) == (1, 4)


def test_a_budget_that_is_closed_touches_no_other_file(make: Make) -> None:
    budget = make()
    budget.acquire()

    budget.close()
    budget.close()

    with pytest.raises(ValueError, match="file descriptor"):
        budget.acquire()


def test_a_lifted_budget_waits_for_nothing(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=0)

    for _ in range(1000):
        budget.settle(budget.acquire())

    assert fake_time.waits == []
    assert budget.remaining() is None
    assert budget.used == 1000


def test_how_long_more_requests_will_take_is_estimated(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=100, window=300.0)
    for _ in range(60):
        budget.settle(budget.acquire())
    fake_time.now += 100

    assert budget.seconds_for(40) < 1
    assert budget.seconds_for(41) == pytest.approx(200, abs=5)
    assert budget.seconds_for(300) == pytest.approx(900, abs=1)


def test_the_estimate_follows_the_slots_as_they_become_free(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=10, window=100.0)
    for _ in range(10):
        budget.settle(budget.acquire())
        fake_time.now += 1

    assert [round(budget.seconds_for(n)) for n in (1, 2, 3, 10, 11)] == [90, 91, 92, 99, 200]


def test_a_slot_is_free_the_moment_its_window_ends(make: Make, fake_time: FakeTime) -> None:
    budget = make(limit=1, window=100.0)
    budget.acquire()

    fake_time.now += 100.2

    assert budget.remaining() == 1


def test_a_larger_limit_waits_for_what_was_sent_under_a_smaller_one(make: Make, fake_time: FakeTime) -> None:
    small = make(limit=200, window=100.0)
    for _ in range(250):
        small.acquire()
        fake_time.now += 1

    large = make(limit=300, window=1000.0)

    assert [large.acquire() for _ in range(100)] == list(range(100))
    assert fake_time.waits == []
    large.acquire()
    assert [round(wait) for wait in fake_time.waits] == [802]


def test_a_larger_limit_remembers_what_was_sent_under_a_smaller_one(make: Make, fake_time: FakeTime) -> None:
    small = make(limit=10)
    for _ in range(7):
        small.settle(small.acquire())

    large = make(limit=5000)

    assert large.remaining() == 4993
    for _ in range(3):
        small.settle(small.acquire())
    assert small.remaining() == 0


@pytest.mark.fault("C9")
def test_the_file_is_for_its_owner_alone_from_the_start(make: Make, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        make().acquire()
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "state" / "budget").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.mark.fault("F14")
@pytest.mark.parametrize("damage", ["noise", "short", "empty", "cut", "future", "negative", "next", "end"])
def test_a_damaged_file_is_replaced_with_a_note(
    make: Make, notes: list[str], tmp_path: Path, damage: str
) -> None:
    budget = make()
    for _ in range(5):
        budget.acquire()
    file = tmp_path / "state" / "budget"
    good = file.read_bytes()
    ahead = (10**18).to_bytes(8, "little")
    file.write_bytes(
        {
            "noise": random.Random(1).randbytes(len(good)),
            "short": good[:20],
            "empty": good[: HEAD.size],
            "cut": good[:-3],
            "future": good[:24] + ahead + good[32:],
            "negative": good[:24] + b"\xff" * 8 + good[32:],
            "next": good[:48] + ahead + good[56:],
            "end": good[:48] + PER_SECOND.to_bytes(8, "little") + good[56:],
        }[damage]
    )

    assert budget.acquire() == 0
    assert budget.remaining() == 9
    assert notes == [f"the budget file {file} was damaged and has been replaced"]


@pytest.mark.fault("F14")
@pytest.mark.parametrize("nonsense", [10**18, -5])
def test_a_damaged_slot_is_noticed_when_it_is_looked_at(
    make: Make, notes: list[str], tmp_path: Path, nonsense: int
) -> None:
    budget = make(limit=10)
    budget.acquire()
    file = tmp_path / "state" / "budget"
    content = file.read_bytes()
    file.write_bytes(content[: HEAD.size] + nonsense.to_bytes(8, "little", signed=True) * 180)

    for _ in range(3):
        budget.acquire()

    assert "damaged" in notes[0]


@pytest.mark.fault("F14")
def test_a_slot_from_before_the_clock_began_counts_for_nothing(make: Make, tmp_path: Path) -> None:
    budget = make(limit=10)
    budget.acquire()
    file = tmp_path / "state" / "budget"
    file.write_bytes(file.read_bytes()[:-8] + (-5).to_bytes(8, "little", signed=True))

    assert budget.remaining() == 9


@pytest.mark.fault("A1")
def test_a_service_that_is_away_for_a_while_does_not_stop_the_others(make: Make, fake_time: FakeTime) -> None:
    send = with_budget(lambda call: Reply(503, {"retry-after": "60"}), make())

    send(READ_X)
    send(READ_X)

    assert fake_time.waits == []


def test_a_file_of_another_boot_is_started_again_without_a_word(
    make: Make, notes: list[str], tmp_path: Path
) -> None:
    file = tmp_path / "state" / "budget"
    budget = make()
    for _ in range(10):
        budget.acquire()
    content = file.read_bytes()
    file.write_bytes(MAGIC + b"another boot's 1" + content[24:])

    budget.acquire()

    assert budget.remaining() == 9
    assert notes == []


BOOTS = [
    "6f1d3c0a-1f0e-4c58-9a4c-3b9d7f0a1b2c\n",
    "6f1d3c0a-1f0e-4c58-9a4c-3b9d7f0a1b2d\n",
    "6f1d3c0a\n",
    "6f1d3c0a-1f0e-4c58-9a4c-3b9d7f0a1b2c-more\n",
]


@pytest.mark.parametrize("boot", BOOTS[:3])
def test_the_slots_are_shared_within_one_boot_alone(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, boot: str
) -> None:
    monkeypatch.setattr(slots, "_BOOT_ID", tmp_path / "boot_id")
    (tmp_path / "boot_id").write_text(boot)
    make().acquire()

    assert make().remaining() == 9
    (tmp_path / "boot_id").write_text(BOOTS[boot == BOOTS[0]])
    assert make().remaining() == 10


@pytest.mark.parametrize("content", [None, BOOTS[3]])
def test_where_the_system_does_not_number_its_boots_the_slots_are_shared_all_the_same(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    monkeypatch.setattr(slots, "_BOOT_ID", tmp_path / "boot_id")
    if content:
        (tmp_path / "boot_id").write_text(content)
    make().acquire()

    assert make().remaining() == 9


@pytest.mark.fault("F14")
@pytest.mark.parametrize("kind", ["wide", "link"])
def test_a_file_that_others_may_touch_is_replaced_with_a_note(
    make: Make, notes: list[str], tmp_path: Path, kind: str
) -> None:
    file = tmp_path / "state" / "budget"
    file.parent.mkdir()
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    victim.chmod(0o600)
    if kind == "wide":
        file.write_bytes(b"")
        file.chmod(0o666)
    else:
        file.symlink_to(victim)

    make().acquire()

    assert victim.read_bytes() == b"precious"
    assert stat.S_IMODE(file.lstat().st_mode) == 0o600
    assert notes == [f"the budget file {file} was accessible to other users and has been replaced"]


def test_where_no_file_can_be_made_the_budget_is_this_runs_own(
    make: Make, notes: list[str], tmp_path: Path, fake_time: FakeTime
) -> None:
    (tmp_path / "state").write_text("a file, not a folder")
    budget = make(limit=3)

    for _ in range(4):
        budget.acquire()

    assert len(fake_time.waits) == 1
    assert "not shared" in notes[0]


def test_a_file_that_vanishes_changes_nothing_for_who_has_it_open(make: Make, tmp_path: Path) -> None:
    budget = make(limit=10)
    budget.acquire()
    (tmp_path / "state" / "budget").unlink()

    budget.acquire()

    assert budget.remaining() == 8


@pytest.mark.long
@pytest.mark.fault("C3")
def test_a_killed_process_leaves_a_usable_file(tmp_path: Path) -> None:
    file, notes = tmp_path / "budget", list[str]()
    chance = random.Random(7)

    def budget() -> Budget:
        return Budget(file, limit=0, window=300.0, pause=Pause(say=print), say=notes.append)

    for _ in range(60):
        child = os.fork()
        if not child:
            mine = budget()
            while True:
                mine.heed(READ_X, Reply(200, {"ratelimit": '"default";r=10000000;t=300'}))
                mine.settle(mine.acquire())
        time.sleep(chance.random() * 0.01)  # the moment of the kill is what varies
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        after = budget()
        after.settle(after.acquire())
        after.close()

    assert notes == []
    assert (file.stat().st_size - HEAD.size) % 8 == 0


def test_threads_share_the_slots_without_losing_any(tmp_path: Path) -> None:
    budget = Budget(tmp_path / "b", limit=150, window=300.0, pause=Pause(say=print))
    taken: list[int] = []

    def work() -> None:
        taken.extend(budget.acquire() for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(7)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(taken)) == 140
    assert budget.remaining() == 10


CALLER = """
import sys, threading, time
from pathlib import Path
from ops.config.credentials import Credentials
from ops.config.settings import Settings
from ops.http.paths import path
from ops.http.stack import open_client

url, folder, token, seconds = sys.argv[1:]
place = Path(folder)
settings = Settings(credentials=Credentials(token=token), base_url=url, budget=100, window=1.0, attempts=1,
                    exports=place, state_dir=place, cache_dir=place)
client = open_client(settings, say=lambda text: None)
end = time.monotonic() + float(seconds)

def work():
    while time.monotonic() < end:
        client.get(path("/zones"))

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads: thread.start()
for thread in threads: thread.join()
"""


def limiting(moments: list[float], limit: int, window: float) -> Callable[[Exchange], None]:
    """Answer as a server that allows *limit* requests in any *window*, noting when each came."""
    lock = threading.Lock()

    def play(exchange: Exchange) -> None:
        with lock:
            now = time.monotonic()
            moments.append(now)
            recent = sum(1 for moment in moments[-limit - 50 :] if moment > now - window)
        exchange.send(ok({}) if recent <= limit else failed(429, 971, "Please wait", retry_after="1"))

    return play


@pytest.mark.long
@pytest.mark.fault("D6")
@pytest.mark.timeout(90)
def test_two_processes_use_the_allowed_rate_and_no_more(tmp_path: Path) -> None:
    moments: list[float] = []
    with Wire(limiting(moments, 100, 1.0)) as wire:
        command = [sys.executable, "-c", CALLER, wire.url, str(tmp_path), CANARY, "8"]
        callers = [subprocess.Popen(command, cwd=Path(__file__).parents[2]) for _ in range(2)]

        assert [caller.wait(60) for caller in callers] == [0, 0]

    steady = [moment for moment in moments if moments[0] + 1 <= moment <= moments[0] + 7]
    assert fullest(moments, 1.0) <= 100
    assert len(steady) >= 0.95 * 600


def test_the_client_counts_what_it_sent(opened: Callable[..., Client]) -> None:
    with Wire(failed(503, 1, "no"), ok({})) as wire:
        client = opened(wire.url, attempts=2, budget=100)
        client.get(path("/zones"))

    assert client.sent == 2
    assert client.budget
    assert client.budget.remaining() == 98
