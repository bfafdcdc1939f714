"""The kinds of WARP clients: profiles, and checks of their posture."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection, only_where
from ops.kinds.resource import Restore
from ops.products.accounts.resources import ORGANIZATION

READ = "Account > Zero Trust > Read"
RESOURCES = only_where(
    ORGANIZATION,
    collection(
        "devices.posture",
        "/accounts/{account}/devices/posture",
        READ,
        identity=("name", "type"),
        types={"type": str},
        terraform="cloudflare_zero_trust_device_posture_rule",
    ),
    collection(
        "devices.profile",
        "/accounts/{account}/devices/policies",
        READ,
        key="policy_id",
        volatile=("gateway_unique_id", "target_tests", "default"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="they reach every device; use the dashboard"),
        terraform="cloudflare_zero_trust_device_custom_profile",
    ),
)
