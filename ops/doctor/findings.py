"""The result of a check, and the error that ends the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from ops.errors import NetworkError, OpsError, SystemFailure, UserError

Status = Literal["ok", "warn", "fail", "unknown"]

# Network errors come before system errors, and those before errors that the user can fix.
_ENDINGS: tuple[type[OpsError], ...] = (NetworkError, SystemFailure, UserError)


class Finding(NamedTuple):
    """One row of the report. *ending* is the class of error of a "fail"."""

    check: str
    status: Status
    meaning: str
    hint: str = ""
    ending: type[OpsError] = UserError


def failed(check: str, error: OpsError) -> Finding:
    """Return the finding for *error*."""
    ending = next((kind for kind in _ENDINGS if isinstance(error, kind)), SystemFailure)
    return Finding(check, "fail", error.message, error.hint, ending)


def verdict(findings: Sequence[Finding]) -> OpsError | None:
    """Return the error to end with: network before system before user; None if nothing failed."""
    bad = [finding for finding in findings if finding.status == "fail"]
    if not bad:
        return None
    worst = min(bad, key=lambda finding: _ENDINGS.index(finding.ending))
    names = ", ".join(finding.check for finding in bad)
    return worst.ending(f"{len(bad)} of {len(findings)} checks failed: {names}", hint=worst.hint)
