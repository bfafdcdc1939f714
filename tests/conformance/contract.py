"""Check requests and responses against the official OpenAPI document.

    contract = Contract(document)
    contract.check_request("GET", "/zones", query="per_page=51", headers={}, body=b"")
    contract.check_response("GET", "/zones", 200, {"content-type": "application/json"}, b"{...}")
    with contract.watch(sandbox):
        ...                      # every exchange with the sandbox is checked; problems fail at the end

Both checks return a list of sentences, empty when the exchange is as documented. Paths are
percent-encoded, with or without `/client/v4`. Server errors (5xx) are not in the document and pass.
Where the document itself is in doubt, `doubts.py` says so, operation by operation.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email import message_from_bytes
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from . import doubts
from .document import Document, Json, Operation

if TYPE_CHECKING:
    from ops.sandbox.server import Sandbox
    from ops.sandbox.wire import Request

BASE = "/client/v4"


class Contract:
    """The document as a contract."""

    def __init__(self, document: Json, more: Json | None = None) -> None:
        self.document = Document(document)
        # What this document lacks is judged by a second part of it.
        self.more = Contract(more) if more else None

    def check_request(
        self,
        method: str,
        path: str,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> list[str]:
        """Return the problems of a request; *query* is the raw query string."""
        found = self.document.find(method, path.removeprefix(BASE))
        if found is None and self.more:
            return self.more.check_request(method, path, query, headers, body)
        if found is None and doubts.unlisted(method, path.removeprefix(BASE)):
            return []
        if found is None:
            return [f"{method} {path}: no such operation in the document"]
        operation, arguments = found
        lowered = _lowered(headers)
        problems = [
            *self._arguments(operation, arguments),
            *self._query(operation, parse_qsl(query, keep_blank_values=True)),
            *self._body(operation, lowered.get("content-type", ""), body),
        ]
        return [f"{operation.name}: {one}" for one in problems]

    def _arguments(self, operation: Operation, arguments: Json) -> Iterator[str]:
        known = operation.parameters("path")
        for name, text in arguments.items():
            if (operation.name, name) not in doubts.PARAMETERS:
                yield from self._parameter(f"path {name}", known[name], text)

    def _query(self, operation: Operation, pairs: list[tuple[str, str]]) -> Iterator[str]:
        known = operation.parameters("query")
        sent = [name for name, _ in pairs]
        for name, text in pairs:
            if name in known:
                yield from self._parameter(f"query {name}", known[name], text)
            elif (operation.name, name) not in doubts.PARAMETERS:
                yield f"query {name}: not a parameter of this operation"
        yield from (
            f"query {n}: missing" for n, one in known.items() if one.get("required") and n not in sent
        )

    def _parameter(self, place: str, parameter: Json, text: str) -> Iterator[str]:
        """Yield a problem unless the text is valid as a number, a boolean or a string."""
        complaints = [self.document.errors(parameter.get("schema", {}), one) for one in _readings(text)]
        if all(complaints):
            yield f"{place}={text[:60]!r}: {complaints[0][0][1]}"

    def _body(self, operation: Operation, content_type: str, body: bytes) -> Iterator[str]:
        about = self.document.resolve(operation.about.get("requestBody", {}))
        if not about:
            if body:
                yield "a body where the document has none"
            return
        if not body:
            if about.get("required"):
                yield "the body is missing"
            return
        media = _media(content_type)
        if media not in about["content"]:
            yield f"body of type {media!r}; the document has {', '.join(about['content'])}"
        elif media == "application/json":
            yield from self._json(about["content"][media].get("schema", {}), body)
        elif media == "multipart/form-data":
            yield from self._parts(about["content"][media].get("schema", {}), content_type, body)

    def _parts(self, schema: Json, content_type: str, body: bytes) -> Iterator[str]:
        """Yield missing required parts, and parts typed as objects that are not valid JSON objects."""
        parts = read_parts(content_type, body)
        schema = self.document.resolve(schema)
        for name in schema.get("required", []):
            if name not in parts:
                yield f"part {name!r} is missing"
        for name, one in schema.get("properties", {}).items():
            if name in parts and self.document.resolve(one).get("type") == "object":
                yield from self._json(one, parts[name])

    def check_response(
        self, method: str, path: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> list[str]:
        """Return the problems of a response."""
        found = self.document.find(method, path.removeprefix(BASE))
        if found is None and self.more:
            problems = self.more.check_response(method, path, status, headers, body)
            # The operations that the document takes from the SDK have no errors.
            return [one for one in problems if not one.endswith(f"status {status} is not documented")]
        if found is None or status >= 500:
            return []
        operation, _ = found
        answers = operation.about["responses"]
        answer = answers.get(str(status)) or answers.get(f"{status // 100}XX") or answers.get("default")
        if answer is None:
            problems = [f"status {status} is not documented"]
        else:
            problems = list(self._answer(operation, status, answer, _lowered(headers), body))
        return [f"{operation.name}: {one}" for one in problems]

    def _answer(
        self, operation: Operation, status: int, answer: Json, headers: Mapping[str, str], body: bytes
    ) -> Iterator[str]:
        content = answer.get("content")
        if not content:
            if body:
                yield "a body where the document has none"
            return
        media = _media(headers.get("content-type", ""))
        if media not in content:
            yield f"answer {status} of type {media!r}; the document has {', '.join(content)}"
        elif media == "application/json":
            schema = content[media].get("schema", {})
            if status >= 400 and operation.name in doubts.CONTRADICTORY_FAILURES:
                schema = doubts.PLAIN_FAILURE
            yield from (f"answer {status}, {one}" for one in self._envelope(operation, schema, body))

    def _envelope(self, operation: Operation, schema: Json, body: bytes) -> Iterator[str]:
        try:
            value = doubts.without_nulls(operation.name, json.loads(body, parse_constant=_no_constant))
        except ValueError as error:
            yield f"not JSON: {error}"
            return
        for place, message in self.document.errors(schema, value):
            if not doubts.accepts(operation.name, place, message):
                yield f"{place or 'the body'}: {message}"

    def _json(self, schema: Json, body: bytes) -> Iterator[str]:
        """Yield the problems of a JSON body that was sent."""
        try:
            value = json.loads(body, parse_constant=_no_constant)
        except ValueError as error:
            yield f"not JSON: {error}"
            return
        for place, message in self.document.errors(schema, value, sent=True):
            yield f"{place or 'the body'}: {message}"

    @contextmanager
    def watch(self, sandbox: Sandbox) -> Iterator[list[str]]:
        """Check every exchange with *sandbox* in the block; a problem fails the block at its end.

        Requests are checked only if the sandbox did not refuse them: a test may send an invalid request
        on purpose, and then the refusal must be as documented.
        """
        problems: list[str] = []

        def observe(exchange: Request) -> None:
            path, _, query = exchange.target.partition("?")
            answer = exchange.answer
            if answer.status < 400:
                problems.extend(
                    self.check_request(exchange.method, path, query, exchange.headers, exchange.body)
                )
            if isinstance(answer.body, bytes):
                headers = {"content-type": "application/json"} | _lowered(answer.headers)
                problems.extend(
                    self.check_response(exchange.method, path, answer.status, headers, answer.body)
                )

        before, sandbox.edge.observer = sandbox.edge.observer, observe
        try:
            yield problems
        finally:
            sandbox.edge.observer = before
        assert not problems, "\n".join(dict.fromkeys(problems))


def read_parts(content_type: str, body: bytes) -> dict[str, bytes]:
    """Return the parts of a multipart body by name, read by the standard library's mail parser."""
    message = message_from_bytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    found: dict[str, bytes] = {}
    for part in message.walk():
        data = part.get_payload(decode=True)
        name = part.get_param("name", header="content-disposition")
        if isinstance(data, bytes) and name:
            found[str(name)] = data
    return found


def _readings(text: str) -> Iterator[Any]:
    yield text
    if text in ("true", "false"):
        yield text == "true"
    try:
        yield float(text) if "." in text else int(text)
    except ValueError:
        return


def _media(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _lowered(headers: Mapping[str, str] | None) -> dict[str, str]:
    return {name.lower(): value for name, value in (headers or {}).items()}


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
