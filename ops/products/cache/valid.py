"""What can be purged: the rule and its values, checked against the zone before anything is sent.

A value is sent as given; only its scheme and host are normalized. What Cloudflare would ignore, or read
as something wider, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import SplitResult, urlsplit

from ops.errors import UsageError, ValidationError
from ops.http.answers import parse
from ops.products.zones.api import canonical

if TYPE_CHECKING:
    from ops.items import Json

# The API takes 100 values in one request, on every plan.
BATCH = 100
MOST = 10_000
TAG_LENGTH = 1024
PREFIX_DEPTH = 31
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_HOST = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z0-9-]{1,63}")
_HEADER = re.compile(r"[!#$%&'*+.^`|~\w-]+", re.ASCII)
# The path of a URL may hold commas, but no second URL.
_FILES = re.compile(r",(?=https?://)", re.IGNORECASE)

# A hint never names a prefix or a host that covers more than what was refused.
_EACH = "name each URL with --files: a prefix would purge other URLs too"

# How often a zone's plan allows every purge except that of files; the limit is the account's.
RATES = {"free": "5 times a minute", "pro": "5 times a second", "business": "10 times a second",
         "enterprise": "50 times a second"}  # fmt: skip


def the_rule(**given: object) -> str:
    """Return the one rule that was *given*. Raises UsageError for none or several."""
    named = [rule for rule, values in given.items() if values]
    if len(named) != 1:
        options = f"not {' and '.join(f'--{rule}' for rule in named)} together" if named else "none was given"
        hint = "cache.purge --zone example.com --files https://example.com/a.css"
        raise UsageError(f"cache.purge takes exactly one of --{', --'.join(given)}; {options}", hint=hint)
    return named[0]


def values(
    rule: str, given: Iterable[str], zone: str, lines: Callable[[], Iterable[str]]
) -> list[str | Json]:
    """Return the given values, each once, as the API takes them; `-` means *lines*, one value each.

    Raises ValidationError for values that are not of the zone called *zone*, malformed, or too many.
    """
    check = _CHECKS[rule]
    checked = [check(text, zone) for text in _split(rule, given, lines)]
    wanted = list({json.dumps(value, sort_keys=True): value for value in checked}.values())
    if not wanted:
        raise ValidationError(f"--{rule} names nothing", hint="`inv --help cache.purge` has examples")
    if len(wanted) > MOST:
        problem = f"{len(wanted):,} {rule} are more than the {MOST:,} of one purge"
        raise ValidationError(problem, hint="purge them in several runs")
    return wanted


def items(rule: str, wanted: list[str | Json]) -> Iterator[Json]:
    """Yield an item for each request: its name, its rule, its values."""
    for first in range(0, len(wanted), BATCH):
        some = wanted[first : first + BATCH]
        numbers = f" {first + 1}-{first + len(some)} of {len(wanted)}" if len(wanted) > BATCH else ""
        only = some[0]["url"] if isinstance(some[0], dict) else some[0]
        name = only if len(wanted) == 1 else f"{len(some)} {rule}{numbers}"
        yield {"name": name, "rule": rule, "values": some}


def _split(rule: str, given: Iterable[str], lines: Callable[[], Iterable[str]]) -> Iterator[str]:
    for text in given:
        listed = text == "-"
        for line in lines() if listed else (text,):
            value = line.strip("\ufeff \t\r\n")
            if rule == "files" and value.startswith("{"):
                yield value
                continue
            if listed:
                value = re.sub(r"(^|\s+)#.*", "", value)
            # A list holds one prefix per line, so that its path may have commas.
            whole = listed and rule == "prefixes"
            parts = [value] if whole else re.split(_FILES if rule == "files" else ",", value)
            yield from (part.strip() for part in parts if part.strip())


def _file(text: str, zone: str) -> str | Json:
    if text.startswith("{"):
        return _file_with_headers(text, zone)
    url = _parsed(text)
    if url is None or url.scheme not in ("http", "https") or not url.hostname:
        _refuse(text, "is not a complete URL", f"write it as https://{zone}/styles.css")
    host = _in_zone(url.hostname, text, zone)
    _refuse_wildcard(text, _wildcard_hint(text, host, url))
    if "#" in text:
        _refuse(text, "has a fragment, which no server ever sees", "leave out what follows the #")
    if "@" in url.netloc:
        _refuse(text, "has a user name, which is not part of a cached URL", "leave out what precedes the @")
    if re.search(
        rf"[,;|](?:(?:https?:)?//|/|(?:[\w-]+\.)*{re.escape(zone)}(?:[/:?]|$))", text, re.IGNORECASE
    ):
        hint = f"begin each with its scheme, as in https://{zone}/a.css,https://{zone}/b.css"
        _refuse(text, "seems to be several URLs in one: the second has no scheme", hint)
    netloc = host if url.port is None else f"{host}:{url.port}"
    return f"{url.scheme}{text[len(url.scheme) :].replace(url.netloc, netloc, 1)}"


def _file_with_headers(text: str, zone: str) -> Json:
    """Return an entry for a URL whose cache key depends on headers of the request."""
    hint = f'write it as {{"url": "https://{zone}/", "headers": {{"CF-Device-Type": "mobile"}}}}'
    try:
        entry = parse(text.encode())
    except ValueError:
        _refuse(text[:80], "is not JSON", hint)
    url, headers = entry.get("url"), entry.get("headers", {})
    if set(entry) - {"url", "headers"} or not isinstance(url, str) or not isinstance(headers, dict):
        _refuse(text[:80], "is not a URL with headers", hint)
    for name, value in headers.items():
        if not _HEADER.fullmatch(name) or not isinstance(value, str) or not value.isprintable():
            _refuse(f"{name}: {value}", "is not a header", hint)
    _refuse_wildcard(url, _EACH)
    return {"url": _file(url, zone), **({"headers": headers} if headers else {})}


def _prefix(text: str, zone: str) -> str:
    if "://" in text or "?" in text or "#" in text:
        _refuse(text, "has a scheme, a query or a fragment", f"write the prefix as {zone}/images")
    url = _parsed(f"//{text}")
    if url is None or not url.hostname:
        _refuse(text, "is not a prefix", f"write it as {zone}/images")
    host, path = _in_zone(url.hostname, text, zone), url.path
    _refuse_wildcard(text, _wildcard_hint(text, host, url))
    if ":" in url.netloc or "@" in url.netloc:
        _refuse(text, "has a port or a user name, and a prefix has none", _EACH)
    if path.count("/") > PREFIX_DEPTH:
        _refuse(text, f"has more than the {PREFIX_DEPTH} slashes of a prefix", _EACH)
    return f"{host}{path}"


def _name(text: str, zone: str) -> str:
    _refuse_wildcard(text, "name each host: a purge of a host is exact")
    if _BLANK.search(text) or re.search(r"[/?#@:,]", text):
        _refuse(text, "is not a host name", "a host has no scheme, port or path; --prefixes purges a path")
    return _in_zone(text, text, zone)


def _tag(text: str, _zone: str) -> str:
    _refuse_wildcard(text, "name each tag: a purge by tag is exact")
    if not text.isascii() or _BLANK.search(text) or len(text) > TAG_LENGTH:
        hint = f"up to {TAG_LENGTH} visible ASCII characters without spaces"
        _refuse(text[:80], "is not a cache tag", hint)
    return text


_CHECKS: dict[str, Callable[[str, str], str | Json]] = {
    "files": _file, "prefixes": _prefix, "hosts": _name, "tags": _tag,
}  # fmt: skip


def _wildcard_hint(text: str, host: str, url: SplitResult) -> str:
    """Return how to purge what *text* means by a wildcard: a prefix only if it covers nothing else."""
    if "*" in host:
        return "name each host"
    is_prefix = url.port is None and text.count("*") == 1 and text.endswith("/*") and url.path.endswith("/*")
    return f"--prefixes {host}{url.path[:-1]}" if is_prefix else _EACH


def _refuse_wildcard(text: str, hint: str) -> None:
    if "*" in text:
        _refuse(text, "has a wildcard, which a purge does not have", hint)


def _refuse(text: str, why: str, hint: str) -> NoReturn:
    raise ValidationError(f"{text!r} {why}", hint=hint)


def _parsed(text: str) -> SplitResult | None:
    if _BLANK.search(text) or "\\" in text:
        return None
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return None
    return url


def _in_zone(host: str, text: str, zone: str) -> str:
    """Return *host* in A-labels. Raises ValidationError if it does not belong to the zone."""
    known = canonical(host)
    if known != zone and not known.endswith(f".{zone}"):
        _refuse(text, f"does not belong to the zone {zone}", "use --zone with the zone of its host")
    if not _HOST.fullmatch(known.replace("*", "x")):
        _refuse(text, "has no valid host name", f"write the host as www.{zone}")
    return known
