"""The rules, each by facts that make it fire, do not, or are not known."""

from __future__ import annotations

from typing import Any

import pytest

from ops.alerts.policy import Policy
from ops.alerts.rules import (
    CONSEQUENCES,
    CRITICAL,
    LOST,
    WARNING,
    Certificate,
    Facts,
    Finding,
    Pair,
    RunLine,
    judged,
    suppressed,
)

NOW = 1_790_000_000.0
HOUR, DAY = 3600.0, 86_400.0
DEFAULT = Policy()
PAIR = Pair("old", "new", {"dns.record": 100}, {"dns.record": 100}, {})


def runs(*codes: int | str, task: str = "scan.export", **more: Any) -> tuple[RunLine, ...]:
    """Return runs with these exit codes, one an hour up to now."""
    first = NOW - len(codes) * HOUR
    return tuple(
        RunLine(f"r{at}", task, first + at * HOUR, 60.0, code, **more) for at, code in enumerate(codes)
    )


def verdict(rule: str, facts: Facts, policy: Policy = DEFAULT) -> Finding | bool | None:
    return judged(facts, policy)[rule]


def severity(rule: str, facts: Facts, policy: Policy = DEFAULT) -> str | bool | None:
    found = verdict(rule, facts, policy)
    return found.severity if isinstance(found, Finding) else found


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ((0,), None), ((0, 2), WARNING), ((3,), WARNING), ((143,), WARNING), ((LOST,), WARNING),
        ((2, 3, LOST), CRITICAL), ((2, 0), None), ((0, 4), None), ((0, 5), None), ((), None),
        # A run that was locked out, typed wrong or stopped by hand neither fails nor repairs a job.
        ((2, 6), WARNING), ((2, 1), WARNING), ((2, 130), WARNING), ((0, 6), None), ((0, 1), None),
        # A killed run is known when the next one begins.
        ((LOST, 0), WARNING), ((LOST, 0, 0), None),
    ],
)  # fmt: skip
def test_a_failed_run(codes: tuple[int | str, ...], expected: str | None) -> None:
    assert severity("run-failed", Facts(NOW, runs(*codes))) == expected


def test_a_failed_run_is_named_with_its_error() -> None:
    facts = Facts(NOW, (*runs(2, 2, error="ApiError"), *runs(0, task="snapshots.push")))

    found = verdict("run-failed", facts)

    assert isinstance(found, Finding)
    assert found.summary == "failed: scan.export"
    assert found.lines == (
        "scan.export ended with exit code 2 (ApiError), 2 failures in a row (run r1, 2026-09-21 13:13 UTC)",
    )


def test_the_codes_that_count_as_failures_are_a_setting() -> None:
    policy = Policy(failed_codes=(5,))

    assert severity("run-failed", Facts(NOW, runs(5)), policy) == WARNING
    assert severity("run-failed", Facts(NOW, runs(2)), policy) is None


@pytest.mark.parametrize(
    ("codes", "expected"),
    [((4,), None), ((4, 4), WARNING), ((4, 0, 4), None), ((4, 6, 4), WARNING), ((4,) * 6, CRITICAL)],
)
def test_incomplete_runs_in_a_row(codes: tuple[int, ...], expected: str | None) -> None:
    assert severity("partial-twice", Facts(NOW, runs(*codes))) == expected


@pytest.mark.parametrize(
    ("age", "expected"), [(25 * HOUR, None), (27 * HOUR, WARNING), (53 * HOUR, CRITICAL), (NOW, CRITICAL)]
)
def test_an_old_snapshot(age: float, expected: str | None) -> None:
    assert severity("no-snapshot", Facts(NOW, complete_since=NOW - age)) == expected


@pytest.mark.parametrize(
    ("after", "expected"),
    [({"a": 70}, None), ({"a": 69}, WARNING), ({"a": 39}, CRITICAL), ({}, None), ({"a": 150}, None)],
)
def test_counts_that_fell(after: dict[str, int], expected: str | None) -> None:
    facts = Facts(NOW, pair=PAIR._replace(before={"a": 100, "b": 0}, after=after))

    assert severity("counts-fell", facts) == expected


@pytest.mark.parametrize(
    ("deletions", "expected"),
    [({"a": 50}, None), ({"a": 30, "b": 21}, WARNING), ({"a": 501}, CRITICAL)],
)
def test_many_deletions(deletions: dict[str, int], expected: str | None) -> None:
    assert severity("many-deletions", Facts(NOW, pair=PAIR._replace(deletions=deletions))) == expected


def test_a_change_at_the_apex() -> None:
    facts = Facts(NOW, pair=PAIR._replace(apex=("example.com: MX changed: a to b",)))

    assert severity("apex-changed", facts) == CRITICAL
    assert severity("apex-changed", facts._replace(pair=PAIR)) is None


@pytest.mark.parametrize(
    ("left", "expected"), [(40, None), (30, None), (29, WARNING), (14, CRITICAL), (-1, CRITICAL)]
)
def test_a_certificate_in_the_last_part_of_its_life(left: int, expected: str | None) -> None:
    end = NOW + left * DAY
    facts = Facts(NOW, certificates=[Certificate("example.com", "*.example.com", end - 90 * DAY, end)])

    assert severity("certificate-old", facts) == expected


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        (0.0, None),
        (NOW + 20 * DAY, None),
        (NOW + 10 * DAY, WARNING),
        (NOW + DAY, CRITICAL),
        (NOW - DAY, CRITICAL),
    ],
)
def test_a_token_that_expires(ends: float, expected: str | None) -> None:
    assert severity("token-expires", Facts(NOW, token_ends=ends)) == expected


@pytest.mark.parametrize("error", ["CredentialsError", "PermissionDenied"])
def test_refused_credentials(error: str) -> None:
    refused = runs(1, 1, 1, error=error)

    assert severity("auth-refused", Facts(NOW, refused)) == CRITICAL
    assert severity("auth-refused", Facts(NOW, refused[1:])) is None
    assert severity("auth-refused", Facts(NOW, (*refused, *runs(0)))) is None


def test_damage() -> None:
    assert severity("damaged", Facts(NOW, damage=["dns.record.jsonl: is missing"])) == CRITICAL
    assert severity("damaged", Facts(NOW, damage=[])) is None


@pytest.mark.parametrize(
    "rule",
    [
        "no-snapshot",
        "counts-fell",
        "many-deletions",
        "apex-changed",
        "certificate-old",
        "token-expires",
        "damaged",
    ],
)
def test_without_its_facts_a_rule_is_not_judged(rule: str) -> None:
    assert verdict(rule, Facts(NOW)) is False


def test_a_run_unlike_the_fourteen_before_it() -> None:
    usual = [
        RunLine(f"r{at}", "scan.export", NOW + at, 100 + at % 3, 0, requests=200, items=1000, like="a")
        for at in range(14)
    ]
    last = usual[-1]._replace(run="last", seconds=120)

    found = verdict("anomaly", Facts(NOW, [*usual, last]))

    assert isinstance(found, Finding)
    assert found.lines == ("scan.export: 120 seconds, usually 101 ± 5.05",)


@pytest.mark.parametrize("seconds", [100.0, 104.0])
def test_a_run_like_those_before_it_is_not_an_anomaly(seconds: float) -> None:
    usual = [RunLine(f"r{at}", "scan.export", NOW, 100.0, 0, requests=200, like="a") for at in range(14)]

    assert verdict("anomaly", Facts(NOW, [*usual, usual[0]._replace(seconds=seconds)])) is None


def test_an_anomaly_needs_seven_like_runs() -> None:
    usual = [RunLine(f"r{at}", "scan.export", NOW, 100.0, 0, like="a") for at in range(6)]
    other = [RunLine(f"o{at}", "scan.export", NOW, 100.0, 0, like="b") for at in range(9)]

    assert verdict("anomaly", Facts(NOW, [*usual, *other, usual[0]._replace(seconds=900.0)])) is None


def test_a_composite_fires_when_all_its_rules_do() -> None:
    policy = Policy(composites={"both": ("many-deletions", "apex-changed")})
    pair = PAIR._replace(deletions={"dns.record": 60}, apex=("example.com: MX deleted: a",))

    found = verdict("both", Facts(NOW, pair=pair), policy)

    assert isinstance(found, Finding)
    assert (found.severity, found.summary) == (CRITICAL, "many-deletions and apex-changed")
    assert verdict("both", Facts(NOW, pair=pair._replace(apex=())), policy) is None
    assert verdict("both", Facts(NOW), policy) is False


def test_a_failed_export_explains_its_consequences() -> None:
    assert suppressed(Facts(NOW, runs(0, 2)), Policy()) == CONSEQUENCES
    assert suppressed(Facts(NOW, runs(2, 0)), Policy()) == frozenset()
    assert suppressed(Facts(NOW, runs(LOST, 0)), Policy()) == frozenset()
    assert suppressed(Facts(NOW, (*runs(0), *runs(2, task="snapshots.push"))), Policy()) == frozenset()
