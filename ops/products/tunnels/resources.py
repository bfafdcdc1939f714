"""The kinds of Cloudflare Tunnel: tunnels with their configurations, routes and virtual networks."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ops.errors import OpsError
from ops.kinds.collection import PATCH, Verbs, collection, lost, single
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore, Uses, address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Owner

READ = "Account > Cloudflare Tunnel > Read"
# Without the parameter, deleted ones are listed too.
LIVE = "?is_deleted=false"
TUNNELS, NETWORKS, ROUTES = (
    "/accounts/{account}/cfd_tunnel",
    "/accounts/{account}/teamnet/virtual_networks",
    "/accounts/{account}/teamnet/routes",
)
TUNNEL = collection(
    "tunnels.tunnel",
    TUNNELS + LIVE,
    READ,
    paging=Pages(1000),
    volatile=(
        "account_tag",
        "deleted_at",
        "connections",
        "conns_active_at",
        "conns_inactive_at",
        "status",
        "metadata",
        "tun_type",
        "remote_config",
    ),
    fixed=("config_src",),
    verbs=Verbs(update=PATCH, sent=("name", "config_src"), by_list=True),
    restore=Restore(not_restored=lost("its token: every cloudflared needs the new one")),
    lost="its token, which every cloudflared of it uses",
    terraform="cloudflare_zero_trust_tunnel_cloudflared",
    task="tunnels.list",
)
CONFIG = single(
    "tunnels.config",
    TUNNELS + "/{tunnel}/configurations",
    READ,
    parent="tunnels.tunnel",
    sent=("config",),
    volatile=("version", "account_id", "tunnel_id", "source"),
    label="version",
    deep=True,
    gate=lambda tunnel: "" if tunnel.item.get("config_src") == "cloudflare" else "configured where it runs",
)


def _delete_network(client: Client, account: Owner, network: Json) -> None:
    """Delete a virtual network. The refusal of one that routes use names them."""
    try:
        client.delete(address(NETWORKS, account).below("{}", network["id"]))
    except OpsError as error:
        if error.status not in (400, 409):
            raise
        using: list[str] = []
        with suppress(OpsError):
            routes = ROUTE.list(client, account)
            using += (str(one["network"]) for one in routes if one["virtual_network_id"] == network["id"])
        if not using:
            raise
        raise type(error)(
            f"the virtual network {network['name']} is used by the routes {', '.join(using)}",
            error.status,
            hint="remove them first: `inv tunnels.route-remove NETWORK`",
            codes=error.codes,
            ray=error.ray,
        ) from error


def _used_by_route(_account: str, route: Json) -> Iterator[tuple[str, str]]:
    for field, kind in (("tunnel_id", "tunnels.tunnel"), ("virtual_network_id", "tunnels.virtual_network")):
        if id := route.get(field):
            yield kind, str(id)


_NETWORK = collection(
    "tunnels.virtual_network",
    NETWORKS + LIVE,
    READ,
    volatile=("deleted_at",),
    read_only=("is_default_network",),
    verbs=Verbs(update=PATCH, by_list=True),
    terraform="cloudflare_zero_trust_tunnel_cloudflared_virtual_network",
)
NETWORK = _NETWORK._replace(writes=_NETWORK.writes and _NETWORK.writes._replace(delete=_delete_network))
ROUTE = collection(
    "tunnels.route",
    ROUTES + LIVE,
    READ,
    paging=Pages(1000),
    identity=("network", "virtual_network_name"),
    types={"virtual_network_name": str},
    label="network",
    volatile=("deleted_at", "tun_type"),
    read_only=("tunnel_name", "virtual_network_name"),
    verbs=Verbs(update=PATCH, sent=("network", "tunnel_id", "virtual_network_id", "comment"), by_list=True),
    restore=Restore(mentions=("tunnels.tunnel", "tunnels.virtual_network")),
    uses=Uses(("tunnels.tunnel", "tunnels.virtual_network"), _used_by_route),
    terraform="cloudflare_zero_trust_tunnel_cloudflared_route",
)
HOSTNAME = collection(
    "tunnels.hostname_route",
    "/accounts/{account}/zerotrust/routes/hostname" + LIVE,
    READ,
    identity=("hostname",),
    label="hostname",
    volatile=("deleted_at", "tun_type"),
    read_only=("tunnel_name",),
    verbs=Verbs(update=PATCH, sent=("hostname", "tunnel_id", "comment"), by_list=True),
    restore=Restore(mentions=("tunnels.tunnel",)),
    deep=True,
    links=(("tunnel_id", "tunnels.tunnel"),),
    terraform="cloudflare_zero_trust_network_hostname_route",
)
RESOURCES = (TUNNEL, CONFIG, NETWORK, ROUTE, HOSTNAME)
