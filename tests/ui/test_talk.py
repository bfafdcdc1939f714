"""What is said on stderr: one line each, no secrets, nothing that drives the terminal."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest

from ops.config.credentials import Credentials
from ops.errors import ApiError, NotFound, OpsError
from ops.ui.talk import Talk

SECRET = "s3cr3t-canary"


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def redact(text: str) -> str:
    return text.replace(SECRET, "***")


def test_a_note_is_one_line() -> None:
    err = io.StringIO()

    Talk(err).note("two pages were read again")

    assert err.getvalue() == "two pages were read again\n"


def test_a_quiet_talk_has_no_notes_but_warnings_and_errors() -> None:
    err = io.StringIO()
    talk = Talk(err, quiet=True)

    talk.note("a")
    talk.warn("b")
    talk.error(OpsError("c"))

    assert err.getvalue() == "warning: b\nerror: c\n"


def test_an_error_is_a_sentence_a_hint_and_the_ray() -> None:
    err = io.StringIO()

    Talk(err).error(ApiError("GET /zones: Internal error (500)", 500, hint="try again later", ray="8a1b-FRA"))

    assert err.getvalue() == "error: GET /zones: Internal error (500)\nhint: try again later\nray: 8a1b-FRA\n"


def test_an_error_as_json_is_one_object() -> None:
    err = io.StringIO()

    Talk(err, color=True).error(
        NotFound("zone a\u202e\n", 404, hint=f"see {SECRET}", codes=(1001,)), json=True
    )

    assert err.getvalue().count("\n") == 1
    assert json.loads(err.getvalue()) == {
        "error": "NotFound",
        "exit_code": 1,
        "message": "zone a\u202e\n",
        "status": 404,
        "codes": [1001],
        "hint": f"see {SECRET}",
    }


@pytest.mark.fault("F1")
def test_no_secret_is_said() -> None:
    err = io.StringIO()
    talk = Talk(err, redact=redact)

    talk.note(f"a {SECRET}")
    talk.warn(f"b {SECRET}")
    talk.error(OpsError(f"c {SECRET}", hint=f"d {SECRET}", ray=SECRET))
    talk.error(OpsError(f"e {SECRET}", hint=f"f {SECRET}"), json=True)

    assert SECRET not in err.getvalue()
    assert err.getvalue().count("***") == 7


@pytest.mark.fault("E14")
def test_what_is_said_cannot_forge_a_line() -> None:
    err = io.StringIO()
    talk = Talk(err)

    for say in (talk.note, talk.warn, lambda text: talk.error(OpsError(text, hint=text))):
        say('zone a\n{"level":"error"}\x1b[2J\r')

    assert len(err.getvalue().splitlines()) == 4
    assert all(line.isprintable() for line in err.getvalue().split("\n"))


def test_the_same_line_is_not_repeated_at_once() -> None:
    err, clock = io.StringIO(), Clock()
    talk = Talk(err, clock=clock)

    for _ in range(8):
        talk.warn("waiting 30 s for the budget")
    clock.now += 6
    talk.warn("waiting 30 s for the budget")

    assert err.getvalue() == "warning: waiting 30 s for the budget\n" * 2


def test_a_traceback_is_reported_line_by_line_without_secrets() -> None:
    err = io.StringIO()
    talk = Talk(err, quiet=True, redact=redact)

    talk.trace(f'Traceback\n  File "a.py", line 1, in {SECRET}\x1b\n')

    assert err.getvalue() == 'Traceback\n  File "a.py", line 1, in ***\\x1b\n'


def test_the_settings_decide_once_they_are_known(tmp_path: Path) -> None:
    from ops.config.settings import Settings

    err = io.StringIO()
    talk = Talk(err)
    settings = Settings(
        credentials=Credentials(token=SECRET),
        exports=tmp_path,
        state_dir=tmp_path,
        cache_dir=tmp_path,
        quiet=True,
        color="always",
    )

    talk.settle(settings)
    talk.note("a")
    talk.warn(SECRET)

    assert err.getvalue() == "\x1b[33mwarning: [hidden]\x1b[0m\n"


def test_colour_is_around_the_text() -> None:
    err = io.StringIO()
    talk = Talk(err, color=True)

    talk.warn("a\x1b[2J")
    talk.error(OpsError("b"))

    assert err.getvalue() == "\x1b[33mwarning: a\\x1b[2J\x1b[0m\n\x1b[31merror: b\x1b[0m\n"


def test_lines_can_be_handed_to_a_bar_for_a_while() -> None:
    err, lines = io.StringIO(), list[str]()
    talk = Talk(err)

    with talk.above(lines.append):
        talk.note("above")
    talk.note("after")

    assert lines == ["above"]
    assert err.getvalue() == "after\n"


def test_a_stderr_that_is_full_ends_nothing() -> None:
    with Path("/dev/full").open("w") as full:
        Talk(full).warn("nobody hears")


def test_a_hint_of_several_lines_is_set_in_so_that_no_name_passes_for_a_line_of_ours() -> None:
    err = io.StringIO()

    Talk(err).error(OpsError("2 zones", hint="give the id of one of\n  --zone a\nerror: forged\n  --zone b"))

    reported = ["error: 2 zones", "hint: give the id of one of", "  --zone a\\x0aerror: forged", "  --zone b"]
    assert err.getvalue().splitlines() == reported


@pytest.mark.fault("E14")
def test_as_a_log_each_thing_said_is_one_object() -> None:
    err = io.StringIO()
    talk = Talk(err, redact=lambda text: text.replace("secret", "***"))
    talk.log.json = True

    talk.note("a\nb")
    talk.warn("secret")
    talk.show("shown")
    talk.error(OpsError("it failed with secret", hint="try"))
    talk.trace("line 1\nline 2 secret")

    lines = [json.loads(line) for line in err.getvalue().splitlines()]
    assert [line["level"] for line in lines] == ["info", "warning", "info", "error", "error"]
    assert lines[0]["message"] == "a\nb"
    assert [line["event"] for line in lines] == ["note", "warning", "note", "error", "bug"]
    assert lines[3]["error"] == {"error": "OpsError", "exit_code": 2, "hint": "try"}
    assert lines[4]["message"] == "line 1\nline 2 ***"
    assert all(re.fullmatch(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"]) for line in lines)
    assert "secret" not in err.getvalue()


def test_the_last_things_said_are_kept_without_secrets() -> None:
    talk = Talk(io.StringIO(), redact=lambda text: text.replace("secret", "***"))

    for number in range(30):
        talk.warn(f"secret {number}")

    assert list(talk.last) == [f"warning: *** {number}" for number in range(10, 30)]
