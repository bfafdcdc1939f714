"""The kinds of health checks of zones."""

from __future__ import annotations

from ops.kinds.collection import collection, outside_plans
from ops.kinds.paging import Pages

RESOURCES = (
    collection(
        "healthchecks.check",
        "/zones/{zone}/healthchecks",
        "Zone > Health Checks > Read",
        paging=Pages(1000, least=5),
        volatile=("status", "failure_reason"),
        secret=("http_config.header.*",),
        gate=outside_plans("free"),
        terraform="cloudflare_healthcheck",
    ),
)
