"""The kinds of snippets of zones."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, Verbs, collection
from ops.kinds.paging import Followed
from ops.kinds.resource import Restore
from ops.products.snippets import api

SNIPPET = collection(
    "snippets.snippet",
    api.SNIPPETS,
    "Zone > Snippets > Read",
    identity=("snippet_name",),
    key="snippet_name",
    label="snippet_name",
    paging=Followed(),
    whole=api.with_code,
    verbs=Verbs(by_list=True),
    restore=Restore(blocked=api.blocked),
    terraform="cloudflare_snippet",
)
assert SNIPPET.writes is not None  # noqa: S101 (a collection has them)
RESOURCES = (
    SNIPPET._replace(
        writes=SNIPPET.writes._replace(
            create=api.put_snippet,
            update=lambda client, zone, _before, after: api.put_snippet(client, zone, after),
        )
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
