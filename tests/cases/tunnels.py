"""The tasks of tunnels."""

from __future__ import annotations

from tests.cases import Case, Read

READS = {
    "tunnels.list": Read(sends="GET .*/cfd_tunnel", prints="office"),
    "tunnels.routes": Read(sends="GET .*/teamnet/routes", prints="10.0.0.0/16"),
    "tunnels.info": Read(("--tunnel", "office"), sends="GET .*/cfd_tunnel", prints="office"),
}
WRITES = {
    "tunnels.create": Case(("tunnels.create", "--tunnel", "warehouse")),
    "tunnels.delete": Case(("tunnels.delete", "--tunnel", "office", "--yes")),
    "tunnels.route-add": Case(("tunnels.route-add", "--network", "10.9.0.0/16", "--tunnel", "office")),
    "tunnels.route-remove": Case(("tunnels.route-remove", "--network", "10.0.0.0/16", "--yes")),
}
