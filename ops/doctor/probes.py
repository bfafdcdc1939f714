"""What the token may do: one cheap read for each product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from ops.doctor.findings import Finding, failed
from ops.errors import CredentialsError, OpsError, PermissionDenied, UsageError, UserError
from ops.http.paths import ApiPath, path
from ops.http.permissions import permission

if TYPE_CHECKING:
    from ops.doctor.token import Standing
    from ops.http.client import Client

_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Probe(NamedTuple):
    """The read that tells whether *product* may be read; `{}` stands for the zone's or the account's id."""

    product: str
    template: str
    params: Mapping[str, Any] = _NOTHING
    told: str = "can be read"

    @property
    def scope(self) -> str:
        return self.template.split("/")[1].removesuffix("s")


# The smallest page that each list allows (Cloudflare's OpenAPI document).
PROBES = (
    Probe("dns", "/zones/{}/dns_records", {"per_page": 1}),
    Probe("ssl", "/zones/{}/ssl/certificate_packs", {"per_page": 5}),
    Probe(
        "cache", "/zones/{}/settings/cache_level", told="can be read; a purge cannot be tried without purging"
    ),
    Probe("pagerules", "/zones/{}/pagerules"),
    Probe("rulesets", "/zones/{}/rulesets"),
    Probe("load_balancers", "/zones/{}/load_balancers"),
    Probe("workers", "/accounts/{}/workers/scripts"),
    Probe("kv", "/accounts/{}/storage/kv/namespaces", {"per_page": 5}),
    Probe("do", "/accounts/{}/workers/durable_objects/namespaces", {"per_page": 1}),
    Probe("r2", "/accounts/{}/r2/buckets", {"per_page": 1}),
    Probe("d1", "/accounts/{}/d1/database", {"per_page": 10}),
    Probe("queues", "/accounts/{}/queues"),
    Probe("pages", "/accounts/{}/pages/projects", {"per_page": 10}),
    Probe("audit", "/accounts/{}/audit_logs", {"per_page": 1}),
)
ZONES = "zones"
PRODUCTS = (ZONES, *(probe.product for probe in PROBES))

Together = Callable[[Callable[[Probe], Finding], Iterable[Probe]], Iterator[Finding]]


def check_products(products: Iterable[str]) -> frozenset[str]:
    """Return the products to look at, all where none is named; raises UsageError for an unknown one."""
    named = frozenset(products)
    for name in named.difference(PRODUCTS):
        raise UsageError(f"there is no product {name!r} to look at", hint=f"known are {', '.join(PRODUCTS)}")
    return named or frozenset(PRODUCTS)


def probe_all(
    client: Client, standing: Standing, products: frozenset[str], together: Together
) -> Iterator[Finding]:
    """Yield what the token may do with each of *products*; *together* maps over several at once."""
    wanted = [probe for probe in PROBES if probe.product in products]
    zone_id, told = _a_zone(client, standing)
    if ZONES in products:
        yield told
    places = {"zone": zone_id, "account": standing.account_id}
    yield from together(partial(_probe, client, standing, places), wanted)


def _a_zone(client: Client, standing: Standing) -> tuple[str, Finding]:
    """Return the id of some zone to ask about, and what listing zones has told."""
    place = path("/zones")
    try:
        zones = client.get(place, per_page=5, **{"account.id": standing.account_id})
    except OpsError as error:
        return "", _answered(ZONES, place, error, standing)
    if not zones:
        return "", Finding(ZONES, "ok", "can be read, but there is none")
    return zones[0]["id"], Finding(ZONES, "ok", f"can be read; the checks of zones ask {zones[0]['name']}")


def _probe(client: Client, standing: Standing, places: Mapping[str, str], probe: Probe) -> Finding:
    place = places[probe.scope]
    if not place:
        return Finding(probe.product, "unknown", f"not asked: no {probe.scope} is known to ask about")
    asked = path(probe.template, place)
    try:
        client.get(asked, **probe.params)
    except OpsError as error:
        return _answered(probe.product, asked, error, standing)
    return Finding(probe.product, "ok", probe.told)


def _answered(product: str, asked: ApiPath, error: OpsError, standing: Standing) -> Finding:
    """Tell a missing permission from a product that is not there and from a failure."""
    if isinstance(error, CredentialsError) and str(asked) not in error.message:
        # The client asks nothing more once a token was refused, and raises that refusal again.
        return Finding(product, "unknown", f"not asked: {error.message}")
    if isinstance(error, PermissionDenied | CredentialsError):
        name = permission(asked, write=False)
        return Finding(
            product, "fail", f"the token lacks {name}: {error.message}", f"grant it at {standing.page}"
        )
    if isinstance(error, UserError):
        return Finding(product, "unknown", error.message, "the plan or the account may not have this product")
    return failed(product, error)
