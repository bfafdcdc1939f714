"""The kinds of snippets of zones."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection, ordered
from ops.kinds.paging import Followed
from ops.kinds.resource import Restore, Where
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
    ordered(
        "snippets.rules",
        "/zones/{zone}/snippets/snippet_rules",
        "Zone > Snippets > Read",
        where=Where("snippets.snippet", "the zone has no snippet"),
    ),
)
