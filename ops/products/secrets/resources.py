"""The kinds of the Secrets Store: stores and the names of their secrets."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore

READ = "Account > Secrets Store > Read"
RESOURCES = (
    collection(
        "secrets.store",
        "/accounts/{account}/secrets_store/stores",
        READ,
        paging=Pages(100),
        verbs=READ_ONLY,
        restore=Restore(unsupported="Cloudflare never returns their secrets"),
    ),
    collection(
        "secrets.secret",
        "/accounts/{account}/secrets_store/stores/{store}/secrets",
        READ,
        parent="secrets.store",
        paging=Pages(100),
        volatile=("status", "store_id"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="Cloudflare never returns their values"),
        deep=True,
    ),
)
