"""Results that are read with several requests, of which some may fail while the others succeed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.analytics.found import UNKNOWN
from ops.errors import (
    ApiError,
    MalformedAnswer,
    NetworkError,
    NotFound,
    OpsError,
    PermissionDenied,
    RateLimited,
    UsageError,
    ValidationError,
)
from ops.http.shape import instance
from ops.kinds.catalog import kinds
from ops.kinds.resource import Owner
from ops.products.zones import api

if TYPE_CHECKING:
    from typing import Protocol, TypeVar

    from ops.http.client import Client, Listing
    from ops.items import Json

    T = TypeVar("T")
    R = TypeVar("R")

    class Parallel(Protocol):
        """Call a function for each item, several at once; yield the results in the order of the items."""

        def __call__(self, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]: ...


Say = Callable[[str], None]
READ = ("complete", "inconsistent")
# The code of an answer 400 to a request for a part of the cache that the zone has never used.
NEVER_USED = 1142


class AnswerPart(NamedTuple):
    """One part of a result.

    *status* is complete, denied (no permission), unavailable (the plan or the product lacks it), failed, or
    inconsistent (read, but possibly incomplete); *problem* explains it in a sentence, *error* is what was
    raised, if anything.
    """

    name: str
    value: Any = None
    status: str = "complete"
    problem: str = ""
    error: OpsError | None = None

    def shown(self, change: Callable[[Any], Any] = lambda value: value) -> Any:
        """Return the value after *change*, or the status if the part was not read."""
        return self.status if self.status not in READ else change(self.value)


def attempt(name: str, read: Callable[[], Any]) -> AnswerPart:
    """Return what *read* returns as a AnswerPart; a refusal of this request becomes the part's status.

    A list is read to its end. Failures that are not of this request, such as an invalid token, are raised.
    """
    try:
        value = read()
        if isinstance(value, Iterator):
            items = list(value)
            problem = str(getattr(value, "problem", ""))
            return AnswerPart(name, items, "inconsistent" if problem else "complete", problem)
    except PermissionDenied as error:
        return AnswerPart(name, None, "denied", error.reason, error)
    except (ApiError, MalformedAnswer, NetworkError, NotFound, RateLimited, ValidationError) as error:
        unavailable = isinstance(error, NotFound) or NEVER_USED in error.codes
        return AnswerPart(name, None, "unavailable" if unavailable else "failed", error.reason, error)
    return AnswerPart(name, value)


def report(part: AnswerPart, gap: Say) -> AnswerPart:
    """Return *part*; call *gap* with the reason if it could not be read."""
    # What a plan does not offer is not a gap: there is nothing to read.
    if part.status not in ("complete", "unavailable"):
        gap(f"{part.name}: {part.status}: {part.problem}")
    return part


def or_unknown(part: AnswerPart, note: Say) -> Any:
    """Return the value of *part*; of an addition that could not be read "unknown", with a note."""
    if part.status in READ:
        return part.value
    note(f"{part.name}: {UNKNOWN}: {part.problem}")
    return UNKNOWN


def who_uses(
    client: Client, account_id: str, kind: str, through: str, parallel: Parallel, note: Say
) -> Callable[[str], Any]:
    """Return a function from the key of an item of *kind* to the names of what uses it, or to "unknown".

    *through* is the kind that declares what its parents use, and takes a request for each. If one cannot be
    read, nothing is known: it may use every item.
    """
    part = attempt("bindings", lambda: _users(client, account_id, kind, through, parallel, note))
    users = or_unknown(part, note)
    return lambda key: users.get(key, []) if isinstance(users, dict) else users


def _users(
    client: Client, account_id: str, kind: str, through: str, parallel: Parallel, note: Say
) -> dict[str, list[str]]:
    using = kinds()[through]
    parent = kinds()[using.parent]
    listing = parent.list(client, Owner(account_id, account_id, {}))
    parents = list(listing)
    if problem := getattr(listing, "problem", ""):
        raise MalformedAnswer(problem)
    note(f"reading the bindings of {len(parents):,} scripts, one request each")

    def read(item: Json) -> set[str]:
        key = instance(item.get(parent.key), str, f"the key of a {parent.kind}")
        return {
            str(used)
            for one in using.list(client, Owner(account_id, key, item))
            for wanted, used in using.uses.of(key, one)
            if wanted == kind
        }

    found: dict[str, list[str]] = {}
    for item, used in zip(parents, parallel(read, parents), strict=True):
        for key in used:
            found.setdefault(key, []).append(item[parent.key])
    return found


def is_all(option: str, value: str) -> bool:
    """True if an option that is "all" or "none" is "all". Raise UsageError for anything else."""
    if value not in ("all", "none"):
        raise UsageError(f"--{option} is all or none, not {value!r}")
    return value == "all"


def all_zones(client: Client, account: str, *, gap: Say, note: Say, requests: int = 1) -> list[Json]:
    """Return all zones of *account*, an id, a name or `all`.

    Announces how many requests, *requests* a zone, reading them takes.
    """
    zones = complete("zones", api.list_zones(client, **api.account_filter(account)), gap)
    if requests:
        needed = len(zones) * requests
        waits = client.budget.forecast(needed, time.time()) if client.budget else ""
        note(f"reading {len(zones)} zones: about {needed:,} requests{', ' if waits else ''}{waits}")
    return zones


def complete(name: str, listing: Listing, gap: Say) -> list[Json]:
    """Return all items of *listing*; call *gap* with the reason if it may be incomplete."""
    items = list(listing)
    if listing.problem:
        gap(f"{name}: {listing.problem}")
    return items
