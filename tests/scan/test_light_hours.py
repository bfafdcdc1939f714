"""A thousand hours of light scans of an account that changes, with a log that is late, incomplete or refused.

Time and chance are arguments: no clock and no network. The decisions are those of a scan.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import PurePath
from random import Random
from typing import NamedTuple

import pytest

from ops.export.light import alarm, marked, unfit
from ops.items import timestamp
from ops.scan.base import Finding
from ops.scan.light import COMPARE, DAY, OVERLAP, READ, Decisions, Rules, Unit
from ops.snapshots.library import Entry, Library
from ops.snapshots.manifest import COMPLETE, PARTIAL, Manifest, Section
from ops.snapshots.snapshot import seconds

HOUR, START = 3600.0, 1_800_000_000.0
# Seconds by which the start of a run is moved at most.
LATEST = 900.0
KIND = "dns.record"


class Chances(NamedTuple):
    """How often, in a zone and an hour or in a run, something happens."""

    change: float = 0.01
    unlogged: float = 0.05
    late: float = 0.03
    refused: float = 0.02
    failed: float = 0.02
    down: float = 0.02


class Written(NamedTuple):
    """A change: when, of which zone, and when the log shows it; None for never."""

    at: float
    zone: str
    visible: float | None


class Stored(NamedTuple):
    """A snapshot as it was written, with the version of each zone in it, and what was done for it."""

    entry: Entry
    versions: dict[str, int]
    actions: Counter[str]
    full: str
    findings: list[Finding]


class Shelf(Library):
    """A library in memory."""

    def __init__(self, stored: list[Stored]) -> None:
        self._stored = stored

    def entries(self) -> Iterator[Entry]:
        return (one.entry for one in reversed(self._stored))


class World:
    """An account of *zones* and its log; *chance* decides what happens."""

    def __init__(self, zones: int, chance: Random, chances: Chances, rules: Rules) -> None:
        self.zones = [f"z{number:04}" for number in range(zones)]
        self.changes: list[Written] = []
        self.stored: list[Stored] = []
        self._chance, self._chances, self._rules = chance, chances, rules

    def live(self, hours: int) -> None:
        """Let *hours* pass, with a run in each, up to 15 minutes late."""
        for hour in range(hours):
            now = START + hour * HOUR
            for zone in self.zones:
                if self._chance.random() < self._chances.change:
                    self._change(zone, now + LATEST - self._chance.random() * HOUR)
            if self._chance.random() >= self._chances.down:
                self._run(now + self._chance.random() * LATEST)

    def _change(self, zone: str, at: float) -> None:
        lag = self._chance.random() * (30 * HOUR if self._chance.random() < self._chances.late else 600)
        logged = self._chance.random() >= self._chances.unlogged
        self.changes.append(Written(at, zone, at + lag if logged else None))

    def version(self, zone: str, at: float) -> int:
        """Return the number of changes of a zone until a time."""
        return sum(1 for change in self.changes if change.zone == zone and change.at <= at)

    def words(self, since: float, until: float) -> set[str] | None:
        """Return the zones that the log names; None if it is refused."""
        if self._chance.random() < self._chances.refused:
            return None
        return {
            change.zone
            for change in self.changes
            if change.visible is not None and change.visible <= until and since <= change.at < until
        }

    def _run(self, now: float) -> None:
        started = float(int(now))
        versions = Counter(change.zone for change in self.changes if change.at <= started)
        base = next((one for one in reversed(self.stored) if one.entry.complete), None)
        full = self._full(base, started)
        decisions = None
        if base and not full:
            named = self.words(base.entry.started - self._rules.overlap, started)
            full = "" if named is not None else "the log was refused"
            decisions = None if named is None else Decisions(units(base), named, self._rules, started)
        sections, held, actions, findings = [], {}, Counter[str](), []
        for zone in self.zones:
            decided = decisions.of("zones.zone", zone, {}, b"{}") if decisions else None
            actions[decided.action if decided else READ] += 1
            before = base.versions[zone] if base else 0
            if base and decided and decided.action not in (READ, COMPARE):
                old = section_of(base, zone)
                origin = old.carried_from or base.entry.name, old.read_at or timestamp(base.entry.started)
                sections.append(Section(KIND, zone, COMPLETE, 1, "", *origin))
                held[zone] = before
                continue
            sections.append(Section(KIND, zone, COMPLETE, 1))
            held[zone] = versions[zone]
            if decided and decided.unit and decided.action == COMPARE and before != versions[zone]:
                findings.append(Finding(KIND, zone, decided.unit, ("www",)))
        if findings:
            named = self.words(base.entry.started - self._rules.overlap, started + 60) if base else None
            findings = [one for one in findings if named is None or one.unit.names.isdisjoint(named)]
        failed = self._chance.random() < self._chances.failed
        status = PARTIAL if findings or failed else COMPLETE
        made = Manifest("cfops", "a", "", timestamp(started), timestamp(started), 0, status)
        made = Manifest(**{**vars(made), "sections": marked(sections, findings)})
        entry = Entry(PurePath(timestamp(started)), started, made)
        self.stored.append(Stored(entry, held, actions, full, findings))

    def _full(self, base: Stored | None, now: float) -> str:
        if base is None:
            return "there is none"
        return unfit(base.entry, now, has_key=False) or alarm(Shelf(self.stored), base.entry)


def section_of(stored: Stored, zone: str) -> Section:
    assert stored.entry.manifest
    return next(one for one in stored.entry.manifest.sections if one.scope == zone)


def units(base: Stored) -> list[Unit]:
    """Return the zones of a snapshot, as a scan finds them there."""
    assert base.entry.manifest
    return [
        Unit("zones.zone", one.scope, frozenset((one.scope,)), read_at(base, one), b"{}")
        for one in base.entry.manifest.sections
    ]


def read_at(stored: Stored, section: Section) -> float:
    return seconds(section.read_at) if section.read_at else stored.entry.started


def lived(seed: int, zones: int, hours: int, *, refresh: int = 24) -> World:
    world = World(zones, Random(seed), Chances(), Rules(refresh))
    world.live(hours)
    return world


def judge(world: World) -> None:
    """Assert what every snapshot of *world* promises."""
    truth: dict[str, list[float]] = {zone: [] for zone in world.zones}
    for change in world.changes:
        truth[change.zone].append(change.at)
    for before, stored in zip([None, *world.stored], world.stored, strict=False):
        assert stored.entry.manifest
        started = stored.entry.started
        for section in stored.entry.manifest.sections:
            at, zone = read_at(stored, section), section.scope
            assert started - at <= DAY, "nothing is older than a day"
            assert (at < started) == bool(section.carried_from and section.read_at), "what is older says so"
            versions = [sum(1 for one in truth[zone] if one <= moment) for moment in (at, started - DAY)]
            assert stored.versions[zone] == versions[0], "it is what was there when it was read"
            assert stored.versions[zone] >= versions[1], "no change is lost for longer than a day"
        if before and before.findings:
            assert stored.full, "a finding makes the next run a full one"
            assert stored.actions[READ] == len(world.zones)
        if stored.findings:
            assert not stored.entry.complete


@pytest.mark.parametrize("seed", range(3))
def test_a_thousand_hours_lose_nothing_for_longer_than_a_day(seed: int) -> None:
    world = lived(seed, zones=24, hours=1000)

    judge(world)

    assert any(stored.findings for stored in world.stored)
    assert {stored.full for stored in world.stored} >= {"", "there is none", "the log was refused"}


@pytest.mark.long
@pytest.mark.parametrize("refresh", [0, 6, 24, 100])
@pytest.mark.parametrize("seed", range(10, 15))
def test_every_rotation_loses_nothing_for_longer_than_a_day(seed: int, refresh: int) -> None:
    judge(lived(seed, zones=50, hours=1000, refresh=refresh))


def test_a_logged_change_is_in_the_next_snapshot_after_its_entry() -> None:
    world = lived(5, zones=24, hours=500)

    for change in world.changes:
        if change.visible is not None and change.visible - change.at <= OVERLAP:
            later = next((one for one in world.stored if one.entry.started > change.visible), None)
            known = world.version(change.zone, change.at)
            assert later is None or later.versions[change.zone] >= known


def test_few_zones_are_read_in_most_hours() -> None:
    world = World(240, Random(1), Chances(0.005, 0, 0, 0, 0, 0), Rules())

    world.live(200)

    assert {stored.full for stored in world.stored[1:]} == {""}
    read = sum(one.actions[READ] + one.actions[COMPARE] for one in world.stored[1:])
    assert read / len(world.stored[1:]) < 240 / 24 + 4
