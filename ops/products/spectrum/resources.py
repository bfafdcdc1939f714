"""The kinds of Spectrum: applications of zones."""

from __future__ import annotations

from ops.kinds.collection import collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "spectrum.app",
        "/zones/{zone}/spectrum/apps",
        "Zone > Zone Settings > Read",
        identity=("protocol", "dns.name"),
        types={"protocol": str, "dns.name": str},
        label="dns.name",
        paging=Pages(100),
        restore=Restore(mentions=("tunnels.virtual_network",)),
        terraform="cloudflare_spectrum_application",
    ),
)
