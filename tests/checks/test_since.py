"""Since when a finding exists, by the snapshots before."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine

from ops.checks.catalog import find
from ops.checks.model import View
from ops.checks.run import Age, run
from ops.checks.since import BOUND, Ages, earlier
from ops.errors import Damaged
from ops.items import Json, timestamp
from ops.sandbox.server import Sandbox
from ops.snapshots.library import Library
from ops.snapshots.snapshot import Snapshot
from ops.snapshots.whole import WholeSections
from tests.checks.building import KINDS
from tests.conftest import Result
from tests.snapshots import making
from tests.snapshots.kept import ACCOUNT_ID, DAY, NOW, made

Inv = Callable[..., Result]
WILD = (find("wildcard"),)
ZONE: Json = {"id": "f" * 32, "name": "example.com", "status": "active", "type": "full"}


def view_of(snapshot: Snapshot) -> View:
    known = {resource.kind: resource for resource in KINDS}
    return View(WholeSections(snapshot, known), snapshot.started)


def state(folder: Path, age: int, wild: bool | None, zones: Sequence[Json] = (ZONE,)) -> Snapshot:
    """Write a snapshot of *age* days, with or without a wildcard; None stands for denied records."""
    name = "*.example.com" if wild else "www.example.com"
    record = {"id": "1", "type": "A", "name": name, "content": "198.51.100.1"}
    items = {("zones.zone", ""): list(zones), ("dns.record", ZONE["id"]): [record] if zones else []}
    statuses = {("dns.record", ZONE["id"]): "denied"} if wild is None else {}
    moment = timestamp(NOW - age * DAY)
    return making.made(folder / str(age), items, statuses=statuses, kinds=KINDS, started=moment)


def ages(folder: Path, *states: bool | None) -> tuple[Age, Ages]:
    """Return the age of a wildcard that exists today, where *states* says what each day before held."""
    today = state(folder, 0, wild=True)
    results = list(run(WILD, view_of(today)))
    before = [state(folder, number, wild) for number, wild in enumerate(states, 1)]
    found = Ages(results, today.started, before, view_of)
    return found.of(results[0], results[0].subjects[0]), found


def days(count: int) -> str:
    return timestamp(NOW - count * DAY)


@pytest.mark.parametrize(
    ("states", "age"),
    [
        ((), Age(None, None)),
        ((False,), Age(days(0), True)),
        ((False, True), Age(days(0), True)),
        ((True,), Age(days(1), False)),
        ((True, True, False), Age(days(2), False)),
        ((True, True, True, True, True), Age(days(5), False)),
        ((True, False, False, False, False, False), Age(days(1), False)),
        ((None,), Age(None, None)),
        ((None, False), Age(None, None)),
        ((None, True, False), Age(days(2), False)),
        ((True, None, None, True, None), Age(days(4), False)),
        ((True, None, None, None), Age(days(1), False)),
        ((True, True, True, None, False, False, False), Age(days(3), False)),
    ],
)
def test_the_age_is_that_of_the_first_snapshot_with_the_finding(
    tmp_path: Path, states: tuple[bool | None, ...], age: Age
) -> None:
    assert ages(tmp_path, *states)[0] == age


def test_few_snapshots_are_judged(tmp_path: Path) -> None:
    assert ages(tmp_path / "old", *[True] * 30)[1].judged == 2
    assert ages(tmp_path / "new", *[False] * 30)[1].judged == 1
    assert ages(tmp_path / "between", *[True] * 11, *[False] * 19)[1].judged <= 7


def test_a_zone_that_did_not_exist_had_no_findings(tmp_path: Path) -> None:
    today, before = state(tmp_path, 0, wild=True), state(tmp_path, 1, wild=False, zones=())
    results = list(run(WILD, view_of(today)))

    found = Ages(results, today.started, [before], view_of)

    assert found.of(results[0], results[0].subjects[0]).new is True


def test_findings_of_one_zone_may_be_of_different_ages(tmp_path: Path) -> None:
    def holding(age: int, *names: str) -> Snapshot:
        records = [
            {"id": name, "type": "A", "name": f"*.{name}.example.com", "content": "198.51.100.1"}
            for name in names
        ]
        items = {("zones.zone", ""): [ZONE], ("dns.record", ZONE["id"]): records}
        return making.made(tmp_path / str(age), items, kinds=KINDS, started=timestamp(NOW - age * DAY))

    today = holding(0, "a", "b", "c")
    before = [holding(1, "a", "b"), holding(2, "a", "b"), holding(3, "b"), holding(4, "b"), holding(5)]
    (result,) = run(WILD, view_of(today))

    found = Ages([result], today.started, before, view_of)

    ages = {one.name.split(".")[1]: found.of(result, one) for one in result.subjects}
    assert ages == {"a": Age(days(2), False), "b": Age(days(4), False), "c": Age(days(0), True)}


def test_what_was_read_in_part_shows_the_age_of_what_it_has_and_of_nothing_else(tmp_path: Path) -> None:
    def holding(age: int, *ids: str) -> Snapshot:
        packs = [{"id": id, "type": id, "status": "timed_out", "hosts": [f"{id}.example.com"]} for id in ids]
        items = {("zones.zone", ""): [ZONE], ("ssl.pack", ZONE["id"]): packs}
        return making.made(tmp_path / str(age), items, kinds=KINDS, started=timestamp(NOW - age * DAY))

    today = holding(0, "old", "new")
    (result,) = run((find("cert-ends"),), view_of(today))

    found = Ages([result], today.started, [holding(age, "old") for age in (1, 2, 3)], view_of)

    ages = {one.name: found.of(result, one) for one in result.subjects}
    assert ages == {"old.example.com old": Age(days(3), False), "new.example.com new": Age()}


def test_a_snapshot_whose_zones_were_denied_does_not_know(tmp_path: Path) -> None:
    today = state(tmp_path, 0, wild=True)
    results = list(run(WILD, view_of(today)))
    moment = timestamp(NOW - DAY)
    denied = making.made(
        tmp_path / "denied",
        {("zones.zone", ""): []},
        statuses={("zones.zone", ""): "denied"},
        kinds=KINDS,
        started=moment,
    )

    found = Ages(results, today.started, [denied], view_of)

    assert found.of(results[0], results[0].subjects[0]) == Age()


def test_a_damaged_snapshot_proves_nothing(tmp_path: Path) -> None:
    def broken(_snapshot: Snapshot) -> View:
        raise Damaged("x")

    today, before = state(tmp_path, 0, wild=True), state(tmp_path, 1, wild=False)
    results = list(run(WILD, view_of(today)))

    assert Ages(results, today.started, [before], broken).of(results[0], results[0].subjects[0]) == Age()


def test_only_the_newest_thirty_of_those_before_are_considered(tmp_path: Path) -> None:
    for number in range(BOUND + 4):
        made(tmp_path, NOW - number * DAY)

    found = earlier(Library(tmp_path, ACCOUNT_ID).entries(), (NOW - DAY, ""))

    assert len(found) == BOUND
    assert found[0].started == NOW - 2 * DAY


def rows(result: Result) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(row["check"], row["zone"]): row for row in json.loads(result.out)}


def test_checks_show_since_when_and_what_is_new(staged: Sandbox, inv: Inv) -> None:
    line = ("checks", "--only", "wildcard,null-mx", "--output", "json")
    with time_machine.travel(datetime.now(UTC) - timedelta(days=3)) as clock:
        inv("scan.export")
        moment = json.loads(inv("snapshots.list", "--output", "json").out)[0]["started"]
        alone = inv(*line)
        clock.shift(timedelta(days=1))
        at = ("--zone", "example.org", "--name", "*", "--type", "A", "--content", "198.51.100.9")
        assert inv("dns.put", *at).code == 0
        inv("scan.export")
        both, new = inv(*line), inv(*line, "--new", "--exit-code")
        clock.shift(timedelta(days=1))
        inv("scan.export")
        nothing = inv(*line, "--new", "--exit-code")

    assert {(row["since"], row["new"]) for row in rows(alone).values()} == {(None, None)}
    found = rows(both)
    assert (found["wildcard", "wild.example"]["since"], found["wildcard", "wild.example"]["new"]) == (
        moment,
        0,
    )
    assert found["wildcard", "example.org"]["new"] == 1
    assert found["wildcard", "example.org"]["since"] > moment
    assert "compared with 1 earlier snapshot, the oldest 24 h old" in both.err
    assert (new.code, list(rows(new))) == (5, [("wildcard", "example.org")])
    assert (nothing.code, rows(nothing)) == (0, {}), nothing.err
