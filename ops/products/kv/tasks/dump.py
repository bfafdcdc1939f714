"""kv.dump: write a whole namespace to a file; keys as they are listed, values in bulk and concurrently."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from ops.cli.command import command
from ops.errors import ApiError, Incomplete, MalformedAnswer, NotFound
from ops.products.kv import api
from ops.products.kv.tasks.namespaces import NAMED, existing
from ops.ui.shapes import Bytes, Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Client
    from ops.items import Json
    from ops.kinds.resource import Owner
    from ops.products.kv.dumpfile import ResumableDump

SHOWN = 10
CHUNK = 1 << 20
FIREWALL = 403


class Batch(NamedTuple):
    """The lines of up to a hundred keys, and the keys among them that have no value."""

    lines: bytes
    last: str
    keys: int
    unread: list[str]


@command(
    "dump",
    reads=False,
    required=("namespace", "to"),
    guards=("force",),
    needs=api.READ,
    help={
        "namespace": NAMED,
        "to": "the file to write, JSON lines; .gz compresses it; - is stdout",
        "force": "replace an existing file without asking",
    },
)
def dump_namespace(app: App, namespace: str = "", to: str = "") -> Item | Bytes:
    """Write a whole namespace to a file: values, metadata and expiry, one line for each key.

    Needs a request for every 100 keys, one for 1,000 listed, and one for each value that is not UTF-8. After
    an interruption the same command resumes. The last line has a count and a hash, so a truncated file is
    detected. An existing file is replaced only after a question or with --force, and only by a complete dump.

    inv kv.dump --namespace sessions --to sessions.jsonl
    inv kv.dump --namespace sessions --to /backup/sessions.jsonl.gz --output json
    """
    from ops.files.disk import check_writable, refuse_other
    from ops.snapshots.layout import dated
    from ops.ui.cells import readable_size
    from ops.ui.questions import confirm
    from ops.writes.consent import attended

    if to == "-":
        return Bytes(_dump_to_stdout(app, existing(app, namespace)))
    target = Path(to)
    refuse_other(target)
    check_writable(target.parent)
    if target.exists():
        found = target.stat()
        question = f"replace {to} ({readable_size(found.st_size)}, {dated(found.st_mtime)})?"
        confirm(question, assume_yes=bool(app.option("force")), terminal=attended(), option="--force")
    last = _dump(
        app, existing(app, namespace), target, "what was read is in {}; the same command resumes from there"
    )
    return Item({"file": to, **last}, ("file", "pairs", "gone", "unread", "sha256"))


def _dump_to_stdout(app: App, namespace: Owner) -> Iterator[bytes]:
    """Yield the dump once it is complete: what is piped into another command is whole, or nothing."""
    from ops.files.disk import explained, private_folder

    state = private_folder(app.settings.state_dir)
    with explained(state), TemporaryDirectory(dir=state) as folder:
        target = Path(folder) / "dump.jsonl"
        _dump(app, namespace, target, "nothing was written to stdout")
        with target.open("rb") as file:
            while chunk := file.read(CHUNK):
                yield chunk


def _dump(app: App, owner: Owner, target: Path, interrupted: str) -> Json:
    """Write the dump to *target* and return its last line; *interrupted* is the warning if that fails."""
    from ops.products.kv.dumpfile import ResumableDump

    origin = {"account": owner.account_id, "namespace": {n: owner.item[n] for n in ("id", "title")}}
    with ResumableDump(target, origin) as dump:
        try:
            _read_all(app, owner, dump)
            listed = _still_listed(app, owner, dump)
        except BaseException:
            app.warn(interrupted.format(dump.path))
            raise
        last = dump.finish(unread=listed)
    if last["gone"]:
        app.note(f"listed, but deleted or expired since: {', '.join(map(repr, last['gone']))}")
    if last["unread"]:
        named = ", ".join(map(repr, last["unread"][:SHOWN]))
        app.gap(
            f"{len(last['unread']):,} values could not be read: {named}; the last line of the dump names all"
        )
    return last


def _read_all(app: App, namespace: Owner, dump: ResumableDump) -> None:
    from ops.products.kv import pairs
    from ops.ui.progress import Progress

    if dump.count:
        app.note(f"{dump.count:,} keys were read before: resuming after {dump.last!r}")
    title, start = namespace.item["title"], dump.last
    listing = api.list_keys(app.client, namespace)
    left = (key for key in listing if key["name"] > start)
    progress = Progress(sys.stderr, sys.stderr.isatty(), quiet=app.settings.quiet)
    progress.start(f"keys of {title}")
    progress.known(dump.count)
    progress.done(n=dump.count)

    def batches() -> Iterator[list[Json]]:
        for keys in pairs.chunks(left, api.BULK_GET):
            progress.known(len(keys))
            yield keys

    pace = pairs.Pace(app.parallel, app.settings.workers, app.stop)
    with ExitStack() as ending:
        ending.callback(progress.finish)
        ending.enter_context(app.talk.above(progress.note))
        for batch in pace.halved(partial(_read, app.client, namespace), batches(), lambda b: len(b.lines)):
            dump.add(batch.lines, batch.last, batch.keys)
            progress.done(n=batch.keys)
            for problem in batch.unread:
                app.warn(f"not read: {problem}")
    if listing.problem:
        raise Incomplete(
            f"the keys of {title} could not all be listed: {listing.problem}",
            hint="try again; a dump to a file resumes from here, and the file is written when all is read",
        )


def _read(client: Client, namespace: Owner, keys: list[Json]) -> Batch | None:
    """Read the values of up to a hundred *keys*, as they were listed; None if they are too large."""
    from ops.products.kv.dumpfile import to_line
    from ops.products.kv.values import as_pair, at_once, value_of

    texts = at_once(partial(api.get_text_values, client, namespace), [key["name"] for key in keys])
    if texts is None:
        return None
    lines, unread = [], []
    for key in keys:
        name = key["name"]
        try:
            value = value_of(client, namespace, name, texts.get(name))
        except (ApiError, MalformedAnswer, NotFound) as error:
            # The firewall of the API refuses some names, some values cannot be proven to be whole, and a 404
            # may come from a proxy.
            if isinstance(error, ApiError) and error.status != FIREWALL:
                raise
            if api.NO_NAMESPACE in error.codes:
                raise
            unread.append(f"{name!r} ({error.message})")
            lines.append(to_line({"unread": name}))
            continue
        lines.append(to_line({"gone": name} if value is None else as_pair(key, value)))
    return Batch(b"".join(lines), keys[-1]["name"], len(keys), unread)


def _still_listed(app: App, namespace: Owner, dump: ResumableDump) -> set[str]:
    """Return the keys of *dump* without a value that are still listed: a 404 alone proves nothing."""
    gone = set(dump.gone())

    def find(key: str) -> str | None:
        # Keys are sorted, so the first one with this prefix is the key itself, if it exists.
        return next(
            (one["name"] for one in api.list_keys(app.client, namespace, prefix=key, ahead=False)), None
        )

    if len(gone) * api.KEYS_PAGE <= dump.count:
        listed = gone.intersection(filter(None, app.parallel(find, sorted(gone))))
    else:
        listing = api.list_keys(app.client, namespace)
        listed = {key["name"] for key in listing if key["name"] in gone}
        if listing.problem:
            listed = gone
    for key in sorted(listed):
        app.warn(f"not read: {key!r} (it is listed, but the API returned no value)")
    return listed
