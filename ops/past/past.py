"""The past: a client that answers from a snapshot, without a request, without credentials.

It knows no path by itself: what each path gives is learnt from the declarations (see routes). What a snapshot
does not hold is refused with a sentence; what it does not hold completely is given, and marked incomplete.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from ops.errors import NotFound, PermissionDenied, Refused, UsageError
from ops.http.client import Client, Raw
from ops.http.pages import Listing, Tally
from ops.kinds.resource import Json, Resource, identity_of, reach
from ops.past.filters import Filters
from ops.past.routes import CONTENT, ITEM, LIST, ONE, VALUE, Found, Routes
from ops.snapshots import contents
from ops.snapshots.age import dated
from ops.snapshots.sections import COMPLETE, GONE, SKIPPED, Section
from ops.snapshots.shelves import Shelves

if TYPE_CHECKING:
    from ops.http.exchange import Call, Reply
    from ops.http.paths import ApiPath
    from ops.snapshots.library import Snapshot

_HINT = "leave --at out to ask Cloudflare; `inv snapshots.show` shows what a snapshot holds"
_DEEP = "`inv scan.export --deep` keeps it"
_VALUES = "`inv scan.export --kv values` keeps the values"
_CONTENTS = "/contents"


class Past(Client):
    """Answers from *snapshot*; *gap* is told what a result lacks because the snapshot lacks it.

    Raises NotFound for what the snapshot does not hold or was not there when it was made, UsageError for a
    filter that it cannot apply, PermissionDenied for a question that only Cloudflare answers.
    """

    def __init__(self, snapshot: Snapshot, resources: Iterable[Resource], gap: Callable[[str], None]) -> None:
        super().__init__(_unsent)
        self._snapshot = snapshot
        self._shelves = Shelves(snapshot.path, snapshot.manifest)
        self._routes = Routes(tuple(resources), snapshot.manifest.account_id)
        self._tell, self._told = gap, set[str]()
        self.account_id = snapshot.manifest.account_id
        self.name = f"the snapshot of {dated(snapshot.started)}"

    def __repr__(self) -> str:
        return f"<Past, {self.name}>"

    def get(self, path: ApiPath, **params: Any) -> Any:
        found = self._found(path, ONE, LIST, ITEM)
        if found.route.form != LIST:
            return self._one(path, found)
        listing = self._listing(path, found, params)
        items = list(listing)
        if listing.problem and not items:
            raise self._lacks(listing.problem)
        return items

    def lookup(self, path: ApiPath, **params: Any) -> Any:
        return self.get(path, **params)

    def envelope(self, path: ApiPath, **params: Any) -> Json:
        found = self._found(path, ONE, LIST, ITEM)
        if found.route.form != LIST:
            return {"success": True, "result": self._one(path, found)}
        listing = self._listing(path, found, params)
        items = list(listing)
        if listing.problem:
            self._gap(listing.problem)
        return {"success": True, "result": items, "result_info": {"total_count": len(items)}}

    def pages(self, path: ApiPath, *, per_page: int, order: str = "", **params: Any) -> Listing:  # noqa: ARG002  (the client's)
        return self.whole(path, order=order, **params)

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
        return self._listing(path, self._found(path, LIST), params)

    def raw(self, path: ApiPath, *, limit: int, **params: Any) -> Raw:  # noqa: ARG002  (the client's)
        found = self._found(path, CONTENT, VALUE)
        reply = self._files(path, found) if found.route.form == CONTENT else self._value(path, found)
        return contents.raw(path, reply, limit)

    def _files(self, path: ApiPath, found: Found) -> Reply:
        kind, manifest = found.route.resource.kind, self._snapshot.manifest
        self._section(kind + _CONTENTS, found.item, path)
        placed = contents.files_of(manifest, kind, found.owner, found.item)
        if not placed:
            raise self._lacks(f"the files of {kind} {found.item!r}")
        return contents.form(self._snapshot.path, manifest, placed)

    def _value(self, path: ApiPath, found: Found) -> Reply:
        kind, manifest = found.route.resource.kind, self._snapshot.manifest
        self._section(kind, found.owner, path)
        file = contents.values_of(manifest, kind, found.owner)
        if not file:
            raise self._lacks(f"what is stored under a {kind}", _VALUES)
        reply = contents.value(self._snapshot.path / file, found.item)
        if reply is None:
            raise self._lacks(f"a value of {kind} {found.item!r}")
        return reply

    def query(self, path: ApiPath, body: Any) -> NoReturn:  # noqa: ARG002  (the client's)
        raise self._lacks(f"POST {path}")

    def graphql(self, query: str, variables: Json) -> NoReturn:  # noqa: ARG002  (the client's)
        raise PermissionDenied(f"{self.name} holds no analytics", hint=_HINT)

    def _write(self, method: str, path: ApiPath, **options: Any) -> NoReturn:  # noqa: ARG002  (the client's)
        raise Refused(f"{method} {path}: a snapshot is only read", hint="leave --at out to change things")

    def _found(self, path: ApiPath, *forms: str) -> Found:
        found = self._routes.find(path, *forms)
        if found is None:
            raise self._lacks(f"GET {path}")
        return found

    def _listing(self, path: ApiPath, found: Found, params: Json) -> Listing:
        resource = found.route.resource
        section = self._section(resource.kind, found.owner, path)
        filters = Filters(resource, self._filtered(found, params))
        tally = Tally()

        def items() -> Iterator[Json]:
            yield from filters.apply(self._shelves.items(resource.kind, found.owner))
            tally.problem = self._problem(section)

        return Listing(items(), tally)

    def _filtered(self, found: Found, params: Json) -> dict[str, str]:
        """Give the parameters that filter; those that the kind itself is listed with are fulfilled already.

        Raises NotFound where one is wanting: without it Cloudflare would list others.
        """
        asked = {name: _word(value) for name, value in params.items() if value is not None and value != ""}
        for name, value in found.route.params.items():
            if asked.get(name) == _word(value):
                del asked[name]
            elif value != self.account_id:
                listed = f"{found.route.resource.kind} only as listed with {name}={_word(value)}"
                raise self._lacks(f"{self.name} holds {listed}")
        return asked

    def _section(self, kind: str, scope: str, path: ApiPath) -> Section:
        """Give what is known of *kind* in *scope*; raises NotFound where it was not read or was not there."""
        section = self._snapshot.section(kind, scope)
        if section is None:
            raise self._lacks(f"GET {path}")
        if section.status == GONE:
            raise NotFound(f"{self.name}: {kind} of {scope}: {section.reason}", 404, hint=_HINT)
        if section.status == SKIPPED and not section.count:
            hint = _DEEP if "--deep" in section.reason else ""
            raise self._lacks(f"{kind} ({section.reason or 'left out'})", hint)
        return section

    def _problem(self, section: Section) -> str:
        """Say why *section* may not be whole; "" where it is."""
        if section.status == COMPLETE:
            return ""
        reason = f": {section.reason}" if section.reason else ""
        return f"{self.name} holds {section.kind} as {section.status}{reason}"

    def _one(self, path: ApiPath, found: Found) -> Json:
        """Give one item; raises NotFound where there is none."""
        resource = found.route.resource
        section = self._section(resource.kind, found.owner, path)
        for item in self._shelves.items(resource.kind, found.owner):
            if _is(item, found):
                if item == found.route.absent:
                    raise NotFound(f"{self.name}: {path} was not available", 404, hint=_HINT)
                return item
        raise self._lacks(self._problem(section) or f"GET {path}")

    def _gap(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._tell(text)

    def _lacks(self, what: str, hint: str = "") -> NotFound:
        """Give the error for what is not held; where only a part of a result is made of it, that is a gap."""
        told = what if what.startswith(self.name) else f"{self.name} does not hold {what}"
        self._gap(told)
        return NotFound(told, 404, hint=hint or _HINT)


def _is(item: Json, found: Found) -> bool:
    resource = found.route.resource
    if found.route.form == ITEM:
        return str(reach(item, resource.key)) == found.item
    return identity_of(resource, item) == found.route.identity


def _word(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def _unsent(call: Call) -> NoReturn:
    raise UsageError(f"{call} cannot be answered from a snapshot", hint=_HINT)
