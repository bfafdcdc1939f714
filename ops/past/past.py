"""The past: a snapshot that answers in place of Cloudflare (--at, --offline), a Send below the usual client.

What each path returns follows from the declarations of the kinds (see ops.kinds.paths). What the snapshot
does not hold is refused with a sentence; an incomplete section is returned, and marked incomplete.

The query parameters of a list mean what they mean to the API: a field's name asks for equality (dots reach
inside); a test after the name (`name.startswith`) or before the value (`name=starts_with:www`) asks for
something else. `search`, `prefix`, `match` and `<field>_match` exist besides. Letters are compared without
case. Pages are ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain, count, islice
from typing import Any, NamedTuple

from ops.cli.app import App
from ops.errors import ApiError, NetworkError, NotFound, OpsError, PermissionDenied, Refused, UsageError
from ops.http.client import Client
from ops.http.exchange import READ, WRITE, Call, Reply
from ops.items import Json, reach
from ops.kinds.paging import Bundle, Cursor, Keyed, Parts
from ops.kinds.paths import CONTENT, ITEM, LIST, ONE, VALUE, Match, find
from ops.kinds.resource import Resource, identity_of
from ops.kinds.secret import hide
from ops.offsite.library import open_library, open_snapshot
from ops.snapshots import snapshot as stored
from ops.snapshots.layout import LATEST, age, dated
from ops.snapshots.manifest import COMPLETE, GONE, SKIPPED, Section
from ops.snapshots.snapshot import ItemIndex, Snapshot, aged

_NO_FILTERS = frozenset({"page", "per_page", "limit", "cursor", "order", "direction", "match"})

Test = Callable[[str, str], bool]

_AFTER_NAME: Mapping[str, Test] = {
    "exact": str.__eq__,
    "contains": str.__contains__,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_BEFORE_VALUE: Mapping[str, Test] = {
    "equal": str.__eq__,
    "not_equal": str.__ne__,
    "contains": str.__contains__,
    "starts_with": str.startswith,
    "ends_with": str.endswith,
}


class _Condition(NamedTuple):
    """What an item must fulfil; *field* is the one that some item must have, "" for none in particular."""

    field: str
    holds: Callable[[Json], bool]


def filtered(items: Iterable[Json], resource: Resource, params: Mapping[str, str]) -> Iterator[Json]:
    """Yield *items* as a list with *params* does; at the end UsageError for a field that none has."""
    given = {name: text for name, text in params.items() if name not in _NO_FILTERS}
    matches = {name: text for name, text in given.items() if name.endswith("_match")}
    conditions = [_condition(name, given[name], resource) for name in given.keys() - matches.keys()]
    groups: list[list[_Condition]] = []
    alternatives: dict[str, list[_Condition]] = {}
    for condition in conditions:
        if matches.get(f"{condition.field}_match") == "any":
            alternatives.setdefault(condition.field, []).append(condition)
        else:
            groups.append([condition])
    groups += alternatives.values()
    combine = any if params.get("match") == "any" else all

    def kept() -> Iterator[Json]:
        unseen, empty = {condition.field for condition in conditions} - {""}, True
        for item in items:
            empty = False
            if unseen:
                unseen = {f for f in unseen if not (_contains(item, f) or _contains(item, f"{f}s"))}
            if not groups or combine(any(one.holds(item) for one in group) for group in groups):
                yield item
        if unseen and not empty:
            raise UsageError(
                f"a snapshot cannot filter {resource.kind} by {min(unseen)!r}: no item has this field",
                hint="leave the option out, or leave --at out to let Cloudflare filter",
            )

    order, descending = params.get("order", ""), params.get("direction") == "desc"
    # A snapshot keeps the items in the order of their identity.
    if not order or (resource.identity[:1] == (order,) and not descending):
        return kept()

    def rank(item: Json) -> tuple[bool, float, str]:
        value = reach(item, order)
        number = float(value) if isinstance(value, int | float) else 0.0
        return value is None, number, "" if value is None else _text(value)

    return iter(sorted(kept(), key=rank, reverse=descending))


def _condition(name: str, text: str, resource: Resource) -> _Condition:
    value = text.lower()
    if name == "search":
        ignored = {field.partition(".")[0] for field in resource.compare.volatile}

        def found(item: Json) -> bool:
            texts = (
                one if isinstance(one, list) else [one] for name, one in item.items() if name not in ignored
            )
            return any(value in _text(one).lower() for one in chain.from_iterable(texts))

        return _Condition("", found)
    if name == "prefix":
        field = resource.identity[0]
        return _Condition(field, lambda item: _text(reach(item, field)).startswith(text))
    field, _, test = name.rpartition(".")
    if field and test in _AFTER_NAME:
        return _Condition(field, _tested(field, _AFTER_NAME[test], value))
    if field and test in ("present", "absent"):

        def present(item: Json) -> bool:
            """True if the item has the field or, in a list of labels, one with the name *value*."""
            one = _value(item, field)
            if isinstance(one, list):
                return any(_text(label).lower().partition(":")[0] == value for label in one)
            return one is not None

        return _Condition(field, lambda item: present(item) is (test == "present"))
    before, _, rest = value.partition(":")
    if rest and before in _BEFORE_VALUE:
        tests = [_tested(name, _BEFORE_VALUE[before], word) for word in rest.split(",")]
        combine = all if before == "not_equal" else any
        return _Condition(name, lambda item: combine(holds(item) for holds in tests))
    return _Condition(name, _tested(name, str.__eq__, value))


def _tested(field: str, test: Test, wanted: str) -> Callable[[Json], bool]:
    name, colon, rest = wanted.partition(":")

    def holds(item: Json) -> bool:
        value = _value(item, field)
        if isinstance(value, list):
            labels = [_text(one).lower().partition(":") for one in value]
            return any(label == name and (not colon or test(found, rest)) for label, _, found in labels)
        return value is not None and test(_text(value).lower(), wanted)

    return holds


def _value(item: Json, field: str) -> Any:
    """Return the value at *field*; a list of labels is named by one of them: `tag` for `tags`."""
    return reach(item, field if _contains(item, field) else f"{field}s")


def _contains(item: Json, field: str) -> bool:
    parent, _, name = field.rpartition(".")
    inside = reach(item, parent) if parent else item
    return isinstance(inside, dict) and name in inside


def _text(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


_HINT = "leave --at out to ask Cloudflare; `inv snapshots.show` shows what a snapshot holds"
_DEEP = "`inv scan.export --deep` keeps it"
_VALUES = "`inv scan.export --kv values` keeps the values"
_CONTENTS = "/contents"
_PAGE = 1000


class Past:
    """A Send that answers from *snapshot*; *report* is called once for each thing that it does not hold.

    Raise NotFound for what the snapshot does not hold or what did not exist, UsageError for a filter that it
    cannot apply, PermissionDenied for a question that only Cloudflare answers, Refused for a write.
    """

    def __init__(self, snapshot: Snapshot, report: Callable[[str], None]) -> None:
        self._snapshot, self._report = snapshot, report
        self._index = ItemIndex(snapshot.path, snapshot.manifest)
        self._account_id = snapshot.manifest.account_id
        self._name = f"the snapshot of {dated(snapshot.started)}"
        self._reported = set[str]()
        self._cursors = map(str, count(1))
        self._rest: dict[str, Iterator[Json]] = {}

    def __call__(self, call: Call) -> Reply:
        if call.kind == WRITE:
            raise Refused(f"{call}: a snapshot is read-only", hint="leave --at out to change things")
        if call.path == "/graphql":
            raise PermissionDenied(f"{self._name} does not hold analytics", hint=_HINT)
        forms = (CONTENT, VALUE) if call.stream else (ONE, LIST, ITEM)
        match = find(call.path, *forms) if call.kind == READ else None
        if match is None or match.account not in ("", self._account_id):
            raise self._missing(str(call))
        # The zone of Origin CA certificates is a parameter, all others are in the path.
        zone = dict(call.params).get("zone_id", "") if "zone_id" in match.resource.params else ""
        match = match._replace(owner=match.owner or zone or self._account_id)
        answer = {CONTENT: self._files, VALUE: self._value, LIST: self._list}.get(match.form, self._one)
        return answer(call, match)

    def gap(self, text: str) -> None:
        """Report *text*, unless it was reported before."""
        if text not in self._reported:
            self._reported.add(text)
            self._report(text)

    def _files(self, call: Call, match: Match) -> Reply:
        kind, manifest = match.resource.kind, self._snapshot.manifest
        self._section(call, kind + _CONTENTS, match.item)
        placed = stored.files_of(manifest, kind, match.owner, match.item)
        if not placed:
            raise self._missing(f"the files of {kind} {match.item!r}")
        return stored.form_of(self._snapshot.path, manifest, placed)

    def _value(self, call: Call, match: Match) -> Reply:
        kind = match.resource.kind
        self._section(call, kind, match.owner)
        file = next(iter(stored.files_of(self._snapshot.manifest, kind, match.owner, "")), "")
        if not file:
            raise self._missing(f"what is stored under a {kind}", _VALUES)
        reply = stored.value_of(self._snapshot.path / file, match.item)
        if reply is None:
            raise self._missing(f"a value of {kind} {match.item!r}")
        return reply

    def _list(self, call: Call, match: Match) -> Reply:
        """Answer with all items at once; a list by cursor, which may be long, in pages."""
        kind, params, paging = match.resource.kind, dict(call.params), match.resource.paging
        section = self._section(call, kind, match.owner)
        cursor = params.get("cursor", "")
        if cursor:
            items = self._rest.pop(cursor)
        else:
            found = self._selected(call, match)
            items = filtered(found, match.resource, self._without_fixed(match, params))
        inside, info = getattr(paging, "inside", ""), {}
        if isinstance(paging, Cursor):
            page, rest = list(islice(items, int(params.get(paging.name, _PAGE)))), list(islice(items, 1))
            if rest:
                info = {"cursor": next(self._cursors)}
                self._rest[info["cursor"]] = chain(rest, items)
        else:
            page = list(items)
        held: Any = page
        if isinstance(paging, Bundle):
            held = [row for item in page for row in item[paging.field]]
        elif isinstance(paging, Keyed):
            held = {reach(item, match.resource.key): item for item in page}
        reply = _reply({inside: held} if inside else held, info)
        reply.incomplete = self._problem(section)
        return reply

    def _selected(self, call: Call, match: Match) -> Iterator[Json]:
        """Yield the items of the parent; where a header selects some of them, only these."""
        resource, paging = match.resource, match.resource.paging
        items = self._index.items(resource.kind, match.owner)
        apart, hidden = getattr(paging, "apart", ("", ""))
        if apart and apart not in dict(call.params) and match.form == LIST:
            items = (item for item in items if item.get(apart) != hidden)
        if match.inside:
            items = (i for i in items if all(i.get(name) == id for name, id in match.inside.items()))
        if resource.secret:
            items = (hide(resource, item) for item in items)
        if not isinstance(paging, Cursor) or not paging.header:
            return items
        field, value = paging.field, call.headers.get(paging.header, "default")
        return (item for item in items if (item.get(field) or "default") == value)

    def _without_fixed(self, match: Match, params: dict[str, str]) -> dict[str, str]:
        """Return the parameters that filter: all but those with which the kind is listed.

        Raise NotFound if one of these has another value: Cloudflare would list other items.
        """
        asked = dict(params)
        for name, template in match.resource.params.items():
            value = template.format(account=self._account_id, zone=match.owner)
            if asked.get(name) == value:
                del asked[name]
            elif value != self._account_id:
                raise self._missing(f"{match.resource.kind} other than with {name}={value}")
        return asked

    def _one(self, call: Call, match: Match) -> Reply:
        resource = match.resource
        section = self._section(call, resource.kind, match.owner)
        for item in self._selected(call, match):
            if match.form == ITEM:
                found = str(reach(item, resource.key)) == match.item
            else:
                found = identity_of(resource, item) == ((match.item,) if match.item else ())
            if found:
                if isinstance(resource.paging, Parts) and item == resource.paging.absent(match.item):
                    raise NotFound(f"{self._name}: {call.path} was not available", 404, hint=_HINT)
                return _reply(item)
        raise self._missing(self._problem(section) or str(call))

    def _section(self, call: Call, kind: str, scope: str) -> Section:
        """Return the section of *kind* in *scope*. Raise NotFound if it was not read or did not exist."""
        section = self._snapshot.section(kind, scope)
        if section is None:
            raise self._missing(str(call))
        if section.status == GONE:
            raise NotFound(f"{self._name}: {kind} of {scope}: {section.reason}", 404, hint=_HINT)
        if section.status == SKIPPED and not section.count:
            hint = _DEEP if "--deep" in section.reason else ""
            raise self._missing(f"{kind} ({section.reason or 'left out'})", hint)
        return section

    def _problem(self, section: Section) -> str:
        """Return why *section* may be incomplete, "" if it is complete."""
        if section.status == COMPLETE:
            return ""
        reason = f": {section.reason}" if section.reason else ""
        return f"{self._name} holds {section.kind} as {section.status}{reason}"

    def _missing(self, what: str, hint: str = "") -> OpsError:
        """Return the error for what is not held, and report it: a task may go on without it."""
        text = what if what.startswith(self._name) else f"{self._name} does not hold {what}"
        self.gap(text)
        return NotFound(text, 404, hint=hint or _HINT)


def _reply(result: Any, info: Json | None = None) -> Reply:
    reply = Reply(200)
    reply.data = {"success": True, "result": result, **({"result_info": info} if info else {})}
    return reply


def open_past(app: App) -> tuple[Client, str]:
    """Return a client of the requested snapshot and its account's id; print its age. Raises UsageError."""
    name, identity = app.option("at") or "", app.option("identity")
    if app.option("offline"):
        if name:
            raise UsageError("--offline means --at latest", hint="use one of the two")
        name = LATEST
    if not name:
        raise UsageError("--identity needs --at or --offline", hint="add --at latest")
    snapshot = open_snapshot(app, name, identity)
    app.note(f"from the snapshot of {dated(snapshot.started)}, {aged(snapshot.manifest, app.clock())}")
    past = Past(snapshot, app.gap)
    return Client(past, gap=past.gap), snapshot.manifest.account_id


def suggest_offline(app: App, error: OpsError) -> None:
    """Add --offline to the hint of *error* if the API is down and a snapshot exists."""
    down = isinstance(error, NetworkError) or (isinstance(error, ApiError) and (error.status or 0) >= 500)
    if not app.command.reads or app.offline or not down:
        return
    with suppress(OpsError):
        entry = open_library(app).find(LATEST)
        key = " --identity KEY.txt" if entry.sealed else ""
        made = f"{dated(entry.started)} ({age(entry.started, app.clock())})"
        offline = f"`--offline{key}` reads the snapshot of {made}"
        error.hint = f"{error.hint}; {offline}" if error.hint else offline
