"""Queues and their consumers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.http.paths import path
from ops.items import Json
from ops.kinds.resource import Applied

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Owner

QUEUES = "/accounts/{account}/queues"
CONSUMERS = f"{QUEUES}/{{queue}}/consumers"
_SENT = ("type", "dead_letter_queue", "settings")


def create_queue(client: Client, account: Owner, queue: Json) -> Json:
    """Create a queue; its settings take a second request. Raises Applied if that fails."""
    from ops.errors import OpsError

    where = path(QUEUES, account=account.id)
    made = client.post(where, json={"queue_name": queue["queue_name"]})
    if not queue.get("settings"):
        return made
    try:
        body = {"queue_name": queue["queue_name"], "settings": queue["settings"]}
        return client.patch(where.below("{}", made["queue_id"]), json=body)
    except OpsError as error:
        raise Applied(made, f"created, but without its settings: {error.message}") from error


def list_consumers(client: Client, queue: Owner) -> Listing:
    """Return the consumers of a queue."""
    return client.whole(path(CONSUMERS, account=queue.account_id, queue=queue.id))


def find_consumer(client: Client, queue: Owner, item: Json) -> Json | None:
    """Return the live consumer with the id of *item*, else of its type and script."""
    wanted = item.get("consumer_id")
    for one in list_consumers(client, queue):
        if one["consumer_id"] == wanted if wanted else _who(one) == _who(item):
            return one
    return None


def _who(consumer: Json) -> tuple[object, object]:
    return consumer.get("type"), consumer.get("script") or consumer.get("script_name")


def create_consumer(client: Client, queue: Owner, item: Json) -> Json:
    """Add a consumer."""
    where = path(CONSUMERS, account=queue.account_id, queue=queue.id)
    return client.post(where, json=_body(item))


def update_consumer(client: Client, queue: Owner, before: Json, after: Json) -> Json:
    """Change a consumer."""
    where = path(CONSUMERS, account=queue.account_id, queue=queue.id)
    return client.put(where.below("{}", before["consumer_id"]), json=_body(after))


def delete_consumer(client: Client, queue: Owner, item: Json) -> None:
    """Remove a consumer."""
    where = path(CONSUMERS, account=queue.account_id, queue=queue.id)
    client.delete(where.below("{}", item["consumer_id"]))


def _body(consumer: Json) -> Json:
    """Return what is sent: the API answers `script` and takes `script_name`."""
    body = {name: consumer[name] for name in _SENT if consumer.get(name)}
    script = _who(consumer)[1]
    return {**body, "script_name": script} if script else body
