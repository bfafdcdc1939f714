"""What an answer means: the envelope is read, and every failure becomes one of the family."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

from ops.errors import ApiError, MalformedAnswer
from ops.http.exchange import WRITE, Call, Reply, Send
from ops.http.refusals import dicts, excerpt, refusal

Json = dict[str, Any]

DEEPEST = 100
"""Levels of an answer, the envelope's own two included; Cloudflare's own have no more than a dozen."""


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
    """Return the whole envelope of *reply*, or raise what it says went wrong.

    A 2xx without `success` is a success: some answers are declared without it.
    """
    if reply.status >= 300:
        _refuse(call, reply)
    data: Json = reply.data if reply.data is not None else _object(call, reply)
    if data.get("success") is False:
        raise refusal(call, reply, data)
    return data


def result(call: Call, reply: Reply) -> Any:
    """Return the `result` of *reply*; nothing at all is an answer to a write only."""
    found = envelope(call, reply).get("result")
    if found is None and call.kind != WRITE:
        raise malformed(call, reply, "the answer has no result")
    return found


def graphql(call: Call, reply: Reply) -> Json:
    """Return the `data` of a GraphQL answer, whose errors come with the status 200."""
    if reply.status >= 300:
        _refuse(call, reply)
    answer: Json = reply.data if reply.data is not None else _object(call, reply)
    if answer.get("errors"):
        texts = [str(error.get("message", error)) for error in dicts(answer["errors"])]
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
        f"{call}: {why}{excerpt(reply)}",
        reply.status,
        hint="something between here and Cloudflare may have answered in its place; `inv doctor` looks",
        ray=reply.ray,
    )


def parse(body: bytes) -> Any:
    """Parse JSON as strictly as an envelope deserves; raises ValueError for whatever is wrong.

    A key that is there twice could say `success` both ways, and NaN is not JSON. What is nested more than
    DEEPEST levels is refused here, once for all that walks through it later.
    """
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not _is_shallow(body) and _is_too_deep(value):
        raise ValueError("nested too deeply")
    return value


def _is_shallow(body: bytes) -> bool:
    """True if a text is surely not too deep: brackets in its strings may leave that open."""
    nest = body.translate(None, _NO_BRACKETS)
    for _ in range(_LEVELS):
        if not nest:
            return True
        nest = nest.replace(b"{}", b"").replace(b"[]", b"")
    return not nest


# So many levels are looked for at once; what is deeper is rare, and worth a walk.
_LEVELS = 12
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _is_too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner
            for outer in level
            if (kind := type(outer)) is dict or kind is list
            for inner in (outer.values() if kind is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return False
    return True


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
    try:
        data = parse(reply.body)
    except ValueError:
        data = None
    raise refusal(call, reply, data)
