"""Values for people, in tables only: "in 6 days", "13.6 MB", `auto`; and colors by what a column means."""

from __future__ import annotations

from typing import Any

from ops.items import seconds_of, timestamp
from ops.ui.cells import cell, readable_size, sparkline
from ops.ui.shapes import CHANGE, NUMBER, SIZE, STATUS, TIME, TREND, TTL, UNTIL

DAY = 86400.0
SOON = 30 * DAY
"""The last part of a validity, which is shown in yellow."""

_UNITS = (
    ("s", 1.0, 90),
    ("min", 60.0, 90),
    ("h", 3600.0, 48),
    ("days", DAY, 60),
    ("months", 30.44 * DAY, 24),
)
_STATES = {
    "green": ("active", "complete", "ok", "valid", "done", "issued"),
    "yellow": (
        "pending", "denied", "partial", "unavailable", "inconsistent", "warn", "warning", "expiring",
        "unknown", "cannot", "unfinished", "newer",
    ),
    "red": ("failed", "fail", "expired", "gone", "error", "invalid", "damaged", "moved", "deleted"),
    "dim": ("undone", "skipped", "kept"),
}  # fmt: skip
_STYLE_OF_STATE = {state: style for style, states in _STATES.items() for state in states}
_SIGNS = {"create": "+", "delete": "-", "remove": "-", "update": "~", "change": "~", "overwrite": "~"}
_STYLE_OF_SIGN = {"+": "green", "-": "red", "~": "yellow", " ": "dim"}


def shown(value: Any, meaning: str, now: float, *, utc: bool = False) -> str:
    """Return *value* as text for a table; what its column means decides how."""
    if meaning in (TIME, UNTIL):
        seconds = _seconds(value)
        if not seconds or utc:
            return timestamp(seconds) if seconds else cell(value)
        return _validity(seconds - now) if meaning == UNTIL else _relative(seconds - now)
    if meaning == SIZE and isinstance(value, int):
        return readable_size(value)
    if meaning == NUMBER and isinstance(value, int):
        return f"{value:,}"
    if meaning == TREND and isinstance(value, list):
        return sparkline(value)
    if meaning == TTL and value == 1:
        return "auto"
    if meaning == CHANGE and value:
        return f"{_sign(value)} {value}"
    return cell(value)


def style_of(value: Any, meaning: str, now: float) -> str:
    """Return the style of *value* in a column with this meaning; "" for none."""
    if meaning == STATUS:
        return _STYLE_OF_STATE.get(str(value), "")
    if meaning == CHANGE and value:
        return _STYLE_OF_SIGN[_sign(value)]
    if meaning == UNTIL and (seconds := _seconds(value)):
        return "red" if seconds <= now else "yellow" if seconds - now < SOON else ""
    return ""


def _seconds(value: Any) -> float:
    if isinstance(value, int | float):
        return float(value)
    return seconds_of(value) if value else 0.0


def _sign(value: Any) -> str:
    return next((sign for word, sign in _SIGNS.items() if str(value).startswith(word.rstrip("e"))), " ")


def _relative(ahead: float) -> str:
    amount = _amount(abs(ahead))
    return "now" if abs(ahead) < 1 else f"in {amount}" if ahead > 0 else f"{amount} ago"


def _validity(left: float) -> str:
    return f"{_amount(left)} left" if left > 0 else f"expired {_amount(-left)} ago"


def _amount(seconds: float) -> str:
    for unit, size, most in _UNITS:
        if (count := int(seconds / size)) < most:
            return f"{count} {unit.removesuffix('s') if count == 1 and len(unit) > 1 else unit}"
    return f"{int(seconds / (365.25 * DAY))} years"
