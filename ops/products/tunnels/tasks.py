"""The tasks of the `tunnels` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, MAIN, STATUS, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

READ, EDIT = "Account > Cloudflare Tunnel > Read", "Account > Cloudflare Tunnel > Edit"
COLUMNS = (
    Column("name", KEY),
    Column("status", MAIN, STATUS),
    "config_src",
    Column("id", LOW),
    Column("created_at", LOW, TIME),
)
ROUTES = (
    Column("network", KEY),
    Column("tunnel_name", KEY),
    "virtual_network_name",
    "comment",
    Column("id", LOW),
)
NAMED = "name or id of the tunnel"


@command("list", needs=READ)
def list_tunnels(app: App) -> Rows:
    """List the tunnels of the account, without deleted ones.

    inv tunnels.list
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("tunnels.tunnel"), COLUMNS, "tunnel")


@command("routes", needs=READ)
def list_routes(app: App) -> Rows:
    """List the private networks that tunnels lead to.

    inv tunnels.routes
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("tunnels.route"), ROUTES, "route")


@command("info", required=("tunnel",), needs=READ, help={"tunnel": NAMED})
def info(app: App, tunnel: str = "") -> Item:
    """Show a tunnel.

    inv tunnels.info --tunnel office
    """
    from ops.scan.items import Items

    return Item(Items(app).one("tunnels.tunnel", tunnel))
