"""Accepted findings: the file, its ends, and entries that are findings themselves."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from ops.checks.accepted import FILE, Accepted, add, applied, load
from ops.checks.run import Result
from ops.errors import ValidationError
from tests.checks.building import Given, record, results

TODAY = date(2026, 11, 22)
WILDCARDS = Given([record("A", "*", "198.51.100.1"), record("A", "*.dev", "198.51.100.1")])


def entry(**more: object) -> Accepted:
    facts = {"check": "wildcard", "subject": "example.com/*.dev*", "why": "meant", "until": date(2027, 1, 1)}
    return Accepted(**{**facts, **more})  # type: ignore[arg-type]


def judged(folder: Path, *entries: Accepted, given: Given = WILDCARDS) -> list[Result]:
    return list(applied(results(folder, "wildcard", given), entries, "a" * 32, TODAY))


def problems(found: list[Result]) -> list[tuple[str, str]]:
    return [(subject.name, subject.problem) for subject in found[-1].subjects]


def test_an_accepted_subject_is_set_apart_and_the_others_stay(tmp_path: Path) -> None:
    found = judged(tmp_path, entry())

    assert [one.name for one in found[0].subjects] == ["*.example.com A"]
    assert [one.name for one in found[0].accepted] == ["*.dev.example.com A"]
    assert problems(found) == []


def test_an_expired_entry_is_a_finding_and_accepts_nothing(tmp_path: Path) -> None:
    found = judged(tmp_path, entry(until=date(2026, 11, 21)))

    assert len(found[0].subjects) == 2
    assert problems(found) == [("wildcard example.com/*.dev*", "expired on 2026-11-21: meant")]


def test_an_entry_is_valid_until_the_end_of_its_last_day(tmp_path: Path) -> None:
    assert len(judged(tmp_path, entry(until=TODAY))[0].accepted) == 1


def test_an_entry_that_matches_nothing_is_a_finding(tmp_path: Path) -> None:
    found = judged(tmp_path, entry(subject="example.org/*"))

    assert problems(found) == [("wildcard example.org/*", "matches no finding")]


def test_an_entry_is_not_unused_where_its_check_did_not_run_or_does_not_know_everything(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    other_check = judged(tmp_path, entry(check="spf"))
    unknown = judged(tmp_path / "a", entry(subject="x/*"), given=WILDCARDS._replace(unread=("dns.record",)))

    assert problems(other_check) == problems(unknown) == []


def test_an_entry_of_another_account_is_left_alone(tmp_path: Path) -> None:
    found = judged(tmp_path, entry(account="b" * 32), entry(subject="x", account="b" * 32))

    assert (len(found[0].subjects), problems(found)) == (2, [])


def test_what_is_added_is_read_back_and_earlier_entries_stay(tmp_path: Path) -> None:
    file = tmp_path / FILE
    first, second = entry(why='it says "yes"\nand \\ no', by="anna"), entry(check="spf", account="a" * 32)

    add(file, first)
    add(file, second)

    read = load(file, TODAY)
    assert [one._replace(line=0) for one in read] == [first, second]
    assert read[1].line == file.read_text().splitlines().index("[[accepted]]", read[0].line) + 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("accepted = 1", "is not valid"),
        ("[[accepted]]\ncheck = 1", "it needs check"),
        ('[[accepted]]\ncheck = "spf"\nsubject = "x"\nuntil = 2027-01-01', "it needs why"),
        ('[[accepted]]\ncheck = "spf"\nsubject = "x"\nwhy = "y"', "it needs until"),
        ('[[accepted]]\ncheck = "spf"\nsubject = "x"\nwhy = "y"\nuntil = 2029-01-01', "more than a year"),
        ('[[accepted]]\ncheck = "spf"\nsubjects = "x"', "an entry has"),
        ("[[accepted", "is not valid TOML"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / FILE).write_text(text)

    with pytest.raises(ValidationError, match=problem):
        load(tmp_path / FILE, TODAY)
