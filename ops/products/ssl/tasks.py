"""The `ssl` collection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.products.ssl import api
from ops.products.zones.parts import Part, all_zones, attempt, report
from ops.ui.shapes import Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.kinds.resource import Json

READ = "Zone > SSL and Certificates > Read"
CHECKED = (
    "verdict", "reasons", "host", "port", "address", "protocol", "names", "issuer", "not_before", "not_after",
    "days_left", "lifetime_days", "covers_host", "key_type", "key_bits", "signature",
)  # fmt: skip


@command(
    "check",
    reads=False,
    required=("host",),
    positional=("host",),
    help={
        "host": "name or address of the server, e.g. www.example.com",
        "port": "where it speaks TLS (default 443)",
        "server_name": "ask for this name instead, e.g. before DNS points to the server",
        "timeout": "seconds to connect, and again for each handshake",
        "ca_file": "PEM file of roots to trust in place of this machine's",
    },
)
def check(
    app: App, host: str = "", port: int = 443, server_name: str = "", timeout: float = 3.0, ca_file: str = ""
) -> Item:
    """Connect to a server and judge its certificate and protocol. Asks nothing of Cloudflare's API.

    Ends with exit code 1 where the verdict is an error, with 3 where the server could not be judged.

    inv ssl.check www.example.com
    inv ssl.check 192.0.2.7 --server-name www.example.com --output json
    """
    from ops.products.ssl.check import check as look
    from ops.products.ssl.failure import failure

    result = look(host, port, server_name=server_name, timeout=timeout, ca_file=ca_file, now=app.clock())
    problem = failure(result)
    if problem:
        app.show(Item(result, CHECKED))
        raise problem
    return Item(result, CHECKED)


@command("packs", required=("zone",), needs=READ, help={"zone": "domain or id, e.g. example.com"})
def list_packs(app: App, zone: str = "") -> Rows:
    """List a zone's certificate packs, whatever their status.

    inv ssl.packs --zone example.com
    """
    packs = api.list_packs(app.client, app.zone_id(zone))
    return Rows(packs, ("type", "status", "hosts", "certificate_authority", "validity_days", "id"))


@command(
    "expiring",
    needs=f"{READ}, Zone > DNS > Read, Zone > Zone > Read",
    help={
        "zone": "only this zone: domain or id (default: all zones)",
        "days": "expiring means within so many days (default: the last third of the certificate's lifetime)",
    },
)
def expiring(app: App, zone: str = "", days: int = 0) -> Rows:
    """List certificates that expire or are not issued, and proxied names that none covers.

    Takes 2 requests a zone.

    inv ssl.expiring
    inv ssl.expiring --days 14 --output json
    """
    if days < 0:
        raise UsageError(f"--days {days} is below zero")
    requests = 0 if app.offline else 2
    zones = (
        [app.zone(zone)]
        if zone
        else all_zones(app.client, app.account_id, gap=app.gap, note=app.note, requests=requests)
    )
    return Rows(_problems(app, zones, days), ("zone", "problem", "names", "expires_on", "status", "type"))


def _problems(app: App, zones: list[Json], days: int) -> Iterator[Json]:
    from ops.products.ssl.expiry import problems

    def read(zone: Json) -> tuple[str, Part, Part]:
        name = zone["name"]
        packs = attempt(f"certificate packs of {name}", lambda: api.list_packs(app.client, zone["id"]))
        return name, packs, attempt(f"records of {name}", lambda: _served_names(app, zone))

    for name, packs, records in app.parallel(read, zones):
        report(packs, app.gap)
        report(records, app.gap)
        # Names cannot be called bare where the packs that may cover them were not read.
        bare = records.value or () if packs.value is not None else ()
        for problem in problems(packs.value or [], bare, now=app.clock(), days=days):
            yield {"zone": name, **problem}


def _served_names(app: App, zone: Json) -> Iterator[Json]:
    """Give the proxied records; none for a zone that Cloudflare does not serve, which has no certificate."""
    served = zone.get("status") == "active" and not zone.get("paused")
    return api.list_proxied_names(app.client, zone["id"]) if served else iter(())
