"""Names, patterns, cron expressions and dates of Workers, checked before anything is sent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from ops.errors import ValidationError
from ops.products.zones.api import canonical

_SCRIPT = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_PATTERN = re.compile(r"((?:https?|\*)://)?([^/]+)(/.*)?")
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
# Name, lowest, highest, names, and what else Cloudflare takes: last, nearest weekday, the nth of a month.
_FIELDS: tuple[tuple[str, int, int, list[str], str], ...] = (
    ("minute", 0, 59, [], ""),
    ("hour", 0, 23, [], ""),
    ("day of the month", 1, 31, [], r"L|LW|\d{1,2}W"),
    ("month", 1, 12, _MONTHS, ""),
    ("day of the week", 0, 7, _DAYS, rf"L|([1-7]|{'|'.join(_DAYS)})(L|#[1-5])"),
)


def script_name(name: str) -> str:
    """Give *name* where a script can have it; ValidationError otherwise."""
    if not _SCRIPT.fullmatch(name):
        raise ValidationError(
            f"{name!r} is no script name", hint="up to 63 lower-case letters, digits, `-` and `_`"
        )
    return name


def compatibility_date(text: str, *, now: float) -> str:
    """Give a date of the form YYYY-MM-DD that is not in the future of *now*, in seconds since 1970."""
    today = datetime.fromtimestamp(now, UTC).date()
    try:
        chosen = date.fromisoformat(text)
    except ValueError:
        chosen = None
    if chosen is None or chosen.isoformat() != text:
        raise ValidationError(f"{text!r} is no compatibility date", hint=f"as in {today.isoformat()}")
    if chosen > today:
        raise ValidationError(f"the compatibility date {text} is in the future", hint=f"today is {today}")
    return text


def pattern(text: str, zone: str) -> str:
    """Give a route's pattern as the API takes it; ValidationError where it cannot be one of the *zone*.

    `*` stands at the beginning of the host and at the end of the path alone, and a query is not matched.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or re.search(r"[\s?#]", text):
        raise ValidationError(f"{text!r} is no route pattern", hint=f"as in {zone}/api/*, without a query")
    scheme, host, where = (part or "" for part in match.groups())
    if "*" in host.lstrip("*") or "**" in host or "*" in where[:-1]:
        hint = f"`*` may begin the host and end the path, as in *.{zone}/api/*"
        raise ValidationError(f"{text!r} has a `*` where none may be", hint=hint)
    known = canonical(host)
    if known.lstrip("*") not in (zone, f".{zone}") and not known.endswith(f".{zone}"):
        raise ValidationError(
            f"{text!r} is not of the zone {zone}", hint="name the zone of the pattern's host"
        )
    return f"{scheme}{known}{where}"


def cron(text: str) -> str:
    """Give a cron expression of five fields with single blanks; ValidationError names the wrong one."""
    fields = text.split()
    if len(fields) != len(_FIELDS):
        raise ValidationError(
            f"{text!r} has {len(fields)} fields, and a cron expression five",
            hint="minute, hour, day of the month, month, day of the week, as in '*/30 * * * MON-FRI'",
        )
    for given, (name, low, high, names, special) in zip(fields, _FIELDS, strict=True):
        if not all(_fits(part, low, high, names, special) for part in given.split(",")):
            raise ValidationError(
                f"{given!r} in {text!r} is no {name}",
                hint=f"{low} to {high}, `*`, a range, or a step as in */5",
            )
    return " ".join(fields)


def _fits(part: str, low: int, high: int, names: list[str], special: str) -> bool:
    if special and re.fullmatch(special, part, re.IGNORECASE):
        return True
    span, slash, step = part.partition("/")
    if slash and not (step.isdecimal() and 1 <= int(step) <= high):
        return False
    if span == "*":
        return True
    ends = [_number(end, names) for end in span.split("-")]
    # Days and months go round: FRI-MON is a range too.
    in_order = bool(names) or ends == sorted(ends)
    return len(ends) <= 2 and all(low <= end <= high for end in ends) and in_order


def _number(text: str, names: list[str]) -> int:
    """Give what a field's word stands for, -1 where it is nothing."""
    if text.upper() in names:
        # Months are counted from 1, days of the week by Cloudflare from Sunday, which is 1 too.
        return names.index(text.upper()) + 1
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 3 else -1
