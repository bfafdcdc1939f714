"""Faults of lists: pages and cursors that do not add up, and what changes between two pages."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ops.sandbox import drift
from ops.sandbox.pages import after, cursor_behind, invalid_cursor
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Request, dumps, ok

if TYPE_CHECKING:
    from ops.sandbox.faults import Fault


def change_list(fault: Fault, request: Request, store: Store) -> None:
    """Change the list that is asked for: by the hook given, or by chance."""
    hook = fault.args["before"]
    if hook is not None:
        hook(request, store)
        return
    # Seeded, so that a failing run can be repeated.
    chance = random.Random(f"{fault.args['seed']}:{fault.fired}")  # noqa: S311 - no secret depends on it
    drift.drift(request, store, chance, fault.args["inserts"], fault.args["deletes"])


def lag(fault: Fault, request: Request, _store: Store) -> None:
    """Show listings as they were some seconds ago."""
    request.lag = float(fault.args["seconds"])


def empty_page(_fault: Fault, request: Request, store: Store) -> Answer:
    """Answer with an empty page whose cursor leads on, as after many deletions: nothing is lost by it."""
    cursor = cursor_behind(request, store, after(request, store))
    return ok([], {"count": 0, "cursor": cursor})


def partial_bulk(fault: Fault, request: Request, _store: Store) -> None:
    """Leave the last keys of a bulk write unwritten and name them in the answer."""
    request.failing = int(fault.args["keys"])


def lower_per_page(fault: Fault, request: Request, _store: Store) -> None:
    """Give smaller pages than were asked for, and say so in the answer."""
    for name in ("per_page", "limit"):
        asked = request.query.get(name, "")
        if name == "per_page" or asked:
            most = int(fault.args["per_page"])
            request.query[name] = str(min(int(asked), most) if asked.isdigit() else most)


def same_page(_fault: Fault, request: Request, _store: Store) -> None:
    """Answer with the first page, whatever page is asked for."""
    request.query.pop("page", None)
    request.query.pop("cursor", None)


def same_cursor(_fault: Fault, answer: Answer) -> Answer:
    """Give the same cursor with every page."""

    def change(envelope: dict[str, Any]) -> None:
        info = envelope.get("result_info") or {}
        if info.get("cursor"):
            info["cursor"] = "the-same-cursor"
        if info.get("cursors"):
            info["cursors"] = {"after": "the-same-cursor"}

    return _changed(answer, change)


def expired_cursor(_fault: Fault, request: Request, _store: Store) -> Answer | None:
    """Refuse a cursor; a first page is answered."""
    return invalid_cursor().answer() if request.query.get("cursor") else None


def lie(fault: Fault, answer: Answer) -> Answer:
    """Tell another total, or none, and no number of pages."""

    def change(envelope: dict[str, Any]) -> None:
        info = envelope.get("result_info")
        if isinstance(info, dict):
            _tell(info, fault.args["total"])

    return _changed(answer, change)


def _tell(info: dict[str, Any], total: Any) -> None:
    info.pop("total_pages", None)
    if total is None:
        info.pop("total_count", None)
    else:
        info["total_count"] = total


def strange(_fault: Fault, answer: Answer) -> Answer:
    """Add fields to the envelope and to every item that no document knows."""

    def change(envelope: dict[str, Any]) -> None:
        result = envelope.get("result")
        for item in result if isinstance(result, list) else [result]:
            if isinstance(item, dict):
                item["x_unknown_field"] = {"since": "tomorrow", "list": [1, None, "é"]}
        envelope["x_unknown_envelope_field"] = True

    return _changed(answer, change)


def _changed(answer: Answer, change: Callable[[dict[str, Any]], None]) -> Answer:
    try:
        envelope = json.loads(answer.body) if isinstance(answer.body, bytes) else None
    except ValueError:
        return answer
    if not isinstance(envelope, dict):
        return answer
    change(envelope)
    return Answer(answer.status, answer.headers, dumps(envelope).encode())
