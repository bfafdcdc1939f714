"""All checks, in the order in which they depend on each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.doctor.findings import Finding, failed
from ops.doctor.local import check_local
from ops.doctor.probes import probe_all
from ops.doctor.reach import reach
from ops.doctor.token import examine_token
from ops.errors import CredentialsError, OpsError

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.http.client import Client


def examine(app: App, products: frozenset[str]) -> list[Finding]:
    """Return the findings of every check; one that depends on a failed check is "unknown"."""
    return [*check_local(app.settings), *_remote(app, products)]


def _remote(app: App, products: frozenset[str]) -> Iterator[Finding]:
    try:
        client, trouble = app.client, None
    except CredentialsError as error:
        client, trouble = None, failed("token", error)
    except OpsError as error:
        # The base URL was refused: its name is not even looked up.
        yield failed("base URL", error)
        return
    way = list(reach(app.settings, app.clock))
    yield from way
    if trouble:
        yield trouble
    elif any(step.status == "fail" for step in way):
        yield Finding("token", "unknown", "not checked: the base URL cannot be reached")
    elif client:
        yield from _asked(app, client, products)


def _asked(app: App, client: Client, products: frozenset[str]) -> Iterator[Finding]:
    standing = examine_token(client, app.settings, app.clock())
    yield from standing.findings
    if standing.usable:
        yield from probe_all(client, standing, products, app.parallel)
    else:
        yield Finding("permissions", "unknown", "not checked: the token cannot be used")
    yield _budget(client)


def _budget(client: Client) -> Finding:
    budget = client.budget
    try:
        left = budget.remaining() if budget else None
    except OpsError as error:
        return failed("budget", error)
    if budget is None or left is None:
        return Finding("budget", "ok", "no limit is set")
    text = f"{left} of {budget.limit} requests left in the window of {budget.window:g} s"
    if left < budget.limit // 10:
        return Finding(
            "budget", "warn", text, "commands will wait; run fewer jobs at once, or raise CFOPS_BUDGET"
        )
    return Finding("budget", "ok", text)
