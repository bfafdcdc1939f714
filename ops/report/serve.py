"""The newest page on a server of this machine, and above it the runs under way as they move.

Who can read the page reads the account. So the server listens on loopback only, the address holds a random
word, and a request must name this machine as its host: a foreign page cannot guess the word, nor reach the
server by a name of its own that leads here (DNS rebinding).
"""

from __future__ import annotations

import hmac
import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from secrets import token_urlsafe
from typing import Any, NamedTuple, Self

from ops.errors import OpsError, SystemFailure
from ops.items import Json
from ops.report.markup import Html, el

HOST = "127.0.0.1"
NAMES = (HOST, "localhost")
AT_ONCE = 16
"""Connections at once; one more is closed."""
PATIENCE = 10.0
"""Seconds that a client may take to send its request."""

HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
INSIDE = "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
"""The policy of the report's response; the page itself has the rest of its policy."""
PLAIN = "text/plain; charset=utf-8"
HTML = "text/html; charset=utf-8"

Wait = Callable[[float], bool]


class Source(NamedTuple):
    """What is served: *report* returns the newest page, *newest* the name of its snapshot.

    *states* yields what is under way each time that it has changed, until the function that it takes, which
    waits for a number of seconds, returns True.
    """

    report: Callable[[], bytes]
    newest: Callable[[], str]
    states: Callable[[Wait], Iterator[Json]]


class Served:
    """The server of *source* on *port*, 0 for any free one; `url` is the address of its page.

    Raises SystemFailure if it cannot listen.
    """

    def __init__(self, source: Source, port: int = 0, word: str = "") -> None:
        self.source, self.word = source, word or token_urlsafe(24)
        self.closing = threading.Event()
        self._page = _Cached(source)
        try:
            self._server = _Server((HOST, port), self)
        except (OSError, OverflowError) as problem:
            raise SystemFailure(
                f"cannot listen on port {port} of {HOST}: {problem}", hint="--port 0 takes any free one"
            ) from None
        self.port = self._server.server_address[1]
        self.hosts = frozenset(f"{name}:{self.port}" for name in NAMES)
        self.url = f"http://{HOST}:{self.port}/{self.word}/"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="ops-report", daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def report(self) -> bytes:
        """Return the newest page. Raises OpsError."""
        return self._page.read()


class _Cached:
    """The page of the newest snapshot, made once for each snapshot, and by one thread at a time."""

    def __init__(self, source: Source) -> None:
        self._source, self._lock = source, threading.Lock()
        self._made: tuple[str, bytes] | None = None

    def read(self) -> bytes:
        with self._lock:
            name = self._source.newest()
            if self._made is None or self._made[0] != name:
                self._made = name, self._source.report()
            return self._made[1]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], served: Served) -> None:
        self.served = served
        self._free = threading.BoundedSemaphore(AT_ONCE)
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: a client may go at any time."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "cfops", ""
    timeout = PATIENCE

    def do_GET(self) -> None:
        served = self.server.served
        if not self._is_for_us():
            return
        answers = {"": self._shell, "report": self._report, "events": self._events}
        start, word, name = parts if len(parts := self.path.split("/")) == 3 else ("", "", "")
        known = hmac.compare_digest(word.encode(), served.word.encode())
        if start or not known or name not in answers:
            self._refuse(HTTPStatus.NOT_FOUND)
        else:
            answers[name]()

    def __getattr__(self, name: str) -> Any:
        """Return what answers every other method: http.server looks for `do_` and its name."""
        if name.startswith("do_"):
            return self._other
        raise AttributeError(name)

    def _other(self) -> None:
        if self._is_for_us():
            self._refuse(HTTPStatus.METHOD_NOT_ALLOWED, Allow="GET")

    def _is_for_us(self) -> bool:
        """True if the request names this machine; otherwise it is answered."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) == 1 and hosts[0].lower() in self.server.served.hosts:
            return True
        self._refuse(HTTPStatus.MISDIRECTED_REQUEST)
        return False

    def _shell(self) -> None:
        page, policy = shell()
        self._answer(HTTPStatus.OK, HTML, page, policy)

    def _report(self) -> None:
        try:
            page = self.server.served.report()
        except OpsError as error:
            text = f"{error.message}\n{error.hint}\n".encode("utf-8", "backslashreplace")
            self._answer(HTTPStatus.SERVICE_UNAVAILABLE, PLAIN, text, f"default-src 'none'; {INSIDE}")
        else:
            self._answer(HTTPStatus.OK, HTML, page, INSIDE)

    def _events(self) -> None:
        served = self.server.served
        self._head(HTTPStatus.OK, "text/event-stream", NOTHING)
        for state in served.source.states(served.closing.wait):
            text = json.dumps({**state, "newest": served.source.newest()})
            self.wfile.write(f"data: {text}\n\n".encode())

    def _refuse(self, status: HTTPStatus, **headers: str) -> None:
        self._answer(status, PLAIN, f"{status.phrase}\n".encode(), NOTHING, **headers)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
        """Answer what is not a request, without a word of it."""
        self._refuse(HTTPStatus(code))

    def _answer(self, status: HTTPStatus, type: str, body: bytes, policy: str, **headers: str) -> None:
        self._head(status, type, policy, **headers, Content_Length=str(len(body)))
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, type: str, policy: str, **headers: str) -> None:
        self.send_response(status)
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        every = {"Content-Type": type, "Content-Security-Policy": policy, **HEADERS, **more}
        for name, value in every.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Print nothing: the address holds the word."""


def shell() -> tuple[bytes, str]:
    """Return the page around the report, with the runs above it, and its policy."""
    style, script = _asset("live.css"), _asset("live.js")
    own = f"style-src {_hash(style)}; script-src {_hash(script)}; connect-src 'self'; frame-src 'self'"
    policy = f"{NOTHING}; {own}"
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("title", "cfops"),
        el("style", Html(style)),
    )
    runs = el("header", el("p", "Connecting …", id="state"), el("ul", id="runs"), role="status", id="live")
    body = el(
        "body", runs, el("iframe", src="report", title="Report", id="report"), el("script", Html(script))
    )
    return f"<!doctype html>\n{el('html', head, body, lang='en')}\n".encode(), policy


def _asset(name: str) -> str:
    return (files("ops.report") / "assets" / name).read_text("utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
