"""How DNS records and a zone's DNS settings are changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import MalformedAnswer
from ops.kinds.resource import Owner, Writes
from ops.products.dns import api
from ops.products.dns.finding import find_record, find_records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ops.http.client import Client
    from ops.kinds.change import Change
    from ops.kinds.resource import Json

# What a Free zone takes in one batch, and any other.
BATCH, PAID_BATCH = 200, 3500
LISTS = ("deletes", "patches", "puts", "posts")


def create_record(client: Client, zone: Owner, item: Json) -> Json:
    """Create *item*; its id is new."""
    from ops.products.dns.record import body

    return api.create_record(client, zone.id, body(item))


def update_record(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Make *before* into *after*: by the fields that differ, or whole where *after* is of another time."""
    from ops.products.dns.record import body, patch

    fields = patch(before, after)
    if fields is None:
        return api.replace_record(client, zone.id, before["id"], body(after))
    return api.update_record(client, zone.id, before["id"], fields)


def delete_record(client: Client, zone: Owner, item: Json) -> None:
    """Delete *item*. Raises NotFound when it was gone before."""
    api.delete_record(client, zone.id, item["id"])


def batch_records(client: Client, zone: Owner, changes: Sequence[Change]) -> list[Json | None]:
    """Make *changes* in one transaction, carried out as deletes, patches, puts, posts."""
    placed = [_operation(change) for change in changes]
    lists: Json = {name: [item for where, item in placed if where == name] for name in LISTS}
    done = api.batch_records(client, zone.id, {name: items for name, items in lists.items() if items})
    if any(len(done.get(name) or ()) != len(items) for name, items in lists.items()):
        raise MalformedAnswer(
            "the answer to a batch lacks some of its records", hint="look at the zone again"
        )
    answers = {name: iter(done.get(name) or ()) for name in LISTS}
    found = [next(answers[where]) for where, _ in placed]
    return [item if change.after is not None else None for change, item in zip(changes, found, strict=True)]


def _batch_of(zone: Owner) -> int:
    """Give how many changes one batch takes: fewest where the plan is not known."""
    plan = (zone.item.get("plan") or {}).get("legacy_id") or "free"
    return BATCH if plan == "free" else PAID_BATCH


def _operation(change: Change) -> tuple[str, Json]:
    """Give the list of a batch that *change* belongs to, and what stands in it."""
    from ops.products.dns.record import body, patch

    before, after = change.before, change.after
    if before is None:
        return "posts", body(after or {})
    if after is None:
        return "deletes", {"id": before["id"]}
    fields = patch(before, after)
    if fields is None:
        return "puts", {"id": before["id"], **body(after)}
    return "patches", {"id": before["id"], **fields}


def managed_by_cloudflare(wanted: Json, live: Json | None, _now: float) -> str:
    from ops.products.dns.record import managed

    if not managed(wanted) and not (live and managed(live)):
        return ""
    return "Cloudflare keeps it itself: it comes and goes with what it belongs to"


def find_settings(client: Client, zone: Owner, _item: Json) -> Json:
    """Give the DNS settings of the zone, which always has them."""
    return api.get_settings(client, zone.id)


def update_settings(client: Client, zone: Owner, before: Json, after: Json) -> Json:
    """Set the DNS settings in which *after* differs from *before*."""
    changed = {name: one for name, one in after.items() if before.get(name) != one}
    return api.update_settings(client, zone.id, changed) if changed else dict(before)


RECORD_WRITES = Writes(
    find=find_record,
    find_all=find_records,
    find_size=PAID_BATCH,
    create=create_record,
    update=update_record,
    delete=delete_record,
    batch=batch_records,
    batch_size=BATCH,
    batch_of=_batch_of,
)
SETTINGS_WRITES = Writes(find=find_settings, update=update_settings)
