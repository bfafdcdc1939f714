"""Each check: a true finding, the false positives that it must not report, and an unknown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from ops.checks.catalog import checks, find
from ops.checks.run import FINDING, UNKNOWN
from ops.checks.workers.unused import KINDS as UNUSED
from ops.kinds.catalog import resources
from ops.snapshots.usage import users_kinds
from tests.checks import dns_cases, other_cases
from tests.checks.building import Given, gaps, record, results, subjects

FOUND = {**dns_cases.FOUND, **other_cases.FOUND}
NOT_FOUND = {**dns_cases.NOT_FOUND, **other_cases.NOT_FOUND}
NOT_KNOWN = {**dns_cases.UNKNOWN, **other_cases.UNKNOWN}


def test_every_check_has_a_finding_a_false_positive_and_an_unknown() -> None:
    ids = [check.id for check in checks()]

    assert len(set(ids)) == len(ids)
    assert set(ids) == set(FOUND) == set(NOT_FOUND) == set(NOT_KNOWN)


@pytest.mark.parametrize(
    ("id", "given", "names"), [(id, *case) for id, cases in FOUND.items() for case in cases]
)
def test_a_check_finds_what_is_wrong(tmp_path: Path, id: str, given: Given, names: list[str]) -> None:
    found = results(tmp_path, id, given)

    assert subjects(found) == names


@pytest.mark.parametrize(("id", "given"), [(id, given) for id, cases in NOT_FOUND.items() for given in cases])
def test_a_check_does_not_report_a_known_false_positive(tmp_path: Path, id: str, given: Given) -> None:
    found = results(tmp_path, id, given)

    assert (subjects(found), gaps(found)) == ([], set())


@pytest.mark.parametrize(("id", "given", "kinds"), [(id, *case) for id, case in NOT_KNOWN.items()])
def test_a_check_neither_finds_nor_passes_what_was_not_read(
    tmp_path: Path, id: str, given: Given, kinds: set[str]
) -> None:
    found = results(tmp_path, id, given)

    assert subjects(found) == []
    assert gaps(found) == kinds
    assert UNKNOWN in {result.status for result in found}


@pytest.mark.parametrize(("id", "kinds"), [("worker-hygiene", ("workers.script",)), ("unused", UNUSED)])
def test_a_check_of_what_is_used_reads_every_kind_that_may_use_it(id: str, kinds: Iterable[str]) -> None:
    check, used = find(id), set(kinds)

    users = {resource.kind for resource in resources() if users_kinds(resource) & used}
    assert users - {*check.needs, *check.also} == set()


@pytest.mark.parametrize("unread", ["dns.record", "example.org"])
def test_a_target_in_another_own_zone_that_was_not_read_is_unknown(tmp_path: Path, unread: str) -> None:
    records = [record("CNAME", name, f"{name}.example.org") for name in ("a", "b")]
    given = Given(records, others={"example.org": []}, unread=(unread,))

    found = results(tmp_path, "cname-to-nothing", given)

    assert (subjects(found), gaps(found)) == ([], {"dns.record"})


def test_a_check_with_a_finding_says_so_even_if_it_does_not_know_the_rest(tmp_path: Path) -> None:
    given = Given(inside={"ssl.pack": [other_cases.pack("2026-11-30T00:00:00Z")]})

    (found,) = results(tmp_path, "cert-ends", given)

    assert (found.status, subjects([found]), gaps([found])) == (
        FINDING,
        ["example.com universal"],
        {"ssl.certificate"},
    )


def test_a_paused_zone_is_not_judged(tmp_path: Path) -> None:
    given = Given([record("A", "*", "198.51.100.1")], zone={"paused": True})

    assert results(tmp_path, "wildcard", given) == []


def test_a_takeover_candidate_is_unknown_until_dns_is_asked(tmp_path: Path) -> None:
    found = results(
        tmp_path, "takeover-candidate", dns_cases.FOUND["takeover-candidate"][0][0]._replace(dead=None)
    )

    assert (subjects(found), gaps(found)) == ([], {"DNS"})


def test_a_wildcard_at_a_service_with_claimable_names_is_more_severe(tmp_path: Path) -> None:
    plain, service = (
        results(_folder(tmp_path, n), "wildcard", g)[0] for n, (g, _) in enumerate(FOUND["wildcard"])
    )

    assert (plain.severity, service.severity) == ("low", "medium")


def test_a_domain_without_mail_is_asked_for_spf_with_less_severity(tmp_path: Path) -> None:
    assert results(tmp_path, "spf", Given())[0].severity == "low"


def test_the_value_of_a_possible_secret_is_shown_nowhere(tmp_path: Path) -> None:
    given = other_cases.text("API_TOKEN", "this-is-the-value")
    found = results(tmp_path, "secret-in-plain-text", given)

    shown = [(subject.name, subject.problem) for result in found for subject in result.subjects]
    assert shown == [("api API_TOKEN", "possibly a secret, by its name")]


def _folder(parent: Path, number: int) -> Path:
    folder = parent / str(number)
    folder.mkdir()
    return folder
