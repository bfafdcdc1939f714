"""What a snapshot is called: the time at which it was begun, and four digits that tell it from others."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from ops.errors import UsageError
from ops.snapshots.sealed.encrypt import ENDING, PARTIAL_ENDING

_NAME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)-[0-9a-f]{4}")
_NAMED = "%Y-%m-%dT%H-%M-%SZ"
_PARTIAL = PARTIAL_ENDING.removesuffix(ENDING)


def is_folder(name: str) -> bool:
    """True if a folder that is called *name* is, or should be, a snapshot."""
    return bool(_NAME.fullmatch(name))


def is_sealed(name: str) -> bool:
    """True if *name* is that of an encrypted snapshot, whole or partial."""
    return name.endswith(ENDING) and is_folder(name.removesuffix(ENDING).removesuffix(_PARTIAL))


def moment(name: str) -> float | None:
    """Return when the snapshot called *name* was started, in seconds since 1970; None for another name."""
    match = _NAME.match(name)
    try:
        return datetime.strptime(match[1] if match else "", _NAMED).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def stamp(started: float) -> str:
    """Return the time in the name of a snapshot that was begun at *started* (seconds since 1970)."""
    return f"{datetime.fromtimestamp(started, UTC):{_NAMED}}"


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
