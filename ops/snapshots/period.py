"""Periods as people type them: 90m, 26h, 7d, 4w."""

from __future__ import annotations

import re

from ops.errors import UsageError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400, "y": 365 * 86_400}
_PERIOD = re.compile(r"(\d{1,6})([smhdwy])")


def period(text: str, option: str) -> float:
    """Return the seconds of *text*; raises UsageError that names *option*."""
    match = _PERIOD.fullmatch(text.strip().lower())
    if not match:
        raise UsageError(
            f"{option} takes a number and a unit, not {text!r}", hint=f"e.g. {option} 26h, 7d or 4w"
        )
    return float(int(match[1]) * _UNITS[match[2]])
