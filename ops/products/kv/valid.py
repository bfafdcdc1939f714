"""What Workers KV accepts: checked before anything is sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.errors import UsageError, ValidationError
from ops.products.kv.api import VALUE_LIMIT, check_key

if TYPE_CHECKING:
    from ops.items import Json

METADATA_BYTES = 1024
TITLE_BYTES = 512
SHORTEST_LIFE = 60
# A request takes some time, and Cloudflare counts from its arrival.
IN_TRANSIT = 10
# The end of the year 9999, in epoch seconds: what is later is a mistake.
LATEST = 253_402_300_799
# What a number that is too large may count, each by the number of them in a second; epoch seconds have ten
# digits from 2001 to 2286, and few values live longer than ten years.
_UNITS = {"milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
_MOMENTS = range(10**9, 10**10)
_TEN_YEARS = 315_576_000
_FOREVER = "without an expiration a value is kept forever"


def title(text: str) -> str:
    """Return the title of a namespace, stripped. Raise ValidationError if it is not valid."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ValidationError(f"the title {text!r} is not valid UTF-8", hint="write it in UTF-8") from None
    if not text.strip() or size > TITLE_BYTES:
        problem = f"the title of a namespace has 1 to {TITLE_BYTES} bytes, not {size if text.strip() else 0}"
        raise ValidationError(problem, hint="use another title")
    return text.strip()


def prefix(text: str) -> str:
    """Return a prefix of keys; unlike a key it may be `.` or `..`. Raise UsageError if it is not valid."""
    if text not in (".", ".."):
        check_key(text)
    return text


def value(data: bytes) -> bytes:
    """Return *data*. Raise ValidationError if it is larger than a value may be."""
    if len(data) > VALUE_LIMIT:
        problem = f"the value has more than {VALUE_LIMIT:,} bytes (25 MiB), the maximum of Workers KV"
        raise ValidationError(problem, hint="store it in R2, or in several keys")
    return data


def metadata(text: str) -> Any:
    """Parse metadata from JSON. Raise ValidationError if it is not JSON, or has more than 1,024 bytes."""
    from ops.http.answers import parse

    try:
        return check_metadata(parse(text.encode()))
    except ValueError as error:
        hint = """e.g. --metadata '{"kind": "page"}'"""
        raise ValidationError(f"the metadata is not JSON: {error}", hint=hint) from None


def check_metadata(found: Any) -> Any:
    """Return *found*. Raise ValidationError if it is too long as compact JSON in UTF-8, or not UTF-8."""
    if found is None:
        return None
    compact = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    try:
        size = len(compact.encode())
    except UnicodeEncodeError as error:
        half, hint = (
            ord(compact[error.start]),
            "write both halves, e.g. \\ud83d\\ude00, or the character itself",
        )
        problem = f"the metadata has half of a character, \\u{half:04x}: it is not valid text"
        raise ValidationError(problem, hint=hint) from None
    if size > METADATA_BYTES:
        problem = f"the metadata has {size:,} bytes; Workers KV allows {METADATA_BYTES:,}"
        raise ValidationError(problem, hint="move some of it into the value")
    return found


def expiration(moment: str, ttl: int | None, *, now: float) -> int | None:
    """Return when a value expires, in epoch seconds: from a date, from epoch seconds, or from *ttl* seconds.

    None if neither is given. A TTL becomes a point in time, so that a repeated request does not extend it; at
    least 70 s away, so that a late request is not refused. Raise ValidationError for less than 60 s.
    """
    if moment and ttl is not None:
        raise UsageError("--expiration and --ttl exclude each other", hint="use one of them")
    if ttl is not None:
        if ttl < SHORTEST_LIFE:
            problem = f"a TTL of {ttl} s is too short: the minimum of Workers KV is 60 s"
            raise ValidationError(problem, hint="--ttl 60")
        found = int(now) + 1 + max(ttl, SHORTEST_LIFE + IN_TRANSIT)
        if found > LATEST:
            lives = {unit: ttl // count for unit, count in _UNITS.items()}
            usual = range(SHORTEST_LIFE, _TEN_YEARS + 1)
            hints = [f"{life} if it is in {unit}" for unit, life in lives.items() if life in usual]
            if meant := _moment_meant(ttl):
                hints.append(f"as an expiration {meant}")
            hint = "; ".join((*hints, _FOREVER))
            raise ValidationError(f"a TTL of {ttl} s ends after the year 9999", hint=hint)
        return found
    if not moment:
        return None
    try:
        if moment.isascii() and moment.isdigit() and len(moment) < 100:
            found = int(moment)
        else:
            date = datetime.fromisoformat(moment)
            found = int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        hint = "e.g. 2027-01-31, 2027-01-31T12:00:00Z (UTC unless an offset is given) or 1801396800"
        raise ValidationError(f"{moment!r} is neither a date nor epoch seconds", hint=hint) from None
    if epoch(found) < now + SHORTEST_LIFE:
        problem = f"the expiration {moment} is less than 60 s in the future, the minimum of Workers KV"
        hint = f"{int(now) + SHORTEST_LIFE + IN_TRANSIT} or later, or --ttl 60"
        raise ValidationError(problem, hint=hint)
    return found


def epoch(seconds: int) -> int:
    """Return *seconds*. Raise ValidationError if they are after the year 9999: they count something else."""
    if seconds > LATEST:
        hint = "; ".join(filter(None, (_moment_meant(seconds), _FOREVER)))
        problem = f"the expiration {seconds} is after the year 9999: it must be in seconds"
        raise ValidationError(problem, hint=hint)
    return seconds


def _moment_meant(number: int) -> str:
    """Return the epoch seconds, in words, that *number* is in a smaller unit; "" if in none."""
    for unit, count in _UNITS.items():
        if (seconds := number // count) in _MOMENTS:
            return f"{seconds} ({datetime.fromtimestamp(seconds, UTC):%Y-%m-%d}) if it is in {unit}"
    return ""


def can_be_written(pair: Json, now: float) -> bool:
    """True if *pair* can be written: Workers KV refuses what expires in less than 60 s."""
    moment = pair.get("expiration")
    return moment is None or moment >= now + SHORTEST_LIFE


def pair(item: Json) -> Json:
    """Return *item* if Workers KV can store all of it. Raise UsageError or ValidationError."""
    check_key(item["key"])
    value(item["value"])
    check_metadata(item.get("metadata"))
    epoch(item.get("expiration") or 0)
    return item
