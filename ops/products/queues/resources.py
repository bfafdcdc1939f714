"""The kinds of Queues: queues, with their producers and consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.paging import Whole
from ops.kinds.resource import ACCOUNT, Block, Compare, Owner, Resource

if TYPE_CHECKING:
    from ops.kinds.resource import Json


def _block(account: Owner, queue: Json) -> Block:
    arguments = {"account_id": account.account_id, "queue_name": queue["queue_name"]}
    return Block("cloudflare_queue", f"{account.account_id}/{queue['queue_id']}", arguments)


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
    terraform=_block,
)
RESOURCES = (QUEUE,)
