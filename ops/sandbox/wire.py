"""What goes over the wire: the request as a handler sees it, the answer, and the v4 envelope.

Refusal            a handler's way to say no: status, code, message, error_chain
ok, ok_text        an answer with the envelope success, errors, messages, result, result_info
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn
from urllib.parse import parse_qsl

from ops.sandbox.multipart import Part, parts

if TYPE_CHECKING:
    from ops.sandbox.auth import Token

Link = tuple[int, str]


class Refusal(Exception):
    """The API says no; becomes an answer with ``success: false``."""

    def __init__(self, status: int, code: int, message: str, chain: Sequence[Link] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.chain = tuple(chain)
        self.headers: dict[str, str] = {}

    def answer(self) -> Answer:
        """Return the envelope of a failure; ``error_chain`` only when there are causes."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": code, "message": text} for code, text in self.chain]
        body = {"result": None, "success": False, "errors": [error], "messages": []}
        return Answer(self.status, dict(self.headers), dumps(body).encode())


class Headers:
    """Request headers; names are case-insensitive."""

    def __init__(self, pairs: Sequence[tuple[str, str]] = ()) -> None:
        self._values = {name.lower(): value for name, value in pairs}

    def get(self, name: str, default: str = "") -> str:
        return self._values.get(name.lower(), default)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._values

    def items(self) -> list[tuple[str, str]]:
        """Return the headers, names in lower case."""
        return list(self._values.items())


class Query(dict[str, str]):
    """Query parameters, decoded; ``all(name)`` gives every value of a repeated one."""

    def __init__(self, text: str = "") -> None:
        self.pairs = parse_qsl(text, keep_blank_values=True)
        super().__init__(self.pairs)

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]


@dataclass
class Request:
    """One request. ``path`` is without the ``/client/v4`` prefix and still percent-encoded."""

    method: str
    path: str
    query: Query
    headers: Headers
    body: bytes = b""
    args: dict[str, str] = field(default_factory=dict)
    token: Token | None = None
    denied: set[str] = field(default_factory=set)
    lag: float = 0.0
    failing: int = 0

    def json(self) -> Any:
        """Return the body as JSON, or refuse it as the API does (400, 9207)."""
        try:
            return json.loads(self.body, parse_constant=_no_constant)
        except (ValueError, RecursionError):
            raise invalid_body() from None

    def object(self) -> dict[str, Any]:
        """Return the body as a JSON object, or refuse it."""
        value = self.json()
        if not isinstance(value, dict):
            raise invalid_body()
        return value

    def form(self) -> list[Part]:
        """Return the parts of a multipart body, or refuse it."""
        found = parts(self.headers.get("content-type"), self.body)
        if found is None:
            raise invalid_body()
        return found

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number of the query within its bounds, or refuse (400, 1004)."""
        text = self.query.get(name, "")
        if text == "":
            return default
        if not (text.isascii() and text.isdigit() and low <= int(text[:20]) <= high):
            raise Refusal(400, 1004, f"Invalid {name}: must be a number between {low} and {high}.")
        return int(text)

    def flag(self, name: str) -> bool | None:
        """Return a boolean of the query, None when it is not there."""
        return {"true": True, "1": True, "false": False, "0": False}.get(self.query.get(name, "").lower())


@dataclass
class Answer:
    """A status, headers and a body; an iterator goes out chunked unless ``Content-Length`` is given."""

    status: int
    headers: dict[str, str]
    body: bytes | Iterator[bytes]


@dataclass(frozen=True)
class Exchange:
    """A request as it was sent and what the products answered, for an observer of the traffic.

    *target* is the percent-encoded path with its query, without ``/client/v4``. Faults that spoil an answer
    on its way out are not in it.
    """

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    answer: Answer


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def invalid_body() -> Refusal:
    return Refusal(400, 9207, "Request body is invalid.")


def dumps(value: Any) -> str:
    """Return compact JSON text; ASCII only, so that any string can be sent."""
    return json.dumps(value, separators=(",", ":"))


def ok(result: Any, info: Any = None, status: int = 200, messages: Sequence[Any] = ()) -> Answer:
    """Answer with *result* in the envelope; ``result_info`` only when *info* is given."""
    return ok_text(dumps(result), info, status, messages)


def ok_text(result: str, info: Any = None, status: int = 200, messages: Sequence[Any] = ()) -> Answer:
    """Answer with ready-made JSON text as the result, neither parsed nor dumped again."""
    tail = "" if info is None else ',"result_info":' + dumps(info)
    said = dumps(list(messages))
    text = f'{{"result":{result},"success":true,"errors":[],"messages":{said}{tail}}}'
    return Answer(status, {}, text.encode())


def ok_list(texts: Sequence[str], info: Any = None) -> Answer:
    """Answer with a list joined from the JSON texts of its items."""
    return ok_text("[" + ",".join(texts) + "]", info)
