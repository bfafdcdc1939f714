"""Certificates that end soon, have ended, or were never issued."""

from __future__ import annotations

from ops.checks.model import DAY, Check, Found, Subject, ZoneView
from ops.items import Json, seconds_of

PACK, CUSTOM = "ssl.pack", "ssl.certificate"
# Cloudflare renews when a third of the life is left; what a person renews should be renewed then.
MANAGED_PART, CUSTOM_PART = 6, 3
EARLIEST = 90 * DAY
STUCK_DAYS = 3
# Not in use: a backup, or one that was replaced or removed.
_IGNORED = (
    "backup_issued", "holding_deployment", "deleted", "inactive", "replaced", "deactivating",
    "pending_deletion", "deletion_timed_out", "pending_cleanup",
)  # fmt: skip
_WAITING = ("initializing", "pending_validation", "pending_issuance", "pending_deployment", "authorizing")


def _judge(zone: ZoneView) -> Found:
    for pack in zone.items(PACK):
        if problem := _pack_problem(pack, zone.now):
            yield Subject(PACK, _named(pack), problem, pack)
    if gap := zone.gap(CUSTOM):
        yield gap
        return
    for certificate in zone.items(CUSTOM):
        if certificate.get("status") in _IGNORED:
            continue
        if problem := _ending(certificate, zone.now, CUSTOM_PART, 0):
            yield Subject(CUSTOM, _named(certificate), problem, certificate)


def _named(item: Json) -> str:
    return f"{min(item.get('hosts') or ['?'], key=len)} {item.get('type') or 'custom'}"


def _pack_problem(pack: Json, now: float) -> str:
    status = str(pack.get("status"))
    if status in _IGNORED:
        return ""
    if status in _WAITING:
        waited = now - (seconds_of(pack.get("created_on")) or now)
        return f"is {status} for {int(waited / DAY)} days" if waited > STUCK_DAYS * DAY else ""
    if status != "active":
        return f"is {status}"
    # A pack has a certificate for each type of key; the one that ends first counts.
    certificates = [c for c in pack.get("certificates") or () if c.get("expires_on")]
    first = min(certificates, key=lambda one: seconds_of(one["expires_on"]), default=None)
    days = pack.get("validity_days")
    return _ending(first, now, MANAGED_PART, (days if isinstance(days, int) else 0) * DAY) if first else ""


def _ending(certificate: Json, now: float, part: int, life: float) -> str:
    """Return how a certificate ends if less than a *part* of its *life* is left, in seconds; else ""."""
    ends = seconds_of(certificate.get("expires_on"))
    life = life or max(0.0, ends - seconds_of(certificate.get("uploaded_on")))
    left = ends - now
    if not ends or left >= min(life / part, EARLIEST):
        return ""
    when = str(certificate["expires_on"])[:10]
    return f"ended on {when}" if left <= 0 else f"ends on {when}, in {int(left / DAY)} days"


CHECK = Check(
    id="cert-ends",
    severity="high",
    title="A certificate ends soon, or is not issued",
    why="Browsers refuse the site when its certificate has ended.",
    needs=(PACK,),
    also=(CUSTOM,),
    judge=_judge,
    fix="inv ssl.packs ZONE shows what is missing: usually a validation record, or CAA",
    caution="Managed certificates are reported below a sixth of their life, custom ones below a third, none"
    " more than 90 days ahead. Backup certificates are not reported, nor are zones that moved away.",
    sources=("FlareInspect: SSL-003, ORIGCERT",),
)
