"""What is asked, and who is there to answer."""

from __future__ import annotations

import io
import sys

import pytest

from ops.errors import Refused
from ops.writes.consent import attended
from ops.writes.make import make
from tests.writes.stage import Shelf, Stage


class Terminal(io.StringIO):
    """A stream that says of itself what it is told to say."""

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
def test_somebody_is_there_where_they_can_read_and_answer(
    monkeypatch: pytest.MonkeyPatch, stdin: Terminal | None, stderr: Terminal, there: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    monkeypatch.setattr(sys, "stderr", stderr)

    assert attended() is there


@pytest.mark.fault("G4")
@pytest.mark.parametrize(
    ("count", "question"), [(1, "delete shelf.thing n0"), (2, "delete 2 items"), (3, "delete 3 items")]
)
def test_the_question_names_the_one_item_or_their_number(
    stage: Stage, shelf: Shelf, count: int, question: str
) -> None:
    things = shelf.stock(*(f"n{i}" for i in range(count)))

    with pytest.raises(Refused) as refused:
        make(stage.app(yes=False), *map(shelf.deletion, things))

    assert question in refused.value.message


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"lost": "its values"}, "shelf.thing a: this permanently deletes its values"),
        ({"irreversible": "it fills again", "lost": "its values"}, "shelf.thing a: it fills again"),
    ],
)
def test_what_a_deletion_costs_is_told_before(stage: Stage, options: dict[str, str], told: str) -> None:
    shelf = Shelf(**options)
    (thing,) = shelf.stock("a")

    make(stage.app(), shelf.deletion(thing))

    assert told in stage.told


@pytest.mark.fault("G4")
def test_several_of_a_severe_kind_are_named_where_nobody_is_there_to_type_their_names(stage: Stage) -> None:
    shelf = Shelf(confirm_by_name=True)
    things = shelf.stock("one", "two")

    with pytest.raises(Refused) as refused:
        make(stage.app(), *map(shelf.deletion, things), total=100)

    assert refused.value.message == "not confirmed: one,two"
    assert refused.value.hint == "there is no terminal to ask on; --confirm one,two"
    assert shelf.written == 0
