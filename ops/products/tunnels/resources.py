"""The kinds of Cloudflare Tunnel: tunnels with their configurations, routes and virtual networks."""

from __future__ import annotations

from ops.kinds.collection import PATCH, Verbs, collection, lost, single
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore

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
NETWORK = collection(
    "tunnels.virtual_network",
    NETWORKS + LIVE,
    READ,
    volatile=("deleted_at",),
    read_only=("is_default_network",),
    verbs=Verbs(update=PATCH, by_list=True),
    terraform="cloudflare_zero_trust_tunnel_cloudflared_virtual_network",
)
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
    terraform="cloudflare_zero_trust_tunnel_cloudflared_route",
)
RESOURCES = (TUNNEL, CONFIG, NETWORK, ROUTE)
