"""The `dns` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.products.dns import api
from ops.products.dns.filing import apply_records, export_records, import_records, plan_records
from ops.products.dns.options import READ, ZONE
from ops.products.dns.writing import create_record, delete_record, put_record, update_record
from ops.products.zones.api import canonical
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

__all__ = (
    "apply_records",
    "create_record",
    "delete_record",
    "export_records",
    "get_record",
    "import_records",
    "list_records",
    "plan_records",
    "put_record",
    "update_record",
)

COLUMNS = ("name", "type", "content", "ttl", "proxied", "comment", "id")


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
