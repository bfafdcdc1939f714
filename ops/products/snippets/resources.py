"""The kinds of snippets of zones."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection, ordered
from ops.kinds.paging import Followed
from ops.kinds.resource import Restore, Where

RESOURCES = (
    collection(
        "snippets.snippet",
        "/zones/{zone}/snippets",
        "Zone > Snippets > Read",
        identity=("snippet_name",),
        key="snippet_name",
        label="snippet_name",
        paging=Followed(),
        verbs=READ_ONLY,
        restore=Restore(unsupported="a snapshot does not hold their code"),
        terraform="cloudflare_snippet",
    ),
    ordered(
        "snippets.rules",
        "/zones/{zone}/snippets/snippet_rules",
        "Zone > Snippets > Read",
        where=Where("snippets.snippet", "the zone has no snippet"),
    ),
)
