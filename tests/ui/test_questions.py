"""What cannot be undone is asked for, and never answered by the program itself."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest

from ops.errors import Refused
from ops.ui import spinner
from ops.ui.questions import answer, confirm, typed_name


def says(answer: str) -> Callable[[], str]:
    return lambda: answer


def is_not_asked() -> str:
    raise AssertionError("asked")


def has_no_more_input() -> str:
    raise EOFError


@pytest.mark.parametrize("answer", ["y", "yes", "Y", " YES "])
def test_yes_confirms(answer: str) -> None:
    confirm("delete 3 records?", assume_yes=False, terminal=True, ask=says(answer), err=io.StringIO())


@pytest.mark.parametrize("answer", ["", "n", "no", "yep", "ja"])
def test_anything_else_refuses(answer: str) -> None:
    with pytest.raises(Refused, match="nothing was changed"):
        confirm("delete 3 records?", assume_yes=False, terminal=True, ask=says(answer), err=io.StringIO())


def test_the_end_of_the_input_refuses() -> None:
    with pytest.raises(Refused):
        confirm("delete?", assume_yes=False, terminal=True, ask=has_no_more_input, err=io.StringIO())


def test_no_spinner_is_drawn_over_a_question(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(0, 1000, 10))
    drawn = spinner.Spinner(err := io.StringIO(), lambda: "init", lambda: next(clock))
    monkeypatch.setattr(spinner, "_CURRENT", [drawn])

    def waits() -> str:
        drawn.tick()
        return "2"

    assert answer("account [1]: ", waits, err) == "2"
    assert err.getvalue() == "account [1]: "


@pytest.mark.fault("G4")
def test_without_a_terminal_it_is_refused_with_the_way_on() -> None:
    with pytest.raises(Refused, match=r"not confirmed: delete 3 records\?") as error:
        confirm("delete 3 records?", assume_yes=False, terminal=False, ask=is_not_asked)

    assert error.value.exit_code == 1
    assert "--yes" in error.value.hint


@pytest.mark.parametrize("terminal", [True, False])
def test_the_option_confirms_without_asking(terminal: bool) -> None:
    confirm("delete?", assume_yes=True, terminal=terminal, ask=is_not_asked)


def test_the_question_is_asked_on_stderr_and_drives_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    confirm("delete \x1b[2J?", assume_yes=False, terminal=True, ask=says("y"))

    out, err = capsys.readouterr()
    assert out == ""
    assert err == "delete \\x1b[2J? [y/N] "


def test_the_name_confirms() -> None:
    typed_name("example.com", given="", terminal=True, ask=says("example.com"), err=io.StringIO())


def test_the_name_in_the_option_confirms_without_a_terminal() -> None:
    typed_name("example.com", given="example.com", terminal=False, ask=is_not_asked)


@pytest.mark.parametrize("answer", ["", "y", "yes", "example.co", "EXAMPLE.COM"])
def test_another_name_refuses(answer: str) -> None:
    with pytest.raises(Refused, match="nothing was changed"):
        typed_name("example.com", given="", terminal=True, ask=says(answer), err=io.StringIO())


def test_another_name_in_the_option_refuses_without_asking() -> None:
    with pytest.raises(Refused, match=r"'example\.org' is not 'example\.com'"):
        typed_name("example.com", given="example.org", terminal=True, ask=is_not_asked)


def test_a_name_is_not_asked_for_without_a_terminal() -> None:
    with pytest.raises(Refused) as error:
        typed_name("example.com", given="", terminal=False, ask=is_not_asked)

    assert "--confirm example.com" in error.value.hint


def test_several_names_are_given_with_commas_between_them() -> None:
    typed_name("one", given="one,two", terminal=False, ask=is_not_asked)
    typed_name("two", given="one,two", terminal=False, ask=is_not_asked)
    typed_name("one,two", given="one,two", terminal=False, ask=is_not_asked)

    with pytest.raises(Refused, match="'one,two' is not 'three'"):
        typed_name("three", given="one,two", terminal=False, ask=is_not_asked)
