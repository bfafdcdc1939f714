"""The tasks of queues."""

from __future__ import annotations

from tests.cases import Case, Read

READS = {
    "queues.list": Read(sends="GET .*/queues", prints="emails"),
    "queues.consumers": Read(("--queue", "emails"), sends="GET .*/consumers", prints="webhook-relay"),
    "queues.info": Read(("--queue", "emails"), sends="GET .*/queues", prints="emails"),
}
WRITES = {
    "queues.create": Case(("queues.create", "--queue", "fresh"), confirm="fresh"),
    "queues.delete": Case(
        ("queues.delete", "--queue", "emails", "--confirm", "emails"), reversible=False, why="permanent"
    ),
}
