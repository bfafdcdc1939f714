"""What belongs to a bucket: its rules and its public addresses."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from ops.errors import MalformedAnswer, NotFound
from ops.http.shape import require
from ops.items import Json
from ops.kinds.paging import Single, Whole
from ops.kinds.resource import Compare, Owner, Resource, Restore, Writes, address
from ops.products.r2.api import BUCKET, headers_of

if TYPE_CHECKING:
    from ops.http.client import Client

NEEDS = "Account > Workers R2 Storage > Read"
PARENT = "r2.bucket"
WHERE = BUCKET.replace("{name}", "{bucket}")
NO_BUCKET = 10006


def _get(template: str, client: Client, bucket: Owner) -> list[Json]:
    """Return the only item of *bucket*; none if it was never set."""
    try:
        return [client.get(address(template, bucket), headers=headers_of(bucket.item))]
    except NotFound as error:
        if NO_BUCKET in error.codes:
            raise
        return []


def _single(
    kind: str,
    tail: str,
    *fields: str,
    delete: bool = False,
    restore: Restore = Restore(),  # noqa: B008
) -> Resource:
    """Return the kind at *tail* of a bucket, whose *fields* are written together."""
    template = WHERE + tail
    listing = partial(_get, template)

    def put(client: Client, bucket: Owner, after: Json) -> Json:
        body = {name: after[name] for name in fields if name in after}
        client.put(address(template, bucket), json=body, headers=headers_of(bucket.item))
        return {**after, "id": kind}

    def remove(client: Client, bucket: Owner, _item: Json) -> None:
        client.delete(address(template, bucket), headers=headers_of(bucket.item))

    return Resource(
        kind=kind,
        parent=PARENT,
        path=template,
        paging=Single(),
        listing=listing,
        needs=NEEDS,
        identity=(),
        label="rules",
        compare=Compare(volatile=("id",), read_only=("bucketId", "domain")),
        deep=True,
        restore=restore,
        writes=Writes(
            find=lambda client, bucket, _item: next(iter(listing(client, bucket)), None),
            create=put,
            update=lambda client, bucket, _before, after: put(client, bucket, after),
            delete=remove if delete else None,
        ),
    )


CUSTOM = f"{WHERE}/domains/custom"
_SENT = ("domain", "enabled", "zoneId", "minTLS", "ciphers")


def _domains(client: Client, bucket: Owner) -> Iterable[Json]:
    found = client.get(address(CUSTOM, bucket), headers=headers_of(bucket.item))
    domains: list[Json] = require(found, "the domains of a bucket", domains=list)["domains"]
    if not all(isinstance(one, dict) for one in domains):
        raise MalformedAnswer("the answer has no list of items")
    return domains


def _find_domain(client: Client, bucket: Owner, item: Json) -> Json | None:
    where = address(CUSTOM, bucket).below("{}", item["domain"])
    try:
        return client.get(where, headers=headers_of(bucket.item))
    except NotFound:
        live = _domains(client, bucket)
        return next((one for one in live if one["domain"] == item["domain"]), None)


def _write_domain(client: Client, bucket: Owner, after: Json, before: Json | None = None) -> Json:
    body = {name: after[name] for name in _SENT if after.get(name) is not None}
    where, headers = address(CUSTOM, bucket), headers_of(bucket.item)
    if before is None:
        client.post(where, json=body, headers=headers)
    else:
        client.put(where.below("{}", before["domain"]), json=body, headers=headers)
    return {**after}


def _delete_domain(client: Client, bucket: Owner, item: Json) -> None:
    client.delete(address(CUSTOM, bucket).below("{}", item["domain"]), headers=headers_of(bucket.item))


DOMAIN = Resource(
    kind="r2.custom_domain",
    parent=PARENT,
    path=CUSTOM,
    paging=Whole(inside="domains"),
    listing=_domains,
    needs=NEEDS,
    identity=("domain",),
    key="domain",
    label="domain",
    compare=Compare(volatile=("status",), read_only=("zoneName",)),
    deep=True,
    restore=Restore(mentions=("zones.zone",), named="it makes the objects of a bucket public"),
    writes=Writes(
        find=_find_domain,
        create=_write_domain,
        update=lambda client, bucket, before, after: _write_domain(client, bucket, after, before),
        delete=_delete_domain,
    ),
)
SIPPY = _single("r2.sippy", "/sippy", "source", "destination")._replace(
    label="enabled",
    secret=("destination.accessKeyId", "source.accessKeyId", "source.clientEmail"),
    restore=Restore(unsupported="Cloudflare never returns the access keys of both sides"),
    writes=None,
)

NOTIFIED = "/accounts/{account}/event_notifications/r2/{bucket}/configuration"
_RULE = ("actions", "prefix", "suffix", "description")


def _notifications(client: Client, bucket: Owner) -> Iterable[Json]:
    """Return the rules by the queue that they send to; none if none was ever set."""
    found = _get(NOTIFIED, client, bucket)
    return [
        require(queue, "the notifications of a bucket", queueId=str, queueName=str)
        for answer in found
        for queue in answer.get("queues") or ()
    ]


def _find_notification(client: Client, bucket: Owner, item: Json) -> Json | None:
    live = _notifications(client, bucket)
    return next((one for one in live if one["queueName"] == item["queueName"]), None)


def _write_notification(client: Client, bucket: Owner, after: Json, before: Json | None = None) -> Json:
    if before:
        # A PUT adds to the rules that exist.
        _delete_notification(client, bucket, before)
    rules = _as_sent(after.get("rules") or ())
    where = address(NOTIFIED, bucket).below("queues/{}", (before or after)["queueId"])
    client.put(where, json={"rules": rules}, headers=headers_of(bucket.item))
    return {**after}


def _delete_notification(client: Client, bucket: Owner, item: Json) -> None:
    where = address(NOTIFIED, bucket).below("queues/{}", item["queueId"])
    client.delete(where, headers=headers_of(bucket.item))


def _plain_notification(item: Json) -> Json:
    rules = item.get("rules")
    if not isinstance(rules, list):
        return item
    return {**item, "rules": sorted(_as_sent(rules), key=repr)}


def _as_sent(rules: Iterable[Json]) -> list[Json]:
    """Return the rules of a notification without what Cloudflare sets."""
    return [{name: rule[name] for name in _RULE if rule.get(name)} for rule in rules]


NOTIFICATION = Resource(
    kind="r2.notification",
    parent=PARENT,
    path=NOTIFIED,
    paging=Whole(inside="queues"),
    listing=_notifications,
    needs=NEEDS,
    identity=("queueName",),
    key="queueName",
    label="queueName",
    compare=Compare(volatile=("queueId",), canonical=_plain_notification),
    deep=True,
    restore=Restore(mentions=("queues.queue",)),
    writes=Writes(
        find=_find_notification,
        create=_write_notification,
        update=lambda client, bucket, before, after: _write_notification(client, bucket, after, before),
        delete=_delete_notification,
    ),
)
PUBLIC = Restore(named="it makes the objects of a bucket public")
PARTS = (
    _single("r2.cors", "/cors", "rules", delete=True),
    _single("r2.lifecycle", "/lifecycle", "rules"),
    _single("r2.lock", "/lock", "rules", restore=Restore(named="a lock can make objects undeletable")),
    DOMAIN,
    SIPPY,
    NOTIFICATION,
    _single("r2.managed_domain", "/domains/managed", "enabled", restore=PUBLIC)._replace(label="domain"),
)
