"""What Queues lend to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.products.queues import api
from ops.resource import ACCOUNT, Owner, Resource

if TYPE_CHECKING:
    from ops.http.client import Client, Listing


def _queues(client: Client, account: Owner) -> Listing:
    return api.list_queues(client, account.id)


RESOURCES = (
    Resource(
        kind="queues.queue",
        scope=ACCOUNT,
        list=_queues,
        identity=("queue_name",),
        key="queue_id",
        label="queue_name",
        volatile=("queue_id", "created_on", "modified_on"),
        needs="Account > Queues > Read",
    ),
)
