"""Progress: a bar on a terminal, a line every half minute in a log, nothing when quiet."""

from __future__ import annotations

import io
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from ops.items import duration
from ops.ui.progress import Progress
from ops.ui.talk import Talk
from tests.ui.paper import Terminal
from tests.ui.test_talk import Clock


def test_a_log_gets_a_line_every_half_minute() -> None:
    err, clock = io.StringIO(), Clock()
    progress = Progress(err, False, clock)

    progress.start("scan", 100)
    for number in range(61):
        clock.now += 1
        progress.done(f"dns.record of zone {number}", left=partial(float, 125 - number))
    progress.finish()

    assert err.getvalue() == (
        "scan: 30 of 100, dns.record of zone 29, about 2 min left\n"
        "scan: 60 of 100, dns.record of zone 59, about 66 s left\n"
    )


def test_the_time_left_is_estimated_only_where_it_is_shown() -> None:
    clock, asked = Clock(), []

    def left() -> float:
        asked.append(clock.now)
        return 60.0

    progress = Progress(io.StringIO(), False, clock)
    progress.start("scan", 100)
    for _ in range(95):
        clock.now += 1
        progress.done("zones.zone", left=left)

    assert len(asked) == 3


def test_a_short_run_leaves_no_line_in_a_log() -> None:
    err, clock = io.StringIO(), Clock()
    progress = Progress(err, False, clock)

    progress.start("scan", 2)
    progress.done("zones")
    progress.done("records")
    progress.finish()

    assert err.getvalue() == ""


def test_a_terminal_gets_a_bar_that_goes_away() -> None:
    err, clock = Terminal(), Clock()
    progress = Progress(err, True, clock)

    progress.start("scan", 4)
    clock.now += 1
    progress.done("dns.record", left=lambda: 90)
    seen = err.seen
    progress.finish()

    assert seen.endswith("1 of 4, dns.record, about 2 min left")
    assert err.seen.endswith(" \r")
    assert "\n" not in err.seen


def test_the_bar_is_drawn_no_oftener_than_can_be_read() -> None:
    err, clock = Terminal(), Clock()
    progress = Progress(err, True, clock)

    progress.start("scan", 1000)
    for _ in range(100):
        clock.now += 0.01
        progress.done("x")

    assert 9 <= err.seen.count("\r") <= 12


def test_the_total_grows_as_more_becomes_known() -> None:
    err, clock = Terminal(), Clock()
    progress = Progress(err, True, clock)

    progress.start("scan", 1)
    progress.known(40)
    clock.now += 1
    progress.done("zones")

    assert "1 of 41" in err.seen


def test_more_may_be_done_than_was_known() -> None:
    err, clock = io.StringIO(), Clock()
    progress = Progress(err, False, clock, every=1)

    progress.start("scan")
    clock.now += 1
    progress.done("zones", n=3)

    assert err.getvalue() == "scan: 3 of 3, zones\n"


def test_a_wait_is_reported_once_with_its_length() -> None:
    err, clock = io.StringIO(), Clock()
    progress = Progress(err, False, clock)

    progress.start("scan", 1)
    for _ in range(8):
        progress.wait(42, "the budget of 1,000 requests is used up")
    clock.now += 42
    progress.wait(300, "Cloudflare asked for it (429)")

    assert err.getvalue() == (
        "waiting 42 s: the budget of 1,000 requests is used up\n"
        "waiting 5 min: Cloudflare asked for it (429)\n"
    )


def test_a_wait_stands_beside_the_bar_until_it_is_over() -> None:
    err, clock = Terminal(), Clock()
    progress = Progress(err, True, clock)

    progress.start("scan", 4)
    progress.wait(42, "the budget")
    waiting = err.seen
    clock.now += 43
    progress.done("zones")

    assert waiting.rstrip().endswith("0 of 4, waiting 42 s: the budget")
    assert err.seen.rstrip().endswith("1 of 4, zones")


def test_a_note_stands_above_the_bar() -> None:
    err, clock = Terminal(), Clock()
    progress = Progress(err, True, clock)
    talk = Talk(err, clock=clock)

    progress.start("scan", 4)
    with talk.above(progress.note):
        talk.note("zone a.example was deleted meanwhile")

    lines = err.seen.split("\n")
    assert lines[0].endswith(" \rzone a.example was deleted meanwhile")
    assert lines[1].rstrip().endswith("0 of 4")


def test_as_a_log_it_is_an_event_every_thirty_seconds() -> None:
    err, clock = io.StringIO(), Clock()
    talk = Talk(err, clock=clock)
    talk.log.json = True
    progress = Progress(err, False, clock, say=talk.progress)

    progress.start("scan", 200)
    for _ in range(100):
        progress.done("dns.record")
        clock.now += 1

    lines = [json.loads(line) for line in err.getvalue().splitlines()]
    assert [(line["event"], line["message"]) for line in lines] == [
        ("progress", f"scan: {count} of 200, dns.record") for count in (31, 61, 91)
    ]


def test_quiet_prints_nothing() -> None:
    for terminal in (True, False):
        err, clock = Terminal(), Clock()
        progress = Progress(err, terminal, clock, every=1, quiet=True)

        progress.start("scan", 4)
        clock.now += 60
        progress.done("zones")
        progress.wait(42, "the budget")
        progress.finish()

        assert err.seen == ""


@pytest.mark.fault("E7")
@pytest.mark.parametrize("terminal", [True, False])
def test_what_is_being_read_drives_no_terminal(terminal: bool) -> None:
    err, clock = Terminal(), Clock()
    progress = Progress(err, terminal, clock, every=1)

    progress.start("scan\x1b]0;", 4)
    clock.now += 60
    progress.done("\x1b[2J\u202e\nzone")
    progress.wait(42, "\x9b")
    progress.finish()

    assert all(part.isprintable() for line in err.seen.split("\n") for part in line.split("\r"))


def test_threads_count_together() -> None:
    err, clock = io.StringIO(), Clock()
    progress = Progress(err, False, clock)

    progress.start("scan", 800)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: [progress.done("x") for _ in range(100)], range(8)))
    clock.now += 30
    progress.done("x", n=0)

    assert err.getvalue() == "scan: 800 of 800, x\n"


def test_a_closed_stderr_ends_nothing() -> None:
    for terminal in (True, False):
        err, clock = Terminal(), Clock()
        progress = Progress(err, terminal, clock, every=1)
        progress.start("scan", 4)
        err.close()

        clock.now += 60
        progress.done("zones")
        progress.note("a")
        progress.finish()


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.2, "1 s"), (42, "42 s"), (89, "89 s"), (90, "2 min"), (3600, "60 min"), (7500, "2 h 5 min")],
)
def test_a_time_is_reported_as_people_say_it(seconds: float, told: str) -> None:
    assert duration(seconds) == told


def test_tqdm_is_loaded_only_for_a_bar() -> None:
    import subprocess

    script = (
        "import sys, io; from ops.ui.progress import Progress; p = Progress(io.StringIO(), False);"
        "p.start('x', 1); p.done('y'); p.finish(); print('tqdm' in sys.modules)"
    )

    assert subprocess.check_output([sys.executable, "-c", script]) == b"False\n"


def test_a_terminal_shows_nothing_of_work_that_has_not_begun_or_is_over() -> None:
    err, clock = Terminal(), Clock()
    progress = Progress(err, True, clock)

    for _ in range(2):
        clock.now += 60
        progress.done("zones")
        progress.wait(5, "the budget")
        seen = err.seen
        progress.start("scan", 2)
        progress.finish()

    assert seen.count("scan") == err.seen.count("scan") - 1
    assert "the budget" not in err.seen
