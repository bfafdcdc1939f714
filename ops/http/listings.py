"""Which task lists what a path asks for, for when it is not there."""

from __future__ import annotations

import re

# The first pattern that fits decides, so the narrower ones come first.
_TABLE = (
    (r"/zones/[^/]+/dns_records/", "inv dns.list --zone …"),
    (r"/zones/[^/]+/workers/routes/", "inv workers.routes --zone …"),
    (r"/zones/[^/]+/settings/", "inv zones.settings --zone …"),
    (r"/zones/[^/]+/ssl/certificate_packs/", "inv ssl.packs --zone …"),
    (r"/zones/", "inv zones.list"),
    (r"/accounts/[^/]+/storage/kv/namespaces/[^/]+/(values|metadata)/", "inv kv.keys --namespace …"),
    (r"/accounts/[^/]+/storage/kv/namespaces/", "inv kv.list"),
    (r"/accounts/[^/]+/workers/scripts/", "inv workers.list"),
    (r"/accounts/[^/]+/workers/durable_objects/", "inv do.list"),
    (r"/accounts/", "inv accounts.list"),
)


def listing_task(path: str) -> str:
    """Return the command that shows what there is instead; "" where no task lists it."""
    return next((task for pattern, task in _TABLE if re.match(pattern, path)), "")
