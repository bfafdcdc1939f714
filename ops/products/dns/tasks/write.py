"""The tasks that write single records: dns.create, dns.update, dns.put, dns.delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.products.dns.tasks.options import CLEARABLE, DESCRIBING, EDIT, NONE, current_zone, given, split
from ops.ui.shapes import Rows
from ops.writes.make import make

if TYPE_CHECKING:
    from ops.cli.app import App

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
    from ops.products.dns import changes

    typed = given(locals())
    current = current_zone(app, app.zone(zone))
    return make(app, changes.create(current, changes.new_record(current.zone, type.upper(), name, typed)))


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
    from ops.products.dns import changes

    typed = given(locals())
    cleared = tuple(split(clear))
    unknown = [name for name in cleared if name not in CLEARABLE]
    if unknown:
        raise UsageError(f"--clear does not know {unknown[0]!r}", hint=f"one of {', '.join(CLEARABLE)}")
    if not typed and not cleared:
        raise UsageError("nothing to change was given", hint="e.g. --content, --ttl or --clear comment")
    current = current_zone(app, app.zone(zone))
    found = changes.find(current, id, name, type.upper(), old_content)
    return make(app, changes.update(current, found, typed, cleared))


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
    from ops.products.dns import changes

    typed = given(locals())
    current = current_zone(app, app.zone(zone))
    record = changes.new_record(current.zone, type.upper(), name, typed)
    chosen = id or old_content
    found = changes.find(current, id, name, type.upper(), old_content) if chosen else None
    return make(app, changes.put(current, record, found))


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
    from ops.errors import Absent
    from ops.products.dns import changes

    current = current_zone(app, app.zone(zone))
    try:
        found = changes.find(current, id, name, type.upper(), content, None if priority == NONE else priority)
    except Absent:
        what = id or f"{type.upper()} {name}"
        app.note(f"unchanged: {what} does not exist")
        return Rows(
            [{"action": "unchanged", "kind": "dns.record", "name": what, "id": id, "undo": ""}], RESULT
        )
    return make(app, changes.delete(current, found))
