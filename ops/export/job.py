"""The export job: look at the account, write the snapshot, hand it over whole, say what it is."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import DiskError
from ops.export.delivery import Delivery, FinishedSnapshot
from ops.export.guard import Guard
from ops.items import Json
from ops.kinds.resource import Owner
from ops.scan.inventory import Inventory
from ops.scan.request import Start, scan_account
from ops.scan.selection import ScanPlan
from ops.snapshots import manifest as manifests
from ops.snapshots import publish
from ops.snapshots.layout import snapshot_name
from ops.snapshots.manifest import PARTIAL, Manifest
from ops.snapshots.sections import COMPLETE
from ops.snapshots.verify import verify
from ops.snapshots.writer import Writer
from ops.version import VERSION

if TYPE_CHECKING:
    from ops.cli.app import App


class ExportJob(NamedTuple):
    """What is to be read and where it goes; *options* are told in the manifest.

    *guard* makes a snapshot partial that has lost too much.
    """

    account: Owner
    plan: ScanPlan
    delivery: Delivery
    options: Json
    begun: Start
    guard: Guard | None = None


class Outcome(NamedTuple):
    """A snapshot that was handed over to *path*."""

    path: Path
    inventory: Inventory
    manifest: Manifest


def run(app: App, job: ExportJob, chance: Callable[[int], str] = secrets.token_hex) -> Outcome:
    """Do the job; *chance* gives so many random bytes in hex.

    What stopped the scan before its end is raised after what was read is safe; a DiskError leaves nothing
    behind.
    """
    place = job.delivery.place(job.account.id, job.begun.moment)
    with publish.partial(place, chance) as folder:
        labels = {resource.kind: resource.label for resource in job.plan.resources}
        writer = Writer(folder, labels)
        inventory = scan_account(app, job.account, job.plan, writer)
        if inventory.ended_by is not None and not worth_keeping(inventory, job.delivery):
            app.warn("the scan did not come to its end, nothing was written")
            raise inventory.ended_by
        manifest = _manifest(app, job, inventory, writer)
        manifests.write(folder, manifest)
        verify.check(folder, manifest)
        named = partial(_name, job.begun.moment, chance)
        path = job.delivery.hand_over(FinishedSnapshot(folder, manifest, place, named, app.warn))
    if inventory.ended_by is not None:
        app.warn(f"what was read until then is kept, marked as partial: {path}")
        raise inventory.ended_by
    return Outcome(path, inventory, manifest)


def worth_keeping(inventory: Inventory, delivery: Delivery) -> bool:
    """True if what a stopped scan has read is to be kept, marked as partial.

    After a failure of the disk it may not even be what was read.
    """
    if isinstance(inventory.ended_by, OSError | DiskError):
        return False
    return delivery.keeps_fragments and not inventory.empty


def _manifest(app: App, job: ExportJob, inventory: Inventory, writer: Writer) -> Manifest:
    reason = inventory.reason
    if inventory.whole and job.guard and (reason := job.guard.verdict(inventory.sections)):
        app.gap(f"{reason}; if that is right, one `inv scan.export` without --guard makes it the new measure")
    return Manifest(
        tool=f"cfops {VERSION}",
        account_id=job.account.id,
        account_name=inventory.account_name,
        started=_moment(job.begun.moment),
        ended=_moment(app.clock()),
        requests=app.client.sent - job.begun.sent,
        status=PARTIAL if reason else COMPLETE,
        reason=reason,
        options=job.options,
        sections=inventory.sections,
        files=writer.assemble(),
        placed=writer.placed,
    )


def _name(moment: float, chance: Callable[[int], str]) -> str:
    return snapshot_name(moment, chance(2))


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"
