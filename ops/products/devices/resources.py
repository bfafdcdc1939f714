"""The kinds of WARP clients: profiles, and checks of their posture."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection, only_where, single
from ops.kinds.resource import Restore
from ops.products.accounts.resources import ORGANIZATION
from ops.products.devices import api

READ = "Account > Zero Trust > Read"
PROFILE = collection(
    "devices.profile",
    api.PROFILES,
    READ,
    key="policy_id",
    volatile=("gateway_unique_id", "target_tests", "default"),
    unordered=api.PARTS,
    verbs=Verbs(by_list=True),
    restore=Restore(
        mentions=("tunnels.virtual_network",),
        named="it changes the WARP clients of all devices that it matches",
    ),
    terraform="cloudflare_zero_trust_device_custom_profile",
)
DEFAULT = single(
    "devices.default_profile",
    api.PROFILE,
    READ,
    volatile=("gateway_unique_id", "policy_id", "target_tests", "default"),
    read_only=("enabled",),
    unordered=api.PARTS,
    label="support_url",
    restore=Restore(
        mentions=("tunnels.virtual_network",),
        named="it changes the WARP clients of all devices without a profile of their own",
    ),
)
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
    api.written(PROFILE),
    api.written(DEFAULT),
)
