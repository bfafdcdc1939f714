"""What each kind of fault does: to the request, to the response, to a list, or to the delivery.

The kinds and their default arguments are in ``faults``.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable

from ops.sandbox import dns_records
from ops.sandbox.faults import Fault
from ops.sandbox.pages import after, cursor_behind, invalid_cursor
from ops.sandbox.router import not_routable, segments
from ops.sandbox.store import Json, Store
from ops.sandbox.wire import Answer, Refusal, Request, dumps, ok, too_many_requests

# May answer instead of the product; or change the response.
Before = Callable[[Fault, Request, Store], Answer | None]
After = Callable[[Fault, Answer], Answer]


def change_list(fault: Fault, request: Request, store: Store) -> None:
    """Change the requested list: with the given hook, or at random."""
    hook = fault.args["before"]
    if hook is not None:
        hook(request, store)
        return
    # Seeded, so that a failing run can be repeated.
    chance = random.Random(f"{fault.args['seed']}:{fault.fired}")  # noqa: S311 - no secret depends on it
    drift(request, store, chance, fault.args["inserts"], fault.args["deletes"])


def lag(fault: Fault, request: Request, _store: Store) -> None:
    """Show listings as they were some seconds ago."""
    request.lag = float(fault.args["seconds"])


def partial_bulk(fault: Fault, request: Request, _store: Store) -> None:
    """Leave the last keys of a bulk write unwritten and name them in the response."""
    request.failing = int(fault.args["keys"])


def lower_per_page(fault: Fault, request: Request, _store: Store) -> None:
    """Answer with smaller pages than requested, and echo their size."""
    for name in ("per_page", "limit"):
        size = request.query.get(name, "")
        if name == "per_page" or size:
            most = int(fault.args["per_page"])
            request.query[name] = str(min(int(size), most) if size.isdigit() else most)


def same_page(_fault: Fault, request: Request, _store: Store) -> None:
    """Answer with the first page, whichever page is requested."""
    request.query.pop("page", None)
    request.query.pop("cursor", None)


def same_cursor(_fault: Fault, envelope: Json) -> None:
    """Send the same cursor with every page."""
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
            envelope = json.loads(answer.body) if isinstance(answer.body, bytes) else None
        except ValueError:
            return answer
        if not isinstance(envelope, dict):
            return answer
        change(fault, envelope)
        return Answer(answer.status, answer.headers, dumps(envelope).encode())

    return after


def drift(request: Request, store: Store, chance: random.Random, inserts: int, deletes: int) -> None:
    """Insert and delete items of the requested list of DNS records or KV keys."""
    words = segments(request.path)
    added, removed = chance.randint(0, inserts), chance.randint(0, deletes)
    if words[:1] == ["zones"] and words[2:3] == ["dns_records"]:
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
    if fault.args["code"]:
        return Refusal(fault.args["status"], fault.args["code"], fault.args["message"]).answer()
    refusal = not_routable(segments(request.path))
    refusal.status = fault.args["status"]
    return refusal.answer()


def _malformed(fault: Fault, _request: Request, _store: Store) -> Answer:
    body = fault.args["body"]
    text = json.dumps(body) if isinstance(body, dict | list) else str(body)
    data = body if isinstance(body, bytes) else text.encode("utf-8", "surrogatepass")
    return Answer(fault.args["status"], {"Content-Type": fault.args["content_type"]}, data)


def _revoke(fault: Fault, request: Request, store: Store) -> None:
    token = request.headers.get("Authorization").rpartition(" ")[2]
    store.set_token_status(token, fault.args["status"])


BEFORE: dict[str, Before] = {
    "429": _rate_limited,
    "5xx": lambda fault, _request, _store: _page(fault),
    "403-html": lambda fault, _request, _store: _page(fault, "Sorry, you have been blocked"),
    "denied": lambda fault, request, _store: request.denied.update(fault.args["scope"].split(",")),
    "revoked": _revoke,
    "drift": change_list,
    "malformed": _malformed,
    "lower-per-page": lower_per_page,
    "same-page-forever": same_page,
    # A first page is answered.
    "cursor-expired": lambda _fault, request, _store: (
        invalid_cursor().answer() if request.query.get("cursor") else None
    ),
    # The cursor continues, as after many deletions; no item is lost.
    "empty-page": lambda _fault, request, store: ok(
        [], {"count": 0, "cursor": cursor_behind(request, store, after(request, store))}
    ),
    "partial-bulk": partial_bulk,
    "lag": lag,
    "gone": _gone,
}
AFTER: dict[str, After] = {
    "error-after": lambda fault, _answer: _page(fault),
    "total-lies": in_envelope(change_total),
    "same-page-forever": in_envelope(same_cursor),
    "unknown-fields": in_envelope(add_unknown_fields),
}
