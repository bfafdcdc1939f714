"""What an answer means: the envelope is read, and every failure becomes one of the family."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from ops.errors import (
    ApiError,
    Conflict,
    CredentialsError,
    MalformedAnswer,
    NotFound,
    OpsError,
    PermissionDenied,
    RateLimited,
    ValidationError,
)
from ops.http.exchange import WRITE, Call, Reply, Send
from ops.http.permissions import permission

Json = dict[str, Any]

BAD_TOKEN = frozenset({1000, 6003, 6102, 6103, 6111, 9103, 9106})
ALREADY_THERE = frozenset({1061, 10014, 81053, 81054, 81057, 81058})
SHOWN = 200

_DOCTOR = "`inv doctor` shows what this token may do"


def readable(send: Send, hide: Callable[[bytes], bytes] = bytes) -> Send:
    """Wrap *send* so that an answer that should be JSON and is not is raised where it can be retried.

    *hide* takes secrets out of what will be quoted in an error: a server may echo the headers it was sent.
    """

    def checked(call: Call) -> Reply:
        reply = send(call)
        if reply.status >= 300:
            reply.body = hide(reply.body)
        elif not call.stream:
            try:
                reply.data = _object(call, reply)
            except MalformedAnswer:
                reply.body = hide(reply.body)
                reply.data = _object(call, reply)
        return reply

    return checked


def envelope(call: Call, reply: Reply) -> Json:
    """Give the whole envelope of *reply*, or raise what it says went wrong.

    A 2xx without `success` is a success: some answers are declared without it.
    """
    if reply.status >= 300:
        _refuse(call, reply)
    data: Json = reply.data if reply.data is not None else _object(call, reply)
    if data.get("success") is False:
        raise _failure(call, reply, data)
    return data


def result(call: Call, reply: Reply) -> Any:
    """Give the `result` of *reply*; nothing at all is an answer to a write only."""
    found = envelope(call, reply).get("result")
    if found is None and call.kind != WRITE:
        raise malformed(call, reply, "the answer has no result")
    return found


def graphql(call: Call, reply: Reply) -> Json:
    """Give the `data` of a GraphQL answer, whose errors come with the status 200."""
    if reply.status >= 300:
        _refuse(call, reply)
    answer: Json = reply.data if reply.data is not None else _object(call, reply)
    if answer.get("errors"):
        texts = [str(error.get("message", error)) for error in _dicts(answer["errors"])]
        raise ApiError(f"{call}: {'; '.join(texts)}", reply.status, ray=reply.ray)
    data = answer.get("data")
    if not isinstance(data, dict):
        raise malformed(call, reply, "the answer has no data")
    return data


def refuse_failure(call: Call, reply: Reply) -> None:
    """Raise what went wrong when *reply* is not the raw content that was asked for."""
    if reply.status >= 300:
        _refuse(call, reply)


def malformed(call: Call, reply: Reply, why: str) -> MalformedAnswer:
    return MalformedAnswer(
        f"{call}: {why}{_excerpt(reply)}",
        reply.status,
        hint="something between here and Cloudflare may have answered in its place; `inv doctor` looks",
        ray=reply.ray,
    )


def parse(body: bytes) -> Any:
    """Parse JSON as strictly as an envelope deserves; raises ValueError for whatever is wrong.

    A key that is there twice could say `success` both ways, and NaN is not JSON.
    """
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _once(pairs: list[tuple[str, Any]]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key is there twice")
    return found


def _constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_constant)


def _object(call: Call, reply: Reply) -> Json:
    if not reply.body and (reply.status == 204 or call.kind == WRITE):
        # Some deletions are documented to answer nothing.
        return {}
    try:
        data = parse(reply.body)
    except ValueError as error:
        what = "the answer is empty" if not reply.body else f"the answer is not JSON ({error})"
        raise malformed(call, reply, what) from None
    if not isinstance(data, dict):
        raise malformed(call, reply, "the answer is not an object")
    return data


def _refuse(call: Call, reply: Reply) -> NoReturn:
    """Raise what an answer other than 2xx says."""
    if reply.status < 400:
        raise _redirected(call, reply)
    try:
        data = parse(reply.body)
    except ValueError:
        data = None
    if isinstance(data, dict):
        raise _failure(call, reply, data)
    raise _from_the_edge(call, reply)


def _redirected(call: Call, reply: Reply) -> ApiError:
    from urllib.parse import urlsplit

    # Only the host is shown: the rest of a redirect's target may hold a secret.
    target = urlsplit(reply.headers.get("location", "")).hostname or "the same host"
    return ApiError(
        f"{call}: redirected to {target} ({reply.status}), which is refused",
        reply.status,
        hint="check the base URL: `inv config` shows it and where it came from",
        ray=reply.ray,
    )


def _from_the_edge(call: Call, reply: Reply) -> OpsError:
    """Tell an answer of the edge, which is a page for people, from one of the API."""
    kind = "HTML" if "html" in reply.headers.get("content-type", "").lower() else "text"
    named = f"{reply.status}, ray {reply.ray}" if reply.ray else str(reply.status)
    message = f"{call}: the edge answered {kind} ({named}){_excerpt(reply)}"
    if reply.status == 429:
        return RateLimited(message, 429, hint="wait for five minutes", ray=reply.ray)
    if reply.status == 403:
        # Cloudflare's own firewall stands before its API and refuses some names, such as a KV key that
        # ends in "..." (workers-sdk 7669). It answers with a page; a missing permission answers JSON.
        hint = (
            f"the firewall before the API refused it; probably for the last name in the path: {_last(call)}"
        )
        return ApiError(message, 403, hint=hint, ray=reply.ray)
    if reply.status == 404:
        return NotFound(message, 404, ray=reply.ray)
    return ApiError(message, reply.status, hint=_later(reply), ray=reply.ray)


def _failure(call: Call, reply: Reply, data: Json) -> OpsError:
    """Make the error that the envelope *data* describes: every reason, each with its code."""
    reasons = list(_reasons(data.get("errors")))
    codes = tuple(code for code, _ in reasons if code)
    told = "; ".join(_one_reason(code, text) for code, text in reasons)
    message = f"{call}: {told or f'failed without a reason ({reply.status})'}"
    kind, hint = _class_of(call, reply, set(codes), told)
    return kind(message, reply.status, hint=hint, codes=codes, ray=reply.ray)


def _class_of(call: Call, reply: Reply, codes: set[int], told: str) -> tuple[type[OpsError], str]:
    """Decide by status, path and code together: a code means different things in different products."""
    status = reply.status
    if _bad_token(status, codes, told):
        return CredentialsError, _token_hint(call, codes)
    if status == 403 or 10000 in codes:
        return PermissionDenied, _permission_hint(call, codes)
    if status == 429:
        return RateLimited, "wait for five minutes"
    if status in (404, 410):
        return NotFound, _not_found_hint(codes)
    if status == 409 or codes & ALREADY_THERE:
        return Conflict, ""
    if 400 <= status < 500:
        return ValidationError, ""
    return ApiError, _later(reply)


def _bad_token(status: int, codes: set[int], told: str) -> bool:
    if status == 401 or (codes & BAD_TOKEN and status < 500):
        return True
    return 9109 in codes and "invalid access token" in told.lower()


def _token_hint(call: Call, codes: set[int]) -> str:
    if codes & {6003, 6103, 6111}:
        return (
            "the token is malformed: look for blanks, quotes, or a Global API key in its place; `inv doctor`"
        )
    if 10000 in codes:
        named = _named(call)
        return f"the token is not valid, or it lacks a permission{named}; `inv doctor` tells which"
    return "the token is unknown, expired or revoked; `inv doctor` tells more"


def _permission_hint(call: Call, codes: set[int]) -> str:
    if 10000 in codes:
        return f"the token lacks a permission{_named(call)}, or it is not valid; `inv doctor` tells which"
    return f"the token lacks a permission{_named(call)}; {_DOCTOR}"


def _named(call: Call) -> str:
    name = permission(call.path, write=call.kind == WRITE)
    return f" (probably {name})" if name else ""


def _not_found_hint(codes: set[int]) -> str:
    return "an id in the path may be wrong" if codes & {7000, 7003} else ""


def _later(reply: Reply) -> str:
    return (
        "try again in a few minutes; www.cloudflarestatus.com tells of outages" if reply.status >= 500 else ""
    )


def _reasons(errors: Any) -> Iterator[tuple[int, str]]:
    """Yield (code, text) for each error and for each cause in its chain; 0 where there is no code."""
    for error in _dicts(errors):
        code = error.get("code")
        yield (code if isinstance(code, int) else 0), str(error.get("message") or "no message")
        yield from _reasons(error.get("error_chain"))


def _dicts(errors: Any) -> Iterator[Json]:
    """Yield the errors that are objects; a bare text becomes one, anything else is passed over."""
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            yield error
        elif isinstance(error, str):
            yield {"message": error}


def _one_reason(code: int, text: str) -> str:
    return f"{_printable(text)} ({code})" if code else _printable(text)


def _excerpt(reply: Reply) -> str:
    text = _printable(reply.body[: 8 * SHOWN].decode("utf-8", "replace"))
    return f": {text[:SHOWN]}" if text else ""


def _printable(text: str) -> str:
    """Give *text* on one line, with what could drive a terminal left out."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _last(call: Call) -> str:
    from urllib.parse import unquote

    return repr(unquote(call.path.rpartition("/")[2]))
