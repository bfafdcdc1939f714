"""What the token may do: one cheap read for each product, as its first kind declares it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from ops.analytics.reading import check_access
from ops.doctor.findings import Finding, failed
from ops.errors import CredentialsError, OpsError, PermissionDenied, UsageError, UserError
from ops.kinds.catalog import resources, task_modules
from ops.kinds.paging import smallest
from ops.kinds.paths import GRAPHQL, OTHER, Endpoint, permission
from ops.kinds.resource import Owner, Resource, address
from ops.plugins.door import DOOR, enabled

if TYPE_CHECKING:
    from ops.doctor.token import Standing
    from ops.http.client import Client
    from ops.plugins.choice import Plugin

ZONES = "zones"


def probes() -> dict[str, Resource | Endpoint]:
    """Return what is read of each product: its first kind, or the path that OTHER has for it."""
    return _probes(enabled())


@cache
def _probes(_plugins: tuple[Plugin, ...]) -> dict[str, Resource | Endpoint]:
    others = {endpoint.product: endpoint for endpoint in OTHER if endpoint.product}
    first: dict[str, Resource | Endpoint] = {}
    for resource in (one for one in resources() if one.path):
        first.setdefault(resource.product, others.get(resource.product, resource))
    return {**first, **others}


def check_products(products: Iterable[str]) -> frozenset[str]:
    """Return the products to check: the named ones, else those with tasks. Raise UsageError."""
    named = frozenset(products)
    if not named <= probes().keys():
        DOOR.open()  # only a plugin may know it; otherwise this task loads none, to work with a broken one
    known = probes()
    for name in sorted(named.difference(known)):
        raise UsageError(f"{name!r} is not a product that can be checked", hint=f"use {', '.join(known)}")
    with_tasks = {module.split(".")[2] for module in task_modules()}
    return named or frozenset(known) & {*with_tasks, "do", "analytics"}


def probe_all(
    client: Client, standing: Standing, products: frozenset[str], together: Callable[..., Iterator[Finding]]
) -> Iterator[Finding]:
    """Yield whether the token may read each of *products*; *together* maps a function over them."""
    zone_id, finding = _a_zone(client, standing)
    if ZONES in products:
        yield finding
    wanted = [product for product in probes() if product in products - {ZONES}]
    yield from together(partial(_probe, client, standing, zone_id), wanted)


def _a_zone(client: Client, standing: Standing) -> tuple[str, Finding]:
    zones = probes()[ZONES]
    where = address(zones.path, Owner(standing.account_id, standing.account_id, {}))
    zone_params: dict[str, Any] = {"account.id": standing.account_id}
    try:
        found = next(client.whole(where, **zone_params, **smallest(zones.paging)), None)
    except OpsError as error:
        return "", _finding(ZONES, where, error, standing)
    if not found:
        return "", Finding(ZONES, "ok", "can be read, but the account has none")
    note = f"can be read; the checks of zones read {found.get('name')}"
    return str(found.get("id", "")), Finding(ZONES, "ok", note)


def _probe(client: Client, standing: Standing, zone_id: str, product: str) -> Finding:
    probe = probes()[product]
    scope = "zone" if "{zone}" in probe.path else "account"
    id = zone_id if scope == "zone" else standing.account_id
    if not id:
        return Finding(product, "unknown", f"not checked: no {scope} is known to read it from")
    where = address(probe.path, Owner(standing.account_id, id, {}))
    try:
        if probe.path == GRAPHQL:
            check_access(client, standing.account_id)
        else:
            client.envelope(where, **smallest(probe.paging))
    except OpsError as error:
        finding = _finding(product, where, error, standing)
        # Statistics are an addition to what other products show.
        return finding._replace(status="warn") if probe.path == GRAPHQL else finding
    note = "; a purge cannot be tried without purging" if product == "cache" else ""
    return Finding(product, "ok", f"can be read{note}")


def _finding(product: str, where: str, error: OpsError, standing: Standing) -> Finding:
    """Distinguish a missing permission from a product that is not available and from a failure."""
    if isinstance(error, CredentialsError) and where not in error.message:
        # The client sends no request after the token was refused, and raises that refusal again.
        return Finding(product, "unknown", f"not checked: {error.message}")
    # Code 10000 may mean a missing permission too. Any other token was valid when its own check ran.
    if isinstance(error, CredentialsError) and 10000 not in error.codes:
        return failed(product, error)
    if isinstance(error, PermissionDenied | CredentialsError):
        lacks = f"the token lacks {permission(where, write=False)}: {error.message}"
        return Finding(product, "fail", lacks, f"grant it at {standing.page}")
    if isinstance(error, UserError):
        return Finding(product, "unknown", error.message, "the plan or the account may not have this product")
    return failed(product, error)
