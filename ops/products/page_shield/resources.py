"""The kinds of Page Shield: its settings and policies."""

from __future__ import annotations

from ops.kinds.collection import collection, outside_plans, single

READ = "Zone > Page Shield > Read"
RESOURCES = (
    single(
        "page_shield.settings",
        "/zones/{zone}/page_shield",
        READ,
        gate=outside_plans("free"),
        sent=("enabled", "use_cloudflare_reporting_endpoint", "use_connection_url_path"),
    ),
    collection(
        "page_shield.policy",
        "/zones/{zone}/page_shield/policies",
        READ,
        identity=("description", "expression"),
        types={"description": str, "expression": str},
        label="description",
        gate=outside_plans("free", "pro", "business"),
        terraform="cloudflare_page_shield_policy",
    ),
)
