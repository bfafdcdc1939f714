"""The client's stack: session, observer, budget, retry, circuit breaker and cache, in this order.

Every attempt takes from the budget, retries included; a cached response takes nothing.
"""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ops.http.answers import parse, readable
from ops.http.budget import Budget, with_budget
from ops.http.client import Client
from ops.http.exchange import WRITE, Call, Paths, Reply, Send
from ops.http.observe import Observer, Seen
from ops.http.origin import check_origin, check_pair, check_proxy, is_allowed, is_of_sandbox
from ops.http.parallel import in_flight
from ops.http.pause import Pause, served
from ops.http.retry import with_circuit, with_retry
from ops.http.session import Session
from ops.telemetry.record import Record
from ops.telemetry.redact import Redactor
from ops.version import VERSION

if TYPE_CHECKING:
    from requests import PreparedRequest

    from ops.config.credentials import Credentials
    from ops.config.settings import Settings
    from ops.http.cache import Cache


class DryRun:
    """Replaces *send* in a dry run. `withheld` holds the writes that were not sent, in order.

    Each is reported in a line, without its body, which may hold secrets. Its response is a success whose
    `result` is the body of the write if that is an object, else null; ids that only Cloudflare assigns are
    missing.
    """

    def __init__(self, send: Send, say: Callable[[str], None]) -> None:
        self._send = send
        self._say = say
        self.withheld: list[Call] = []

    def __call__(self, call: Call) -> Reply:
        if call.kind != WRITE:
            return self._send(call)
        self.withheld.append(call)
        size = f", {len(call.body):,} bytes" if call.body else ""
        self._say(f"dry run, not sent: {call}{size}")
        body = None
        if call.headers.get("Content-Type") == "application/json":
            with suppress(ValueError):
                body = parse(call.body or b"")
        result = body if isinstance(body, dict) else None
        return Reply(200, body=json.dumps({"success": True, "result": result}).encode())


def authorize(credentials: Credentials, request: PreparedRequest) -> None:
    """Add *credentials* to the headers of *request*."""
    if credentials.kind == "token":
        request.headers["Authorization"] = f"Bearer {credentials.token}"
    else:
        request.headers["X-Auth-Email"] = credentials.email
        request.headers["X-Auth-Key"] = credentials.key


TOLERATED = 60.0


def with_watch(send: Send, watch: Callable[[Call], Callable[[], None]]) -> Send:
    """Wrap *send* so that *watch* is called with each call, and what it returns after the response."""

    def watched(call: Call) -> Reply:
        answered = watch(call)
        try:
            return send(call)
        finally:
            answered()

    return watched


def with_clock_check(send: Send, say: Callable[[str], None], clock: Callable[[], float] = time.time) -> Send:
    """Wrap *send* so that a local clock more than a minute off is reported, once."""
    looked = threading.Event()

    def checked(call: Call) -> Reply:
        reply = send(call)
        if not looked.is_set() and (there := served(reply.headers)) is not None:
            looked.set()
            if abs(off := clock() - there) > TOLERATED:
                ahead = "ahead of" if off > 0 else "behind"
                say(
                    f"the clock of this machine is {abs(round(off))} s {ahead} Cloudflare's: "
                    "dates, ages and expiries shown here may be wrong"
                )
        return reply

    return checked


Say = Callable[[str], None]


def open_client(
    settings: Settings,
    *,
    say: Say,
    stop: threading.Event | None = None,
    clock: Callable[[], float] = time.monotonic,
    dry: bool = False,
    paths: Paths | None = None,
    watch: Callable[[Call], Callable[[], None]] | None = None,
    record: Record | None = None,
    log: Seen | None = None,
) -> Client:
    """Return the client for *settings*; no request is sent yet.

    *say* reports waits and warnings. No call starts after *stop* is set. A *dry* client sends no writes.
    *paths* describes paths in the hints of errors. *watch* is called with each call, and what it returns once
    the call was answered. *record* observes every attempt and every cached answer; *log* does with --debug.
    Raises CredentialsError without credentials, and UsageError if they may not be sent to the base URL.
    """
    credentials = settings.credentials.required()
    allowed = settings.allow_base_url
    here = check_origin(settings.base_url, allowed=allowed, of_sandbox=is_of_sandbox(credentials))
    if is_allowed(settings.base_url, allowed):
        say(f"requests go to {settings.base_url}, as allow_base_url allows")
    check_pair(credentials, here=here, base_url=settings.base_url, allowed=allowed)
    until = clock() + settings.deadline if settings.deadline else math.inf
    pause = Pause(say=say, stop=stop, until=until, clock=clock)
    session = _session(settings, here=here, until=until, clock=clock)
    file = settings.state_dir / f"budget-{credentials.fingerprint()}"
    budget = Budget(file, limit=settings.budget, window=settings.window, pause=pause, say=say, clock=clock)
    observer = Observer(record or Record(), clock, log if settings.debug else None)
    send = with_clock_check(in_flight(observer.attempts(session, pause.taken), settings.workers), say)
    send = with_budget(readable(send, Redactor(settings.secrets()).in_bytes), budget)
    send = with_circuit(with_retry(send, pause=pause, attempts=settings.attempts), clock)
    send = with_watch(send, watch) if watch else send
    cached = _Cached(DryRun(send, say) if dry else send, settings, say)

    def close() -> None:
        session.close()
        budget.close()
        cached.close()

    client = Client(observer.cached(cached), cache=settings.cache, budget=budget, paths=paths, close=close)
    client.pause, client.say = pause, say
    return client


def _session(settings: Settings, *, here: bool, until: float, clock: Callable[[], float]) -> Session:
    if settings.proxy:
        check_proxy(settings.proxy)
    return Session(
        settings.base_url,
        partial(authorize, settings.credentials),
        user_agent=f"cfops/{VERSION}",
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        seconds=settings.call_deadline,
        until=until,
        # A proxy would send requests for this machine elsewhere.
        proxy="" if here else settings.proxy,
        ca_file=settings.ca_file,
        clock=clock,
    )


class _Cached:
    """The cache, opened by the first call that needs it, since loading SQLite is slow."""

    def __init__(self, send: Send, settings: Settings, say: Say) -> None:
        self._send = send
        self._settings = settings
        self._say = say
        self._file = settings.cache_dir / "answers.sqlite"
        self._opening = threading.Lock()
        self._cache: Cache | None = None
        self._around: Send | None = None

    def __call__(self, call: Call) -> Reply:
        if call.fresh <= 0 and (call.kind != WRITE or not self._file.exists()):
            return self._send(call)
        with self._opening:
            if self._around is None:
                from ops.http.cache import Cache, with_cache

                settings = self._settings
                owner = (settings.credentials.fingerprint(), settings.account_id, settings.base_url)
                holds = Redactor(settings.secrets()).holds
                self._cache = Cache(self._file, owner=owner, holds_secret=holds, say=self._say)
                self._around = with_cache(self._send, self._cache)
        return self._around(call)

    def close(self) -> None:
        if self._cache:
            self._cache.close()
