"""Paging: in which form the API lists the items of a kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.errors import NotFound, ValidationError
from ops.http.paths import ApiPath
from ops.http.shape import instance, require

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.items import Json


ANY = -1
NO_ROUTE = frozenset({7000, 7003})


class Pages(NamedTuple):
    """By page number, *size* items a page; *least* is the smallest size that the API accepts.

    *inside* names the field of `result` that holds the items. Items that have the value of *apart*, a field
    and a value, are listed only if a parameter of this name asks for them.
    """

    size: int
    order: str = ""
    least: int = 1
    inside: str = ""
    apart: tuple[str, str] = ("", "")

    def read(self, client: Client, where: ApiPath, **params: Any) -> Listing:
        return client.pages(where, per_page=self.size, order=self.order, inside=self.inside, **params)


class Cursor(NamedTuple):
    """By cursor; *inside* names the field of `result` that holds the items.

    *size* is sent as the parameter *name*, if it is not 0. *ordered_by* names the field by which the API
    promises ascending order, *identity* the one that distinguishes items. *ahead* prefetches pages. The
    header *header* of the request selects the items whose *field* has its value; without it, those that have
    "default" or no value.
    """

    size: int = 0
    name: str = "limit"
    inside: str = ""
    ordered_by: str = ""
    identity: str = ""
    ahead: bool = False
    least: int = 1
    header: str = ""
    field: str = ""

    def read(self, client: Client, where: ApiPath, **params: Any) -> Listing:
        return client.cursor(
            where,
            limit=self.size,
            limit_name=self.name,
            inside=self.inside,
            ordered_by=self.ordered_by,
            identity=self.identity,
            ahead=self.ahead,
            **params,
        )


class Whole(NamedTuple):
    """All items in one response; *inside* names the field of `result` that holds them."""

    inside: str = ""

    def read(self, client: Client, where: ApiPath, **params: Any) -> Listing:
        return client.whole(where, inside=self.inside, **params)


class Followed(NamedTuple):
    """Documented as one response, but where it says that there are more items, their pages are requested."""

    inside: str = ""

    def read(self, client: Client, where: ApiPath, **params: Any) -> Listing:
        first = client.whole(where, inside=self.inside, **params)
        items = list(first)
        if items and first.total is not None and first.total > len(items) and not self.inside:
            return client.pages(where, per_page=len(items), **params)
        return first.of(items)


class Bundle(NamedTuple):
    """A list that is written as a whole, in its order: the only item of its parent, `{field: […]}`."""

    field: str

    def read(self, client: Client, where: ApiPath, **params: Any) -> Listing:
        listing = Followed().read(client, where, **params)
        return listing.of([{self.field: list(listing)}])


class Keyed(NamedTuple):
    """All items in one response, as an object with their keys in the field *inside* of `result`."""

    inside: str

    def read(self, client: Client, where: ApiPath, **params: Any) -> list[Json]:
        found = require(client.get(where, **params), "the items").get(self.inside)
        return [instance(item, dict, "an item") for item in instance(found, dict, "the items").values()]


class Single(NamedTuple):
    """One object, the only item of its parent; the error code *absent* says that there is none.

    ANY: so says every 404 but that of a path that does not exist, as that of a deleted zone.
    """

    absent: int = 0

    def read(self, client: Client, where: ApiPath, **params: Any) -> list[Json]:
        try:
            return [client.get(where, **params)]
        except NotFound as error:
            if self.absent in error.codes or (self.absent == ANY and not NO_ROUTE & set(error.codes)):
                return []
            raise


class Parts(NamedTuple):
    """Several objects, each with its own path: *paths* maps their ids to what follows the kind's path.

    One that the zone's plan does not have is `{"id": …, "available": False}`.
    """

    paths: Mapping[str, str]

    def read(self, client: Client, where: ApiPath, **params: Any) -> Iterator[Json]:
        return (self.get(client, where, id, **params) for id in self.paths)

    def get(self, client: Client, where: ApiPath, id: str, **params: Any) -> Json:
        """Return the part with this id."""
        try:
            return {"id": id, **client.get(where.below(self.paths[id]), **params)}
        except (NotFound, ValidationError):
            return self.absent(id)

    def absent(self, id: str) -> Json:
        """Return the item of a part that does not exist."""
        return {"id": id, "available": False}


Paging = Pages | Cursor | Whole | Followed | Bundle | Keyed | Single | Parts


def smallest(paging: Paging | None) -> dict[str, Any]:
    """Return the parameters that ask for as few items as the API allows."""
    if isinstance(paging, Pages):
        return {"per_page": paging.least}
    if isinstance(paging, Cursor) and paging.size:
        return {paging.name: paging.least}
    return {}
