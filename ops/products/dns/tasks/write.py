"""The tasks that write single records: dns.create, dns.update, dns.put, dns.delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import Refused, UsageError
from ops.products.dns.tasks.options import CLEARABLE, DESCRIBING, EDIT, NONE, current_zone, given, split
from ops.ui.shapes import Rows
from ops.writes.make import make

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.kinds.resource import Change
    from ops.products.dns.current import CurrentZone

RESULT = ("action", "kind", "name", "id", "undo")
CHOOSING = {
    "id": "the record's id",
    "old_content": "its current content, where several records have this name and type",
}
REQUIRED = ("zone", "name", "type")


@command("create", writes=True, required=REQUIRED, needs=EDIT, help=DESCRIBING)
def create_record(
    app: App,
    zone: str = "",
    name: str = "",
    type: str = "",
    content: str = "",
    priority: int = NONE,
    weight: int = NONE,
    port: int = NONE,
    target: str = "",
    flags: str = "",
    tag: str = "",
    value: str = "",
    ttl: int = 0,
    proxied: str = "",
    comment: str = "",
    tags: tuple[str, ...] = (),
) -> Rows:
    """Create a record; an equal one that exists already is left unchanged.

    inv dns.create --zone example.com --name www --type A --content 192.0.2.1 --proxied yes
    inv dns.create --zone example.com --name @ --type CAA --flags 0 --tag issue --value ca.example
    """
    from ops.products.dns.build import new_record
    from ops.products.dns.record import same_rdata

    typed = given(
        content=content, priority=priority, weight=weight, port=port, target=target, flags=flags, tag=tag,
        value=value, ttl=ttl, proxied=proxied, comment=comment, tags=tags,
    )  # fmt: skip
    current = current_zone(app, app.zone(zone))
    record = new_record(current.zone, type.upper(), name, typed)
    beside = [one for one in current.records(name=record["name"]) if not same_rdata(one, record)]
    return make(app, _creation(current, record, beside))


@command(
    "update",
    writes=True,
    required=("zone",),
    needs=EDIT,
    help={**DESCRIBING, **CHOOSING, "clear": "comment, tags or settings, to remove; may be repeated"},
)
def update_record(
    app: App,
    zone: str = "",
    id: str = "",
    name: str = "",
    type: str = "",
    old_content: str = "",
    content: str = "",
    priority: int = NONE,
    weight: int = NONE,
    port: int = NONE,
    target: str = "",
    flags: str = "",
    tag: str = "",
    value: str = "",
    ttl: int = 0,
    proxied: str = "",
    comment: str = "",
    tags: tuple[str, ...] = (),
    clear: tuple[str, ...] = (),
) -> Rows:
    """Change the given fields of one record, and nothing else of it.

    inv dns.update --zone example.com --name www --type A --content 192.0.2.2
    inv dns.update --zone example.com --id 372e67954025e0ba6aaa6d586b9e0b59 --ttl 300 --clear comment
    """
    typed = given(
        content=content, priority=priority, weight=weight, port=port, target=target, flags=flags, tag=tag,
        value=value, ttl=ttl, proxied=proxied, comment=comment, tags=tags,
    )  # fmt: skip
    cleared = tuple(split(clear))
    unknown = [name for name in cleared if name not in CLEARABLE]
    if unknown:
        raise UsageError(f"--clear does not know {unknown[0]!r}", hint=f"one of {', '.join(CLEARABLE)}")
    if not typed and not cleared:
        raise UsageError("nothing to change was given", hint="e.g. --content, --ttl or --clear comment")
    current = current_zone(app, app.zone(zone))
    found = _found(current, id, name, type.upper(), old_content)
    if found is None:
        raise current.absent(name, type.upper(), id)
    return make(app, _update(current, found, typed, cleared))


@command("put", writes=True, required=REQUIRED, needs=EDIT, help={**DESCRIBING, **CHOOSING})
def put_record(
    app: App,
    zone: str = "",
    name: str = "",
    type: str = "",
    id: str = "",
    old_content: str = "",
    content: str = "",
    priority: int = NONE,
    weight: int = NONE,
    port: int = NONE,
    target: str = "",
    flags: str = "",
    tag: str = "",
    value: str = "",
    ttl: int = 0,
    proxied: str = "",
    comment: str = "",
    tags: tuple[str, ...] = (),
) -> Rows:
    """Create a record, or make the existing one exactly as given: other fields get their defaults.

    inv dns.put --zone example.com --name www --type A --content 192.0.2.1 --ttl 300
    inv dns.put --zone example.com --name @ --type MX --old-content mx1.example.com --content mx2.example.com --priority 10
    """  # noqa: E501 (an example is one line, to be copied)
    from ops.products.dns.build import new_record

    typed = given(
        content=content, priority=priority, weight=weight, port=port, target=target, flags=flags, tag=tag,
        value=value, ttl=ttl, proxied=proxied, comment=comment, tags=tags,
    )  # fmt: skip
    current = current_zone(app, app.zone(zone))
    record = new_record(current.zone, type.upper(), name, typed)
    beside = current.records(name=record["name"])
    if id or old_content:
        found = _found(current, id, name, type.upper(), old_content)
        if found is None:
            raise current.absent(name, type.upper(), id)
    else:
        found = _replaceable(record, beside)
    return make(app, _put(current, found, record) if found else _creation(current, record, beside))


@command(
    "delete",
    writes=True,
    required=("zone",),
    needs=EDIT,
    help={**DESCRIBING, **CHOOSING, "content": "only the record with this content"},
)
def delete_record(
    app: App,
    zone: str = "",
    id: str = "",
    name: str = "",
    type: str = "",
    content: str = "",
    priority: int = NONE,
) -> Rows:
    """Delete one record; if it does not exist, nothing is done and the exit code is 0.

    inv dns.delete --zone example.com --name www --type A
    inv dns.delete --zone example.com --name @ --type MX --content mx1.example.com --yes
    """
    from ops.kinds.resource import Change
    from ops.products.dns.resources import RECORDS

    current = current_zone(app, app.zone(zone))
    found = _found(current, id, name, type.upper(), content, priority)
    if found is not None:
        _refuse_managed(found)
        return make(app, Change(RECORDS, current.owner, found, None))
    what = id or f"{type.upper()} {name}"
    app.note(f"unchanged: {what} does not exist")
    return Rows([{"action": "unchanged", "kind": "dns.record", "name": what, "id": id, "undo": ""}], RESULT)


def _creation(current: CurrentZone, record: Json, beside: list[Json]) -> Change:
    """Return the change that creates *record*. Raises Conflict where it may not exist *beside* others."""
    from ops.kinds.resource import Change
    from ops.products.dns.checks import check_together
    from ops.products.dns.rdata import PROXIABLE
    from ops.products.dns.record import managed
    from ops.products.dns.resources import RECORDS

    for one in beside:
        if managed(one) and {one["type"], record["type"]} <= set(PROXIABLE):
            _refuse_managed(one)
    check_together([record, *beside], current.name)
    return Change(RECORDS, current.owner, None, record)


def _update(current: CurrentZone, found: Json, typed: Json, cleared: tuple[str, ...]) -> Change:
    """Return the change of *found* in what is *typed* or *cleared*, and in nothing else."""
    from ops.items import without
    from ops.products.dns import checks
    from ops.products.dns.build import typed_rdata
    from ops.products.dns.rdata import RDATA
    from ops.products.dns.record import DEFAULTS

    rdata = typed_rdata(found["type"], typed, current.name, found)
    plain: Json = {field: typed[field] for field in ("ttl", "proxied", "comment", "tags") if field in typed}
    wanted: Json = {**found, **{field: DEFAULTS[field] for field in cleared}, **plain}
    if rdata:
        wanted = without(wanted, RDATA) | rdata
    if typed.get("proxied") and "ttl" not in typed:
        wanted["ttl"] = checks.AUTOMATIC
    fields = (*plain, *cleared, *rdata, *(("ttl",) if "proxied" in plain else ()))
    checks.check(wanted, current.zone, fields)
    return _changed(current, found, wanted, fields)


def _put(current: CurrentZone, found: Json, record: Json) -> Change:
    """Return the change that makes *found* exactly *record*, except settings, which have no option."""
    from ops.products.dns.rdata import RDATA

    return _changed(current, found, record, ("ttl", "proxied", "comment", "tags", *RDATA))


def _changed(current: CurrentZone, found: Json, wanted: Json, fields: tuple[str, ...]) -> Change:
    from ops.kinds.resource import Change
    from ops.products.dns.names import full_name
    from ops.products.dns.record import merged, same_rdata
    from ops.products.dns.resources import RECORDS

    _refuse_managed(found)
    after = merged(found, wanted, fields)
    if not same_rdata(found, after):
        for one in current.records(name=full_name(found["name"], current.name, exported=True)):
            if (
                one is not found
                and ("id" not in one or one["id"] != found.get("id"))
                and same_rdata(one, after)
            ):
                raise Refused(
                    f"another {after['type']} record of {after['name']} already has this data",
                    hint=f"if one is enough: `inv dns.delete --zone {current.name} --id {found.get('id')}`",
                )
    return Change(RECORDS, current.owner, found, after)


def _found(
    current: CurrentZone, id: str, name: str, type: str, content: str, priority: int = NONE
) -> Json | None:
    """Return the record that the options mean, None where it does not exist."""
    from ops.products.dns.checks import check_type

    def matches(record: Json) -> bool:
        return _has(current, record, content, priority)

    if content and type:
        check_type(type)
        matches({"type": type})
    return current.find(id=id, name=name, type=type, matches=matches)


def _has(current: CurrentZone, record: Json, content: str, priority: int) -> bool:
    """True if *record* has this content, this priority, both, or whatever it has where neither is given."""
    from ops.products.dns.build import typed_rdata
    from ops.products.dns.rdata import priority_of, rdata_key

    own = priority_of(record)
    if not content:
        return bool(priority in (NONE, own))
    typed: Json = {"content": content} | ({} if priority == NONE else {"priority": priority})
    wanted = typed_rdata(record["type"], typed, current.name, {"priority": 0 if own is None else own})
    return rdata_key({"type": record["type"], **wanted}) == rdata_key(record)


def _replaceable(record: Json, beside: list[Json]) -> Json | None:
    """Return the one of *beside* that *record* replaces: the equal one, or the only one of its type."""
    from ops.products.dns.current import ambiguous
    from ops.products.dns.record import same_rdata

    same_type = [one for one in beside if one["type"] == record["type"]]
    equal = [one for one in same_type if same_rdata(one, record)]
    if not equal and len(same_type) > 1:
        raise ambiguous(same_type)
    return next(iter(equal or same_type), None)


def _refuse_managed(record: Json) -> None:
    from ops.products.dns.record import managed

    if managed(record):
        raise Refused(
            f"Cloudflare manages the {record['type']} record {record['name']}: it is created and deleted "
            "with what it belongs to",
            hint="change the Worker's custom domain, or whatever else it belongs to",
        )
