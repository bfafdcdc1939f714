"""One export: scan the account, write the snapshot, verify it, deliver it.

The guard marks a snapshot as partial if a kind has lost far more items than it should. Counts are compared by
kind with the newest complete snapshot. An encrypted one cannot be read without its key, so its counts are
also kept in the state folder.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Callable, Iterable
from dataclasses import replace
from hashlib import sha256
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

from ops.cli.app import App
from ops.config.settings import Settings
from ops.errors import DiskError, UsageError
from ops.export.delivery import Delivery, FinishedSnapshot
from ops.export.light import LightRun
from ops.files import disk
from ops.files.formats import check_format
from ops.items import Json, timestamp
from ops.kinds.catalog import resources
from ops.kinds.resource import Earlier, Owner
from ops.kinds.secret import use_key
from ops.scan import request
from ops.scan.inventory import Inventory, ScanPlan
from ops.scan.request import Start, scan_account
from ops.snapshots import layout, publish
from ops.snapshots import manifest as manifests
from ops.snapshots.layout import account_folder
from ops.snapshots.library import Library, free_names
from ops.snapshots.manifest import COMPLETE, PARTIAL, Manifest, Section, counts
from ops.snapshots.snapshot import Snapshot, seconds
from ops.snapshots.writer import Writer
from ops.telemetry.redact import Redactor
from ops.version import VERSION

COUNTS_FORMAT = 1


class ExportJob(NamedTuple):
    """What to read, where it goes, *options* for the manifest, and the *guard* against losses.

    *keeps_secrets*: secret fields of items are stored as they are. *earlier* returns an item as it was in an
    earlier snapshot. *light* carries over what the audit log does not name.
    """

    account: Owner
    plan: ScanPlan
    delivery: Delivery
    options: Json
    begun: Start
    guard: Guard | None = None
    keeps_secrets: bool = False
    earlier: Earlier | None = None
    light: LightRun | None = None


class Outcome(NamedTuple):
    """A snapshot that was delivered to *path*."""

    path: Path
    inventory: Inventory
    manifest: Manifest


def run(app: App, job: ExportJob, chance: Callable[[int], str] = secrets.token_hex) -> Outcome:
    """Carry out *job*; *chance* returns N random bytes in hex.

    What stopped the scan early is raised after the items read are safe; a DiskError leaves nothing behind.
    """
    moment = job.begun.moment
    target = job.delivery.place(job.account.id, moment)
    with publish.partial(target, chance) as folder:
        redact = Redactor(app.settings.secrets())
        labels = {resource.kind: resource.label for resource in job.plan.resources}
        use_key(app.settings.credentials.secrets())
        writer = Writer(folder, labels, redact.holds, keeps_secrets=job.keeps_secrets)
        decide = job.light.light if job.light else None
        inventory = scan_account(app, job.account, job.plan, writer, job.earlier, decide)
        inventory, found = job.light.judged(inventory) if job.light else (inventory, "")
        if inventory.ended_by is not None and not worth_keeping(inventory, job.delivery):
            app.warn("the scan was stopped early; nothing was written")
            raise inventory.ended_by
        reason = inventory.reason
        if inventory.whole and (reason := found):
            app.gap(f"{reason}; the next run reads everything again")
        elif inventory.whole and job.guard and (reason := job.guard.losses(inventory.sections)):
            app.gap(f"{reason}; if that is right, run `inv scan.export` once without --guard")
        manifest = Manifest(
            tool=f"cfops {VERSION}",
            account_id=job.account.id,
            account_name=redact(inventory.account_name),
            started=timestamp(moment),
            ended=timestamp(app.clock()),
            requests=app.client.sent - job.begun.sent,
            status=PARTIAL if reason else COMPLETE,
            reason=redact(reason),
            options=job.options,
            sections=tuple(replace(s, reason=redact(s.reason)) for s in inventory.sections),
            files=writer.assemble(),
            placed=writer.placed,
        )
        manifests.write(folder, manifest)
        manifests.check(folder, manifest)
        made = FinishedSnapshot(folder, manifest, target, free_names(target, moment).__next__, app.warn)
        path = job.delivery.hand_over(made)
    if inventory.ended_by is not None:
        app.warn(f"what was read until then is kept, marked as partial: {path}")
        raise inventory.ended_by
    return Outcome(path, inventory, manifest)


def worth_keeping(inventory: Inventory, delivery: Delivery) -> bool:
    """True if a stopped scan is kept as partial; after a disk error it may not even be what was read."""
    if isinstance(inventory.ended_by, OSError | DiskError):
        return False
    return delivery.keeps_fragments and not inventory.empty


Counts = dict[str, int]


class Guard(NamedTuple):
    """No kind may fall by more than *percent* from *before*."""

    percent: int
    before: Counts

    def losses(self, sections: Iterable[Section]) -> str:
        """Return which kinds have lost more, "" if none; only kinds read on both sides are compared."""
        now = counts(sections)
        found = []
        for kind in sorted(self.before.keys() & now.keys()):
            before, lost = self.before[kind], self.before[kind] - now[kind]
            if lost * 100 > before * self.percent:
                found.append(f"{kind} fell from {before:,} to {now[kind]:,} ({lost * 100 // before} %)")
        return f"guard of {self.percent} %: {', '.join(found)}" if found else ""


def guard(settings: Settings, account_id: str, percent: int, note: Callable[[str], None]) -> Guard | None:
    """Return the guard against a loss of more than *percent*; None, with a note, without a baseline."""
    complete = Library(settings.exports, account_id).complete()
    read = ((entry.started, counts(entry.manifest.sections)) for entry in complete if entry.manifest)
    found = [baseline for baseline in (next(read, None), _remembered(settings, account_id)) if baseline]
    before: Counts = {}
    for _, kept in sorted(found, key=itemgetter(0)):
        before |= kept
    if not before:
        note("--guard has nothing to compare with yet: there is no complete snapshot of this account")
        return None
    return Guard(percent, before)


def _remembered(settings: Settings, account_id: str) -> tuple[float, Counts] | None:
    """Return when encrypted snapshots were counted, and the counts; None if they cannot be read.

    Raises Newer.
    """
    try:
        with disk.open_regular(_file(settings, account_id)) as file:
            kept = json.load(file)
        check_format(kept, COUNTS_FORMAT, _file(settings, account_id))
        found = {str(kind): int(count) for kind, count in kept["counts"].items()}
        return float(kept["started"]), found
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None


def remember(settings: Settings, manifest: Manifest) -> None:
    """Keep the counts of a complete encrypted snapshot, besides those of other kinds.

    Raises DiskError, Newer.
    """
    file = _file(settings, manifest.account_id)
    disk.private_folder(file.parent)
    earlier = _remembered(settings, manifest.account_id)
    known = (earlier[1] if earlier else {}) | counts(manifest.sections)
    with disk.atomic(file) as out:
        kept = {"format": COUNTS_FORMAT, "started": seconds(manifest.started), "counts": known}
        out.write(json.dumps(kept).encode())


def _file(settings: Settings, account_id: str) -> Path:
    name = sha256(f"{settings.api_host}/{account_id}".encode()).hexdigest()[:32]
    return settings.state_dir / "counts" / f"{name}.json"


LIVE = "live"


class TemporaryFolder(Delivery):
    """A private folder that no listing shows; its user removes it."""

    def hand_over(self, made: FinishedSnapshot) -> Path:
        target = self._root / LIVE
        with disk.explained(target):
            made.folder.rename(target)
        return target


def live(app: App, like: Manifest, wanted: Callable[[str], bool]) -> Snapshot:
    """Return the live state of the *wanted* kinds of *like*, until the line ends. Raises as `run` does."""
    skipped = {section.kind for section in like.sections if not section.scope}
    kinds = tuple(r.kind for r in resources() if r.kind not in skipped and wanted(r.kind))
    if not kinds:
        hint = "`inv snapshots.show` shows what it holds"
        raise UsageError("the snapshot holds none of the requested kinds", hint=hint)
    options = like.options
    asked = request.read(
        kinds,
        *(tuple(map(str, options.get(name, ()))) for name in ("skip", "zone")),
        deep=bool(options.get("deep")),
        values=request.one_of(str(options.get("kv") or "keys"), ("keys", "values", "none")),
        contents=True,
    )
    account, plan = asked.resolved(app.zone, lambda: app.account_id)
    return aside(app, account, plan, asked.options)


def aside(app: App, account: Owner, plan: ScanPlan, options: Json) -> Snapshot:
    """Return *plan* of *account* as a snapshot, removed when the line ends. Raises as `run` does."""
    disk.exports_folder(app.settings.exports)
    root = publish.prepare(app.settings.exports / account_folder(account.id), app.clock())
    folder = root / publish.hidden_name(layout.PARTIAL)
    app.run.endings.append(lambda: shutil.rmtree(folder, ignore_errors=True))
    delivery = TemporaryFolder(disk.private_folder(folder))
    begun = request.start(app.client, app.clock())
    done = run(app, ExportJob(account, plan, delivery, options, begun))
    return Snapshot(done.path, done.manifest)
