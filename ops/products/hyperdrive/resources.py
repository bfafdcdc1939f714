"""The kinds of Hyperdrive: connections of Workers to databases."""

from __future__ import annotations

from ops.kinds.collection import PATCH, Verbs, collection
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "hyperdrive.config",
        "/accounts/{account}/hyperdrive/configs",
        "Account > Hyperdrive > Read",
        # The password is never returned: a whole update would remove it.
        verbs=Verbs(create=False, update=PATCH),
        secret=("origin.access_client_secret",),
        restore=Restore(mentions=("mtls.certificate",)),
        terraform="cloudflare_hyperdrive_config",
        lost="the password of its database, which Cloudflare never returns",
    ),
)
