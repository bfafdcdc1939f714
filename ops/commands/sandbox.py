"""The `sandbox` collection: rehearse here, or serve other clients."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.ui.shapes import Item, Text

if TYPE_CHECKING:
    from pathlib import Path

    from ops.cli.app import App
    from ops.sandbox.faults import Faults
    from ops.sandbox.server import Sandbox

FAULT = "a fault on demand, e.g. '429 GET /zones* nth=2 after=3'; may be repeated"
QUOTA = "with the API's rate limit of 1,200 requests in 5 minutes in force"


@command("use", default=True, help={"fault": FAULT, "quota": QUOTA})
def use(app: App, fault: tuple[str, ...] = (), quota: bool = False) -> None:
    """Let the tasks after this one on the line work on the sandbox, not on Cloudflare.

    Its state is kept between runs; `inv sandbox.reset` starts afresh.

    inv sandbox zones.list
    inv sandbox scan.export
    inv sandbox --fault '503 GET /zones' zones.list
    """
    from ops.config.credentials import Credentials

    sandbox = _started(app, fault, quota=quota)
    app.stage(
        base_url=sandbox.url,
        account_id=sandbox.account_id,
        credentials=Credentials(token=sandbox.token, origin="sandbox"),
        # Without the server's limit there is nothing for a budget to keep to.
        budget=None if quota else "0",
    )
    app.note(f"sandbox: nothing of what follows reaches Cloudflare; state in {_file(app)}")


@command(
    "serve",
    help={"port": "the port of 127.0.0.1, 0 for a free one (default 8787)", "fault": FAULT, "quota": QUOTA},
)
def serve(app: App, port: int = 8787, fault: tuple[str, ...] = (), quota: bool = False) -> None:
    """Serve the sandbox to other clients until Ctrl-C; prints the variables that they read.

    inv sandbox.serve
    inv sandbox.serve --port 0 --fault 'delay seconds=0.05 times=-1'
    """
    sandbox = _started(app, fault, quota=quota, port=port)
    app.show(Text(_variables(sandbox)))
    app.note("serving until Ctrl-C")
    with suppress(KeyboardInterrupt):
        app.stop.wait()


@command(
    "seed",
    help={
        "zones": "so many zones (default 1000)",
        "records": "so many records in each zone (default 200)",
        "keys": "so many keys in one KV namespace (default 1000000)",
    },
)
def seed(app: App, zones: int = 1000, records: int = 200, keys: int = 1_000_000) -> Item:
    """Fill the sandbox with an account of any size, beside what is there.

    inv sandbox.seed
    inv sandbox.seed --zones 50 --records 100 --keys 0
    """
    from ops.sandbox.seed_scale import seed_scale

    if min(zones, records, keys) < 0:
        raise UsageError("--zones, --records and --keys are not below zero")
    sandbox = _sandbox(app)
    try:
        seed_scale(sandbox.store, zones=zones, records=records, keys=keys)
    finally:
        sandbox.stop()
    return Item({"zones": zones, "records": zones * records, "keys": keys, "state": str(_file(app))})


@command("reset")
def reset(app: App) -> None:
    """Take the sandbox back to its first seed.

    inv sandbox.reset
    """
    for file in _file(app).parent.glob(f"{_file(app).name}*"):
        file.unlink()
    _sandbox(app).stop()
    app.note(f"the sandbox is as new: {_file(app)}")


def _file(app: App) -> Path:
    return app.settings.state_dir / "sandbox.sqlite"


def _started(app: App, faults: tuple[str, ...], *, quota: bool, port: int = 0) -> Sandbox:
    sandbox = _sandbox(app, _plan(faults), quota=quota, port=port)
    try:
        sandbox.start()
    except OSError as problem:
        raise UsageError(
            f"port {port} of 127.0.0.1 cannot be served: {problem.strerror}",
            hint="`--port 0` takes a free one",
        ) from None
    app.at_end(sandbox.stop)
    return sandbox


def _sandbox(app: App, faults: Faults | None = None, *, quota: bool = False, port: int = 0) -> Sandbox:
    from ops.files.disk import private_folder
    from ops.sandbox.limits import DEFAULT_QUOTA
    from ops.sandbox.server import Sandbox

    private_folder(app.settings.state_dir)
    return Sandbox(_file(app), faults=faults, quota=DEFAULT_QUOTA if quota else None, port=port)


def _plan(texts: tuple[str, ...]) -> Faults:
    from ops.sandbox.faults import Faults

    try:
        return Faults(texts)
    except ValueError as problem:
        raise UsageError(str(problem), hint="KIND [METHOD] [PATH] [name=value ...]; see README.md") from None


def _variables(sandbox: Sandbox) -> str:
    """Give the shell's lines: wrangler, the official SDKs, `cf` and octoDNS each read some of them."""
    values = {
        "CLOUDFLARE_API_TOKEN": sandbox.token,
        "CLOUDFLARE_ACCOUNT_ID": sandbox.account_id,
        "CLOUDFLARE_API_BASE_URL": sandbox.url,
        "CLOUDFLARE_BASE_URL": sandbox.url,
        "CLOUDFLARE_TOKEN": sandbox.token,
    }
    return "".join(f"export {name}={value}\n" for name, value in values.items())
