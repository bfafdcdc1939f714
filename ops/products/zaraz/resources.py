"""The kinds of Zaraz: the configuration of zones."""

from __future__ import annotations

from ops.kinds.collection import single
from ops.kinds.resource import Restore

RESOURCES = (
    single(
        "zaraz.config",
        "/zones/{zone}/settings/zaraz/config",
        "Zone > Zaraz > Read",
        method="",
        label="zarazVersion",
        restore=Restore(
            unsupported="Cloudflare never returns its secret variables, and an update would remove them"
        ),
    ),
)
