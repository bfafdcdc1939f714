"""Routes: which path of the API gives which kind, learnt from the declarations themselves.

Each kind is listed once with a client that answers nothing and notes what it is asked for, in an owner whose
id is a mark. Where the mark stands in a path, the id of any owner may stand.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from urllib.parse import unquote

from ops.errors import NotFound, OpsError
from ops.http.client import Client, Raw
from ops.http.exchange import Call, Reply
from ops.http.pages import Listing
from ops.kinds.resource import Json, Owner, Resource, identity_of

if TYPE_CHECKING:
    from ops.http.paths import ApiPath

LIST = "list"  # all items of an owner
ONE = "one"  # one item, which has a path of its own
ITEM = "item"  # one item, by its key behind the path of its list
CONTENT = "content"  # the files of an item
VALUE = "value"  # what is stored under an item

_OWNER = "-owner-"
_ITEM = "-item-"
_SEGMENT = {_OWNER: "(?P<owner>[^/]+)", _ITEM: "(?P<item>[^/]+)"}


class Route(NamedTuple):
    """A path, and what a snapshot has for it.

    *params* are those that the kind is listed with. Of ONE, *identity* tells which item it is, and an item
    equal to *absent* stands for one that the API did not have.
    """

    form: str
    resource: Resource
    pattern: re.Pattern[str]
    params: Mapping[str, Any]
    identity: tuple[str, ...] = ()
    absent: Json | None = None


class Found(NamedTuple):
    """A path that is known: the ids of the owner and, where it names one, of the item."""

    route: Route
    owner: str
    item: str


class Routes:
    """The paths of *resources* in an account. Nothing is learnt before the first path is looked for."""

    def __init__(self, resources: Sequence[Resource], account_id: str) -> None:
        self._account_id = account_id
        self._routes = tuple(_learnt(resources, account_id))

    def find(self, path: str, *forms: str) -> Found | None:
        """Give what *path* means, as one of *forms*; the first of them that fits."""
        for form in forms:
            for route in self._routes:
                match = route.pattern.fullmatch(path) if route.form == form else None
                if match:
                    named = {name: unquote(text) for name, text in match.groupdict().items()}
                    return Found(route, named.get("owner", self._account_id), named.get("item", ""))
        return None


class _Asked(NamedTuple):
    form: str
    path: str
    params: Mapping[str, Any]


class _Recorder(Client):
    """Notes what it is asked for, and answers with nothing; a *lacking* one has no single item."""

    def __init__(self, *, lacking: bool = False) -> None:
        super().__init__(_unsent)
        self._lacking = lacking
        self._asked: list[_Asked] = []

    def taken(self) -> list[_Asked]:
        """Give what was asked for since this was called last."""
        asked, self._asked = self._asked, []
        return asked

    def get(self, path: ApiPath, **params: Any) -> Any:
        self._asked.append(_Asked(ONE, path, params))
        if self._lacking:
            raise NotFound("this is how the lack of it is told")
        # Whatever field of the answer is looked for, it is there and empty.
        return defaultdict(dict)

    def pages(self, path: ApiPath, *, per_page: int, order: str = "", **params: Any) -> Listing:  # noqa: ARG002  (the client's)
        return self.whole(path, **params)

    def cursor(
        self,
        path: ApiPath,
        *,
        limit: int = 0,  # noqa: ARG002  (the client's)
        limit_name: str = "limit",  # noqa: ARG002  (the client's)
        inside: str = "",
        ordered_by: str = "",  # noqa: ARG002  (the client's)
        identity: str = "",  # noqa: ARG002  (the client's)
        ahead: bool = False,  # noqa: ARG002  (the client's)
        **params: Any,
    ) -> Listing:
        return self.whole(path, inside=inside, **params)

    def whole(self, path: ApiPath, *, inside: str = "", **params: Any) -> Listing:  # noqa: ARG002  (the client's)
        self._asked.append(_Asked(LIST, path, params))
        return Listing(iter(()))

    def raw(self, path: ApiPath, *, limit: int, **params: Any) -> Raw:
        self._asked.append(_Asked(CONTENT, path, params))
        return Raw(Call("GET", path, stream=True, limit=limit), lambda _call: Reply(200))

    def query(self, path: ApiPath, body: Any) -> Any:  # noqa: ARG002  (the client's)
        return defaultdict(dict)


def _unsent(call: Call) -> NoReturn:
    raise NotFound(f"{call}: a snapshot is read without requests")


def _learnt(resources: Sequence[Resource], account_id: str) -> Iterator[Route]:
    by_kind = {resource.kind: resource for resource in resources}
    for resource in resources:
        parent = by_kind.get(resource.parent)
        owner = _owner(account_id, parent)
        yield from _of_items(resource, owner)
        yield from _of_files(resource, owner)


def _owner(account_id: str, parent: Resource | None) -> Owner:
    if parent is None:
        return Owner(account_id, account_id, {"id": account_id})
    return Owner(account_id, _OWNER, _marked(parent, _OWNER))


def _marked(resource: Resource, mark: str) -> Json:
    """Give an item of which no more is known than what it is called."""
    return dict.fromkeys((*resource.identity, resource.key, resource.label, "id", "name"), mark)


def _of_items(resource: Resource, owner: Owner) -> Iterator[Route]:
    recorder, absent = _Recorder(), _absent(resource, owner)
    for item in resource.list(recorder, owner):
        identity = identity_of(resource, item)
        for asked in recorder.taken():
            yield _route(asked, resource)._replace(identity=identity, absent=absent.get(identity))
    for asked in recorder.taken():
        route = _route(asked, resource)
        yield route
        if asked.form == LIST:
            behind = re.compile(f"{route.pattern.pattern}/{_SEGMENT[_ITEM]}")
            yield route._replace(form=ITEM, pattern=behind)


def _absent(resource: Resource, owner: Owner) -> dict[tuple[str, ...], Json]:
    """Give the items by which the kind says that the API had none, by their identity."""
    with suppress(OpsError):
        return {identity_of(resource, item): item for item in resource.list(_Recorder(lacking=True), owner)}
    return {}


def _of_files(resource: Resource, owner: Owner) -> Iterator[Route]:
    """Yield the paths of what is read raw: an item's files, or what is stored under it."""
    item = _marked(resource, _ITEM)
    readers: tuple[tuple[str, Callable[..., Iterable[object]] | None, object], ...] = (
        (CONTENT, resource.contents, item),
        (VALUE, resource.values, [item]),
    )
    for form, read, what in readers:
        if read is None:
            continue
        recorder = _Recorder()
        # What was asked for is known by then; that the answer makes no sense does not matter.
        with suppress(OpsError):
            next(iter(read(recorder, owner, what)), None)
        for asked in recorder.taken():
            if asked.form == CONTENT:
                yield _route(asked, resource)._replace(form=form)


def _route(asked: _Asked, resource: Resource) -> Route:
    segments = (_SEGMENT.get(segment, re.escape(segment)) for segment in asked.path.split("/"))
    given = {name: value for name, value in asked.params.items() if value not in (None, "")}
    return Route(asked.form, resource, re.compile("/".join(segments)), given)
