"""What each kind of fault does: to the request, to the response, or to its delivery.

The kinds and their default arguments are in ``faults``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ops.sandbox import fault_lists
from ops.sandbox.faults import ARGUMENTS, Fault
from ops.sandbox.limits import refused
from ops.sandbox.router import not_routable, segments
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request

Before = Callable[[Fault, Request, Store], Answer | None]
After = Callable[[Fault, Answer], Answer]


@dataclass(frozen=True)
class Kind:
    """*before* may answer instead of the product; *after* changes the response."""

    before: Before | None = None
    after: After | None = None


# These damage the delivery of the response (``sending``).
DELIVERIES = frozenset({"reset", "close", "hang", "cut", "cut-chunked", "no-length", "drip", "drop-after"})


def _rate_limited(fault: Fault, _request: Request, _store: Store) -> Answer:
    left = fault.args["after"] if isinstance(fault.args["after"], int) else 300
    headers = {"Ratelimit": f'"default";r=0;t={left}'} if fault.args["ratelimit"] else {}
    return refused(fault.args["after"], headers).answer()


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
    data = body if isinstance(body, bytes) else str(body).encode("utf-8", "surrogatepass")
    return Answer(fault.args["status"], {"Content-Type": fault.args["content_type"]}, data)


def _revoke(fault: Fault, request: Request, store: Store) -> None:
    token = request.headers.get("Authorization").rpartition(" ")[2]
    store.set_token_status(token, fault.args["status"])


_EFFECTS: dict[str, Kind] = {
    "429": Kind(before=_rate_limited),
    "5xx": Kind(before=lambda fault, _request, _store: _page(fault)),
    "403-html": Kind(before=lambda fault, _request, _store: _page(fault, "Sorry, you have been blocked")),
    "error-after": Kind(after=lambda fault, _answer: _page(fault)),
    "denied": Kind(before=lambda fault, request, _: request.denied.update(fault.args["scope"].split(","))),
    "revoked": Kind(before=_revoke),
    "drift": Kind(before=fault_lists.change_list),
    "malformed": Kind(before=_malformed),
    "total-lies": Kind(after=fault_lists.change_total),
    "lower-per-page": Kind(before=fault_lists.lower_per_page),
    "same-page-forever": Kind(before=fault_lists.same_page, after=fault_lists.same_cursor),
    "cursor-expired": Kind(before=fault_lists.expired_cursor),
    "empty-page": Kind(before=fault_lists.empty_page),
    "partial-bulk": Kind(before=fault_lists.partial_bulk),
    "lag": Kind(before=fault_lists.lag),
    "gone": Kind(before=_gone),
    "unknown-fields": Kind(after=fault_lists.add_unknown_fields),
}
KINDS = {name: _EFFECTS.get(name, Kind()) for name in ARGUMENTS}
