"""The kinds of Queues: queues, with their producers and consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.paging import Whole
from ops.kinds.resource import ACCOUNT, Compare, Resource, Uses, block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.items import Json

SCRIPT = "workers.script"


def _consumers(_account: str, queue: Json) -> Iterator[tuple[str, str]]:
    for consumer in queue.get("consumers") or ():
        if script := consumer.get("script") or consumer.get("script_name"):
            yield SCRIPT, str(script)


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
    uses=Uses((SCRIPT,), _consumers),
)
RESOURCES = (QUEUE,)
