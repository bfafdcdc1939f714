"""The kinds of bot management: settings of zones."""

from __future__ import annotations

from ops.kinds.collection import single

RESOURCES = (
    single(
        "bots.settings",
        "/zones/{zone}/bot_management",
        "Zone > Bot Management > Read",
        read_only=("using_latest_model", "stale_zone_configuration"),
        label="fight_mode",
    ),
)
