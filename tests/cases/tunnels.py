"""The tasks of tunnels."""

from __future__ import annotations

from ops.sandbox.routes.nested import ROUTES
from ops.sandbox.server import Sandbox
from tests.cases import Case, Read


def without_routes(sandbox: Sandbox) -> None:
    sandbox.store.run("DELETE FROM document WHERE kind = ?", (ROUTES,))


READS = {
    "tunnels.list": Read(sends="GET .*/cfd_tunnel", prints="office"),
    "tunnels.routes": Read(sends="GET .*/teamnet/routes", prints="10.0.0.0/16"),
    "tunnels.networks": Read(sends="GET .*/virtual_networks", prints="branch"),
    "tunnels.info": Read(("--tunnel", "office"), sends="GET .*/cfd_tunnel", prints="office"),
}
WRITES = {
    "tunnels.create": Case(("tunnels.create", "--tunnel", "warehouse")),
    "tunnels.delete": Case(("tunnels.delete", "--tunnel", "office", "--yes")),
    "tunnels.route-add": Case(("tunnels.route-add", "--network", "10.9.0.0/16", "--tunnel", "office")),
    "tunnels.route-add of a virtual network": Case(
        (
            *("tunnels.route-add", "--network", "10.9.0.0/16", "--tunnel", "office"),
            *("--virtual-network", "branch"),
        )
    ),
    "tunnels.network-create": Case(("tunnels.network-create", "--virtual-network", "staging")),
    "tunnels.network-delete": Case(
        ("tunnels.network-delete", "--virtual-network", "branch", "--yes"), arrange=without_routes
    ),
    "tunnels.route-remove": Case(("tunnels.route-remove", "--network", "10.0.0.0/16", "--yes")),
}
