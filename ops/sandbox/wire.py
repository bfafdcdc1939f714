"""Requests, responses, the v4 envelope and multipart bodies (RFC 7578).

Refusal            raised by a handler to answer with status, code, message and error_chain
ok, ok_text        a response with the envelope success, errors, messages, result, result_info
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

# Durable Objects have no permission of their own: they come with Workers.
_PART_OF = {"do": "workers"}
_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*(name|filename)\*?=(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


@dataclass(eq=False)
class Refusal(Exception):
    """An error that the API answers with ``success: false``."""

    status: int
    code: int
    message: str
    chain: Sequence[tuple[int, str]] = ()
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self) -> Answer:
        """Return the envelope of a failure; ``error_chain`` only when there are causes."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": text} for code, text in self.chain]
        body = {"result": None, "success": False, "errors": [error], "messages": []}
        return Answer(self.status, dict(self.headers), dumps(body).encode())


class Headers(dict[str, str]):
    """Request headers; names are case-insensitive, and in lower case in ``items()``."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__({name.lower(): value for name, value in pairs})

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override] # a header is always text
        return super().get(name.lower(), default)


class Query(dict[str, str]):
    """Decoded query parameters; ``pairs`` has every value of a repeated one."""

    def __init__(self, text: str = "") -> None:
        self.pairs = parse_qsl(text, keep_blank_values=True)
        super().__init__(self.pairs)


@dataclass(frozen=True)
class Token:
    """A credential of the sandbox. ``scopes`` such as ``dns:read``, ``dns:edit``, ``dns:*``, ``*``."""

    token: str
    id: str
    scopes: frozenset[str]
    status: str
    expires_on: str | None
    owner: str

    def may(self, scope: str) -> bool:
        """True if the token has *scope*; edit includes read."""
        product, _, verb = scope.partition(":")
        product = _PART_OF.get(product, product)
        enough = {"*", f"{product}:*", f"{product}:{verb}", scope}
        if verb == "read":
            enough.add(f"{product}:edit")
        return not self.scopes.isdisjoint(enough)


@dataclass(frozen=True)
class Part:
    """One part of a form; ``filename`` and ``content_type`` are empty when the part has none."""

    name: str
    filename: str
    content_type: str
    data: bytes

    def text(self) -> str:
        return self.data.decode("utf-8", "replace")


@dataclass
class Request:
    """One request. ``path``, and ``target`` with the query, are percent-encoded, without ``/client/v4``.

    An observer of the traffic finds the response in ``answer``, without the damage of its delivery.
    """

    method: str
    path: str
    query: Query
    headers: Headers
    body: bytes = b""
    target: str = ""
    ray: str = ""
    answer: Answer = field(init=False)
    args: dict[str, str] = field(default_factory=dict)
    token: Token | None = None
    # The arguments of the faults that affect it, by kind.
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def account(self) -> str:
        return self.args["account_id"]

    @property
    def zone(self) -> str:
        return self.args["zone_id"]

    @property
    def owner(self) -> str:
        """The zone id or the account id of the path, "" if it has neither."""
        return self.args.get("zone_id") or self.args.get("account_id", "")

    def json(self) -> Any:
        """Return the body as JSON, or refuse it as the API does (400, 9207)."""
        try:
            # int() refuses NaN and Infinity, which JSON does not have.
            return json.loads(self.body, parse_constant=int)
        except (ValueError, RecursionError):
            raise invalid_body() from None

    def object(self) -> Any:
        value = self.json()
        require(isinstance(value, dict))
        return value

    def form(self) -> list[Part]:
        """Return the parts of a multipart body, or refuse it."""
        found = parts(self.headers.get("content-type"), self.body)
        if found is None:
            raise invalid_body()
        return found

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return an integer of the query within its bounds, or refuse it (400, 1004)."""
        text = self.query.get(name, "")
        if text == "":
            return default
        if not (text.isascii() and text.isdigit() and low <= int(text[:20]) <= high):
            raise Refusal(400, 1004, f"Invalid {name}: must be a number between {low} and {high}.")
        return int(text)

    def flag(self, name: str) -> bool | None:
        """Return a boolean of the query, or None when it is absent."""
        return {"true": True, "1": True, "false": False, "0": False}.get(self.query.get(name, "").lower())


@dataclass
class Answer:
    """A response."""

    status: int
    headers: dict[str, str]
    body: bytes


def invalid_body() -> Refusal:
    return Refusal(400, 9207, "Request body is invalid.")


def require(valid: object) -> None:
    """Refuse a body that is not *valid*."""
    if not valid:
        raise invalid_body()


def too_many_requests(after: int | str | None, headers: dict[str, str]) -> Refusal:
    """Return the API's 429; without ``retry-after`` if *after* is None."""
    headers |= {} if after is None else {"retry-after": str(after)}
    return Refusal(429, 971, "Please wait and consider throttling your request speed", headers=headers)


def dumps(value: Any) -> str:
    """Return compact JSON text; ASCII only, so that any string can be sent."""
    return json.dumps(value, separators=(",", ":"))


def ok(result: Any, info: Any = None, status: int = 200, messages: Sequence[Any] = ()) -> Answer:
    """Answer with *result* in the envelope; ``result_info`` only when *info* is given."""
    return ok_text(dumps(result), info, status, messages)


def ok_text(result: str, info: Any = None, status: int = 200, messages: Sequence[Any] = ()) -> Answer:
    """Answer with JSON text as the result, without parsing it."""
    tail = "" if info is None else ',"result_info":' + dumps(info)
    text = f'{{"result":{result},"success":true,"errors":[],"messages":{dumps(list(messages))}{tail}}}'
    return Answer(status, {}, text.encode())


def ok_list(texts: Sequence[str], info: Any = None) -> Answer:
    """Answer with a list of JSON texts."""
    return ok_text("[" + ",".join(texts) + "]", info)


def parts(content_type: str, body: bytes) -> list[Part] | None:
    """Return the parts of *body*, or None if it is not a well-formed multipart body."""
    boundary = _BOUNDARY.search(content_type)
    if not content_type.lower().startswith("multipart/") or boundary is None:
        return None
    mark = b"--" + (boundary[1] or boundary[2]).encode("latin-1")
    pieces = (b"\r\n" + body).split(b"\r\n" + mark)
    if len(pieces) < 2 or not pieces[-1].startswith(b"--"):
        return None
    found = []
    for piece in pieces[1:-1]:
        head, _, data = piece.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "replace").split("\r\n")
        pairs = (line.partition(":") for line in lines if ":" in line)
        headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
        fields = {}
        for name, quoted, bare in _PARAMETER.findall(headers.get("content-disposition", "")):
            fields[name.lower()] = bare or re.sub(r"\\(.)", r"\1", quoted).replace("%22", '"')
        kind = headers.get("content-type", "")
        found.append(Part(fields.get("name", ""), fields.get("filename", ""), kind, data))
    return found
