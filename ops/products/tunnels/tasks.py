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
NETWORKS = (
    Column("name", KEY),
    Column("comment", MAIN),
    "is_default_network",
    Column("id", LOW),
)
NAMED = "name or id of the tunnel"
NETWORK = "name or id of the virtual network"


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


@command("networks", needs=READ)
def list_networks(app: App) -> Rows:
    """List the virtual networks, which keep private networks with the same addresses apart.

    inv tunnels.networks
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("tunnels.virtual_network"), NETWORKS, "virtual network")


@command("info", required=("tunnel",), needs=READ, help={"tunnel": NAMED})
def info(app: App, tunnel: str = "") -> Item:
    """Show a tunnel.

    inv tunnels.info --tunnel office
    """
    from ops.scan.items import Items

    return Item(Items(app).one("tunnels.tunnel", tunnel))


@command("create", required=("tunnel",), writes=True, needs=EDIT, help={"tunnel": "name of the new tunnel"})
def create(app: App, tunnel: str = "") -> Rows:
    """Create a tunnel that is configured at Cloudflare; the dashboard shows the token for its cloudflared.

    inv tunnels.create --tunnel warehouse
    """
    from ops.products.tunnels.resources import TUNNEL
    from ops.writes.by_name import ByName

    return ByName(app, TUNNEL).create({"name": tunnel, "config_src": "cloudflare"})


@command("delete", required=("tunnel",), writes=True, needs=EDIT, help={"tunnel": NAMED})
def delete(app: App, tunnel: str = "") -> Rows:
    """Delete a tunnel with its token; Cloudflare refuses one that is connected.

    inv tunnels.delete --tunnel office --yes
    """
    from ops.products.tunnels.resources import TUNNEL
    from ops.writes.by_name import ByName

    return ByName(app, TUNNEL).delete(tunnel)


@command(
    "route-add",
    required=("network", "tunnel"),
    writes=True,
    needs=EDIT,
    help={
        "network": "e.g. 10.1.0.0/16",
        "tunnel": NAMED,
        "comment": "what it is for",
        "virtual_network": f"{NETWORK} (default: the account's default one)",
    },
)
def add_route(
    app: App, network: str = "", tunnel: str = "", comment: str = "", virtual_network: str = ""
) -> Rows:
    """Lead a private network to a tunnel.

    inv tunnels.route-add --network 10.1.0.0/16 --tunnel office
    """
    from ops.products.tunnels.resources import NETWORK, ROUTE, TUNNEL
    from ops.writes.by_name import ByName

    found = ByName(app, TUNNEL).find(tunnel)
    wanted = {"network": network, "tunnel_id": found.get("id", ""), "comment": comment}
    if virtual_network:
        within = ByName(app, NETWORK).find(virtual_network)
        names = {"virtual_network_id": within.get("id", ""), "virtual_network_name": within["name"]}
        wanted |= names
    return ByName(app, ROUTE).create(wanted)


@command(
    "route-remove",
    required=("network",),
    writes=True,
    needs=EDIT,
    help={"network": "the network, or the id of the route"},
)
def remove_route(app: App, network: str = "") -> Rows:
    """Delete the route of a private network.

    inv tunnels.route-remove --network 10.0.0.0/16
    """
    from ops.products.tunnels.resources import ROUTE
    from ops.writes.by_name import ByName

    return ByName(app, ROUTE).delete(network)


@command(
    "network-create",
    required=("virtual_network",),
    writes=True,
    needs=EDIT,
    help={"virtual_network": "name of the new virtual network", "comment": "what it is for"},
)
def create_network(app: App, virtual_network: str = "", comment: str = "") -> Rows:
    """Create a virtual network.

    inv tunnels.network-create --virtual-network staging
    """
    from ops.products.tunnels.resources import NETWORK
    from ops.writes.by_name import ByName

    return ByName(app, NETWORK).create({"name": virtual_network, "comment": comment})


@command(
    "network-delete",
    required=("virtual_network",),
    writes=True,
    needs=EDIT,
    help={"virtual_network": NETWORK},
)
def delete_network(app: App, virtual_network: str = "") -> Rows:
    """Delete a virtual network; Cloudflare refuses one that routes use, and the message names them.

    inv tunnels.route-remove 10.0.0.0/16 tunnels.network-delete branch
    """
    from ops.products.tunnels.resources import NETWORK
    from ops.writes.by_name import ByName

    return ByName(app, NETWORK).delete(virtual_network)
