"""The kinds of snippets of zones."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection
from ops.kinds.paging import Followed
from ops.kinds.resource import Restore

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
    collection(
        "snippets.rule",
        "/zones/{zone}/snippets/snippet_rules",
        "Zone > Snippets > Read",
        identity=("snippet_name", "expression"),
        types={"expression": str},
        label="snippet_name",
        volatile=("last_updated", "version"),
        verbs=READ_ONLY,
    ),
)
