"""The kinds of the firewall of zones: lockdowns and blocked user agents."""

from __future__ import annotations

from ops.kinds.collection import collection, outside_plans
from ops.kinds.paging import Pages

READ, FIREWALL = "Zone > Firewall Services > Read", "/zones/{zone}/firewall"
RESOURCES = (
    collection(
        "firewall.lockdown",
        f"{FIREWALL}/lockdowns",
        READ,
        identity=("urls", "configurations"),
        types={"urls": list, "configurations": list},
        label="description",
        paging=Pages(1000, least=5),
        gate=outside_plans("free"),
        terraform="cloudflare_zone_lockdown",
    ),
    collection(
        "firewall.ua_rule",
        f"{FIREWALL}/ua_rules",
        READ,
        identity=("configuration.value",),
        types={"configuration.value": str},
        label="description",
        paging=Pages(1000),
        terraform="cloudflare_user_agent_blocking_rule",
    ),
)
