"""A wait without a word shows what is being done."""

from __future__ import annotations

import io

from ops.ui import spinner
from ops.ui.spinner import Spinner
from ops.ui.talk import Talk


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def made(what: str = "reading zones") -> tuple[Spinner, io.StringIO, Clock]:
    err, clock = io.StringIO(), Clock()
    return Spinner(err, lambda: what, clock), err, clock


def test_a_short_wait_shows_nothing() -> None:
    spinner, err, clock = made()

    clock.now = 0.9
    spinner.tick()

    assert err.getvalue() == ""


def test_a_second_of_silence_shows_what_is_done_and_the_next_word_removes_it() -> None:
    spinner, err, clock = made()

    clock.now = 1.0
    spinner.tick()
    assert err.getvalue() == "\r/ reading zones …"

    spinner.said()
    spinner.tick()
    assert err.getvalue() == "\r/ reading zones …\r" + " " * 17 + "\r"


def test_nothing_is_shown_beside_a_bar_or_a_question() -> None:
    spinner, err, clock = made()
    clock.now = 5.0

    spinner.hide(1)
    spinner.tick()
    assert err.getvalue() == ""

    spinner.hide(-1)
    clock.now = 6.0
    spinner.tick()
    assert "reading" in err.getvalue()


def test_a_message_stands_alone_on_its_line() -> None:
    err = io.StringIO()
    with spinner.spinning(err, lambda: "reading zones"):
        (current,) = spinner._CURRENT
        current._clock = lambda: 1e9
        current.tick()
        Talk(err).note("hello")

    assert err.getvalue().replace("\r", "\n").splitlines()[-1].strip() == "hello"
