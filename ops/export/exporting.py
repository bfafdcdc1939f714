"""One export as a whole job: told to the monitor, under a lock, guarded, pushed and pruned after."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, NamedTuple

from ops.errors import OpsError, UsageError
from ops.export import guard as guards
from ops.export import job
from ops.export.ping import watched
from ops.files.lock import holder, locked
from ops.items import Json
from ops.offsite import address, boto
from ops.scan import request
from ops.scan.selection import NOT_NAMED, OUTSIDE
from ops.snapshots.layout import MANIFEST
from ops.snapshots.library import Library
from ops.snapshots.names import period
from ops.snapshots.prune import Policy, decisions, remove
from ops.snapshots.sealed.encrypt import ENDING
from ops.ui.cells import readable_size
from ops.ui.shapes import Item

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.export.delivery import Delivery
    from ops.export.job import Outcome
    from ops.items import Json
    from ops.offsite.address import Place
    from ops.scan.inventory import Inventory
    from ops.scan.request import ScanRequest, Start
    from ops.scan.selection import ScanPlan

SUMMARY = ("snapshot", "status", "kinds", "items", "size", "requests", "seconds")


class JobOptions(NamedTuple):
    """What goes with an export that runs by itself.

    *guard*: by how many percent no kind may fall; 0 is no guard. *prune*: what is kept when it has come out
    complete; None prunes nothing. *ping*: the URL of the monitor. *push*: where in a bucket it is sent to.
    """

    guard: int = 0
    prune: Policy | None = None
    ping: str = ""
    push: Place | None = None

    def check(self, asked: ScanRequest, delivery: Delivery) -> None:
        """Raise UsageError for what does not go together, before anything is asked of the API."""
        if not 0 <= self.guard < 100:
            raise UsageError(f"--guard takes percent from 1 to 99, not {self.guard}", hint="--guard 30")
        if self.guard and asked.zones:
            raise UsageError("--guard compares whole accounts, so it does not go with --zone")
        if self.prune and not delivery.by_account:
            raise UsageError("--prune is for the snapshots in exports/, so it does not go with --to")
        if self.push and not delivery.by_account:
            raise UsageError("--push sends the snapshot in exports/, so it does not go with --to")


def export(app: App, asked: ScanRequest, delivery: Delivery, care: JobOptions) -> Item | None:
    """Do the job; returns its summary, None where --quiet was asked for, no form of output, and all is well.

    Raises UsageError, CredentialsError without keys for the bucket, Locked while another run exports this
    account, and whatever stopped the scan.
    """
    care.check(asked, delivery)
    if care.push:
        boto.check(app.settings)
    delivery.check(app.clock())
    with watched(app, care.ping):
        begun = request.start(app.client, app.clock())
        account, plan = asked.resolved(app.zone, lambda: app.account_id)
        with _lock(app, account.id, delivery):
            guard = guards.guard(app, account.id, care.guard) if care.guard else None
            done = job.run(app, job.ExportJob(account, plan, delivery, asked.options, begun, guard))
            with _surviving(app, done):
                _remember(app, done, care)
            pushed = _push(app, done, care.push) if care.push else {}
            with _surviving(app, done):
                _prune(app, done, care.prune)
        tell(app, begun, done.inventory, plan)
        show_the_way_on(app, done)
        result = Item({**of(done, app.clock() - begun.moment), **pushed}, (*SUMMARY, *pushed))
    silent = app.settings.quiet and not app.settings.output and not app.gaps
    return None if silent else result


def _lock(app: App, account_id: str, delivery: Delivery) -> AbstractContextManager[None]:
    """Take the lock for the account's folder; a file of the user's own is replaced in one step anyway."""
    if not delivery.by_account:
        return nullcontext()
    name = f"export/{app.settings.api_host}/{account_id}"
    return locked(
        app.settings.state_dir / "locks",
        name,
        holder(app.command.path, app.clock()),
        f"exporting the account {account_id}",
    )


def _push(app: App, done: Outcome, place: Place) -> Json:
    """Send the snapshot to *place*; gives where it is, for the summary. Whatever fails, it is kept here."""
    from ops.offsite.push import push

    later = f"inv snapshots.push --name {quote(str(done.path))} --to {place}"
    try:
        pushed = push(app, place, done.path, done.manifest.account_id)
        return {} if app.dry else {"pushed": pushed.address}
    except (KeyboardInterrupt, OpsError) as error:
        app.warn(f"the snapshot is kept: {done.path}; it is not in the bucket, or not all of it")
        if isinstance(error, OpsError):
            error.hint = f"{error.hint}; `{later}`" if error.hint else f"`{later}`"
        else:
            app.warn(f"to go on: {later}")
        raise


@contextmanager
def _surviving(app: App, done: Outcome) -> Iterator[None]:
    """Say of what fails in the block that the snapshot does not suffer from it."""
    try:
        yield
    except OpsError:
        app.warn(f"the snapshot is complete: {done.path}; what failed came after it")
        raise


def _remember(app: App, done: Outcome, care: JobOptions) -> None:
    """Keep the counts of a complete snapshot that the next guard cannot read."""
    if done.manifest.complete and care.guard and done.path.name.endswith(ENDING):
        guards.remember(app, done.manifest)


def _prune(app: App, done: Outcome, policy: Policy | None) -> None:
    """Prune what is kept on this machine, which only a complete snapshot allows."""
    if policy is None:
        return
    if not done.manifest.complete:
        app.note("nothing was pruned, since this snapshot is not complete")
        return
    library = Library(app.settings.exports, done.manifest.account_id)
    removed = remove(library, decisions(library, policy))
    app.note(f"{len(removed)} older snapshots were pruned" if removed else "nothing to prune")


def place(text: str) -> Place | None:
    """Read the address that --push names; None for "". Raises UsageError for what is none."""
    return address.place(text, "--push") if text else None


def policy(text: str) -> Policy | None:
    """Read `daily=7,weekly=4,within=30d`; None for "". Raises UsageError for what is none."""
    if not text:
        return None
    found: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.strip().partition("=")
        if name not in Policy._fields:
            raise UsageError(
                f"--prune has no {name!r}",
                hint=f"it takes {', '.join(Policy._fields)}: --prune daily=7,weekly=4",
            )
        if name != "within" and not value.isdecimal():
            raise UsageError(
                f"--prune {name}= takes a number, not {value!r}", hint="--prune daily=7,weekly=4"
            )
        found[name] = period(value, "--prune within=") if name == "within" else int(value)
    return Policy(**found).check()  # type: ignore[arg-type]  # only *within* is a float


def tell(app: App, begun: Start, inventory: Inventory, plan: ScanPlan) -> None:
    """Note what the scan took, and remember each kind that is not whole as a gap of the result."""
    from ops.ui.progress import duration

    remaining = app.client.budget.remaining() if app.client.budget else None
    left = "" if remaining is None else f", {remaining:,} left in this window"
    took = duration(time.monotonic() - begun.tick)
    app.note(f"{app.client.sent - begun.sent:,} requests{left}, {took}")
    for gap in inventory.gaps({resource.kind: resource.needs for resource in plan.resources}):
        app.gap(gap)


def asked_for(app: App, inventory: Inventory) -> list[Json]:
    """Return a row for each kind that was asked for, and note how many were not."""
    rows = list(inventory.rows())
    wanted = [row for row in rows if row["note"] not in (NOT_NAMED, OUTSIDE)]
    if left_out := len(rows) - len(wanted):
        app.note(f"{left_out} kinds that were not asked for are not shown")
    return wanted


def of(done: Outcome, seconds: float) -> Json:
    """Return the summary of an export: where it lies, its status, how much it is, what it took."""
    manifest, size = done.manifest, _bytes(done)
    return {
        "snapshot": str(done.path),
        "status": manifest.status,
        "reason": manifest.reason,
        "account": manifest.account_id,
        "kinds": done.inventory.kinds,
        "items": done.inventory.items,
        "size": readable_size(size),
        "bytes": size,
        "requests": manifest.requests,
        "seconds": round(seconds, 1),
    }


def show_the_way_on(app: App, done: Outcome) -> None:
    """Note the next command for what was made."""
    path = done.path
    if path.name.endswith(ENDING):
        app.note(f"to open: age --decrypt --identity KEY.txt {path} | tar --extract --gzip")
    elif path.is_dir() and (before := _one_before(path)):
        app.note(f"to compare: inv snapshots.diff {before} {path.name}")


def _bytes(done: Outcome) -> int:
    if done.path.is_file():
        return done.path.stat().st_size
    return sum(file.stat().st_size for file in done.path.rglob("*") if file.is_file())


def _one_before(path: Path) -> str:
    """Return the snapshot before this one, by the time in its name."""
    older = sorted(p.name for p in path.parent.iterdir() if (p / MANIFEST).is_file() and p.name < path.name)
    return older[-1] if older else ""
