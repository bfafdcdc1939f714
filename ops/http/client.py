"""Client: the API as the products' service functions call it."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from ops.errors import Absent, CredentialsError, NotFound, OpsError, Unanswered
from ops.http import answers
from ops.http.cursor_form import cursor_form
from ops.http.exchange import NOTHING, QUERY, WRITE, Call, Reply, Send
from ops.http.page_form import page_form
from ops.http.pages import Listing, Page, whole
from ops.http.paths import ApiPath, path
from ops.http.shape import instance
from ops.items import Json

if TYPE_CHECKING:
    from ops.http.budget import Budget
    from ops.http.exchange import Paths

__all__ = ["Client", "Json", "Listing", "Raw"]

# Names change rarely, and most command lines begin by looking one up.
LOOKUP_SECONDS = 300.0
REOPENED = 2

Params = tuple[tuple[str, str], ...]


class Raw:
    """Content as stored, not JSON. `verified` is True if the server proved its length.

    A body without Content-Length that ends with its connection may have been cut short.
    """

    def __init__(self, call: Call, send: Send) -> None:
        self._call = call
        self._send = send
        self._reply = self._open()

    @property
    def headers(self) -> Mapping[str, str]:
        return self._reply.headers

    @property
    def verified(self) -> bool:
        return self._reply.complete

    def chunks(self) -> Iterator[bytes]:
        """Yield the content once. Raises Unanswered if it breaks off."""
        return self._reply.chunks or iter((self._reply.body,))

    def content(self) -> bytes:
        """Return the whole content; a body that breaks off is requested again."""
        for _ in range(REOPENED):
            try:
                return b"".join(self.chunks())
            except Unanswered:
                self._reply = self._open()
        return b"".join(self.chunks())

    def _open(self) -> Reply:
        reply = self._send(self._call)
        answers.refuse_failure(self._call, reply)
        return reply


class Client:
    """Calls Cloudflare's API. Parameters that are None or "" are omitted, booleans are written as in JSON.

    All methods raise OpsError. After the token was refused, no further call is sent.
    """

    def __init__(
        self,
        send: Send,
        *,
        cache: float = 0.0,
        budget: Budget | None = None,
        paths: Paths | None = None,
        gap: Callable[[str], None] = lambda _text: None,
        close: Callable[[], None] = lambda: None,
        pause: Callable[[float, str], None] = lambda _seconds, _why: None,
        say: Callable[[str], None] = lambda _text: None,
    ) -> None:
        self._send = send
        self.pause = pause
        self.say = say
        self._cache = cache
        self._close = close
        self._paths = paths
        self._gap = gap
        self._rejected: CredentialsError | None = None
        self.accepted = 0
        """Number of writes that Cloudflare answered with success."""
        self.refused = 0
        """Number of writes that ended in an error."""
        self.ray = ""
        """The id of the last write that Cloudflare answered with success, by which its logs know it."""
        self.budget = budget

    def __repr__(self) -> str:
        return f"<Client, {self.sent} requests sent>"

    @property
    def sent(self) -> int:
        """Return the number of requests sent, retries included."""
        return self.budget.used if self.budget else 0

    def remembering(self, seconds: float) -> Client:
        """Return a client for reading to which the first page of a list may be so old."""
        client = copy(self)
        client._cache = max(seconds, self._cache)  # noqa: SLF001 (of the same class)
        return client

    def close(self) -> None:
        self._close()

    def get(self, path: ApiPath, *, headers: Mapping[str, str] = NOTHING, **params: Any) -> Json:
        """Return the `result` of *path*, an object."""
        call = Call("GET", path, _spelt(params), headers=headers, fresh=self._cache)
        return instance(self._result(call), dict, f"the answer of {path}")

    def envelope(self, path: ApiPath, **params: Any) -> Json:
        """Return the whole envelope: `result`, `result_info`, `messages` and the rest."""
        call = Call("GET", path, _spelt(params), fresh=self._cache)
        reply = self._carry(call)
        if reply.incomplete:
            self._gap(reply.incomplete)
        return answers.envelope(call, reply)

    def lookup(self, path: ApiPath, **params: Any) -> Any:
        """Return the `result` of *path*, of any type and up to five minutes old: for finding ids by name."""
        return self._result(Call("GET", path, _spelt(params), fresh=max(LOOKUP_SECONDS, self._cache)))

    def pages(
        self, path: ApiPath, *, per_page: int, order: str = "", inside: str = "", **params: Any
    ) -> Listing:
        """Return a listing by page number."""
        return page_form(self._asker(path, {**params, "order": order}, inside), per_page)

    def cursor(
        self,
        path: ApiPath,
        *,
        limit: int = 0,
        limit_name: str = "limit",
        inside: str = "",
        ordered_by: str = "",
        identity: str = "",
        ahead: bool = False,
        headers: Mapping[str, str] = NOTHING,
        **params: Any,
    ) -> Listing:
        """Return a listing by cursor; *inside* names the field of `result` that holds the items.

        *ahead* prefetches pages, for a caller that reads to the end.
        """
        sized = {**params, limit_name: limit} if limit else params
        asker = self._asker(path, sized, inside, headers)
        return cursor_form(asker, ordered_by=ordered_by, identity=identity, ahead=ahead)

    def whole(self, path: ApiPath, *, inside: str = "", **params: Any) -> Listing:
        """Return a listing whose items come in one response."""
        return whole(self._asker(path, params, inside))

    def raw(self, path: ApiPath, *, limit: int, **params: Any) -> Raw:
        """Return content of at most *limit* bytes."""
        return Raw(Call("GET", path, _spelt(params), stream=True, limit=limit), self._carry)

    def query(self, path: ApiPath, body: Any) -> Any:
        """Send a POST that only reads, retried like a GET, and return its `result`."""
        return self._result(_with_json(Call("POST", path, kind=QUERY), body))

    def graphql(self, query: str, variables: Json) -> Json:
        """Send *query*, once, to the GraphQL endpoint and return its `data`: analytics are optional."""
        body = {"query": query, "variables": variables}
        call = _with_json(Call("POST", path("/graphql"), kind=QUERY, optional=True), body)
        return answers.graphql(call, self._carry(call))

    def post(self, path: ApiPath, **options: Any) -> Json:
        """Return the `result`, {} if the answer has none; put and patch do the same."""
        return self._write("POST", path, **options)

    def put(self, path: ApiPath, **options: Any) -> Json:
        return self._write("PUT", path, **options)

    def patch(self, path: ApiPath, **options: Any) -> Json:
        return self._write("PATCH", path, **options)

    def delete(self, path: ApiPath, **options: Any) -> Json:
        """Delete *path*; return {} if an earlier attempt may have done it and the item is gone."""
        return self._write("DELETE", path, **options)

    def _write(
        self,
        method: str,
        path: ApiPath,
        *,
        json: Any = None,
        files: Any = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        any_result: bool = False,
        **params: Any,
    ) -> Json:
        """Send a write and return its `result`; {} with *any_result*, where it need not be an object."""
        call = Call(method, path, _spelt(params), kind=WRITE, body=data, headers=headers or NOTHING)
        if files is not None:
            from urllib3.filepost import encode_multipart_formdata

            # Names to bytes, text, or (file name, content, media type).
            form, media_type = encode_multipart_formdata(files)
            call = call._replace(body=form, headers={**call.headers, "Content-Type": media_type})
        elif json is not None:
            call = _with_json(call, json)
        try:
            reply = self._carry(call)
            try:
                result = answers.result(call, reply)
            except Absent:
                if method != "DELETE" or not reply.replayed:
                    raise
                result = None
        except OpsError:
            self.refused += 1
            raise
        self.accepted += 1
        self.ray = reply.ray
        return {} if result is None or any_result else instance(result, dict, f"the answer of {call}")

    def _asker(
        self, path: ApiPath, params: Json, inside: str, headers: Mapping[str, str] = NOTHING
    ) -> Callable[[Json, bool], Page]:
        fixed = _spelt(params)

        def ask(more: Json, first: bool) -> Page:
            fresh = self._cache if first else 0.0
            call = Call("GET", path, fixed + _spelt(more), headers=headers, fresh=fresh)
            reply = self._carry(call)
            data = answers.envelope(call, reply)
            items, info = data.get("result"), data.get("result_info")
            if inside:
                # A list in place of the object would be an empty list of something else.
                items = items.get(inside) if isinstance(items, dict) else None
            if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
                raise answers.malformed(call, reply, "the answer has no list of items")
            return Page(items, info if isinstance(info, dict) else {}, reply)

        return ask

    def _result(self, call: Call) -> Any:
        reply = self._carry(call)
        result = answers.result(call, reply)
        if reply.incomplete and not result:
            self._gap(reply.incomplete)
            raise NotFound(reply.incomplete, 404)
        return result

    def _carry(self, call: Call) -> Reply:
        """Send *call*, unless the token was refused before: a scan would send it thousands of times."""
        # An account's token is "invalid" at the user's endpoint, so that proves nothing about other calls.
        verifies = call.path.endswith("/tokens/verify")
        if self._rejected and not verifies:
            raise self._rejected
        reply = self._send(call)
        reply.paths = self._paths
        if reply.status in (400, 401, 403) and not verifies:
            try:
                answers.refuse_failure(call, reply)
            except CredentialsError as error:
                self._rejected = error
            except OpsError:
                pass  # the caller raises it
        return reply


def _spelt(params: Json) -> Params:
    """Return the parameters as the API expects them, without empty ones."""
    return tuple(
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in params.items()
        if value is not None and value != ""
    )


def _with_json(call: Call, body: Any) -> Call:
    headers = {**call.headers, "Content-Type": "application/json"}
    return call._replace(body=jsonlib.dumps(body).encode(), headers=headers)
