"""The kinds of the registrar: domains."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection
from ops.kinds.paging import Followed
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "registrar.domain",
        "/accounts/{account}/registrar/domains",
        "Account > Domain Registration > Read",
        key="name",
        paging=Followed(),
        volatile=("expires_at", "transfer_in", "last_known_status", "registry_statuses", "fees"),
        read_only=(
            "contacts",
            "registrant_contact",
            "administrator_contact",
            "billing_contact",
            "technical_contact",
            "actionable_metadata",
            "available",
            "can_register",
            "supported_tld",
            "current_registrar",
        ),
        verbs=Verbs(create=False, delete=False, by_list=True, sent=("auto_renew", "locked", "privacy")),
        restore=Restore(named="a renewal costs money, and a lock prevents a transfer"),
    ),
)
