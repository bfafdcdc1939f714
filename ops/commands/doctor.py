"""The task `doctor`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.typed import in_message
from ops.ui.shapes import KEY, MAIN, STATUS, Column, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.doctor.findings import Finding


@command(
    "doctor",
    positional=("product",),
    help={"product": "check only the token's permissions for this product, e.g. dns; may be repeated"},
)
def doctor(app: App, product: tuple[str, ...] = ()) -> Rows:
    """Check the settings, the connection to Cloudflare, the token, and its permissions.

    inv doctor
    inv doctor --product dns --product kv --output json
    """
    from ops.doctor.findings import verdict
    from ops.doctor.local import check_local
    from ops.doctor.probes import check_products

    products = check_products(product)
    findings = [*check_local(app.settings), *_remote(app, products)]
    columns = (
        Column("check", KEY), Column("status", MAIN, STATUS), Column("meaning", MAIN, wraps=True),
        Column("hint", MAIN, wraps=True, joins="meaning"),
    )  # fmt: skip
    rows = [
        {"check": check, "status": status, "meaning": in_message(meaning), "hint": in_message(hint)}
        for check, status, meaning, hint, _ending in findings
    ]
    report = Rows(rows, columns, "check")
    if failure := verdict(findings):
        app.show(report)
        raise failure
    return report


def _remote(app: App, products: frozenset[str]) -> Iterator[Finding]:
    """Yield the findings of the checks that use the network; what depends on a failed one is "unknown"."""
    from ops.doctor.findings import Finding, failed
    from ops.doctor.probes import probe_all
    from ops.doctor.reach import reach
    from ops.doctor.token import examine_token
    from ops.errors import CredentialsError, OpsError

    try:
        client, refusal = app.client, None
    except CredentialsError as error:
        client, refusal = None, failed("token", error)
    except OpsError as error:
        # The base URL was refused: its name is not even resolved.
        yield failed("base URL", error)
        return
    steps = list(reach(app.settings, app.clock))
    yield from steps
    if refusal or client is None:
        yield from [refusal] if refusal else []
        return
    if any(step.status == "fail" for step in steps):
        yield Finding("token", "unknown", "not checked: the base URL cannot be reached")
        return
    token = examine_token(client, app.settings, app.clock())
    yield from token.findings
    if token.usable:
        yield from probe_all(client, token, products, app.parallel)
    else:
        yield Finding("permissions", "unknown", "not checked: the token cannot be used")
    budget = client.budget
    try:
        left = budget.remaining() if budget else None
    except OpsError as error:
        yield failed("budget", error)
        return
    if budget is None or left is None:
        yield Finding("budget", "ok", "no limit is set")
        return
    text = f"{left} of {budget.limit} requests left in the window of {budget.window:g} s"
    if left < budget.limit // 10:
        hint = "commands will wait; run fewer jobs concurrently, or raise CFOPS_BUDGET"
        yield Finding("budget", "warn", text, hint)
        return
    yield Finding("budget", "ok", text)
