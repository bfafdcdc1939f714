"""The `dns` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.command import command
from ops.products.dns import api
from ops.products.zones.api import canonical
from ops.ui.shapes import Item, Rows, Text

if TYPE_CHECKING:
    from ops.app import App

COLUMNS = ("name", "type", "content", "ttl", "proxied", "comment", "id")
ZONE = "domain or id, e.g. example.com"
READ = "Zone > DNS > Read"


@command(
    "list",
    required=("zone",),
    needs=READ,
    help={
        "zone": ZONE,
        "type": "only this type, e.g. MX",
        "name": "only this full name",
        "content": "only this content",
        "proxied": "yes or no",
        "comment": "only comments that contain this",
        "tag": "only this tag, e.g. team:web",
        "search": "only what contains this in name, content, comment or tag",
        "match": "all or any of the filters (default all)",
        "where": "any other filter of the API, e.g. name.startswith=www; may be repeated",
    },
)
def list_records(
    app: App,
    zone: str = "",
    type: str = "",
    name: str = "",
    content: str = "",
    proxied: str = "",
    comment: str = "",
    tag: str = "",
    search: str = "",
    match: str = "",
    where: tuple[str, ...] = (),
) -> Rows:
    """List a zone's records.

    inv dns.list --zone example.com --type MX
    inv dns.list --zone example.com --where name.startswith=www --output json
    """
    filters = api.filters(
        type=type, name=canonical(name), content=content, proxied=proxied, comment=comment, tag=tag,
        search=search, match=match, where=where,
    )  # fmt: skip
    return Rows(api.list_records(app.client, app.zone_id(zone), **filters), COLUMNS)


@command("get", required=("zone", "id"), needs=READ, help={"zone": ZONE, "id": "the record's id"})
def get_record(app: App, zone: str = "", id: str = "") -> Item:
    """Show one record.

    inv dns.get --zone example.com --id 372e67954025e0ba6aaa6d586b9e0b59
    """
    return Item(api.get_record(app.client, app.zone_id(zone), id))


@command("export", required=("zone",), needs=READ, help={"zone": ZONE})
def export_records(app: App, zone: str = "") -> Text:
    """Print a zone as a BIND file, as the API exports it.

    inv dns.export --zone example.com > example.com.zone
    """
    return Text(api.export_records(app.client, app.zone_id(zone)))
