"""Refusals: each error response becomes an OpsError with every reason and a hint."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any
from urllib.parse import unquote, urlsplit

from ops.errors import (
    Absent,
    ApiError,
    Conflict,
    CredentialsError,
    NotFound,
    OpsError,
    PermissionDenied,
    RateLimited,
    ValidationError,
)
from ops.http.exchange import WRITE, Call, Reply
from ops.http.pause import spoken, wanted_pause
from ops.items import Json

BAD_TOKEN = frozenset({1000, 6003, 6102, 6103, 6111, 9103, 9106})
ALREADY_THERE = frozenset({1061, 10014, 81053, 81054, 81057, 81058})
# The only answers that prove that an item does not exist: 404 with its product's own code for that path. An
# HTML page, 7003 (no route) or another code may mean a wrong path, a plan or a proxy.
_ABSENT = (
    (r"/zones/[^/]+/dns_records/[^/]+", 81044),
    (r"/zones/[^/]+/cache/variants", 1140),
    (r"/zones/[^/]+/workers/routes/[^/]+", 10008),
    (r"/accounts/[^/]+/storage/kv/namespaces/[^/]+/(?:values|metadata)/.+", 10009),
    (r"/accounts/[^/]+/storage/kv/namespaces/[^/]+", 10013),
    (r"/accounts/[^/]+/workers/scripts/[^/]+(?:/.+)?", 10007),
    (r"/accounts/[^/]+/r2/buckets/[^/]+", 10006),
)
_GRAPHQL: tuple[tuple[str, tuple[type[OpsError], str]], ...] = (
    ("not authorized|unauthorized|does not have access", (PermissionDenied, "")),
    ("budget depleted|quota exceeded|excessive resources|too many nodes|limit reached",
     (RateLimited, "try again in 5 minutes, or ask for a shorter time")),
)  # fmt: skip
SHOWN = 200
# Over the limit Cloudflare blocks for this long.
FIVE_MINUTES = 300.0


def refusal(call: Call, reply: Reply, data: Any) -> OpsError:
    """Return the error that *reply* reports; *data* is its body if that could be parsed.

    Status, path and codes decide together, because a code means different things in different products.
    """
    if 300 <= reply.status < 400:
        return _redirected(call, reply)
    if not isinstance(data, dict):
        return _from_the_edge(call, reply)
    reasons = list(_reasons(data.get("errors")))
    codes = tuple(code for code, _ in reasons if code)
    text = "; ".join(f"{_printable(text)} ({code})" if code else _printable(text) for code, text in reasons)
    message = f"{call}: {text or f'failed without a reason ({reply.status})'}"
    kind, hint = _class_of(call, reply, set(codes), text)
    return kind(message, reply.status, hint=hint, codes=codes, ray=reply.ray)


def graphql_refusal(call: Call, reply: Reply, texts: Collection[str]) -> OpsError:
    """Return the error for a GraphQL response with errors, which have no codes: their words tell them apart.

    docs:analytics/graphql-api/errors has the messages.
    """
    text = "; ".join(map(_printable, texts)) or "failed without a reason"
    kind, hint = next(
        (found for words, found in _GRAPHQL if re.search(words, text, re.IGNORECASE)), (ApiError, "")
    )
    if kind is PermissionDenied:
        hint = f"the token lacks a permission{_permission(call, reply)}; `inv doctor` shows what it may do"
    return kind(f"{call}: {text}", reply.status, hint=hint, ray=reply.ray)


def _redirected(call: Call, reply: Reply) -> ApiError:
    """Return the error for a redirect; only its host is shown, since the rest may hold a secret."""
    try:
        host = urlsplit(reply.headers.get("location", "")).hostname
        target = _printable(host) if host else "the same host"
    except ValueError:
        target = "an unreadable address"
    return ApiError(
        f"{call}: redirected to {target} ({reply.status}); redirects are not followed",
        reply.status,
        hint="check the base URL: `inv config` shows it and its origin",
        ray=reply.ray,
    )


def _from_the_edge(call: Call, reply: Reply) -> OpsError:
    """Return the error for an answer of Cloudflare's edge, which is a page for people, not of the API."""
    kind = "HTML" if "html" in reply.headers.get("content-type", "").lower() else "text"
    named = f"{reply.status}, ray {reply.ray}" if reply.ray else str(reply.status)
    message = f"{call}: the edge answered {kind} ({named}){excerpt(reply)}"
    if reply.status == 429:
        return RateLimited(message, 429, hint=_come_back(reply), ray=reply.ray)
    if reply.status == 403:
        # Cloudflare's firewall protects its API and refuses some names, such as a KV key that ends in
        # "..." (workers-sdk 7669). It answers with a page; a missing permission is answered in JSON.
        name = repr(unquote(call.path.rpartition("/")[2]))
        hint = f"Cloudflare's firewall refused it, probably because of the last name in the path: {name}"
        return ApiError(message, 403, hint=hint, ray=reply.ray)
    return ApiError(message, reply.status, hint=_later(reply), ray=reply.ray)


def _class_of(call: Call, reply: Reply, codes: set[int], text: str) -> tuple[type[OpsError], str]:
    """Return the class and hint, by status, path and code together."""
    status = reply.status
    refused = status == 401 or (codes & BAD_TOKEN and status < 500)
    if refused or (9109 in codes and "invalid access token" in text.lower()):
        if codes & {6003, 6103, 6111}:
            hint = "check for blanks, quotes, or a Global API key in its place; `inv doctor`"
            return CredentialsError, f"the token is malformed: {hint}"
        if 10000 in codes:
            lacks = f"it lacks a permission{_permission(call, reply)}"
            return CredentialsError, f"the token is not valid, or {lacks}; `inv doctor` shows which"
        return CredentialsError, "the token is unknown, expired or revoked; `inv doctor` shows details"
    if status == 403 or 10000 in codes:
        lacks = f"the token lacks a permission{_permission(call, reply)}"
        if 10000 in codes:
            return PermissionDenied, f"{lacks}, or it is not valid; `inv doctor` shows which"
        return PermissionDenied, f"{lacks}; `inv doctor` shows what this token may do"
    if status == 429:
        return RateLimited, _come_back(reply)
    if status in (404, 410):
        task = reply.paths.listing_task(call.path) if reply.paths else ""
        hint = f"`{task}` lists what exists" if task else ""
        return (Absent if proves_absence(status, call.path, codes) else NotFound), hint
    if status == 409 or codes & ALREADY_THERE:
        return Conflict, ""
    if 400 <= status < 500:
        return ValidationError, ""
    return ApiError, _later(reply)


def _permission(call: Call, reply: Reply) -> str:
    name = reply.paths.permission(call.path, write=call.kind == WRITE) if reply.paths else ""
    return f" (probably {name})" if name else ""


def proves_absence(status: int, path: str, codes: Collection[int]) -> bool:
    """True if an answer with *status* and *codes* for *path* proves that the item does not exist."""
    return status == 404 and any(code in codes and re.fullmatch(pattern, path) for pattern, code in _ABSENT)


def _come_back(reply: Reply) -> str:
    wanted = wanted_pause(reply.headers)
    return f"try again in {spoken(FIVE_MINUTES if wanted is None else wanted)}"


def _later(reply: Reply) -> str:
    return (
        "try again in a few minutes; www.cloudflarestatus.com reports outages" if reply.status >= 500 else ""
    )


def _reasons(errors: Any) -> Iterator[tuple[int, str]]:
    """Yield (code, text) for each error and each cause in its chain; code 0 if it has none."""
    for error in dicts(errors):
        code = error.get("code")
        yield (code if isinstance(code, int) else 0), str(error.get("message") or "no message")
        yield from _reasons(error.get("error_chain"))


def dicts(errors: Any) -> Iterator[Json]:
    """Yield the errors that are objects; a text becomes one, anything else is skipped."""
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            yield error
        elif isinstance(error, str):
            yield {"message": error}


def excerpt(reply: Reply) -> str:
    """Return the start of a body, after a colon; "" for an empty one."""
    text = _printable(reply.body[: 8 * SHOWN].decode("utf-8", "replace"))
    return f": {text[:SHOWN]}" if text else ""


def _printable(text: str) -> str:
    """Return *text* on one line, without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
