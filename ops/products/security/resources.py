"""The kinds of Security Center: what Cloudflare itself finds insecure."""

from __future__ import annotations

from ops.http.paths import path
from ops.kinds.collection import READ_ONLY, collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore

INSIGHTS = "/accounts/{account}/security-center/insights"
PAGING = Pages(1000, inside="issues")
DAY = 86_400.0
RESOURCES = (
    collection(
        "security.insight",
        INSIGHTS,
        "Account > Security Center Insights > Read",
        identity=("id",),
        label="issue_type",
        paging=PAGING,
        # Other sources count 100 requests a month below Enterprise, and Cloudflare scans once a day at most.
        listing=lambda client, account: PAGING.read(
            client.remembering(DAY), path(INSIGHTS, account=account.id)
        ),
        volatile=("timestamp", "since", "status"),
        verbs=READ_ONLY,
        by_name="it is read at most once a day, and only if --only names it",
        restore=Restore(unsupported="they are findings, not configuration"),
    ),
)
