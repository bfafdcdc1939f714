"""The tasks that write single records: create, update, put, delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.products.dns import options
from ops.products.dns.options import DESCRIBING, EDIT, NONE
from ops.ui.shapes import Rows
from ops.writes.make import make

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json

MADE = ("action", "kind", "name", "id", "undo")
CHOOSING = {
    "id": "the record's id",
    "old_content": "what it says now, where several records have this name and type",
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
    """Create a record; one that is there already, and equal, is left as it is.

    inv dns.create --zone example.com --name www --type A --content 192.0.2.1 --proxied yes
    inv dns.create --zone example.com --name @ --type CAA --flags 0 --tag issue --value ca.example
    """
    from ops.products.dns.single import create

    given = options.given(
        content=content, priority=priority, weight=weight, port=port, target=target, flags=flags, tag=tag,
        value=value, ttl=ttl, proxied=proxied, comment=comment, tags=tags,
    )  # fmt: skip
    return make(app, create(app, app.zone(zone), type.upper(), name, given))


@command(
    "update",
    writes=True,
    required=("zone",),
    needs=EDIT,
    help={**DESCRIBING, **CHOOSING, "clear": "comment, tags or settings, to take away; may be repeated"},
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
    """Change what is given of one record, and nothing else of it.

    inv dns.update --zone example.com --name www --type A --content 192.0.2.2
    inv dns.update --zone example.com --id 372e67954025e0ba6aaa6d586b9e0b59 --ttl 300 --clear comment
    """
    from ops.products.dns.single import update

    given = options.given(
        content=content, priority=priority, weight=weight, port=port, target=target, flags=flags, tag=tag,
        value=value, ttl=ttl, proxied=proxied, comment=comment, tags=tags,
    )  # fmt: skip
    chosen: Json = {"id": id, "name": name, "type": type.upper(), "old_content": old_content}
    return make(app, update(app, app.zone(zone), chosen, given, options.cleared(clear)))


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
    """Create a record, or make the one that is there exactly as given: what is left out goes to its default.

    inv dns.put --zone example.com --name www --type A --content 192.0.2.1 --ttl 300
    inv dns.put --zone example.com --name @ --type MX --old-content mx1.example.com --content mx2.example.com --priority 10
    """  # noqa: E501 (an example is one line, to be copied)
    from ops.products.dns.single import put

    given = options.given(
        content=content, priority=priority, weight=weight, port=port, target=target, flags=flags, tag=tag,
        value=value, ttl=ttl, proxied=proxied, comment=comment, tags=tags,
    )  # fmt: skip
    chosen: Json = {"id": id, "name": name, "type": type.upper(), "old_content": old_content}
    return make(app, put(app, app.zone(zone), chosen, given))


@command(
    "delete",
    writes=True,
    required=("zone",),
    needs=EDIT,
    help={**DESCRIBING, **CHOOSING, "content": "only the record that says this"},
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
    """Delete one record; one that is gone already is no failure.

    inv dns.delete --zone example.com --name www --type A
    inv dns.delete --zone example.com --name @ --type MX --content mx1.example.com --yes
    """
    from ops.products.dns.single import delete

    chosen: Json = {"id": id, "name": name, "type": type.upper(), "old_content": content}
    wanted = chosen | ({} if priority == NONE else {"priority": priority})
    change = delete(app, app.zone(zone), wanted)
    if change is not None:
        return make(app, change)
    told = id or f"{type.upper()} {name}"
    app.note(f"unchanged: {told} is not there")
    return Rows([{"action": "unchanged", "kind": "dns.record", "name": told, "id": id, "undo": ""}], MADE)
