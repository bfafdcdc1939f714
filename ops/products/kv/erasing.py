"""Deleting all keys that begin alike: listed and counted first, then read, so that they can be put back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO

from ops.errors import Refused
from ops.files.disk import explained, private_folder
from ops.journal import thresholds
from ops.kinds.change import Change
from ops.products.kv import api, pairs
from ops.products.kv.pacing import divided
from ops.products.kv.resources import PAIR

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Listing
    from ops.kinds.resource import Json, Owner


def erase(app: App, namespace: Owner, prefix: str) -> Json:
    """Delete the keys of *namespace* that begin with *prefix*; gives the journal's row about them.

    Asks once, with their number; more than 50 need --force.
    """
    listing = api.list_keys(app.client, namespace.account_id, namespace.id, prefix=prefix)
    folder = private_folder(app.settings.state_dir)
    with explained(folder), TemporaryFile(dir=folder) as names:
        count = _spooled(listing, names)
        if listing.problem:
            app.gap(f"the keys that begin with {prefix!r}: {listing.problem}")
        _check(app, count, prefix)
        title = namespace.item["title"]
        question = f"delete {count:,} keys of {title} that begin with {prefix!r}?" if count else ""
        made = app.make_all(_changes(app, namespace, names), question=question).item
    return {
        "action": "delete" if made["delete"] else "unchanged",
        "kind": PAIR.kind,
        "name": f"{made['delete']:,} keys: {prefix}*",
        "id": "",
        "undo": made["undo"],
    }


def _check(app: App, count: int, prefix: str) -> None:
    app.talk.show(f"delete {count:,} keys that begin with {prefix!r}")
    if count > thresholds.ITEMS and not (app.dry or app.option("force")):
        raise Refused(
            f"{count:,} keys begin with {prefix!r}, more than {thresholds.ITEMS}",
            hint="look at them with kv.keys --prefix; --force deletes them",
        )


def _spooled(listing: Listing, file: BinaryIO) -> int:
    count = 0
    for key in listing:
        file.write(json.dumps(key["name"]).encode() + b"\n")
        count += 1
    file.seek(0)
    return count


def _changes(app: App, namespace: Owner, names: BinaryIO) -> Iterator[Change]:
    batches = pairs.chunks(map(json.loads, names), api.BULK_GET)
    for standing in divided(app, partial(pairs.read_at_once, app.client, namespace), batches, _size):
        yield from (Change(PAIR, namespace, item, None) for item in standing)


def _size(items: list[Json]) -> int:
    return sum(len(item["value"]) for item in items)
