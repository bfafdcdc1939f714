"""How long the server wants us to wait, read from headers that may say anything."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import NamedTuple

# Over the limit Cloudflare blocks for five minutes at most; whoever asks for more is not believed.
LONGEST = 310.0


class Allowance(NamedTuple):
    """What a policy still allows: requests *remaining*, and the seconds until it begins afresh."""

    remaining: int
    seconds: float


# `"default";r=50;t=30`: a policy's name in quotes, then its parameters.
_ITEM = re.compile(r'\s*(?:"[^"]*"|[^",;]+)((?:\s*;\s*[a-z]+\s*=\s*[^,;]+)*)\s*(?:,|$)', re.IGNORECASE)
_PARAMETER = re.compile(r";\s*([a-z]+)\s*=\s*(\d{1,15})\s*(?=[;,]|$)", re.IGNORECASE)


def retry_after(headers: Mapping[str, str], now: float | None = None) -> float | None:
    """Read Retry-After as seconds from *now* (wall time), at most LONGEST; None where it is no use."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(min(int(value[:15]), LONGEST))
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    # The server's own clock, where it is shown, says better than ours how far away its date is.
    started = served(headers) or (time.time() if now is None else now)
    return min(max(moment - started, 0.0), LONGEST)


def served(headers: Mapping[str, str]) -> float | None:
    """Read when the answer was given, by the server's clock, in seconds of the epoch."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def allowance(headers: Mapping[str, str]) -> Allowance | None:
    """Read `Ratelimit`: of all policies that it names, the one that will bind first."""
    return min(_allowances(headers.get("ratelimit", "")), default=None)


def _allowances(value: str) -> Iterator[Allowance]:
    for item in _ITEM.finditer(value):
        found = {name.lower(): int(digits) for name, digits in _PARAMETER.findall(item[1])}
        if "r" in found and "t" in found:
            yield Allowance(found["r"], min(float(found["t"]), LONGEST))


def wanted_pause(headers: Mapping[str, str]) -> float | None:
    """Give how long a 429 asks to stay away: Retry-After, else the rest of the window; None if neither."""
    seconds = retry_after(headers)
    if seconds is not None:
        return seconds
    left = allowance(headers)
    return left.seconds if left and left.remaining == 0 else None
