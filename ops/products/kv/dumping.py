"""Dumping a namespace: keys as they are listed, values in bulk and side by side, lines in order."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import ApiError, Incomplete, MalformedAnswer
from ops.files.disk import check_writable, refuse_link
from ops.products.kv import api
from ops.products.kv.dumpfile import pair_line
from ops.products.kv.pacing import divided
from ops.products.kv.pairs import chunks
from ops.products.kv.partial import Partial, gone_line, unread_line
from ops.products.kv.values import at_once, value_of

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Client
    from ops.kinds.resource import Json, Owner
    from ops.ui.progress import Progress

NAMED = 10
FIREWALL = 403


class Batch(NamedTuple):
    """What was read of a hundred keys."""

    lines: bytes
    last: str
    keys: int
    gone: list[str]
    unread: list[str]


def dump(app: App, namespace: Owner, target: Path) -> Json:
    """Write all of *namespace* to *target*; gives the last line of the file, see ops.products.kv.dumpfile.

    What is interrupted goes on where it was when it is called again. Raises Incomplete where the keys could
    not all be listed: then the target stays as it was.
    """
    check_writable(target.parent)
    refuse_link(target)
    origin = {"account": namespace.account_id, "namespace": {n: namespace.item[n] for n in ("id", "title")}}
    with Partial(target, origin) as kept:
        try:
            _read_all(app, namespace, kept)
        except BaseException:
            app.warn(f"what was read is kept in {kept.path}; the same command goes on from there")
            raise
        told = kept.finish()
    if told["unread"]:
        named = ", ".join(map(repr, told["unread"][:NAMED]))
        app.gap(
            f"{len(told['unread']):,} values could not be read: {named}; the last line of {target} names all"
        )
    return told


def _read_all(app: App, namespace: Owner, kept: Partial) -> None:
    if kept.count:
        app.note(f"{kept.count:,} keys are there already: going on behind {kept.last!r}")
    listing = api.list_keys(app.client, namespace.account_id, namespace.id)
    start = kept.last
    left = (key for key in listing if key["name"] > start)
    with _progress(app, f"keys of {namespace.item['title']}", kept.count) as progress:
        batches = _known(progress, chunks(left, api.BULK_GET))
        for batch in divided(app, partial(_read, app.client, namespace), batches, lambda b: len(b.lines)):
            kept.add(batch.lines, batch.last, batch.keys)
            progress.done(n=batch.keys)
            _tell(app, batch)
    if listing.problem:
        raise Incomplete(
            f"the keys of {namespace.item['title']} could not all be listed: {listing.problem}",
            hint="nothing was written to the file; the same command goes on from here",
        )


def _read(client: Client, namespace: Owner, keys: list[Json]) -> Batch | None:
    """Read the values of up to a hundred *keys*, as they were listed; None where they are too large."""
    where = client, namespace.account_id, namespace.id
    texts = at_once(partial(api.get_text_values, *where), [key["name"] for key in keys])
    if texts is None:
        return None
    lines, gone, unread = [], [], []
    for key in keys:
        name = key["name"]
        try:
            value = value_of(*where, name, texts.get(name))
        except (ApiError, MalformedAnswer) as error:
            # The firewall before the API refuses some names, and a value may not be provable to be whole.
            if isinstance(error, ApiError) and error.status != FIREWALL:
                raise
            unread.append(f"{name!r} ({error.message})")
            lines.append(unread_line(name))
            continue
        if value is None:
            gone.append(name)
        lines.append(gone_line(name) if value is None else pair_line(key, value))
    return Batch(b"".join(lines), keys[-1]["name"], len(keys), gone, unread)


def _tell(app: App, batch: Batch) -> None:
    if batch.gone:
        app.note(f"listed, and gone when its turn came: {', '.join(map(repr, batch.gone))}")
    for told in batch.unread:
        app.warn(f"not read: {told}")


def _known(progress: Progress, batches: Iterable[list[Json]]) -> Iterator[list[Json]]:
    for batch in batches:
        progress.known(len(batch))
        yield batch


@contextmanager
def _progress(app: App, what: str, done: int) -> Iterator[Progress]:
    from ops.ui.progress import Progress

    progress = Progress(sys.stderr, sys.stderr.isatty(), quiet=app.settings.quiet)
    progress.start(what)
    progress.known(done)
    progress.done(n=done)
    try:
        with app.talk.above(progress.note):
            yield progress
    finally:
        progress.finish()
