"""The task `doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import CredentialsError, OpsError
from ops.ui.shapes import Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.doctor.findings import Finding
    from ops.http.budget import Budget


@command(
    "doctor",
    help={"product": "only what the token may do with this product, e.g. dns; may be repeated"},
)
def doctor(app: App, product: tuple[str, ...] = ()) -> Rows:
    """Check the settings, the way to Cloudflare, the token, and what it may do.

    inv doctor
    inv doctor --product dns --product kv --output json
    """
    from ops.doctor.findings import verdict
    from ops.doctor.probes import check_products

    findings = list(_examine(app, check_products(product)))
    report = Rows([finding.row() for finding in findings], ("check", "status", "meaning", "hint"))
    if failure := verdict(findings):
        app.show(report)
        raise failure
    return report


def _examine(app: App, products: frozenset[str]) -> Iterator[Finding]:
    """Yield the findings of every check, in the order in which they depend on each other.

    One that depends on a failed check is "unknown".
    """
    from ops.doctor.findings import Finding, failed
    from ops.doctor.local import check_local
    from ops.doctor.probes import probe_all
    from ops.doctor.reach import reach
    from ops.doctor.token import examine_token

    yield from check_local(app.settings)
    trouble: Finding | None = None
    try:
        client = app.client
    except CredentialsError as error:
        trouble = failed("token", error)
    except OpsError as error:
        # The base URL was refused: its name is not even looked up.
        yield failed("base URL", error)
        return
    steps = list(reach(app.settings, app.clock))
    yield from steps
    if trouble:
        yield trouble
        return
    if any(step.status == "fail" for step in steps):
        yield Finding("token", "unknown", "not checked: the base URL cannot be reached")
        return
    standing = examine_token(client, app.settings, app.clock())
    yield from standing.findings
    if standing.usable:
        yield from probe_all(client, standing, products, app.parallel)
    else:
        yield Finding("permissions", "unknown", "not checked: the token cannot be used")
    yield _budget(client.budget)


def _budget(budget: Budget | None) -> Finding:
    from ops.doctor.findings import Finding, failed

    try:
        left = budget.remaining() if budget else None
    except OpsError as error:
        return failed("budget", error)
    if budget is None or left is None:
        return Finding("budget", "ok", "no limit is set")
    text = f"{left} of {budget.limit} requests left in the window of {budget.window:g} s"
    if left < budget.limit // 10:
        hint = "commands will wait; run fewer jobs at once, or raise CFOPS_BUDGET"
        return Finding("budget", "warn", text, hint)
    return Finding("budget", "ok", text)
