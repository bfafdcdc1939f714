"""Results that are read with several requests, of which some may fail while the others succeed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import (
    ApiError,
    MalformedAnswer,
    NetworkError,
    NotFound,
    OpsError,
    PermissionDenied,
    RateLimited,
    ValidationError,
)
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
