"""What will go wrong with a zone's certificates: they expire, they are stuck, or they lack a name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from ops.kinds.resource import Json
from ops.products.ssl.names import covers

DAY = 86400.0
# For a certificate that tells neither how long it is valid nor when it was uploaded.
USUAL_LIFETIME = 90 * DAY
STUCK = frozenset(
    {
        "initializing", "pending_validation", "pending_issuance", "pending_deployment", "holding_deployment",
        "initializing_timed_out", "validation_timed_out", "issuance_timed_out", "deployment_timed_out",
    }
)  # fmt: skip


def problems(packs: list[Json], records: Iterable[Json], *, now: float, days: int = 0) -> Iterator[Json]:
    """Yield what is wrong, each with `problem`, `names`, `expires_on`, `status`, `type` and the pack's `id`.

    A certificate is expiring in the last third of its own lifetime, or *days* before its end where that
    is not 0. *records* are those whose names need a certificate; *now* is in seconds since 1970.
    """
    for pack in packs:
        yield from _expiring(pack, now, days)
        if pack.get("status") in STUCK:
            yield _row("not issued", pack, pack.get("hosts") or [])
    covering = [host for pack in packs if pack.get("status") == "active" for host in pack.get("hosts") or ()]
    bare = sorted({record["name"] for record in records if not covers(record["name"], covering)})
    if bare:
        yield _row("not covered", {}, bare)


def _expiring(pack: Json, now: float, days: int) -> Iterator[Json]:
    if pack.get("status") != "active":
        return
    dated = [(_moment(one.get("expires_on")), one) for one in pack.get("certificates") or ()]
    ends = [(end, one) for end, one in dated if end]
    if not ends:
        return
    end, first = min(ends, key=lambda pair: pair[0])
    warning = days * DAY if days else _lifetime(pack, first, end) / 3
    if end - now <= warning:
        problem = "expired" if end <= now else "expiring"
        yield _row(problem, pack, pack.get("hosts") or []) | {"expires_on": first["expires_on"]}


def _lifetime(pack: Json, certificate: Json, end: float) -> float:
    """Give how long a certificate is valid, in seconds: as it was ordered, else since its upload."""
    days = pack.get("validity_days")
    if isinstance(days, int) and days > 0:
        return days * DAY
    uploaded = _moment(certificate.get("uploaded_on"))
    return end - uploaded if 0 < uploaded < end else USUAL_LIFETIME


def _row(problem: str, pack: Json, names: list[str]) -> Json:
    told = {name: pack.get(name) for name in ("status", "type", "id")}
    return {"problem": problem, "names": names, "expires_on": None, **told}


def _moment(text: object) -> float:
    """Read an RFC 3339 date as seconds since 1970; 0 for anything else."""
    try:
        return datetime.fromisoformat(str(text)).timestamp()
    except ValueError:
        return 0.0
