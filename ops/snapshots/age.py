"""The age of a snapshot, in words."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def dated(started: float) -> str:
    """Return when a snapshot was begun: UTC, to the minute. *started* is in seconds since 1970."""
    return f"{datetime.fromtimestamp(started, UTC):%Y-%m-%d %H:%M}"


def old(started: float, now: float) -> str:
    """Return how old it is: "12 min old", up to three days "31 h old", then "5 days old"."""
    seconds = max(0.0, now - started)
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min old"
    if seconds < 3 * _DAY:
        return f"{int(seconds // _HOUR)} h old"
    return f"{int(seconds // _DAY)} days old"
