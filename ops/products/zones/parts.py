"""One thing made of several answers, of which some may be refused while the others are good."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import ApiError, MalformedAnswer, NotFound, PermissionDenied, ValidationError
from ops.products.zones import api as zones_api

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Listing
    from ops.kinds.resource import Json


READ = ("complete", "inconsistent")


class Part(NamedTuple):
    """What one answer brought.

    *status* is complete, denied (no permission), unavailable (the plan or the product lacks it),
    failed, or inconsistent (read, but perhaps not whole); *problem* says why in a sentence.
    """

    name: str
    value: Any = None
    status: str = "complete"
    problem: str = ""

    def shown(self, change: Callable[[Any], Any] = lambda value: value) -> Any:
        """Give the value as *change* makes it, or the word that stands in its place."""
        return self.status if self.status not in READ else change(self.value)


def attempt(name: str, read: Callable[[], Any]) -> Part:
    """Give what *read* gives; a refusal of this one answer becomes the part's status.

    A list is read to its end. Failures that would meet every other part too (a bad token, the network,
    the budget) are raised.
    """
    try:
        value = read()
        if isinstance(value, Iterator):
            items = list(value)
            problem = str(getattr(value, "problem", ""))
            return Part(name, items, "inconsistent" if problem else "complete", problem)
    except PermissionDenied as error:
        return Part(name, None, "denied", error.message)
    except (NotFound, ValidationError) as error:
        return Part(name, None, "unavailable", error.message)
    except (ApiError, MalformedAnswer) as error:
        return Part(name, None, "failed", error.message)
    return Part(name, value)


def tell(app: App, part: Part) -> Part:
    """Mark the result incomplete where *part* could not be read, and give *part*.

    What a plan does not offer is no gap: there is nothing to read.
    """
    if part.status not in ("complete", "unavailable"):
        app.gap(f"{part.name}: {part.status}: {part.problem}")
    return part


def in_zones(
    app: App, zones: Iterable[Json], what: str, read: Callable[[Json], Any]
) -> Iterator[tuple[Json, Part]]:
    """Give each of *zones* with what *read* brought of it, in their order, read side by side.

    *what* names it where it could not be read: "routes of example.com: denied".
    """

    def one(zone: Json) -> tuple[Json, Part]:
        return zone, attempt(f"{what} of {zone['name']}", lambda: read(zone))

    for zone, part in app.parallel(one, zones):
        yield zone, tell(app, part)


def zones_of(app: App, zone: str = "", *, requests: int = 1) -> list[Json]:
    """Give the zone called *zone*, or all zones of the account.

    Where it is all of them, the note says how many requests they will cost at *requests* a zone.
    """
    if zone:
        return [app.zone(zone)]
    zones = whole(app, "zones", zones_api.list_zones(app.client, account_id=app.account_id))
    if app.past is None:
        app.note(f"reading {len(zones)} zones: about {len(zones) * requests} requests")
    return zones


def whole(app: App, name: str, listing: Listing) -> list[Json]:
    """Read *listing* to its end, and mark the result incomplete where it may not be whole."""
    items = list(listing)
    if listing.problem:
        app.gap(f"{name}: {listing.problem}")
    return items
