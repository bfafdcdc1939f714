"""What Workers KV takes: checked before anything is sent."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from ops.errors import UsageError, ValidationError
from ops.products.kv.api import VALUE_LIMIT, check_key

if TYPE_CHECKING:
    from ops.kinds.resource import Json

METADATA_BYTES = 1024
TITLE_BYTES = 512
SHORTEST_LIFE = 60
# A request takes its time, and Cloudflare counts from when it comes in.
ON_THE_WAY = 10


def title(text: str) -> str:
    """Give the title of a namespace, without blanks around it. Raises ValidationError."""
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise ValidationError(f"the title {text!r} is not valid text", hint="give it in UTF-8") from None
    if not text.strip() or size > TITLE_BYTES:
        raise ValidationError(
            f"a namespace needs a title of 1 to {TITLE_BYTES} bytes, not {size}", hint="shorten it"
        )
    return text.strip()


def prefix(text: str) -> str:
    """Give what keys shall begin with; unlike a key it may be `.` or `..`. Raises UsageError."""
    if text not in (".", ".."):
        check_key(text)
    return text


def value(data: bytes) -> bytes:
    """Give *data* where it is no larger than a value may be. Raises ValidationError."""
    if len(data) > VALUE_LIMIT:
        raise ValidationError(
            f"the value has more than {VALUE_LIMIT:,} bytes (25 MiB), the most that Workers KV keeps",
            hint="keep it in R2, or in several keys",
        )
    return data


def metadata(text: str) -> Any:
    """Read metadata from JSON. Raises ValidationError for what is none, or has more than 1,024 bytes."""
    try:
        found = json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ValidationError(
            f"the metadata is not JSON: {error}", hint="""e.g. --metadata '{"kind": "page"}'"""
        ) from None
    return check_metadata(found)


def check_metadata(found: Any) -> Any:
    """Give metadata that is not too long, as compact JSON in UTF-8. Raises ValidationError."""
    if found is None:
        return None
    compact = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    size = len(compact.encode("utf-8", "surrogatepass"))
    if size > METADATA_BYTES:
        raise ValidationError(
            f"the metadata has {size:,} bytes; Workers KV allows {METADATA_BYTES:,}",
            hint="keep the rest in the value",
        )
    return found


def refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python reads and JSON has not. Raises ValueError."""
    raise ValueError(f"{name} is not a number")


def expiration(moment: str, ttl: int, *, now: float) -> int | None:
    """Give when a value shall expire, in epoch seconds, from a date or epoch seconds, or from *ttl* seconds.

    None where neither is given. A TTL becomes a moment, so that a request which is repeated does not begin it
    anew, and one that comes in late is not refused: a TTL under 70 s lives 70 s. Raises ValidationError for
    what is less than 60 s ahead.
    """
    if moment and ttl:
        raise UsageError("--expiration and --ttl exclude each other", hint="give one of them")
    if ttl:
        if ttl < SHORTEST_LIFE:
            raise ValidationError(
                f"a TTL of {ttl} s: Workers KV keeps a value 60 s or longer", hint="--ttl 60"
            )
        return int(now) + 1 + max(ttl, SHORTEST_LIFE + ON_THE_WAY)
    if not moment:
        return None
    found = _moment(moment)
    if found < now + SHORTEST_LIFE:
        raise ValidationError(
            f"the expiration {moment} is not 60 s ahead, the least that Workers KV takes",
            hint=f"{int(now) + SHORTEST_LIFE + ON_THE_WAY} or later, or --ttl 60",
        )
    return found


def _moment(text: str) -> int:
    if text.isascii() and text.isdigit() and len(text) < 16:
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (ValueError, OverflowError):
        raise ValidationError(
            f"{text!r} is neither a date nor epoch seconds",
            hint="e.g. 2027-01-31, 2027-01-31T12:00:00Z (UTC unless it says otherwise) or 1801396800",
        ) from None


def lasts(pair: Json, now: float) -> bool:
    """Say whether *pair* can be written: Workers KV refuses what expires in less than 60 s."""
    moment = pair.get("expiration")
    return moment is None or moment >= now + SHORTEST_LIFE


def pair(item: Json) -> Json:
    """Give *item* (`key`, `value` bytes, `metadata`, `expiration`) where all of it can be kept.

    Raises UsageError or ValidationError.
    """
    check_key(item["key"])
    value(item["value"])
    check_metadata(item.get("metadata"))
    return item
