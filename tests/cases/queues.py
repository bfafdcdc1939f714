"""The tasks of queues."""

from __future__ import annotations

from ops.sandbox.server import Sandbox
from ops.sandbox.store import ACCOUNT_ID
from tests.cases import Case, Read


def _without_consumer(sandbox: Sandbox) -> None:
    for queue in sandbox.store.list_documents("queue", ACCOUNT_ID):
        if queue["queue_name"] == "webhooks":
            queue["consumers"] = []
            sandbox.store.put_document("queue", ACCOUNT_ID, queue["queue_id"], queue, sort="webhooks")


READS = {
    "queues.list": Read(sends="GET .*/queues", prints="emails"),
    "queues.consumers": Read(("--queue", "emails"), sends="GET .*/consumers", prints="webhook-relay"),
    "queues.info": Read(("--queue", "emails"), sends="GET .*/queues", prints="emails"),
}
WRITES = {
    "queues.consumer-add": Case(
        (*("queues.consumer-add", "--queue", "webhooks", "--script", "webhook-relay"), "--batch-size", "5"),
        arrange=_without_consumer,
    ),
    "queues.consumer-remove": Case(
        ("queues.consumer-remove", "--queue", "emails", "--script", "webhook-relay", "--yes")
    ),
    "queues.create": Case(("queues.create", "--queue", "fresh"), confirm="fresh"),
    "queues.update": Case(("queues.update", "--queue", "emails", "--paused", "yes", "--delay", "5")),
    "queues.delete": Case(
        ("queues.delete", "--queue", "emails", "--confirm", "emails"), reversible=False, why="permanent"
    ),
}
