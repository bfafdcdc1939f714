"""Client: what a product's service functions speak to."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ops.errors import CredentialsError, NotFound, OpsError, Unanswered
from ops.http import answers
from ops.http.cursor_form import cursor_form
from ops.http.exchange import NOTHING, QUERY, WRITE, Call, Reply, Send
from ops.http.page_form import page_form
from ops.http.pages import Json, Listing, Page, whole

if TYPE_CHECKING:
    from ops.http.budget import Budget
    from ops.http.paths import ApiPath

__all__ = ["Client", "Json", "Listing", "Raw"]

# Names change seldom, and each command line begins with looking one up.
LOOKUP_SECONDS = 300.0
REOPENED = 2

Params = tuple[tuple[str, str], ...]


class Raw:
    """Content as it is stored, not JSON. `verified` says that its length was proven by the server.

    A body without Content-Length that ends with its connection cannot be told from one cut short.
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
        """Yield the content once; raises Unanswered where it breaks off."""
        return self._reply.chunks or iter((self._reply.body,))

    def content(self) -> bytes:
        """Return all of it; a body that breaks off is asked for again."""
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
    """Calls Cloudflare's API. Parameters that are None or "" are left out, booleans are spelt as JSON does.

    All methods raise the family of ops.errors. After the token has been refused no further call is made.
    """

    def __init__(
        self,
        send: Send,
        *,
        cache: float = 0.0,
        budget: Budget | None = None,
        close: Callable[[], None] = lambda: None,
    ) -> None:
        self._send = send
        self._cache = cache
        self._close = close
        self._rejected: CredentialsError | None = None
        self.budget = budget

    def __repr__(self) -> str:
        return f"<Client, {self.sent} requests sent>"

    @property
    def sent(self) -> int:
        """Count the requests that were made, repeated ones included."""
        return self.budget.used if self.budget else 0

    def close(self) -> None:
        self._close()

    def get(self, path: ApiPath, **params: Any) -> Any:
        """Return the `result` of *path*."""
        return self._result(Call("GET", path, _spelt(params), fresh=self._cache))

    def envelope(self, path: ApiPath, **params: Any) -> Json:
        """Return the whole envelope: `result`, `result_info`, `messages` and what else there is."""
        return self._envelope(Call("GET", path, _spelt(params), fresh=self._cache))

    def lookup(self, path: ApiPath, **params: Any) -> Any:
        """Return the `result` of *path* as get does, up to five minutes old: for finding ids by name."""
        return self._result(Call("GET", path, _spelt(params), fresh=max(LOOKUP_SECONDS, self._cache)))

    def pages(self, path: ApiPath, *, per_page: int, order: str = "", **params: Any) -> Listing:
        """List by page number."""
        return page_form(self._asker(path, {**params, "order": order}, ""), per_page)

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
        **params: Any,
    ) -> Listing:
        """List by cursor; *inside* names the field of `result` that holds the items.

        *ahead* has pages asked for before their turn, for one who reads to the end.
        """
        sized = {**params, limit_name: limit} if limit else params
        asker = self._asker(path, sized, inside)
        return cursor_form(asker, ordered_by=ordered_by, identity=identity, ahead=ahead)

    def whole(self, path: ApiPath, *, inside: str = "", **params: Any) -> Listing:
        """List what comes in one answer."""
        return whole(self._asker(path, params, inside))

    def raw(self, path: ApiPath, *, limit: int, **params: Any) -> Raw:
        """Read content of at most *limit* bytes."""
        return Raw(Call("GET", path, _spelt(params), stream=True, limit=limit), self._carry)

    def query(self, path: ApiPath, body: Any) -> Any:
        """POST what only reads; it is repeated like a GET. Gives the `result`."""
        return self._result(_with_json(Call("POST", path, kind=QUERY), body))

    def graphql(self, query: str, variables: Json) -> Json:
        """Return the `data` of the GraphQL endpoint. Analytics are optional: a failure is not retried."""
        body = {"query": query, "variables": variables}
        call = _with_json(Call("POST", "/graphql", kind=QUERY, optional=True), body)
        return answers.graphql(call, self._carry(call))

    def post(self, path: ApiPath, **options: Any) -> Any:
        return self._write("POST", path, **options)

    def put(self, path: ApiPath, **options: Any) -> Any:
        return self._write("PUT", path, **options)

    def patch(self, path: ApiPath, **options: Any) -> Any:
        return self._write("PATCH", path, **options)

    def delete(self, path: ApiPath, **options: Any) -> Any:
        """Delete; gives None where an attempt before may have done it and the thing is gone."""
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
        **params: Any,
    ) -> Any:
        call = Call(method, path, _spelt(params), kind=WRITE, body=data, headers=headers or NOTHING)
        if files is not None:
            call = _with_files(call, files)
        elif json is not None:
            call = _with_json(call, json)
        reply = self._carry(call)
        try:
            return answers.result(call, reply)
        except NotFound:
            if method == "DELETE" and reply.replayed:
                return None
            raise

    def _asker(self, path: ApiPath, params: Json, inside: str) -> Callable[[Json, bool], Page]:
        fixed = _spelt(params)

        def ask(more: Json, first: bool) -> Page:
            call = Call("GET", path, fixed + _spelt(more), fresh=self._cache if first else 0.0)
            reply = self._carry(call)
            return _page(call, reply, inside)

        return ask

    def _result(self, call: Call) -> Any:
        return answers.result(call, self._carry(call))

    def _envelope(self, call: Call) -> Json:
        return answers.envelope(call, self._carry(call))

    def _carry(self, call: Call) -> Reply:
        """Send *call*, unless the token is known to be refused: a scan would storm on with it."""
        if self._rejected and not _verifies(call):
            raise self._rejected
        reply = self._send(call)
        if reply.status in (400, 401, 403):
            self._remember(call, reply)
        return reply

    def _remember(self, call: Call, reply: Reply) -> None:
        if _verifies(call):
            # An account's token is "invalid" at the user's endpoint, so that says nothing of other calls.
            return
        try:
            answers.refuse_failure(call, reply)
        except CredentialsError as error:
            self._rejected = error
        except OpsError:
            return  # whoever asked raises it


def _page(call: Call, reply: Reply, inside: str) -> Page:
    data = answers.envelope(call, reply)
    items = data.get("result")
    if inside and isinstance(items, dict):
        items = items.get(inside)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise answers.malformed(call, reply, "the answer has no list of items")
    info = data.get("result_info")
    return Page(items, info if isinstance(info, dict) else {}, reply)


def _verifies(call: Call) -> bool:
    return call.path.endswith("/tokens/verify")


def _spelt(params: Json) -> Params:
    """Spell parameters as the API wants them, without those that say nothing."""
    return tuple((name, _word(value)) for name, value in params.items() if value is not None and value != "")


def _word(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _with_json(call: Call, body: Any) -> Call:
    headers = {**call.headers, "Content-Type": "application/json"}
    return call._replace(body=jsonlib.dumps(body).encode(), headers=headers)


def _with_files(call: Call, files: Any) -> Call:
    """Encode *files* as a form: names to bytes, text, or (file name, content, media type)."""
    from urllib3.filepost import encode_multipart_formdata

    body, media_type = encode_multipart_formdata(files)
    return call._replace(body=body, headers={**call.headers, "Content-Type": media_type})
