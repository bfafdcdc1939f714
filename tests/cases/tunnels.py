"""The tasks of tunnels."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "tunnels.list": Read(sends="GET .*/cfd_tunnel", prints="office"),
    "tunnels.routes": Read(sends="GET .*/teamnet/routes", prints="10.0.0.0/16"),
    "tunnels.info": Read(("--tunnel", "office"), sends="GET .*/cfd_tunnel", prints="office"),
}
