"""The tasks of the `queues` collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, TIME, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json

READ, EDIT = "Account > Queues > Read", "Account > Queues > Edit"
COLUMNS = (
    Column("queue_name", KEY),
    "producers_total_count",
    "consumers_total_count",
    Column("queue_id", LOW),
    Column("created_on", LOW, TIME),
)
CONSUMERS = (
    Column("parent", KEY),
    Column("script", KEY),
    "type",
    Column("consumer_id", LOW),
)
NAMED = "name or id of the queue"


@command("list", needs=READ)
def list_queues(app: App) -> Rows:
    """List the queues of the account.

    inv queues.list
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("queues.queue"), COLUMNS, "queue")


@command("consumers", needs=READ, help={"queue": "only of this queue: name or id"})
def list_consumers(app: App, queue: str = "") -> Rows:
    """List the consumers of all queues, or of one.

    inv queues.consumers --queue emails
    """
    from ops.scan.items import Items

    return Rows(Items(app).of("queues.consumer", queue), CONSUMERS, "consumer")


@command("info", required=("queue",), needs=READ, help={"queue": NAMED})
def info(app: App, queue: str = "") -> Item:
    """Show a queue with its settings, producers and consumers.

    inv queues.info --queue emails
    """
    from ops.scan.items import Items

    return Item(Items(app).one("queues.queue", queue))


@command("create", required=("queue",), writes=True, needs=EDIT, help={"queue": "name of the new queue"})
def create(app: App, queue: str = "") -> Rows:
    """Create a queue.

    inv queues.create --queue emails
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.queues.resources import QUEUE
    from ops.writes.make import make

    wanted = {"queue_name": queue}
    return make(app, Change(QUEUE, Owner(app.account_id, app.account_id, {}), None, wanted))


@command(
    "update",
    required=("queue",),
    writes=True,
    needs=EDIT,
    help={
        "queue": NAMED,
        "paused": "yes or no: deliver nothing to consumers; messages are kept",
        "delay": "seconds before a message is delivered (-1: leave it)",
        "retention": "seconds that a message is kept (0: leave it)",
    },
)
def update(app: App, queue: str = "", paused: str = "", delay: int = -1, retention: int = 0) -> Rows:
    """Pause the delivery of a queue or resume it, or change how long messages wait and are kept.

    inv queues.update --queue emails --paused yes
    """
    from ops.errors import UsageError
    from ops.products.queues.resources import QUEUE
    from ops.writes.by_name import ByName

    if paused not in ("", "yes", "no") or not (paused or delay >= 0 or retention):
        raise UsageError("name what to change: --paused yes, --paused no, --delay or --retention")
    settings: Json = {"delivery_paused": paused == "yes"} if paused else {}
    settings |= {"delivery_delay": delay} if delay >= 0 else {}
    settings |= {"message_retention_period": retention} if retention else {}
    queues = ByName(app, QUEUE)
    found = queues.find(queue).get("settings") or {}
    return queues.update(queue, {"settings": found | settings})


@command("delete", required=("queue",), writes=True, guards=("confirm",), needs=EDIT, help={"queue": NAMED})
def delete(app: App, queue: str = "") -> Rows:
    """Delete a queue with its messages; its name has to be typed, or named with --confirm.

    inv queues.delete --queue emails --confirm emails
    """
    from ops.kinds.resource import Change, Owner
    from ops.products.queues.resources import REMOVED
    from ops.scan.items import Items
    from ops.writes.make import make

    found = Items(app).one("queues.queue", queue)
    return make(app, Change(REMOVED, Owner(app.account_id, app.account_id, {}), found, None))


@command(
    "consumer-add",
    required=("queue", "script"),
    writes=True,
    needs=EDIT,
    help={
        "queue": NAMED,
        "script": "the script that gets the messages",
        "batch_size": "messages at once, at most (default: Cloudflare's)",
        "dead_letter_queue": "queue for messages that fail again and again",
    },
)
def add_consumer(
    app: App, queue: str = "", script: str = "", batch_size: int = 0, dead_letter_queue: str = ""
) -> Rows:
    """Have a script consume a queue; Cloudflare allows one consumer.

    inv queues.consumer-add --queue emails --script webhook-relay
    """
    from ops.products.queues.resources import CONSUMER, QUEUE
    from ops.writes.by_name import ByName

    wanted = {"type": "worker", "script": script}
    settings = {"settings": {"batch_size": batch_size}} if batch_size else {}
    dead = {"dead_letter_queue": dead_letter_queue} if dead_letter_queue else {}
    return ByName(app, QUEUE).inside(CONSUMER, queue).create(wanted | settings | dead)


@command(
    "consumer-remove",
    required=("queue", "script"),
    writes=True,
    needs=EDIT,
    help={"queue": NAMED, "script": "the script, or the id of the consumer"},
)
def remove_consumer(app: App, queue: str = "", script: str = "") -> Rows:
    """Remove a consumer of a queue: its messages wait until there is another one.

    inv queues.consumer-remove --queue emails --script webhook-relay
    """
    from ops.products.queues.resources import CONSUMER, QUEUE
    from ops.writes.by_name import ByName

    return ByName(app, QUEUE).inside(CONSUMER, queue).delete(script)
