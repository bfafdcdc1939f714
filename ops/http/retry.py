"""Retries of failed calls, where a retry cannot do harm, and a circuit breaker.

Only the class of the failure decides. Calls that were *not sent* (name lookup, connection, TLS) or *refused*
(429, and 503 with Retry-After) were not carried out, so any of them may be retried. The outcome of any other
failure is *unknown*: a read or a query is retried, and a PUT, PATCH or DELETE once, since it leads to the
same state; a POST is not.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from enum import Enum, auto

from ops.errors import ApiError, MalformedAnswer, NotSent, OpsError, Unanswered
from ops.http.exchange import WRITE, Call, Reply, Send
from ops.http.pause import Pause, retry_after, wanted_pause

ATTEMPTS = 4
WRITE_ATTEMPTS = 2
FIRST_BACKOFF = 0.5
LONGEST_BACKOFF = 20.0
# Cloudflare blocks for five minutes; without a header, doubling steps approach that.
FIRST_PAUSE = 5.0
LONGEST_PAUSE = 300.0

# After this number of failures in a row a product is not called for this number of seconds.
FAULTS = 5
REST = 30.0

TRANSIENT = frozenset({500, 502, 503, 504, *range(520, 528), 530})


class Class(Enum):
    """What is known about a failed call."""

    NOT_SENT = auto()
    REFUSED = auto()
    UNKNOWN = auto()


class Quota:
    """The retries that are left, with the numbers of the AWS SDKs, so that an outage causes no flood of
    retries.

    A full quota of 500 pays for a burst of retries, 5 each or 10 after a timeout; then each success earns 1.
    """

    FULL = 500

    def __init__(self) -> None:
        self._left = self.FULL
        self._lock = threading.Lock()

    def take(self, price: int) -> bool:
        with self._lock:
            if price > self._left:
                return False
            self._left -= price
            return True

    def earn(self) -> None:
        if self._left < self.FULL:
            with self._lock:
                self._left = min(self.FULL, self._left + 1)


def with_retry(
    send: Send,
    *,
    pause: Pause,
    attempts: int = ATTEMPTS,
    rand: Callable[[], float] = random.random,  # noqa: S311 (it spreads attempts; it guards nothing)
    quota: Quota | None = None,
) -> Send:
    """Wrap *send* so that it tries up to *attempts* times; *pause* waits between them.

    A failure that may not be retried again is returned or raised as it is. Raises RateLimited if Cloudflare
    asks for a longer wait than the run's deadline allows.
    """
    quota = quota or Quota()

    def retried(call: Call) -> Reply:
        unknown, attempt = False, 0
        while True:
            attempt += 1
            ended, failed = _attempt(send, call if attempt == 1 else call._replace(attempt=attempt))
            if failed is None or attempt >= attempts:
                break
            unknown = unknown or failed is Class.UNKNOWN
            known = failed is not Class.UNKNOWN or call.kind != WRITE
            may_repeat = known or (call.method != "POST" and attempt < WRITE_ATTEMPTS)
            price = 10 if isinstance(ended, Unanswered) else 5
            if call.optional or not may_repeat or not quota.take(price):
                break
            if failed is Class.REFUSED and isinstance(ended, Reply):
                seconds = pause_after(ended, attempt) + rand()
                pause(seconds, f"Cloudflare asked for a pause ({call}: {ended.status})")
            elif pause.fits(seconds := backoff(attempt, rand())):
                pause(seconds, f"retrying {call}")
            else:
                break
        if isinstance(ended, OpsError):
            raise ended
        ended.replayed = unknown
        if failed is None:
            quota.earn()
        return ended

    return retried


def classify(reply: Reply) -> Class | None:
    """Return the class of the failure that *reply* reports; None if it is not a temporary one."""
    if reply.status == 429 or (reply.status == 503 and retry_after(reply.headers) is not None):
        return Class.REFUSED
    return Class.UNKNOWN if reply.status in TRANSIENT else None


def backoff(attempt: int, chance: float) -> float:
    """Return the seconds to wait after *attempt*: a random share (*chance*) of a limit that doubles."""
    return chance * min(LONGEST_BACKOFF, FIRST_BACKOFF * 2.0 ** (attempt - 1))


def pause_after(reply: Reply, attempt: int) -> float:
    """Return the pause in seconds after a 429 or 503: what it asks for, else doubling steps."""
    wanted = wanted_pause(reply.headers)
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempt - 1)) if wanted is None else wanted


def _attempt(send: Send, call: Call) -> tuple[Reply | OpsError, Class | None]:
    try:
        reply = send(call)
    except NotSent as error:
        return error, Class.NOT_SENT
    except (Unanswered, MalformedAnswer) as error:
        return error, Class.UNKNOWN
    return reply, classify(reply)


def with_circuit(send: Send, clock: Callable[[], float] = time.monotonic) -> Send:
    """Wrap *send*: after five calls in a row that failed remotely, retries included, a product is not called
    for 30 seconds; then a single call tries it.

    Raises ApiError without a status for a call that is not sent. *clock* is monotonic, in seconds.
    """
    # The faults in a row of each product, and until when it is not called.
    states: dict[str, tuple[int, float]] = {}
    lock = threading.Lock()

    def fault(product: str) -> None:
        with lock:
            states[product] = states.get(product, (0, 0.0))[0] + 1, clock() + REST

    def guarded(call: Call) -> Reply:
        # The part of the API that the path belongs to: zones/dns_records, accounts/storage, graphql.
        first, *parts = call.path.strip("/").split("/")
        product = "/".join((first, *parts[1:2]))
        with lock:
            faults, until = states.get(product, (0, 0.0))
            left = until - clock()
            if faults >= FAULTS and left > 0:
                raise ApiError(
                    f"{call}: not sent, because {product} has failed {faults} times in a row",
                    hint=f"try again in {left:.0f} s; www.cloudflarestatus.com reports outages",
                )
            if faults >= FAULTS:
                # Only this call tries; other threads are refused until it has ended.
                states[product] = faults, clock() + REST
        try:
            reply = send(call)
        except (Unanswered, MalformedAnswer):
            fault(product)
            raise
        if classify(reply) is Class.UNKNOWN:
            fault(product)
        else:
            states.pop(product, None)
        return reply

    return guarded
