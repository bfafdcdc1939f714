"""The kinds of event subscriptions, which send the events of products to queues."""

from __future__ import annotations

from ops.kinds.collection import PATCH, Verbs, collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "events.subscription",
        "/accounts/{account}/event_subscriptions/subscriptions",
        "Account > Queues > Read",
        paging=Pages(100),
        volatile=("modified_at",),
        unordered=("events",),
        fixed=("source",),
        verbs=Verbs(update=PATCH, sent=("name", "enabled", "source", "destination", "events")),
        restore=Restore(mentions=("queues.queue", "kv.namespace")),
        deep=True,
    ),
)
