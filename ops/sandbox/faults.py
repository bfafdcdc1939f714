"""The fault plan: the nth matching request gets the fault, and so do the next ones, as often as it says.

faults.add(Fault("429", "GET", "/zones*", nth=3, times=2, after=17))
faults.parse("429 GET /zones* nth=3 times=2 after=17")
"""

from __future__ import annotations

import json
import random
import re
import threading
from collections.abc import Callable, Sequence
from typing import Any

from ops.sandbox import dns_records
from ops.sandbox.pages import INVALID_CURSOR, after, cursor_behind
from ops.sandbox.router import not_routable, segments
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok, too_many_requests

# Each kind with its arguments and their defaults.
ARGUMENTS: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 1.0, "jitter": 0.0, "seed": 0},
    "429": {"after": None, "ratelimit": False},
    "5xx": {"status": 502, "retry_after": None},
    "403-html": {"status": 403},
    "reset": {},
    "close": {},
    "hang": {"seconds": 3600.0, "execute": False},
    "cut": {"at": None, "reset": False},
    "cut-chunked": {"at": None, "reset": False},
    "no-length": {"at": None, "reset": False},
    "drip": {"bytes": 1, "seconds": 0.5},
    "drop-after": {"reset": False},
    "error-after": {"status": 524},
    "denied": {"scope": "*"},
    "revoked": {"status": "revoked"},
    "drift": {"seed": 0, "inserts": 2, "deletes": 2, "before": None},
    "malformed": {"body": b"not json", "status": 200, "content_type": "application/json"},
    "total-lies": {"total": None},
    "lower-per-page": {"per_page": 5},
    "same-page-forever": {},
    "cursor-expired": {},
    "empty-page": {},
    "partial-bulk": {"keys": 1},
    "lag": {"seconds": 60.0},
    "gone": {"status": 404, "code": 0, "message": "This product is not available."},
    "unknown-fields": {},
}


class Fault:
    """One entry of the plan.

    *path*: a glob (``*`` matches any text; compared with the path without ``/client/v4``, with and without
    its query), a compiled pattern, or "" for all. *times*: -1 for always. *args*: the kind's own arguments.
    A status such as ``"503"`` is a kind too.
    """

    def __init__(
        self,
        kind: str,
        method: str = "",
        path: str | re.Pattern[str] = "",
        *,
        nth: int = 1,
        times: int = 1,
        **args: Any,
    ) -> None:
        if re.fullmatch(r"5\d\d", kind):
            args, kind = {"status": int(kind), **args}, "5xx"
        if kind not in ARGUMENTS:
            raise ValueError(f"unknown fault {kind!r}; use one of: {', '.join(sorted(ARGUMENTS))}")
        unknown = set(args) - set(ARGUMENTS[kind])
        if unknown:
            raise ValueError(f"fault {kind} has no argument {', '.join(sorted(unknown))}")
        self.kind = kind
        self.method = method.upper().replace("*", "")
        glob = path if isinstance(path, str) else ""
        pattern = ".*".join(re.escape(piece) for piece in (glob or "*").split("*"))
        self.pattern = path if isinstance(path, re.Pattern) else re.compile(pattern, re.DOTALL)
        self.nth = nth
        self.times = times
        self.args = {**ARGUMENTS[kind], **args}
        self.seen = self.fired = 0

    def matches(self, method: str, target: str) -> bool:
        """True if this fault counts the request."""
        if self.method and self.method != method:
            return False
        path = target.partition("?")[0]
        return bool(self.pattern.fullmatch(target) or self.pattern.fullmatch(path))

    def count(self) -> bool:
        """Count a matching request; return True if it is to fail."""
        self.seen += 1
        fires = self.seen >= self.nth and (self.times < 0 or self.seen < self.nth + self.times)
        self.fired += fires
        return fires


class Faults:
    """The faults of a sandbox; may be changed while it runs."""

    def __init__(self, plan: Sequence[Fault | str] = ()) -> None:
        self._plan: list[Fault] = []
        self._lock = threading.Lock()
        for fault in plan:
            self.parse(fault) if isinstance(fault, str) else self.add(fault)

    def add(self, fault: Fault) -> Fault:
        """Add a fault to the plan; several may affect one request, in the order of the plan."""
        self._plan.append(fault)
        return fault

    def parse(self, text: str) -> Fault:
        """Add a fault written as ``KIND [METHOD] [PATH] [name=value ...]``."""
        kind, *words = text.split()
        filters = [word for word in words if not re.match(r"[a-z_]+=", word)]
        args: dict[str, Any] = {}
        for name, _, value in (word.partition("=") for word in words if re.match(r"[a-z_]+=", word)):
            try:
                args[name] = json.loads(value)
            except ValueError:
                args[name] = value
        method = filters.pop(0) if filters and not filters[0].startswith(("/", "*/")) else ""
        return self.add(Fault(kind, method, filters[0] if filters else "", **args))

    def clear(self) -> None:
        self._plan = []

    def take(self, method: str, target: str) -> list[Fault]:
        """Return the faults that affect this request."""
        if not self._plan:
            return []
        with self._lock:
            return [fault for fault in self._plan if fault.matches(method, target) and fault.count()]


# May answer instead of the product; or change the response.
Before = Callable[[Fault, Request, Store], Answer | None]
After = Callable[[Fault, Answer], Answer]


def lower_per_page(fault: Fault, request: Request, _store: Store) -> None:
    """Answer with smaller pages than requested, and echo their size."""
    for name in ("per_page", "limit"):
        size = request.query.get(name, "")
        if name == "per_page" or size:
            most = int(fault.args["per_page"])
            request.query[name] = str(min(int(size), most) if size.isdigit() else most)


def same_page(_fault: Fault, request: Request, _store: Store) -> None:
    request.query.pop("page", None)
    request.query.pop("cursor", None)


def same_cursor(_fault: Fault, envelope: Json) -> None:
    info = envelope.get("result_info") or {}
    if info.get("cursor"):
        info["cursor"] = "the-same-cursor"
    if info.get("cursors"):
        info["cursors"] = {"after": "the-same-cursor"}


def change_total(fault: Fault, envelope: Json) -> None:
    """Report another total, or none, and no number of pages."""
    info = envelope.get("result_info")
    if isinstance(info, dict):
        info.pop("total_pages", None)
        info.pop("total_count", None)
        info |= {} if fault.args["total"] is None else {"total_count": fault.args["total"]}


def add_unknown_fields(_fault: Fault, envelope: Json) -> None:
    """Add undocumented fields to the envelope and to every item."""
    result = envelope.get("result")
    for item in result if isinstance(result, list) else [result]:
        if isinstance(item, dict):
            item["x_unknown_field"] = {"since": "tomorrow", "list": [1, None, "é"]}
    envelope["x_unknown_envelope_field"] = True


def in_envelope(change: Callable[[Fault, Json], None]) -> After:
    """Return the effect that applies *change* to the envelope of a response, if it has one."""

    def after(fault: Fault, answer: Answer) -> Answer:
        try:
            envelope = json.loads(answer.body)
        except ValueError:
            return answer
        if not isinstance(envelope, dict):
            return answer
        change(fault, envelope)
        return Answer(answer.status, answer.headers, dumps(envelope).encode())

    return after


def drift(fault: Fault, request: Request, store: Store) -> None:
    """Change the requested list of DNS records or KV keys: with the given hook, or at random."""
    # Seeded, so that a failing run can be repeated.
    chance = random.Random(f"{fault.args['seed']}:{fault.fired}")  # noqa: S311 - no secret depends on it
    words = segments(request.path)
    added, removed = (chance.randint(0, fault.args[most]) for most in ("inserts", "deletes"))
    if fault.args["before"] is not None:
        fault.args["before"](request, store)
    elif words[:1] == ["zones"] and words[2:3] == ["dns_records"]:
        with store.transaction():
            zone, sql = words[1], "SELECT body FROM dns_record WHERE zone = ? AND type = 'A' LIMIT 1"
            sample = store.value(sql, (zone,))
            ids = store.texts("SELECT id FROM dns_record WHERE zone = ? ORDER BY id", (zone,))
            for id in chance.sample(ids, min(removed, len(ids))):
                store.run("DELETE FROM dns_record WHERE zone = ? AND id = ?", (zone, id))
            for _ in range(added if sample else 0):
                record = json.loads(sample) | {"id": f"{chance.getrandbits(128):032x}", "proxied": False}
                parent = record["name"].split(".", 1)[-1]
                new = {"name": f"{chance.getrandbits(48):012x}.{parent}", "content": "192.0.2.77"}
                dns_records.save(store, zone, record | new)
    elif words[2:5] == ["storage", "kv", "namespaces"] and words[6:7] == ["keys"]:
        with store.transaction():
            namespace = words[5]
            names = store.texts("SELECT name FROM kv_pair WHERE namespace = ? ORDER BY name", (namespace,))
            for name in chance.sample(names, min(removed, len(names))):
                store.run("DELETE FROM kv_pair WHERE namespace = ? AND name = ?", (namespace, name))
            for _ in range(added):
                name = f"{chance.getrandbits(48):012x}"
                row = (namespace, name, dumps({"name": name}), None, store.now(), None, None, b"drift")
                store.run("INSERT OR REPLACE INTO kv_pair VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)


# These damage the delivery of the response (``connection``).
DELIVERIES = frozenset({"reset", "close", "hang", "cut", "cut-chunked", "no-length", "drip", "drop-after"})


def _rate_limited(fault: Fault, _request: Request, _store: Store) -> Answer:
    left = fault.args["after"] if isinstance(fault.args["after"], int) else 300
    headers = {"Ratelimit": f'"default";r=0;t={left}'} if fault.args["ratelimit"] else {}
    return too_many_requests(fault.args["after"], headers).answer()


def _page(fault: Fault, title: str = "") -> Answer:
    title = title or f"{fault.args['status']}: the origin or the edge failed"
    ray = f"{fault.fired:016x}-SBX"
    text = (
        f"<!DOCTYPE html>\n<html><head><title>{title}</title></head>"
        f"<body><h1>{title}</h1><p>Ray ID: {ray}</p></body></html>\n"
    )
    headers = {"Content-Type": "text/html; charset=UTF-8", "cf-ray": ray}
    if fault.args.get("retry_after") is not None:
        headers["retry-after"] = str(fault.args["retry_after"])
    return Answer(fault.args["status"], headers, text.encode())


def _gone(fault: Fault, request: Request, _store: Store) -> Answer:
    unknown, code = not_routable(segments(request.path)), fault.args["code"]
    message = fault.args["message"] if code else unknown.message
    return Refusal(fault.args["status"], code or unknown.code, message).answer()


def _malformed(fault: Fault, _request: Request, _store: Store) -> Answer:
    body = fault.args["body"]
    text = json.dumps(body) if isinstance(body, dict | list) else str(body)
    data = body if isinstance(body, bytes) else text.encode("utf-8", "surrogatepass")
    return Answer(fault.args["status"], {"Content-Type": fault.args["content_type"]}, data)


BEFORE: dict[str, Before] = {
    "429": _rate_limited,
    "5xx": lambda fault, _request, _store: _page(fault),
    "403-html": lambda fault, _request, _store: _page(fault, "Sorry, you have been blocked"),
    "revoked": lambda fault, request, store: store.set_token_status(
        request.headers.get("Authorization").rpartition(" ")[2], fault.args["status"]
    ),
    "drift": drift,
    "malformed": _malformed,
    "lower-per-page": lower_per_page,
    "same-page-forever": same_page,
    # A first page is answered.
    "cursor-expired": lambda _fault, request, _store: (
        Refusal(*INVALID_CURSOR).answer() if request.query.get("cursor") else None
    ),
    # The cursor continues, as after many deletions; no item is lost.
    "empty-page": lambda _fault, request, store: ok(
        [], {"count": 0, "cursor": cursor_behind(request, store, after(request, store))}
    ),
    "gone": _gone,
}
AFTER: dict[str, After] = {
    "error-after": lambda fault, _answer: _page(fault),
    "total-lies": in_envelope(change_total),
    "same-page-forever": in_envelope(same_cursor),
    "unknown-fields": in_envelope(add_unknown_fields),
}
