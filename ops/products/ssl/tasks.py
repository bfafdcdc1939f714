"""The `ssl` collection."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import UsageError
from ops.ui.shapes import KEY, LOW, MAIN, STATUS, TIME, UNTIL, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.items import Json
    from ops.products.zones.parts import AnswerPart

READ = "Zone > SSL and Certificates > Read"
CHECKED = (
    Column("verdict", meaning=STATUS), "reasons", "host", "port", "address", "protocol", "names", "issuer",
    Column("not_before", meaning=TIME), Column("not_after", meaning=UNTIL),
    "days_left", "lifetime_days", "covers_host", "key_type", "key_bits", "signature",
)  # fmt: skip
EXPIRING = (
    Column("zone", KEY), Column("problem", MAIN, STATUS, wraps=True),
    Column("names", KEY, wraps=True), Column("expires_on", MAIN, UNTIL, joins="problem"),
    Column("status", meaning=STATUS), Column("type", LOW),
)  # fmt: skip
NOT_ISSUED = frozenset(
    {
        "initializing", "pending_validation", "pending_issuance", "pending_deployment", "holding_deployment",
        "initializing_timed_out", "validation_timed_out", "issuance_timed_out", "deployment_timed_out",
    }
)  # fmt: skip


@command(
    "check",
    reads=False,
    required=("host",),
    help={
        "host": "name or address of the server, e.g. www.example.com",
        "port": "where it speaks TLS (default 443)",
        "server_name": "ask for this name instead, e.g. before DNS points to the server",
        "timeout": "seconds to connect, and again for each handshake",
        "ca_file": "PEM file of certificates to trust in place of this machine's roots",
    },
)
def check(
    app: App, host: str = "", port: int = 443, server_name: str = "", timeout: float = 3.0, ca_file: str = ""
) -> Item:
    """Connect to a server and judge its certificate and protocol. Sends no request to Cloudflare's API.

    Ends with exit code 1 if the verdict is an error, with 3 if the server cannot be judged.

    inv ssl.check www.example.com
    inv ssl.check 192.0.2.7 --server-name www.example.com --output json
    """
    from ops.products.ssl import check as live

    now = app.clock()
    result = live.check(host, port, server_name=server_name, timeout=timeout, ca_file=ca_file, now=now)
    error = live.failure(result)
    if error:
        app.show(Item(result, CHECKED))
        raise error
    return Item(result, CHECKED)


@command("packs", required=("zone",), needs=READ)
def list_packs(app: App, zone: str = "") -> Rows:
    """List a zone's certificate packs of every status.

    inv ssl.packs example.com
    """
    from ops.products.ssl import api

    packs = api.list_packs(app.client, app.zone_id(zone))
    columns = (
        Column("type", MAIN), Column("status", MAIN, STATUS), Column("hosts", KEY, wraps=True),
        "certificate_authority", "validity_days", Column("id", LOW),
    )  # fmt: skip
    return Rows(packs, columns, "certificate pack")


@command(
    "expiring",
    needs=f"{READ}, Zone > DNS > Read, Zone > Zone > Read",
    help={
        "zone": "only this zone: domain or id (default: all zones)",
        "days": "expiring means within N days (default: in the last third of the certificate's lifetime)",
    },
)
def expiring(app: App, zone: str = "", days: int = 0) -> Rows:
    """List certificates that expire or are not issued, and proxied names without a certificate.

    Takes 2 requests per zone.

    inv ssl.expiring
    inv ssl.expiring --days 14 --output json
    """
    from ops.products.zones.parts import all_zones

    if days < 0:
        raise UsageError(f"--days {days} is negative", hint="--days 14")
    requests = 0 if app.offline else 2
    if zone:
        zones = [app.zone(zone)]
    else:
        zones = all_zones(app.client, app.account_id, gap=app.gap, note=app.note, requests=requests)
    return Rows(_in_zones(app, zones, days), EXPIRING, "problem")


def _in_zones(app: App, zones: list[Json], days: int) -> Iterator[Json]:
    from ops.products.ssl import api
    from ops.products.zones.parts import AnswerPart, attempt, report

    def read(zone: Json) -> tuple[str, AnswerPart, AnswerPart]:
        name = zone["name"]
        packs = attempt(f"certificate packs of {name}", lambda: api.list_packs(app.client, zone["id"]))
        # A zone that Cloudflare does not serve has no certificate and needs none.
        served = zone.get("status") == "active" and not zone.get("paused")
        records = AnswerPart(f"records of {name}")
        if served:
            records = attempt(records.name, lambda: api.list_proxied_names(app.client, zone["id"]))
        return name, packs, records

    for name, packs, records in app.parallel(read, zones):
        report(packs, app.gap)
        report(records, app.gap)
        # If the packs were not read, they may cover any name.
        proxied = records.value or () if packs.value is not None else ()
        for problem in problems(packs.value or [], proxied, now=app.clock(), days=days):
            yield {"zone": name, **problem}


def problems(packs: list[Json], records: Iterable[Json], *, now: float, days: int = 0) -> Iterator[Json]:
    """Yield the problems, each with `problem`, `names`, `expires_on`, `status`, `type` and the pack's `id`.

    A certificate is expiring in the last third of its own lifetime, or within *days* unless that is 0.
    *records* are those whose names need a certificate; *now* is in seconds since 1970.
    """
    from ops.products.ssl.names import covers

    for pack in packs:
        yield from _expiring(pack, now, days)
        if pack.get("status") in NOT_ISSUED:
            yield _row("not issued", pack, pack.get("hosts") or [])
    covering = [host for pack in packs if pack.get("status") == "active" for host in pack.get("hosts") or ()]
    uncovered = sorted({record["name"] for record in records if not covers(record["name"], covering)})
    if uncovered:
        yield _row("not covered", {}, uncovered)


def _expiring(pack: Json, now: float, days: int) -> Iterator[Json]:
    from ops.products.ssl import api

    first, life = api.first_to_end(pack), api.pack_lifetime(pack)
    if first is None or life is None:
        return
    begin, end = life
    if end - now <= (days * api.DAY if days else (end - begin) / 3):
        problem = "expired" if end <= now else "expiring"
        yield _row(problem, pack, pack.get("hosts") or []) | {"expires_on": first["expires_on"]}


def _row(problem: str, pack: Json, names: list[str]) -> Json:
    fields = {name: pack.get(name) for name in ("status", "type", "id")}
    return {"problem": problem, "names": names, "expires_on": None, **fields}
