"""What a response means: reads the envelope and raises every failure as an OpsError."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from ops.errors import MalformedAnswer
from ops.http.exchange import WRITE, Call, Reply, Send
from ops.http.refusals import dicts, excerpt, graphql_refusal, refusal
from ops.items import Json

DEEPEST = 100
"""Levels of nesting in a response, with the two of the envelope; Cloudflare's have at most a dozen."""


def readable(send: Send, hide: Callable[[bytes], bytes] = bytes) -> Send:
    """Wrap *send* so that a response that should be JSON and is not raises where it can be retried.

    *hide* removes secrets from what an error quotes, since a server may echo the request's headers.
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
    """Return the whole envelope of *reply*, or raise the error that it reports.

    A 2xx without `success` is a success: some responses are documented without it.
    """
    refuse_failure(call, reply)
    data: Json = reply.data if reply.data is not None else _object(call, reply)
    if data.get("success") is False:
        raise refusal(call, reply, data)
    return data


def result(call: Call, reply: Reply) -> Any:
    """Return the `result` of *reply*; a write may have none if it has `success` or an empty body."""
    data = envelope(call, reply)
    found = data.get("result")
    proven = call.kind == WRITE and (not reply.body or "result" in data or data.get("success") is True)
    if found is None and not proven:
        raise malformed(call, reply, "the answer has no result")
    return found


def graphql(call: Call, reply: Reply) -> Json:
    """Return the `data` of a GraphQL response, whose errors come with status 200."""
    refuse_failure(call, reply)
    answer: Json = reply.data if reply.data is not None else _object(call, reply)
    if answer.get("errors"):
        raise graphql_refusal(call, reply, [str(one.get("message", one)) for one in dicts(answer["errors"])])
    data = answer.get("data")
    if not isinstance(data, dict):
        raise malformed(call, reply, "the answer has no data")
    return data


def refuse_failure(call: Call, reply: Reply) -> None:
    """Raise the error that *reply* reports, unless its status is 2xx."""
    if reply.status < 300:
        return
    try:
        data = parse(reply.body)
    except ValueError:
        data = None
    raise refusal(call, reply, data)


def malformed(call: Call, reply: Reply, why: str) -> MalformedAnswer:
    return MalformedAnswer(
        f"{call}: {why}{excerpt(reply)}",
        reply.status,
        hint="a proxy between here and Cloudflare may have answered instead; `inv doctor` checks that",
        ray=reply.ray,
    )


def parse(body: bytes) -> Any:
    """Parse JSON strictly. Raises ValueError.

    A repeated key could set `success` both ways, and NaN is not JSON. Values nested more than DEEPEST levels
    are refused here, so that no later code has to limit its recursion.
    """
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if _is_too_deep(body, value):
        raise ValueError("nested too deeply")
    return value


# Levels of brackets that are counted in the text; deeper values are rare, and walked.
_LEVELS = 12
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))


def _is_too_deep(body: bytes, value: Any) -> bool:
    nest = body.translate(None, _NO_BRACKETS)
    for _ in range(_LEVELS):
        if not nest:
            return False
        nest = nest.replace(b"{}", b"").replace(b"[]", b"")
    # Brackets in strings may make a shallow text look deep, so the value decides.
    level = [value] if nest else []
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
        raise ValueError("a key is repeated")
    return found


def finite(text: str) -> float:
    """Return the number *text*. Raise ValueError for NaN and infinity (1e999), which are not JSON."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is not a finite number")
    return number


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_constant=finite, parse_float=finite)


def _object(call: Call, reply: Reply) -> Json:
    if not reply.body and (reply.status == 204 or call.kind == WRITE):
        # Some deletions are documented to have no response body.
        return {}
    try:
        data = parse(reply.body)
    except ValueError as error:
        what = "the answer is empty" if not reply.body else f"the answer is not JSON ({error})"
        raise malformed(call, reply, what) from None
    if not isinstance(data, dict):
        raise malformed(call, reply, "the answer is not an object")
    return data
