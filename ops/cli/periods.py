"""Periods of time as they are typed: how long ago, a date, or a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ops.errors import UsageError

HINT = "e.g. 24h, 7d, 2026-11-01 or 2026-11-01T12:00:00Z"
_AGO = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def period(since: str, before: str, *, now: float) -> tuple[str, str]:
    """Return both ends in RFC 3339, UTC; an empty *before* is *now* (seconds since 1970).

    Raise UsageError for an invalid time, and if the start is not before the end.
    """
    present = datetime.fromtimestamp(now, UTC)
    start, end = _moment(since, "since", present), _moment(before, "before", present) if before else present
    if start >= end:
        raise UsageError(f"--since {since} is not before {before or 'now'}", hint=HINT)
    return f"{start:%Y-%m-%dT%H:%M:%SZ}", f"{end:%Y-%m-%dT%H:%M:%SZ}"


def start_of(since: str, *, now: float) -> float:
    """Return the start of a period that ends *now*, both in seconds since 1970. Raise UsageError."""
    return datetime.fromisoformat(period(since, "", now=now)[0]).timestamp()


def _moment(text: str, option: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"--{option} {text!r} is not a time", hint=HINT) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
