"""The kinds of Web Analytics: sites."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "rum.site",
        "/accounts/{account}/rum/site_info/list",
        "Account > Account Settings > Read",
        identity=("ruleset.zone_name", "host"),
        types={"ruleset.zone_name": str, "host": str},
        key="site_tag",
        label="host",
        paging=Pages(100),
        volatile=("site_token", "snippet", "ruleset.id", "rules"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="a new site has another token, which pages hold"),
    ),
)
