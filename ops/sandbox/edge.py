"""From a request to its response: faults, authentication, rate limit, route, handler.

Codes of authentication and their order follow the API's documentation: 9106, 6003 with 6111/6103/6102,
9103, 9109, 10000.
"""

from __future__ import annotations

import json
import math
import random
import re
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime

from ops.sandbox import audit, router
from ops.sandbox.faults import AFTER, BEFORE, DELIVERIES, Fault, Faults
from ops.sandbox.store import ACCOUNT_ID, Store
from ops.sandbox.wire import Answer, Refusal, Request, Token, ok, too_many_requests

Quota = tuple[int, float]
# Requests and seconds, for each user or token.
DEFAULT_QUOTA: Quota = (1200, 300.0)


class Limiter:
    """Counts requests in fixed windows; ``log`` has (monotonic time, token) of each, even without quota."""

    def __init__(self, quota: Quota | None, now: Callable[[], float]) -> None:
        self.quota = quota
        self.now = now
        self.log: list[tuple[float, str]] = []
        self._windows: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def take(self, token: str) -> dict[str, str]:
        """Count a request; return the headers of its response, or refuse it with 429."""
        self.log.append((time.monotonic(), token))
        if self.quota is None:
            return {}
        (allowed, seconds), now = self.quota, self.now()
        with self._lock:
            start, used = self._windows.get(token, (now, 0))
            if not start <= now < start + seconds:
                start, used = now, 0
            self._windows[token] = (start, used + 1)
        left = max(1, math.ceil(start + seconds - now))
        headers = {
            "Ratelimit": f'"default";r={max(0, allowed - used - 1)};t={left}',
            "Ratelimit-Policy": f'"default";q={allowed};w={math.ceil(seconds)}',
        }
        if used >= allowed:
            raise too_many_requests(left, headers)
        return headers


_TOKEN = re.compile(r"[A-Za-z0-9_.-]{20,200}")
_GLOBAL_KEY = re.compile(r"[0-9a-f]{37,45}|cfk_\w+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def identify(request: Request, store: Store) -> Token | None:
    """Return the credential of a request, None if it is well-formed but unknown; refuse a malformed one."""
    if request.path.startswith(router.SIGNED):
        return None
    bearer = request.headers.get("Authorization")
    email, key = request.headers.get("X-Auth-Email"), request.headers.get("X-Auth-Key")
    if bearer:
        kind, _, token = bearer.partition(" ")
        known = token if kind.lower() == "bearer" and _TOKEN.fullmatch(token) else ""
        if not known or _GLOBAL_KEY.fullmatch(known) or known == store.meta("key"):
            raise _malformed(6111, "Authorization")
        sql = "SELECT token, id, scopes, status, expires_on, owner FROM token WHERE token = ?"
        row = store.one(sql, (known,))
        if row is None or row[3] == "revoked":
            return None
        status, expires_on = row[3], row[4]
        if expires_on and datetime.fromisoformat(expires_on).timestamp() <= store.now():
            status = "expired"
        return Token(row[0], row[1], frozenset(row[2].split()), status, expires_on, row[5])
    if not email or not key:
        raise Refusal(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers")
    if not _EMAIL.fullmatch(email):
        raise _malformed(6102, "X-Auth-Email")
    if not (_GLOBAL_KEY.fullmatch(key) or key == store.meta("key")):
        raise _malformed(6103, "X-Auth-Key")
    if key != store.meta("key") or email != store.meta("email"):
        raise Refusal(403, 9103, "Unknown X-Auth-Key or X-Auth-Email")
    return Token(key, "", frozenset({"*"}), "active", None, "key")


def _malformed(code: int, header: str) -> Refusal:
    return Refusal(400, 6003, "Invalid request headers", [(code, f"Invalid format for {header} header")])


Delivery = tuple[Answer, Fault | None]


class Edge:
    def __init__(self, store: Store, limiter: Limiter, faults: Faults) -> None:
        self.store = store
        self.limiter = limiter
        self.faults = faults
        self.stopped = threading.Event()
        self.crashes: list[str] = []
        # Called with every answered request, in the thread of its connection, before the answer is sent.
        self.observer: Callable[[Request], None] | None = None
        # (method, path with query) of every request, without the ``/client/v4`` prefix, as it was sent.
        self.requests: list[tuple[str, str]] = []

    def handle(self, request: Request) -> Delivery:
        """Return the response and the fault that damages its delivery; show the request to the observer."""
        self.requests.append((request.method, request.target))
        active = self.faults.take(request.method, request.target)
        for fault in (one for one in active if one.kind == "delay"):
            chance = random.Random(f"{fault.args['seed']}:{fault.fired}")  # noqa: S311 - no secret depends on it
            self.stopped.wait(fault.args["seconds"] + chance.random() * fault.args["jitter"])
        damage = next((fault for fault in active if fault.kind in DELIVERIES), None)
        if damage and (damage.kind in ("reset", "close") or not damage.args.get("execute", True)):
            # The request is not executed.
            answer = Answer(200, {}, b"")
        else:
            answer = self._answer(request, active)
            for fault in (one for one in active if one.kind in AFTER):
                answer = AFTER[fault.kind](fault, answer)
        request.answer = answer
        if self.observer is not None:
            self.observer(request)
        return answer, damage

    def _answer(self, request: Request, active: list[Fault]) -> Answer:
        """Answer as the gateway does: authentication, rate limit, faults, route; a crash is a 500."""
        try:
            token = identify(request, self.store)
            limits = self.limiter.take(token.token if token else "")
            request.faults = {fault.kind: fault.args for fault in active}
            for fault in (one for one in active if one.kind in BEFORE):
                instead = BEFORE[fault.kind](fault, request, self.store)
                if instead is not None:
                    return instead
            if active:
                token = identify(request, self.store)
            answer = self._product(request, token, active)
            if request.path != "/graphql":
                answer.headers.update(limits)
            return answer
        except Refusal as refusal:
            return refusal.answer()
        except Exception:  # noqa: BLE001 (a bug of the sandbox is kept for the test that meets it)
            self.crashes.append(traceback.format_exc())
            return Refusal(500, 10013, "workers.api.error.unknown").answer()

    def _product(self, request: Request, token: Token | None, active: list[Fault]) -> Answer:
        try:
            found, request.args = router.find(request.method, request.path)
            request.token = token
            scope, checks = found.scope, found.scope != router.SELF_CHECKED
            unauthorized = Refusal(403, 10000, "Authentication error")
            if scope.startswith("zone:"):
                unauthorized = Refusal(403, 9109, "Unauthorized to access requested resource")
            if checks and (token is None or token.status != "active"):
                raise Refusal(403, 9109, "Invalid access token")
            scopes = {scope, scope.partition(":")[0], "*"}
            denied = any(scopes & set(one.args["scope"].split(",")) for one in active if one.kind == "denied")
            if checks and scope and token and (denied or not token.may(scope)):
                raise unauthorized
            account, zone = request.args.get("account_id"), request.args.get("zone_id")
            if account and account != ACCOUNT_ID and self.store.document_text("account", "", account) is None:
                raise unauthorized
            held = self.store.document_text("zone", "", zone) if zone else None
            if zone and held is None:
                raise Refusal(404, 1003, "Invalid zone identifier")
            with self.store.transaction() if found.atomic else nullcontext():
                result = found.handler(request, self.store)
                answer = result if isinstance(result, Answer) else ok(result)
                if request.method != "GET" and scope and not scope.endswith(":read"):
                    audit.record(self.store, request, answer, json.loads(held) if held else None)
                return answer
        except Refusal as refusal:
            return refusal.answer()
