"""All checks, in the order in which they build on one another."""

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
    """Carry out every check; what cannot be asked because of another is told as unknown."""
    return [*check_local(app.settings), *_remote(app, products)]


def _remote(app: App, products: frozenset[str]) -> Iterator[Finding]:
    try:
        client, trouble = app.client, None
    except CredentialsError as error:
        client, trouble = None, failed("token", error)
    except OpsError as error:
        # The base URL was refused: not even its name is looked up.
        yield failed("base URL", error)
        return
    way = list(reach(app.settings, app.clock))
    yield from way
    if trouble:
        yield trouble
    elif any(step.status == "fail" for step in way):
        yield Finding("token", "unknown", "not asked: the base URL cannot be reached")
    elif client:
        yield from _asked(app, client, products)


def _asked(app: App, client: Client, products: frozenset[str]) -> Iterator[Finding]:
    standing = examine_token(client, app.settings, app.clock())
    yield from standing.findings
    if standing.usable:
        yield from probe_all(client, standing, products, app.parallel)
    else:
        yield Finding("permissions", "unknown", "not asked: the token cannot be used")
    yield _budget(client)


def _budget(client: Client) -> Finding:
    budget = client.budget
    try:
        left = budget.remaining() if budget else None
    except OpsError as error:
        return failed("budget", error)
    if budget is None or left is None:
        return Finding("budget", "ok", "no limit of our own is set")
    told = f"{left} of {budget.limit} requests left in the window of {budget.window:g} s"
    if left < budget.limit // 10:
        return Finding("budget", "warn", told, "commands will wait; fewer jobs at once, or CFOPS_BUDGET")
    return Finding("budget", "ok", told)
