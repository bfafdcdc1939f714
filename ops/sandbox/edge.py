"""From a request to its response: faults, authentication, rate limit, route, handler."""

from __future__ import annotations

import random
import threading
import traceback
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass

from ops.sandbox import auth, router
from ops.sandbox.fault_kinds import DELIVERIES, KINDS
from ops.sandbox.faults import Fault, Faults
from ops.sandbox.identity import ACCOUNT_ID
from ops.sandbox.limits import Limiter
from ops.sandbox.store import Store
from ops.sandbox.wire import Answer, Exchange, Refusal, Request, Token

# The request is not executed before these.
_NOT_EXECUTED = ("reset", "close")


@dataclass(frozen=True)
class Delivery:
    """A response and the fault that damages its delivery, if any."""

    answer: Answer
    fault: Fault | None = None


class Edge:
    """The gateway in front of the products."""

    def __init__(self, store: Store, limiter: Limiter, faults: Faults) -> None:
        self.store = store
        self.limiter = limiter
        self.faults = faults
        self.stopped = threading.Event()
        self.crashes: list[str] = []
        self.observer: Callable[[Exchange], None] | None = None

    def handle(self, request: Request, target: str) -> Delivery:
        """Answer *request* and show the exchange to the observer; *target* is its path with the query."""
        active = self.faults.take(request.method, target)
        for fault in (one for one in active if one.kind == "delay"):
            chance = random.Random(f"{fault.args['seed']}:{fault.fired}")  # noqa: S311 - no secret depends on it
            self.stopped.wait(fault.args["seconds"] + chance.random() * fault.args["jitter"])
        damage = next((fault for fault in active if fault.kind in DELIVERIES), None)
        if damage and (
            damage.kind in _NOT_EXECUTED or (damage.kind == "hang" and not damage.args["execute"])
        ):
            answer = Answer(200, {}, b"")
        else:
            answer = self._answer(request, active)
            for fault in active:
                after = KINDS[fault.kind].after
                answer = after(fault, answer) if after else answer
        if self.observer is not None:
            headers = dict(request.headers.items())
            self.observer(Exchange(request.method, target, headers, request.body, answer))
        return Delivery(answer, damage)

    def _answer(self, request: Request, active: list[Fault]) -> Answer:
        """Answer as the gateway does: authentication, rate limit, faults, route; a crash is a 500."""
        try:
            token = auth.identify(request, self.store)
            limits = self.limiter.take(token.token if token else "")
            for fault in active:
                before = KINDS[fault.kind].before
                instead = before(fault, request, self.store) if before else None
                if instead is not None:
                    return instead
            if active:
                token = auth.identify(request, self.store)
            answer = self._product(request, token)
            if request.path != "/graphql":
                answer.headers.update(limits)
            return answer
        except Refusal as refusal:
            return refusal.answer()
        except Exception:
            self.crashes.append(traceback.format_exc())
            return Refusal(500, 10013, "workers.api.error.unknown").answer()

    def _product(self, request: Request, token: Token | None) -> Answer:
        """Answer with the handler of the path, or with its refusal."""
        try:
            found, request.args = router.find(request.method, request.path)
            request.token = token
            if found.scope != auth.SELF_CHECKED:
                auth.admit(request, token, found.scope)
            account, zone = request.args.get("account_id"), request.args.get("zone_id")
            if account and account != ACCOUNT_ID and not self._exists("account", account):
                raise auth.unauthorized(found.scope)
            if zone and not self._exists("zone", zone):
                raise Refusal(404, 1003, "Invalid zone identifier")
            with self.store.transaction() if found.atomic else nullcontext():
                return found.handler(request, self.store)
        except Refusal as refusal:
            return refusal.answer()

    def _exists(self, kind: str, id: str) -> bool:
        return self.store.document_text(kind, "", id) is not None
