"""The work of `scan.export`: scan, guard, write, push and prune, with a monitor that is called."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from ops.commands.light import prepared
from ops.commands.monitor import watched
from ops.commands.report import page_beside
from ops.errors import OpsError, Refused, UsageError
from ops.export import job
from ops.export.delivery import Delivery
from ops.export.job import Outcome
from ops.export.light import Since
from ops.files.disk import holder, locked
from ops.items import Json, duration
from ops.metrics.forecast import announce
from ops.offsite import boto, bucket
from ops.offsite.bucket import BucketPrefix
from ops.plugins.door import DOOR
from ops.scan import request
from ops.scan.earlier import earlier_items
from ops.scan.inventory import Inventory, ScanPlan
from ops.scan.request import ScanRequest, Start
from ops.snapshots.layout import ENDING, account_folder, period
from ops.snapshots.library import Library
from ops.snapshots.prune import Policy, decisions, remove
from ops.ui.shapes import SIZE, STATUS, Column, Item

if TYPE_CHECKING:
    from pathlib import Path

    from ops.cli.app import App

SUMMARY = (
    "snapshot", Column("status", meaning=STATUS), "kinds", "items", Column("bytes", meaning=SIZE), "requests",
    "seconds",
)  # fmt: skip


class JobOptions(NamedTuple):
    """The options of an unattended export.

    *guard*: the percentage that no kind may lose; 0 for none. *prune*: what to keep after a complete
    snapshot; None prunes nothing. *ping*: the URL of the monitor, which gets the last messages too with
    *ping_log*. *push*: the prefix in a bucket to send it to. *secrets*: "keep" stores secret fields in a
    folder too. *since*: the snapshot to carry sections over from. *report*: write a page about the new one.
    """

    guard: int = 0
    prune: Policy | None = None
    ping: str = ""
    push: BucketPrefix | None = None
    ping_log: bool = False
    secrets: str = ""
    since: Since | None = None
    report: bool = False

    def check(self, asked: ScanRequest, target: Delivery) -> None:
        """Raise UsageError for options that contradict each other, before any request is sent."""
        if not 0 <= self.guard < 100:
            raise UsageError(f"--guard takes percent from 1 to 99, not {self.guard}", hint="--guard 30")
        if self.guard and asked.zones:
            raise UsageError("--guard compares whole accounts; it cannot be used with --zone")
        if self.prune and not target.by_account:
            raise UsageError("--prune is for the snapshots in exports/; it cannot be used with --to")
        if self.secrets not in ("", "keep"):
            raise UsageError(f"--secrets takes keep, not {self.secrets!r}")
        if self.secrets and not (target.by_account or target.is_sealed):
            raise UsageError("--secrets keep is for snapshots; other formats never hold secret values")
        if self.push and not target.by_account:
            raise UsageError("--push sends the snapshot in exports/; it cannot be used with --to")
        if self.since and not target.by_account:
            raise UsageError("--since is for the snapshots in exports/; it cannot be used with --to")
        if self.report and (target.is_sealed or not target.by_account):
            problem = "--report is for snapshots in exports/ that are not encrypted, because the page is not"
            raise UsageError(problem, hint="`inv report --at FILE --identity KEY --to PAGE.html` makes one")
        if self.ping_log and not self.ping:
            raise UsageError("--ping-log needs --ping", hint="--ping https://monitor.example/ID --ping-log")


def run_export(app: App, asked: ScanRequest, target: Delivery, options: JobOptions) -> Item | None:
    """Run the export and return its summary; None for a success with --quiet and no output format.

    Raises UsageError, CredentialsError without keys for the bucket, Locked while another run exports this
    account, and what stopped the scan.
    """
    options.check(asked, target)
    if options.push:
        boto.check(app.settings)
    target.check(app.clock())
    if options.secrets and not target.is_sealed:
        _refuse_readable(app.settings.exports)
    with watched(app, options.ping, log=options.ping_log) as monitor:
        begun = request.start(app.client, app.clock())
        account, plan = asked.resolved(app.zone, lambda: app.account_id)
        # A file named by the user is replaced atomically anyway.
        with _lock(app, account.id) if target.by_account else nullcontext():
            monitor.started()
            guard = job.guard(app.settings, account.id, options.guard, app.note) if options.guard else None
            keeps = bool(options.secrets) or target.is_sealed
            chosen = {**asked.options, **({"secrets": "keep"} if keeps else {})}
            light, full = prepared(app, options.since, account, plan, chosen, begun.moment)
            announce(app, account.id, None if light else plan)
            earlier = earlier_items(app.settings.exports, account.id, deep=asked.filter.deep)
            work = account, plan, target, chosen, begun, guard, keeps, earlier, light
            done = job.run(app, job.ExportJob(*work))
            if DOOR.hooks("on_snapshot"):
                _tell_hooks(app, done)
            with _after(app, done):
                if done.manifest.complete and options.guard and done.path.name.endswith(ENDING):
                    job.remember(app.settings, done.manifest)
            pushed = _push(app, done, options.push) if options.push else {}
            with _after(app, done):
                _prune(app, done, options.prune)
                pushed |= _page(app, done, options.push) if options.report else {}
        report(app, begun, done.inventory, plan)
        _suggest_next(app, done)
        more = {**(_origins(done, full) if options.since else {}), **pushed}
        summary = {**_summary(done, app.clock() - begun.moment), **more}
        counts = "{items:,} items, {requests:,} requests, {seconds} s".format_map(summary)
        monitor.summary = f"{counts}, snapshot {done.path.name}"
    silent = app.settings.quiet and not app.settings.output and not app.gaps
    return None if silent else Item(summary, (*SUMMARY, *more, *(("note",) if summary["note"] else ())))


def _refuse_readable(exports: Path) -> None:
    """Raise Refused if other users can read the folder, in which secret values are to be kept."""
    if exports.stat().st_mode & 0o077:
        raise Refused(
            f"other users can read {exports}, so secret values are not kept there",
            hint=f"chmod go= {exports}, or --encrypt-to age1…",
        )


def _origins(done: Outcome, full: str) -> Json:
    """Return what a light export adds to the summary: *full* is why everything was read again."""
    manifest = done.manifest
    read = {"carried": manifest.carried, "oldest_read": manifest.oldest_read}
    return {**read, "full": full} if full else read


def _lock(app: App, account_id: str) -> AbstractContextManager[None]:
    """Lock the snapshots of an account. Raises Locked."""
    name, me = f"export/{app.settings.api_host}/{account_id}", holder(app.command.path, app.clock())
    return locked(app.settings.state_dir / "locks", name, me, f"exporting the account {account_id}")


def _tell_hooks(app: App, done: Outcome) -> None:
    from ops.plugins.fire import fire

    counts: dict[str, int] = {}
    for section in done.manifest.sections:
        counts[section.kind] = counts.get(section.kind, 0) + section.count
    known = {"path": str(done.path), "status": done.manifest.status, "reason": done.manifest.reason}
    fire("on_snapshot", task=app.command.path, snapshot={**known, "items": counts})


def _page(app: App, done: Outcome, place: BucketPrefix | None) -> Json:
    """Write the page beside the snapshot, send it to *place* too, and return where it is, for the summary."""
    page = page_beside(app, done)
    if place is None or app.dry:
        return {"report": str(page)}
    from ops.snapshots.manifest import measured

    key = place.key(account_folder(done.manifest.account_id), page.name)
    sent = bucket.Bucket(place.bucket, app.settings, app.stop, app.talk.log)
    sent.put(key, page, measured(page), media_type="text/html; charset=utf-8")
    return {"report": str(page), "pushed_report": f"s3://{place.bucket}/{key}"}


def _push(app: App, done: Outcome, place: BucketPrefix) -> Json:
    """Send the snapshot to *place* and return its address, for the summary; a failure keeps it here."""
    from ops.offsite.transfer import push

    later = f"`inv snapshots.push --name {quote(str(done.path))} --to {place}`"
    try:
        pushed = push(app, place, done.path, done.manifest.account_id)
        return {} if app.dry else {"pushed": pushed.address}
    except (KeyboardInterrupt, OpsError) as error:
        app.warn(f"the snapshot is kept: {done.path}; it is not, or not completely, in the bucket")
        if isinstance(error, OpsError):
            error.hint = f"{error.hint}; {later}" if error.hint else later
        else:
            app.warn(f"to resume: {later}")
        raise


@contextmanager
def _after(app: App, done: Outcome) -> Iterator[None]:
    """Report that a failure in the block does not affect the snapshot."""
    try:
        yield
    except OpsError:
        app.warn(f"the snapshot is complete: {done.path}; a later step failed")
        raise


def _prune(app: App, done: Outcome, policy: Policy | None) -> None:
    if policy is None:
        return
    if not done.manifest.complete:
        app.note("nothing was pruned, because this snapshot is not complete")
        return
    library = Library(app.settings.exports, done.manifest.account_id)
    removed = remove(library, decisions(library, policy))
    app.note(f"{len(removed)} older snapshots were pruned" if removed else "nothing to prune")


def push_address(text: str) -> BucketPrefix | None:
    """Return the address that --push names; None for "". Raises UsageError."""
    return bucket.read_prefix(text, "--push") if text else None


def policy(text: str) -> Policy | None:
    """Return the policy in `daily=7,weekly=4,within=30d`; None for "". Raises UsageError."""
    if not text:
        return None
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name not in Policy._fields:
            hint = f"it takes {', '.join(Policy._fields)}: --prune daily=7,weekly=4"
            raise UsageError(f"--prune has no {name!r}", hint=hint)
        if name != "within" and not value.isdecimal():
            problem = f"--prune {name}= takes a number, not {value!r}"
            raise UsageError(problem, hint="--prune daily=7,weekly=4")
        found[name] = period(value, "--prune within=") if name == "within" else int(value)
    return Policy(**found).check()  # type: ignore[arg-type]  # only *within* is a float


def report(app: App, begun: Start, inventory: Inventory, plan: ScanPlan) -> None:
    """Print the cost of the scan, and record each incomplete kind as a gap of the result."""
    remaining = app.client.budget.remaining() if app.client.budget else None
    left = "" if remaining is None else f", {remaining:,} left in this window"
    took = duration(time.monotonic() - begun.tick)
    app.note(f"{app.client.sent - begun.sent:,} requests{left}, {took}")
    for gap in inventory.gaps(plan.resources):
        app.gap(gap)
    if unread := inventory.skippable(plan.resources):
        leave = f"`--skip {','.join(unread)}` leaves out what was not read"
        app.remedy = f"{leave}; `inv items.kinds` shows the permission of each kind"


def _summary(done: Outcome, seconds: float) -> Json:
    manifest, path = done.manifest, done.path
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    return {
        "snapshot": str(path),
        "status": manifest.status,
        "note": manifest.reason,
        "account": manifest.account_id,
        "kinds": done.inventory.kinds,
        "items": done.inventory.items,
        "bytes": size,
        "requests": manifest.requests,
        "seconds": round(seconds, 1),
    }


def _suggest_next(app: App, done: Outcome) -> None:
    """Print the next command for the new snapshot; only complete ones are worth a comparison."""
    path, manifest = done.path, done.manifest
    if path.name.endswith(ENDING):
        app.note(f"to open: age --decrypt --identity KEY.txt {path} | tar --extract --gzip")
    elif manifest.complete and path.parent.parent == app.settings.exports.resolve():
        entries = Library(app.settings.exports, manifest.account_id).entries()
        older = (one.name for one in entries if one.manifest and one.complete and one.name != path.name)
        if before := next(older, ""):
            app.note(f"to compare: `inv snapshots.diff {before} {path.name}`")
