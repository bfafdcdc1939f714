"""`report`: the newest snapshot, what changed, what needs attention and the runs, as one page."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.commands.snapshots.listing import OPENED
from ops.errors import CredentialsError, Incomplete, NetworkError, OpsError
from ops.ui.shapes import SIZE, TIME, Column, Item

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from ops.checks.run import Result
    from ops.checks.since import Ages
    from ops.cli.app import App
    from ops.export.delivery import Document, FinishedSnapshot
    from ops.export.job import Outcome
    from ops.items import Json
    from ops.kinds.resource import AuditEvent
    from ops.report.sources import Fired, Look, Sources, Who
    from ops.snapshots.compare.side import Difference
    from ops.snapshots.manifest import Manifest
    from ops.snapshots.snapshot import Snapshot

PAGE = "report.html"
COLUMNS = ("file", "snapshot", Column("started", meaning=TIME), "status", Column("bytes", meaning=SIZE))


@command(
    "write",
    default=True,
    needs="none; Account > Account Settings > Read names who made the changes",
    help={
        "to": f"the file, or FOLDER/ with style and script beside the page; by default {PAGE} in exports/",
        "at": "the snapshot: latest, previous, a date (the newest up to then), a name, a path, s3://…/latest",
        "only": "only these kinds or products, e.g. dns,ssl; may be repeated",
        "skip": "not these kinds or products; may be repeated",
        "redact": "for outsiders: no addresses, contents of records, nor mail addresses",
        "print_all": "print the tables with all their rows too",
        "identity": OPENED["identity"],
        "passphrase_file": OPENED["passphrase_file"],
    },
)
def write_report(
    app: App,
    to: str = "",
    at: str = "latest",
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    redact: bool = False,
    print_all: bool = False,
    identity: str = "",
    passphrase_file: str = "",
) -> Item:
    """Write a page about a snapshot: what changed, findings, certificates, growth, runs, and every item.

    The page needs no server and no network. It compares the snapshot with the complete one before it.

    inv report
    inv report --to public/ --redact
    inv report --at 2026-11-22 --only dns,ssl --to dns.html
    """
    from ops.offsite.library import open_snapshot
    from ops.snapshots.layout import account_folder

    look = look_of(only, skip, redact=redact, print_all=print_all)
    snapshot = open_snapshot(app, at, identity, passphrase_file)
    manifest = snapshot.manifest
    if not manifest.complete:
        app.warn(f"{snapshot.name} is partial: {manifest.reason}")
    target = Path(to) if to else app.settings.exports / account_folder(manifest.account_id) / PAGE
    if to.endswith("/") or target.is_dir():
        files = _folder(app, snapshot, look, target)
    else:
        files = [_file(app, snapshot, look, target)]
    size = sum(file.stat().st_size for file in files)
    facts = {"file": str(files[0]), "snapshot": snapshot.name, "started": manifest.started}
    return Item({**facts, "status": manifest.status, "bytes": size}, COLUMNS)


def _file(app: App, snapshot: Snapshot, look: Look, target: Path) -> Path:
    from ops.files import disk
    from ops.report.page import write_page

    disk.refuse_other(target)
    with disk.atomic(target) as file:
        file.write(write_page(_sources(app, snapshot, look), look))
    return target


def _folder(app: App, snapshot: Snapshot, look: Look, target: Path) -> list[Path]:
    """Write the page with its style and script beside it into the folder *target*, and return the files."""
    from ops.files import disk
    from ops.report.page import write_folder

    pages = write_folder(_sources(app, snapshot, look), look)
    folder = disk.private_folder(target)
    for name, content in pages.items():
        with disk.atomic(folder / name) as file:
            file.write(content)
    return [folder / name for name in pages]


def look_of(
    only: tuple[str, ...] = (), skip: tuple[str, ...] = (), *, redact: bool = False, print_all: bool = False
) -> Look:
    """Return how the page is wanted. Raises UsageError for kinds that do not exist."""
    from ops.kinds import catalog
    from ops.report.sources import Look
    from ops.scan.inventory import ScanFilter, choose, names
    from ops.snapshots.compare.report import selection

    only, skip = names(only), names(skip)
    choose(catalog.resources(), ScanFilter(only=only, skip=skip, deep=True, values="values", contents=True))
    given = (("only", ",".join(only)), ("skip", ",".join(skip)))
    options = [f"--{name} {value}" for name, value in given if value]
    options += [f"--{name}" for name, on in (("redact", redact), ("print-all", print_all)) if on]
    return Look(selection(only, skip), redact, print_all, " ".join(options))


def page_of(app: App, snapshot: Snapshot, look: Look) -> bytes:
    """Return the page about *snapshot* as one file, without a request."""
    from ops.report.page import write_page

    return write_page(_sources(app, snapshot, look, asks=False), look)


def page_beside(app: App, done: Outcome) -> Path:
    """Write the page about a new snapshot beside it, in the place of the last one, and return its path."""
    from ops.files import disk
    from ops.snapshots.snapshot import Snapshot

    target = done.path.parent / PAGE
    content = page_of(app, Snapshot(done.path, done.manifest), look_of())
    with disk.atomic(target) as file:
        file.write(content)
    return target


def document(app: App) -> Document:
    """Return what writes a finished snapshot as a page, for `--to FILE.html`, without a request."""

    def write(made: FinishedSnapshot, file: BinaryIO) -> list[str]:
        from ops.snapshots.snapshot import Snapshot

        file.write(page_of(app, Snapshot(made.folder, made.manifest), look_of()))
        return []

    return write


def _sources(app: App, snapshot: Snapshot, look: Look, *, asks: bool = True) -> Sources:
    """Return what the page is made of; if it *asks*, the audit log is read for who made the changes."""
    from ops.config.settings import SANDBOX
    from ops.kinds.catalog import kinds
    from ops.report.sources import gather
    from ops.snapshots.library import Library

    entries = Library(app.settings.exports, snapshot.manifest.account_id).all()
    current = app.run.recording.line() if app.run.recording else None
    newest = all(entry.started <= snapshot.started for entry in entries)
    return gather(
        snapshot,
        entries,
        kinds(),
        look,
        app.clock(),
        judge=partial(_judged, app),
        runs=_runs(app),
        who=partial(_who, app, asks=asks),
        current=current,
        fired=_fired(app, snapshot.manifest, current) if newest else (),
        dashboard=app.settings.api_host != SANDBOX,
    )


def _judged(app: App, snapshot: Snapshot) -> tuple[list[Result], Ages]:
    """Return what the checks find, and since when, as `inv checks` does."""
    from ops.checks import catalog
    from ops.commands.checks import judged, view_of

    checks, view_in = catalog.chosen((), every=False), partial(view_of, app)
    return judged(app, snapshot, checks, view_in(snapshot), view_in)


def _runs(app: App) -> list[Json]:
    """Return the lines of the runs on this stage, newest first."""
    from ops.commands.metrics import history_of

    return list(history_of(app, "1y").runs())


def _fired(app: App, manifest: Manifest, current: Json | None) -> list[Fired]:
    """Return the alerts that fire now, for a page about the newest snapshot."""
    from ops.alerts.firing import firing
    from ops.alerts.rules import CRITICAL
    from ops.report.sources import Fired

    # The run that writes the page of its own export ends as that did.
    exported = current is not None and "timeline" in current
    ending = {**(current or {}), "exit_code": 0 if manifest.complete else Incomplete.exit_code}
    try:
        found = firing(app.settings, manifest.account_id, app.clock(), ending if exported else None)
    except OpsError as error:
        app.warn(f"the alerts are not on the page: {error.message}")
        return []
    return [
        Fired(rule, "critical" if one.severity == CRITICAL else "medium", one.summary, one.lines, one.since)
        for rule, one in found.items()
    ]


def _who(app: App, old: Snapshot, new: Snapshot, *, asks: bool) -> Who:
    """Return what finds who made a difference: by our journal, else, if it *asks*, by the audit log."""
    from ops.kinds import catalog
    from ops.report.sources import OURS, Author
    from ops.snapshots.compare.report import Blame
    from ops.writes.authors import Authors

    manifest = new.manifest
    account, since, until = manifest.account_id, old.manifest.oldest_read, manifest.ended

    def read() -> Iterator[AuditEvent]:
        try:
            for history in catalog.histories() if asks else ():
                yield from history(app.client, account, since, until)
        except (CredentialsError, NetworkError) as error:
            app.note(f"who made the changes is not known: {error.message}")

    blame = Blame(read, app.note)
    ours: Authors | None = None
    try:
        ours = Authors(app.settings.state_dir / "journal", catalog.kinds(), account, since)
    except OpsError as error:
        app.warn(f"what this machine changed is not known: {error.message}")

    def author(difference: Difference) -> Author | None:
        if entry := ours.of(difference, old, new) if ours else None:
            return Author(entry.time, OURS, f"{entry.task} ({entry.group})")
        event = blame.of(difference)
        return Author(event.when, event.actor) if event else None

    return author


@command(
    "serve",
    help={
        "port": "the port to listen on, 0 for any free one",
        "identity": OPENED["identity"],
        "passphrase_file": OPENED["passphrase_file"],
    },
)
def serve_report(app: App, port: int = 0, identity: str = "", passphrase_file: str = "") -> None:
    """Serve the newest page and the runs under way to browsers on this machine, until Ctrl-C.

    The address is random, and only this machine reaches it. A run is shown as it moves, and the page is
    replaced when there is a newer snapshot. No request is sent to Cloudflare.

    inv report.serve
    inv report.serve --port 8090
    """
    from ops.metrics.watching import states
    from ops.offsite.library import open_snapshot
    from ops.report.serve import Served, Source
    from ops.snapshots.library import Library
    from ops.ui.shapes import Text
    from ops.ui.spinner import hidden

    account = open_snapshot(app, "latest", identity, passphrase_file).manifest.account_id
    library = Library(app.settings.exports, account)

    def report() -> bytes:
        snapshot = open_snapshot(app, "latest", identity, passphrase_file)
        try:
            return page_of(app, snapshot, look_of())
        finally:
            snapshot.close()

    source = Source(report, library.latest_name, partial(states, app.settings.state_dir, app.run.id))
    with Served(source, port) as served:
        app.show(Text(f"{served.url}\n"))
        app.note("serving until Ctrl-C")
        with suppress(KeyboardInterrupt), hidden():
            app.stop.wait()
