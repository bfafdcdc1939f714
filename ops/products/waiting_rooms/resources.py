"""The kinds of waiting rooms."""

from __future__ import annotations

from ops.kinds.collection import collection, outside_plans
from ops.kinds.paging import Pages

RESOURCES = (
    collection(
        "waiting_rooms.room",
        "/zones/{zone}/waiting_rooms",
        "Zone > Waiting Rooms > Read",
        paging=Pages(1000, least=5),
        gate=outside_plans("free", "pro"),
        terraform="cloudflare_waiting_room",
    ),
)
