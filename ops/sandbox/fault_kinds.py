"""What each kind of fault does: to the request, to the answer, or to the way the answer leaves.

A kind's default arguments are listed beside it in ``KINDS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ops.sandbox import fault_lists
from ops.sandbox.limits import refused
from ops.sandbox.router import not_routable, segments
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Refusal, Request

if TYPE_CHECKING:
    from ops.sandbox.faults import Fault

Before = Callable[["Fault", Request, Store], Answer | None]
After = Callable[["Fault", Answer], Answer]


@dataclass(frozen=True)
class Kind:
    """*before* may answer instead of the product; *after* changes the answer; *leaves* is how it goes out."""

    args: dict[str, Any] = field(default_factory=dict)
    before: Before | None = None
    after: After | None = None
    leaves: str = ""


def _rate_limited(fault: Fault, _request: Request, _store: Store) -> Answer:
    left = fault.args["after"] if isinstance(fault.args["after"], int) else 300
    headers = {"Ratelimit": f'"default";r=0;t={left}'} if fault.args["ratelimit"] else {}
    return refused(fault.args["after"], headers).answer()


def _edge_error(fault: Fault, _request: Request, _store: Store) -> Answer:
    return _page(fault, f"{fault.args['status']}: the origin or the edge failed")


def _edge_error_after(fault: Fault, _answer: Answer) -> Answer:
    return _page(fault, f"{fault.args['status']}: the origin or the edge failed")


def _firewall(fault: Fault, _request: Request, _store: Store) -> Answer:
    return _page(fault, "Sorry, you have been blocked")


def _page(fault: Fault, title: str) -> Answer:
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


def _deny(fault: Fault, request: Request, _store: Store) -> None:
    request.denied.update(fault.args["scope"].split(","))


def _revoke(fault: Fault, request: Request, store: Store) -> None:
    token = request.headers.get("Authorization").rpartition(" ")[2]
    store.set_token_status(token, fault.args["status"])


KINDS: dict[str, Kind] = {
    "delay": Kind({"seconds": 1.0, "jitter": 0.0, "seed": 0}, leaves="delay"),
    "429": Kind({"after": None, "ratelimit": False}, before=_rate_limited),
    "5xx": Kind({"status": 502, "retry_after": None}, before=_edge_error),
    "403-html": Kind({"status": 403}, before=_firewall),
    "reset": Kind(leaves="reset"),
    "close": Kind(leaves="close"),
    "hang": Kind({"seconds": 3600.0, "execute": False}, leaves="hang"),
    "cut": Kind({"at": None, "reset": False}, leaves="cut"),
    "cut-chunked": Kind({"at": None, "reset": False}, leaves="cut-chunked"),
    "no-length": Kind({"at": None, "reset": False}, leaves="no-length"),
    "drip": Kind({"bytes": 1, "seconds": 0.5}, leaves="drip"),
    "drop-after": Kind({"reset": False}, leaves="drop-after"),
    "error-after": Kind({"status": 524}, after=_edge_error_after),
    "denied": Kind({"scope": "*"}, before=_deny),
    "revoked": Kind({"status": "revoked"}, before=_revoke),
    "drift": Kind({"seed": 0, "inserts": 2, "deletes": 2, "before": None}, before=fault_lists.change_list),
    "malformed": Kind(
        {"body": b"not json", "status": 200, "content_type": "application/json"}, before=_malformed
    ),
    "total-lies": Kind({"total": None}, after=fault_lists.lie),
    "lower-per-page": Kind({"per_page": 5}, before=fault_lists.lower_per_page),
    "same-page-forever": Kind(before=fault_lists.same_page, after=fault_lists.same_cursor),
    "cursor-expired": Kind(before=fault_lists.expired_cursor),
    "empty-page": Kind(before=fault_lists.empty_page),
    "partial-bulk": Kind({"keys": 1}, before=fault_lists.partial_bulk),
    "lag": Kind({"seconds": 60.0}, before=fault_lists.lag),
    "gone": Kind({"status": 404, "code": 0, "message": "This product is not available."}, before=_gone),
    "unknown-fields": Kind(after=fault_lists.strange),
}
