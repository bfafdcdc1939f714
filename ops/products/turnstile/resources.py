"""The kinds of Turnstile: widgets."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection, lost
from ops.kinds.resource import Restore

NEW = "its sitekey and secret: pages and servers that use the old ones must be changed"
RESOURCES = (
    collection(
        "turnstile.widget",
        "/accounts/{account}/challenges/widgets",
        "Account > Turnstile > Read",
        identity=("name", "domains"),
        types={"domains": list},
        key="sitekey",
        volatile=("deployed_via", "last_modified_via"),
        # The answer for one widget holds its secret.
        verbs=Verbs(by_list=True),
        secret=("secret",),
        restore=Restore(not_restored=lost(NEW)),
        terraform="cloudflare_turnstile_widget",
        lost="its sitekey and secret, which pages and servers use",
    ),
)
