"""The kinds of Argo: smart routing of zones."""

from __future__ import annotations

from ops.kinds.collection import PATCH, single
from ops.kinds.resource import Restore

RESOURCES = (
    single(
        "argo.smart_routing",
        "/zones/{zone}/argo/smart_routing",
        "Zone > Zone Settings > Read",
        method=PATCH,
        sent=("value",),
        read_only=("editable",),
        label="value",
        restore=Restore(named="Argo costs money"),
    ),
)
