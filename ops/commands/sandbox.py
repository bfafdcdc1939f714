"""The `sandbox` collection: run a line on the sandbox, or serve it to other clients."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import DiskError, Newer, SystemFailure, UsageError
from ops.ui.shapes import Item, Text

if TYPE_CHECKING:
    from pathlib import Path

    from ops.cli.app import App
    from ops.sandbox.faults import Faults
    from ops.sandbox.server import Sandbox

FAULT = "a fault on demand, e.g. '429 GET /zones* nth=2 after=3'; may be repeated"
QUOTA = "enforce the API's rate limit of 1,200 requests in 5 minutes"
HOST = "127.0.0.1"
# Not 8787 and 8788, which wrangler serves on.
PORT = 8484
# The database, the listener, a connection and its client, and the files of the task itself.
FEWEST_FILES = 20


@command("use", default=True, stages=True, help={"fault": FAULT, "quota": QUOTA})
def use(app: App, fault: tuple[str, ...] = (), quota: bool = False) -> None:
    """Run the tasks after this one on the line on the sandbox instead of Cloudflare.

    Its state is kept between runs; `inv sandbox.reset` restores the initial state. Its snapshots are in
    exports/sandbox/, where no other line looks for them.

    inv sandbox zones.list
    inv sandbox scan.export
    inv sandbox --fault '503 GET /zones' zones.list
    """
    from ops.config.credentials import Credentials
    from ops.config.settings import SANDBOX

    sandbox = _started(app, fault, quota=quota)
    app.stage(
        base_url=sandbox.url,
        account_id=sandbox.account_id,
        credentials=Credentials(token=sandbox.token, origin="sandbox"),
        exports=app.run.staged.get("exports") or app.settings.exports / SANDBOX,
        # Without a limit of the server no budget is needed.
        budget=None if quota else "0",
    )
    app.note(f"sandbox: the tasks that follow do not reach Cloudflare; state in {_file(app)}")


@command(
    "serve",
    help={
        "host": f"the address to listen on, e.g. 0.0.0.0 in a container (default {HOST})",
        "port": f"the port to listen on, 0 for any free one (default {PORT})",
        "fault": FAULT,
        "quota": QUOTA,
    },
)
def serve(
    app: App, host: str = HOST, port: int = PORT, fault: tuple[str, ...] = (), quota: bool = False
) -> None:
    """Serve the sandbox to other clients until Ctrl-C; print the variables that they read.

    inv sandbox.serve
    inv sandbox.serve --port 0 --fault 'delay seconds=0.05 times=-1'
    inv sandbox.serve --host 0.0.0.0
    """
    from ops.http.origin import is_loopback
    from ops.ui.spinner import hidden

    sandbox = _started(app, fault, quota=quota, host=host, port=port)
    # wrangler, the official SDKs, `cf` and octoDNS each read some of them.
    values = {
        "CLOUDFLARE_API_TOKEN": sandbox.token,
        "CLOUDFLARE_ACCOUNT_ID": sandbox.account_id,
        "CLOUDFLARE_API_BASE_URL": sandbox.url,
        "CLOUDFLARE_BASE_URL": sandbox.url,
        "CLOUDFLARE_TOKEN": sandbox.token,
    }
    if not is_loopback(host):
        values["CFOPS_ALLOW_BASE_URL"] = sandbox.netloc
    lines = [f"export {name}={value}" for name, value in values.items()]
    lines.append("# for clients with the Global API key in place of the token:")
    lines.append(f"# export CLOUDFLARE_EMAIL={sandbox.email} CLOUDFLARE_API_KEY={sandbox.key}")
    app.show(Text("\n".join(lines) + "\n"))
    app.note("serving until Ctrl-C")
    with suppress(KeyboardInterrupt), hidden():
        app.stop.wait()


@command(
    "seed",
    help={
        "zones": "the number of zones (default 1000)",
        "records": "the number of records in each zone (default 200)",
        "keys": "the number of keys in one KV namespace (default 1000000)",
    },
)
def seed(app: App, zones: int = 1000, records: int = 200, keys: int = 1_000_000) -> Item:
    """Add an account of any size to the content of the sandbox.

    inv sandbox.seed
    inv sandbox.seed --zones 50 --records 100 --keys 0
    """
    from ops.sandbox.seed import seed_scale

    if min(zones, records, keys) < 0:
        raise UsageError("--zones, --records and --keys must be 0 or more")
    sandbox = _sandbox(app)
    try:
        seed_scale(sandbox.store, zones=zones, records=records, keys=keys)
    finally:
        sandbox.stop()
    return Item({"zones": zones, "records": zones * records, "keys": keys, "state": str(_file(app))})


@command("reset")
def reset(app: App) -> None:
    """Restore the initial state of the sandbox.

    inv sandbox.reset
    """
    for file in _file(app).parent.glob(f"{_file(app).name}*"):
        file.unlink()
    _sandbox(app).stop()
    app.note(f"the sandbox has its initial state again: {_file(app)}")


def _file(app: App) -> Path:
    return app.settings.state_dir / "sandbox.sqlite"


def _started(app: App, faults: tuple[str, ...], *, quota: bool, host: str = HOST, port: int = 0) -> Sandbox:
    from ops.sandbox.faults import Faults

    try:
        planned = Faults(faults)
    except ValueError as problem:
        raise UsageError(
            str(problem),
            hint="KIND [METHOD] [PATH] [name=value ...]; `inv docs --page sandbox` lists the kinds",
        ) from None
    sandbox = _sandbox(app, planned, quota=quota, host=host, port=port)
    try:
        sandbox.start()
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or problem
        hint = "`--port 0` uses any free port; `--host` takes an address of this machine"
        raise UsageError(f"the sandbox cannot listen on {host} port {port}: {reason}", hint=hint) from None
    app.run.endings.append(sandbox.stop)
    return sandbox


def _sandbox(
    app: App, faults: Faults | None = None, *, quota: bool = False, host: str = HOST, port: int = 0
) -> Sandbox:
    import resource
    import sqlite3

    from ops.files.disk import private_folder
    from ops.plugins.door import bring
    from ops.sandbox import routes
    from ops.sandbox.edge import DEFAULT_QUOTA
    from ops.sandbox.server import Sandbox
    from ops.sandbox.store import NewerDatabase

    if 0 <= (files := resource.getrlimit(resource.RLIMIT_NOFILE)[0]) < FEWEST_FILES:
        raise SystemFailure(
            f"the sandbox needs {FEWEST_FILES} open files, but the limit is {files}",
            hint="raise the limit: `ulimit -n 64`",
        )
    private_folder(app.settings.state_dir)
    # Ours come first, so that a plugin cannot take one of them; importing its module registers its own.
    routes.load()
    for _ in bring("ROUTES"):
        continue
    try:
        return Sandbox(
            _file(app), faults=faults, quota=DEFAULT_QUOTA if quota else None, host=host, port=port
        )
    except NewerDatabase as problem:
        hint = "use a newer cfops, or `inv sandbox.reset`, which makes a new one"
        raise Newer(f"{_file(app)} was written by a newer cfops: {problem}", hint=hint) from None
    except sqlite3.Error as problem:
        raise DiskError(f"{_file(app)} cannot be used: {problem}", hint="name another folder") from None
