"""How findings end the run."""

from __future__ import annotations

import pytest

from ops.doctor.findings import Finding, failed, verdict
from ops.errors import (
    ApiError,
    DiskError,
    NetworkError,
    NotFound,
    OpsError,
    SystemFailure,
    Unanswered,
    UserError,
)

FINE = Finding("clock", "ok", "agrees")


def bad(check: str, ending: type[OpsError]) -> Finding:
    return Finding(check, "fail", "it is broken", f"mend {check}", ending)


@pytest.mark.parametrize("status", ["ok", "warn", "unknown"])
def test_what_did_not_fail_does_not_end_the_run(status: str) -> None:
    assert verdict([FINE, FINE._replace(status=status)]) is None  # type: ignore[arg-type]  # one of the words


@pytest.mark.parametrize(
    ("endings", "code"),
    [
        ((UserError,), 1),
        ((SystemFailure,), 2),
        ((NetworkError,), 3),
        ((UserError, NetworkError), 3),
        ((NetworkError, SystemFailure, UserError), 3),
        ((UserError, SystemFailure), 2),
    ],
)
def test_the_outermost_failure_decides_the_exit_code(endings: tuple[type[OpsError], ...], code: int) -> None:
    found = [FINE, *(bad(ending.__name__, ending) for ending in endings)]

    failure = verdict(found)

    assert failure is not None
    assert failure.exit_code == code
    assert failure.message.startswith(f"{len(endings)} of {len(found)} checks failed: {endings[0].__name__}")


def test_the_hint_is_that_of_the_failure_that_decides() -> None:
    failure = verdict([bad("dns", UserError), bad("connection", NetworkError)])

    assert failure is not None
    assert failure.hint == "mend connection"


@pytest.mark.parametrize(
    ("error", "ending"),
    [
        (Unanswered("x"), NetworkError),
        (ApiError("x"), SystemFailure),
        (DiskError("x"), SystemFailure),
        (NotFound("x"), UserError),
        (OpsError("x"), SystemFailure),
    ],
)
def test_an_error_becomes_a_finding_of_its_kind(error: OpsError, ending: type[OpsError]) -> None:
    assert failed("dns", error) == Finding("dns", "fail", "x", "", ending)
