"""Prune: what each rule keeps, and that nothing else is removed."""

from __future__ import annotations

import os
import subprocess
from datetime import datetime
from pathlib import Path

import pytest

from ops.errors import Refused, UsageError
from ops.snapshots.library import Library
from ops.snapshots.prune import Policy, decide, decisions, remove
from tests.snapshots.kept import ACCOUNT_ID, DAY, HOUR, made

ITEMS = {("zones.zone", ACCOUNT_ID): [{"id": "z1", "name": "example.com"}]}


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path, ACCOUNT_ID)


def at(text: str) -> float:
    return datetime.fromisoformat(f"{text}+00:00").timestamp()


def fill(library: Library, *moments: str, **manifest: object) -> None:
    for moment in moments:
        made(library.folder.parent, at(moment), items=ITEMS, **manifest)


def kept(library: Library, policy: Policy) -> list[str]:
    return [d.entry.name[:16] for d in decisions(library, policy) if d.keep]


YEARS = (
    "2024-05-01T00:00", "2025-12-30T00:00", "2026-01-02T00:00", "2026-10-31T23:00", "2026-11-01T00:00",
    "2026-11-15T12:00", "2026-11-16T12:00", "2026-11-22T01:00", "2026-11-22T23:00", "2026-11-23T05:00",
    "2026-11-23T05:30", "2026-11-23T06:10",
)  # fmt: skip


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(last=1), ["2026-11-23T06-10"]),
        (Policy(last=3), ["2026-11-23T06-10", "2026-11-23T05-30", "2026-11-23T05-00"]),
        (Policy(hourly=3), ["2026-11-23T06-10", "2026-11-23T05-30", "2026-11-22T23-00"]),
        (Policy(daily=3), ["2026-11-23T06-10", "2026-11-22T23-00", "2026-11-16T12-00"]),
        # 2026-11-23 is a Monday; the week before goes from the 16th to the 22nd.
        (Policy(weekly=3), ["2026-11-23T06-10", "2026-11-22T23-00", "2026-11-15T12-00"]),
        (Policy(monthly=3), ["2026-11-23T06-10", "2026-10-31T23-00", "2026-01-02T00-00"]),
        (Policy(yearly=3), ["2026-11-23T06-10", "2025-12-30T00-00", "2024-05-01T00-00"]),
        (Policy(within=2 * HOUR), ["2026-11-23T06-10", "2026-11-23T05-30", "2026-11-23T05-00"]),
        (
            Policy(last=2, daily=2, yearly=2),
            ["2026-11-23T06-10", "2026-11-23T05-30", "2026-11-22T23-00", "2025-12-30T00-00"],
        ),
        (Policy(yearly=99), ["2026-11-23T06-10", "2025-12-30T00-00", "2024-05-01T00-00"]),
    ],
)
def test_each_rule_keeps_the_newest_of_its_time(
    library: Library, policy: Policy, expected: list[str]
) -> None:
    fill(library, *YEARS)

    assert kept(library, policy) == expected


def test_every_decision_has_its_reason(library: Library) -> None:
    fill(library, "2026-11-21T00:00", "2026-11-22T00:00", "2026-11-23T00:00")

    message = [d.reason for d in decisions(library, Policy(last=2, daily=1, within=DAY))]

    assert message == ["the newest complete one, last 1, within, daily", "last 2, within", "no rule keeps it"]


def test_within_counts_from_the_newest_one_so_that_a_stopped_backup_keeps_what_it_has(
    library: Library,
) -> None:
    fill(library, "2020-01-01T00:00", "2020-01-02T00:00")

    assert len(kept(library, Policy(within=7 * DAY))) == 2


def test_partial_ones_do_not_count_and_are_removed_once_a_complete_one_is_newer(library: Library) -> None:
    fill(library, "2026-11-20T00:00", "2026-11-22T00:00")
    fill(library, "2026-11-21T00:00", "2026-11-23T00:00", status="partial", reason="denied")

    decided = decisions(library, Policy(last=2))

    assert [(d.entry.name[8:10], d.keep) for d in decided] == [
        ("23", True), ("22", True), ("21", False), ("20", True)
    ]  # fmt: skip
    assert decided[0].reason == "partial, and no complete one is newer"


def test_without_a_complete_one_nothing_is_removed(library: Library) -> None:
    fill(library, "2026-11-20T00:00", "2026-11-22T00:00", status="partial")

    assert all(d.keep for d in decisions(library, Policy(last=1)))


def test_parts_of_the_account_do_not_displace_the_whole(library: Library) -> None:
    fill(library, "2026-11-20T00:00")
    fill(library, "2026-11-21T00:00", "2026-11-22T00:00", options={"only": ["dns"]})

    assert kept(library, Policy(last=1)) == ["2026-11-22T00-00", "2026-11-20T00-00"]


def test_encrypted_ones_are_judged_by_their_names(library: Library) -> None:
    library.folder.mkdir(parents=True)
    for name in ("21T00-00-00Z-aaaa", "22T00-00-00Z-aaaa", "23T00-00-00Z-aaaa.partial"):
        (library.folder / f"2026-11-{name}.tar.gz.age").write_bytes(b"sealed")

    remove(library, decisions(library, Policy(last=1)))

    assert sorted(p.name[8:10] for p in library.folder.iterdir()) == ["22", "23"]


def test_damaged_ones_and_the_target_of_latest_are_kept(library: Library) -> None:
    fill(library, "2026-11-20T00:00", "2026-11-21T00:00", "2026-11-22T00:00")
    (library.folder / "2026-11-20T00-00-00Z-beef" / "manifest.json").write_text("{")
    (library.folder / "latest").symlink_to("2026-11-21T00-00-00Z-beef")

    reasons = [d.reason.partition(":")[0] for d in decisions(library, Policy(last=1)) if d.keep]

    assert reasons == ["the newest complete one, last 1", "`latest` points to it", "damaged"]


@pytest.mark.parametrize("policy", [Policy(), Policy(last=-1), Policy(daily=1, weekly=-1)])
def test_a_policy_that_keeps_nothing_is_refused(library: Library, policy: Policy) -> None:
    with pytest.raises(UsageError):
        decisions(library, policy)


def test_only_what_is_not_kept_is_removed_and_links_are_not_followed(
    library: Library, tmp_path: Path
) -> None:
    fill(library, "2026-11-22T00:00", "2026-11-23T00:00")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "precious").write_text("data")
    going = library.folder / "2026-11-22T00-00-00Z-beef"
    (going / "link").symlink_to(outside)
    (library.folder / "2026-11-21T00-00-00Z-beef").symlink_to(outside)

    removed = remove(library, decisions(library, Policy(last=1)))

    assert [d.entry.path for d in removed] == [going]
    assert (outside / "precious").read_text() == "data"
    assert sorted(p.name for p in library.folder.iterdir()) == [
        "2026-11-21T00-00-00Z-beef", "2026-11-23T00-00-00Z-beef"
    ]  # fmt: skip


@pytest.mark.fault("C8")
def test_an_account_folder_that_is_a_link_is_refused(library: Library, tmp_path: Path) -> None:
    fill(library, "2026-11-22T00:00", "2026-11-23T00:00")
    library.folder.rename(tmp_path / "elsewhere")
    library.folder.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Refused, match="symbolic link"):
        decisions(library, Policy(last=1))

    assert len(list((tmp_path / "elsewhere").iterdir())) == 2


def test_a_snapshot_in_another_folder_is_not_removed(library: Library, tmp_path: Path) -> None:
    other = Library(tmp_path / "other", ACCOUNT_ID)
    fill(other, "2026-11-22T00:00", "2026-11-23T00:00")
    library.folder.mkdir()

    with pytest.raises(Refused, match="is not in"):
        remove(library, decide(other.all(), Policy(last=1)))

    assert len(other.all()) == 2


def test_the_hidden_folder_of_a_killed_prune_is_removed_by_the_next(library: Library) -> None:
    fill(library, "2026-11-23T00:00")
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    (library.folder / f".pruned-{gone.pid}-aaaaaaaa" / "half").mkdir(parents=True)
    (library.folder / f".pruned-{os.getpid()}-aaaaaaaa").mkdir()

    remove(library, [])

    assert [p.name for p in library.folder.glob(".*")] == [f".pruned-{os.getpid()}-aaaaaaaa"]


def test_one_that_another_run_has_removed_is_not_a_failure(library: Library) -> None:
    fill(library, "2026-11-22T00:00", "2026-11-23T00:00")
    decided = decisions(library, Policy(last=1))
    remove(library, decided)

    assert remove(library, decided) == []


def test_the_deep_snapshot_of_a_day_is_kept_instead_of_later_lean_ones(library: Library) -> None:
    for day in ("22", "23"):
        fill(library, f"2026-11-{day}T03:47", options={"deep": True})
        fill(library, *(f"2026-11-{day}T{hour:02}:17" for hour in range(4, 24)))

    found = kept(library, Policy(hourly=2, daily=2))

    assert found == ["2026-11-23T23-17", "2026-11-23T22-17", "2026-11-23T03-47", "2026-11-22T03-47"]
