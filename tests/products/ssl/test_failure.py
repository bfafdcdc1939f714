"""The error that a check ends with: exit code, sentence, next command."""

from __future__ import annotations

from typing import Any

import pytest

from ops.errors import NetworkError, UserError
from ops.products.ssl import check, handshake
from ops.products.ssl.check import HINTS, failure
from tests.products.ssl.cases import CASES


def result(verdict: str, *problems: str, host: str = "www.example.com") -> dict[str, Any]:
    reasons = [f"reason {number}" for number in range(len(problems))]
    return {"host": host, "port": 443, "verdict": verdict, "problems": list(problems), "reasons": reasons}


@pytest.mark.parametrize("given", [result("ok"), result("warning", "expires-soon")])
def test_a_good_server_and_a_warning_are_not_errors(given: dict[str, Any]) -> None:
    assert failure(given) is None


@pytest.mark.fault("A22")
@pytest.mark.parametrize("problem", sorted(HINTS))
def test_the_exit_code_is_three_only_if_nothing_can_be_judged(problem: str) -> None:
    error = failure(result("error", problem))

    assert error is not None
    assert type(error) is (NetworkError if problem in handshake.UNJUDGED else UserError)
    assert error.exit_code == (3 if problem in handshake.UNJUDGED else 1)
    assert error.hint == HINTS[problem]


def test_the_sentence_names_the_server_and_every_reason() -> None:
    error = failure(result("error", "expired", "wrong-name", host="::1"))

    assert error is not None
    assert str(error) == "[::1]:443: reason 0; reason 1"


def test_every_problem_has_a_hint() -> None:
    of_handshakes = {*handshake.UNJUDGED, handshake.NOT_TLS, handshake.DISAGREED}
    of_cases = {problem for case in CASES for problem in case.problems}
    of_codes = {kind for kind, _ in check.CODES.values()}

    assert of_handshakes | of_cases | of_codes <= set(HINTS)


def test_ways_to_fail_to_connect_have_different_sentences() -> None:
    assert len({check.UNREACHED[state] for state in handshake.UNJUDGED}) == len(handshake.UNJUDGED)
