"""Questions before a write, and whether a person can answer them."""

from __future__ import annotations

import io
import sys

import pytest

from ops.errors import Refused
from ops.writes.describe import attended
from ops.writes.make import make
from tests.writes.stage import Remote, Stage


class Terminal(io.StringIO):
    """A stream that says of itself what it is message to say."""

    def __init__(self, terminal: bool) -> None:
        super().__init__()
        self._terminal = terminal

    def isatty(self) -> bool:
        return self._terminal


@pytest.mark.fault("G4")
@pytest.mark.parametrize(
    ("stdin", "stderr", "there"),
    [
        (Terminal(True), Terminal(True), True),
        (Terminal(True), Terminal(False), False),
        (Terminal(False), Terminal(True), False),
        (None, Terminal(True), False),
    ],
)
def test_a_terminal_is_attended_if_a_person_can_read_and_answer(
    monkeypatch: pytest.MonkeyPatch, stdin: Terminal | None, stderr: Terminal, there: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stderr", stderr)

    assert attended() is there


@pytest.mark.fault("G4")
@pytest.mark.parametrize(
    ("count", "question"), [(1, "delete remote.thing n0"), (2, "delete 2 items"), (3, "delete 3 items")]
)
def test_the_question_names_the_one_item_or_their_number(
    stage: Stage, remote: Remote, count: int, question: str
) -> None:
    things = remote.stock(*(f"n{i}" for i in range(count)))

    with pytest.raises(Refused) as refused:
        make(stage.app(yes=False), *map(remote.deletion, things))

    assert question in refused.value.message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lost": "its values"}, "remote.thing a: this permanently deletes its values"),
        ({"irreversible": "it fills again", "lost": "its values"}, "remote.thing a: it fills again"),
    ],
)
def test_a_deletion_warns_of_permanent_loss_before_it_is_made(
    stage: Stage, options: dict[str, str], message: str
) -> None:
    remote = Remote(**options)
    (thing,) = remote.stock("a")

    make(stage.app(), remote.deletion(thing))

    assert message in stage.messages


@pytest.mark.fault("G4")
def test_without_a_terminal_several_items_to_confirm_by_name_are_listed(stage: Stage) -> None:
    remote = Remote(confirm_by_name=True)
    things = remote.stock("one", "two")

    with pytest.raises(Refused) as refused:
        make(stage.app(), *map(remote.deletion, things), total=100)

    assert refused.value.message == "not confirmed: one,two"
    assert refused.value.hint == "there is no terminal to ask on; --confirm one,two"
    assert remote.written == 0
