"""From when to when: what people write becomes the two times that the API wants."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ops.errors import UsageError

_AGO = re.compile(r"(\d{1,6})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
HINT = "e.g. 24h, 7d, 2026-11-01 or 2026-11-01T12:00:00Z"


def period(since: str, before: str, *, now: float) -> tuple[str, str]:
    """Give both ends in RFC 3339, UTC; an empty *before* is *now* (seconds since 1970).

    Raises UsageError for what is no time, and where nothing lies between the two.
    """
    present = datetime.fromtimestamp(now, UTC)
    start, end = _moment(since, "since", present), _moment(before, "before", present) if before else present
    if start >= end:
        raise UsageError(f"--since {since} is not before {before or 'now'}", hint=HINT)
    return _stamp(start), _stamp(end)


def _moment(text: str, option: str, now: datetime) -> datetime:
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            return now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise UsageError(f"--{option} {text!r} is no time", hint=HINT) from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _stamp(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
