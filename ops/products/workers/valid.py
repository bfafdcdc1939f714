"""Names, patterns, cron expressions and dates of Workers, checked before anything is sent."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

from ops.errors import ValidationError
from ops.products.zones.api import canonical

_SCRIPT = re.compile(r"[a-z0-9_][a-z0-9_-]{0,62}")
_PATTERN = re.compile(r"((?:https?|\*)://)?([^/]+)(/.*)?")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DAY = rf"[1-7]|{'|'.join(_DAYS)}"
# Name, lowest and highest value, names of the values from 1, and what else the whole field may be: the last
# day or weekday of the month or some days before it, the weekday nearest to a day, the last or nth weekday.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], str], ...] = (
    ("minute", 0, 59, (), ""),
    ("hour", 0, 23, (), ""),
    ("day of the month", 1, 31, (), r"L(-0*([1-9]|[12]\d|30))?W?|0*([1-9]|[12]\d|3[01])W"),
    ("month", 1, 12, _MONTHS, ""),
    ("weekday", 1, 7, _DAYS, rf"L|(?i:{_DAY})L|(?i:{_DAY})#0*[1-5]"),
)
SUNDAY = "Cloudflare counts weekdays from 1, which is Sunday: Monday to Friday is 2-6 or MON-FRI"


def script_name(name: str) -> str:
    """Return *name* if a script can have it. Raises ValidationError."""
    if not _SCRIPT.fullmatch(name):
        hint = "up to 63 lower-case letters, digits, `-` and `_`"
        raise ValidationError(f"{name!r} is not a script name", hint=hint)
    return name


def compatibility_date(text: str, *, now: float) -> str:
    """Return *text* if it is a date, YYYY-MM-DD, not after *now* (in seconds since 1970)."""
    today = datetime.fromtimestamp(now, UTC).date()
    try:
        chosen = date.fromisoformat(text)
    except ValueError:
        chosen = None
    if chosen is None or chosen.isoformat() != text:
        raise ValidationError(f"{text!r} is not a compatibility date", hint=f"write it as {today}")
    if chosen > today:
        raise ValidationError(f"the compatibility date {text} is in the future", hint=f"today is {today}")
    return text


def pattern(text: str, zone: str) -> str:
    """Return a route's pattern as the API takes it. Raises ValidationError if it cannot belong to *zone*.

    `*` may only begin the host and end the path, and a query is not matched.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or re.search(r"[\s?#]", text):
        hint = f"write it as {zone}/api/*, without a query"
        raise ValidationError(f"{text!r} is not a route pattern", hint=hint)
    scheme, host, path = (part or "" for part in match.groups())
    if "*" in host.lstrip("*") or "**" in host or "*" in path[:-1]:
        hint = f"`*` may begin the host and end the path, as in *.{zone}/api/*"
        raise ValidationError(f"{text!r} has a `*` in the wrong position", hint=hint)
    known = canonical(host)
    if known.lstrip("*") not in (zone, f".{zone}") and not known.endswith(f".{zone}"):
        hint = "use --zone with the zone of its host"
        raise ValidationError(f"{text!r} does not belong to the zone {zone}", hint=hint)
    return f"{scheme}{known}{path}"


def cron(text: str) -> str:
    """Return a cron expression with its five fields separated by one space. Raises ValidationError.

    The rules are those of Cloudflare's own parser: https://github.com/cloudflare/saffron
    """
    fields = text.split()
    if len(fields) != len(_FIELDS):
        hint = "minute, hour, day of the month, month, weekday, as in '*/30 * * * MON-FRI'"
        raise ValidationError(f"{text!r} has {len(fields)} fields; a cron expression has 5", hint=hint)
    for field, (name, low, high, names, special) in zip(fields, _FIELDS, strict=True):
        if field == "*" or (special and re.fullmatch(special, field)):
            continue
        first, *others = field.split(",")
        # The parser stops after a `*` that begins a list.
        if first != "*" and all(_is_part(part, low, high, names) for part in (first, *others)):
            continue
        values = f"{low} to {high}{f' or {names[0]} to {names[-1]}' if names else ''}"
        hint = f"{name}: {values}, `*`, a list, a range, or a step such as */5"
        hint += f"; {SUNDAY}" if names is _DAYS else ""
        raise ValidationError(f"{field!r} in {text!r} is not a {name}", hint=hint)
    return " ".join(fields)


def numbers_weekdays(expression: str) -> bool:
    """True if a cron expression names weekdays by number, which other crons count from another day."""
    return re.search(r"(?<![#/\d])\d", expression.rpartition(" ")[2]) is not None


def _is_part(part: str, low: int, high: int, names: tuple[str, ...]) -> bool:
    """True for a value, a range or `*`, each with or without a step; a range may go past the end."""
    span, slash, step = part.partition("/")
    if slash and not 1 <= _number(step) <= high - low:
        return False
    return span == "*" or all(low <= _number(end, names) <= high for end in span.split("-", 1))


def _number(text: str, names: tuple[str, ...] = ()) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + 1
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else -1
