"""The kinds of Queues: queues, and the consumers of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.collection import Verbs, collection
from ops.kinds.resource import Restore, Uses, Writes, block
from ops.products.queues import api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.items import Json

SCRIPT = "workers.script"


def _consumers(_account: str, queue: Json) -> Iterator[tuple[str, str]]:
    for consumer in queue.get("consumers") or ():
        if script := consumer.get("script") or consumer.get("script_name"):
            yield SCRIPT, str(script)


_QUEUE = collection(
    "queues.queue",
    api.QUEUES,
    "Account > Queues > Read",
    identity=("queue_name",),
    key="queue_id",
    label="queue_name",
    # Consumers are a kind of their own, producers follow from the bindings of scripts.
    volatile=("producers", "producers_total_count", "consumers", "consumers_total_count"),
    verbs=Verbs(update="PATCH", sent=("queue_name", "settings")),
    lost="its messages, and the id to which Workers are bound",
    confirm_by_name=True,
    uses=Uses((SCRIPT,), _consumers),
)
QUEUE = _QUEUE._replace(
    terraform=block("cloudflare_queue", "{account_id}/{queue_id}", "account_id", "queue_name"),
    writes=_QUEUE.writes and _QUEUE.writes._replace(create=api.create_queue),
)
CONSUMER = collection(
    "queues.consumer",
    api.CONSUMERS,
    "Account > Queues > Read",
    parent="queues.queue",
    identity=("type", "script"),
    types={"type": str, "script": str},
    key="consumer_id",
    label="script",
    volatile=("queue_name", "service", "environment"),
    deep=True,
    restore=Restore(mentions=("workers.script",)),
)._replace(
    writes=Writes(
        find=api.find_consumer,
        create=api.create_consumer,
        update=api.update_consumer,
        delete=api.delete_consumer,
    )
)
# Another queue with that name would be another one, and empty.
REMOVED = QUEUE._replace(
    writes=QUEUE.writes
    and QUEUE.writes._replace(
        irreversible="a deletion is permanent: its messages and the id to which Workers are bound are lost"
    )
)
RESOURCES = (QUEUE, CONSUMER)
