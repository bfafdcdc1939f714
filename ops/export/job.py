"""One export: scan the account, write the snapshot, verify it, deliver it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from ops.cli.app import App
from ops.errors import DiskError
from ops.export.delivery import Delivery, FinishedSnapshot
from ops.export.guard import Guard
from ops.items import Json, timestamp
from ops.kinds.resource import Owner
from ops.scan.inventory import Inventory
from ops.scan.request import Start, scan_account
from ops.scan.selection import ScanPlan
from ops.snapshots import manifest as manifests
from ops.snapshots import publish
from ops.snapshots.layout import snapshot_name
from ops.snapshots.manifest import COMPLETE, PARTIAL, Manifest
from ops.snapshots.writer import Writer
from ops.telemetry.redact import Redactor
from ops.version import VERSION


class ExportJob(NamedTuple):
    """What to read and where it goes; *options* are kept in the manifest.

    *guard* marks a snapshot as partial that has lost too much.
    """

    account: Owner
    plan: ScanPlan
    delivery: Delivery
    options: Json
    begun: Start
    guard: Guard | None = None


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
        writer = Writer(folder, labels, redact.holds)
        inventory = scan_account(app, job.account, job.plan, writer)
        if inventory.ended_by is not None and not worth_keeping(inventory, job.delivery):
            app.warn("the scan was stopped early; nothing was written")
            raise inventory.ended_by
        reason = inventory.reason
        if inventory.whole and job.guard and (reason := job.guard.losses(inventory.sections)):
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
        made = FinishedSnapshot(folder, manifest, target, lambda: snapshot_name(moment, chance(2)), app.warn)
        path = job.delivery.hand_over(made)
    if inventory.ended_by is not None:
        app.warn(f"what was read until then is kept, marked as partial: {path}")
        raise inventory.ended_by
    return Outcome(path, inventory, manifest)


def worth_keeping(inventory: Inventory, delivery: Delivery) -> bool:
    """True if the items of a stopped scan are to be kept, marked as partial.

    After a disk error they may not even be what was read.
    """
    if isinstance(inventory.ended_by, OSError | DiskError):
        return False
    return delivery.keeps_fragments and not inventory.empty
