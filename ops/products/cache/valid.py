"""What may be purged: the rule and its values, checked against the zone before anything is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops.errors import UsageError, ValidationError
from ops.products.zones.api import canonical

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from ops.kinds.resource import Json

# So many values the API takes in one request, on every plan.
BATCH = 100
MOST = 10_000
TAG_BYTES = 1024
_RULES = ("all", "files", "tags", "hosts", "prefixes")
_SPACE = re.compile(r"[\s\x00-\x1f\x7f]")
# A URL and the path of a prefix may hold commas of their own.
_COMMA = {"files": re.compile(r",(?=https?://)", re.IGNORECASE)}

# How often a zone's plan allows every purge but that of files; the limit is the account's.
RATES = {"free": "5 times a minute", "pro": "5 times a second", "business": "10 times a second",
         "enterprise": "50 times a second"}  # fmt: skip


def the_rule(given: dict[str, object]) -> str:
    """Give the one rule that was asked for; UsageError where it is none, or several."""
    named = [rule for rule in _RULES if given.get(rule)]
    if len(named) != 1:
        told = f"not {' and '.join(f'--{rule}' for rule in named)} together" if named else "none was given"
        hint = "cache.purge --zone example.com --files https://example.com/a.css"
        raise UsageError(f"cache.purge takes exactly one of --{', --'.join(_RULES)}; {told}", hint=hint)
    return named[0]


def values(rule: str, given: Iterable[str], zone: str, lines: Callable[[], Iterable[str]]) -> list[str]:
    """Give what was named, each once, as the API takes it; `-` stands for *lines*, one value each.

    Raises ValidationError for what does not belong to the *zone* (its name), is malformed or is too much.
    """
    check = _CHECKS[rule]
    wanted = list(dict.fromkeys(check(text, zone) for text in _split(rule, given, lines)))
    if not wanted:
        raise ValidationError(f"--{rule} names nothing", hint=f"`inv --help cache.purge` shows how {rule} go")
    if len(wanted) > MOST:
        raise ValidationError(
            f"{len(wanted):,} {rule} are more than the {MOST:,} that one purge takes",
            hint="name a host or a prefix that holds them, or --all",
        )
    return wanted


def items(rule: str, wanted: list[str]) -> Iterator[Json]:
    """Yield an item for each request: what it is called, its rule, its values."""
    for first in range(0, len(wanted), BATCH):
        some = wanted[first : first + BATCH]
        numbers = f" {first + 1}-{first + len(some)} of {len(wanted)}" if len(wanted) > BATCH else ""
        name = some[0] if len(wanted) == 1 else f"{len(some)} {rule}{numbers}"
        yield {"name": name, "rule": rule, "values": some}


def _split(rule: str, given: Iterable[str], lines: Callable[[], Iterable[str]]) -> Iterator[str]:
    for text in given:
        parts = lines() if text == "-" else re.split(_COMMA.get(rule, ","), text)
        yield from (part.strip() for part in parts if part.strip())


def _file(text: str, zone: str) -> str:
    url = _parsed(text)
    if url is None or url.scheme not in ("http", "https") or not url.hostname:
        raise ValidationError(f"{text!r} is no complete URL", hint=f"as in https://{zone}/styles.css")
    host = _host(url.hostname, text, zone)
    return text if url.hostname == host else text.replace(url.netloc, _netloc(host, url.port), 1)


def _netloc(host: str, port: int | None) -> str:
    return host if port is None else f"{host}:{port}"


def _prefix(text: str, zone: str) -> str:
    if "://" in text or "?" in text or "#" in text:
        raise ValidationError(
            f"the prefix {text!r} has a scheme, a query or a fragment", hint=f"as in {zone}/images"
        )
    url = _parsed(f"//{text}")
    if url is None or not url.hostname:
        raise ValidationError(f"{text!r} is no prefix", hint=f"as in {zone}/images")
    return _host(url.hostname, text, zone) + text.partition("/")[1] + text.partition("/")[2]


def _name(text: str, zone: str) -> str:
    return _host(text, text, zone)


def _tag(text: str, _zone: str) -> str:
    if not text.isascii() or _SPACE.search(text) or len(text) > TAG_BYTES:
        raise ValidationError(
            f"{text[:80]!r} is no cache tag",
            hint=f"up to {TAG_BYTES} visible ASCII characters without blanks",
        )
    return text


_CHECKS: dict[str, Callable[[str, str], str]] = {
    "files": _file, "prefixes": _prefix, "hosts": _name, "tags": _tag,
}  # fmt: skip


def _parsed(text: str) -> SplitResult | None:
    if _SPACE.search(text):
        return None
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return None
    return url


def _host(host: str, text: str, zone: str) -> str:
    """Give *host* as the API knows it; ValidationError where it is not in the zone."""
    known = canonical(host)
    if known != zone and not known.endswith(f".{zone}"):
        raise ValidationError(f"{text!r} is not of the zone {zone}", hint="name the zone that it belongs to")
    return known
