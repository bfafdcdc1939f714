"""The kinds of Queues: queues, with their producers and consumers."""

from __future__ import annotations

from ops.kinds.paging import Whole
from ops.kinds.resource import ACCOUNT, Compare, Resource, block

QUEUE = Resource(
    kind="queues.queue",
    parent=ACCOUNT,
    path="/accounts/{account}/queues",
    paging=Whole(),
    needs="Account > Queues > Read",
    identity=("queue_name",),
    key="queue_id",
    label="queue_name",
    compare=Compare(volatile=("queue_id", "created_on", "modified_on")),
    terraform=block("cloudflare_queue", "{account_id}/{queue_id}", "account_id", "queue_name"),
)
RESOURCES = (QUEUE,)
