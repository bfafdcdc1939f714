"""All checks, in the order of the documentation; adding one here is all that a new check needs."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from typing import Any

from ops.checks.model import SEVERITIES, Check, Found
from ops.errors import UsageError, did_you_mean
from ops.plugins.door import by_name
from ops.snapshots.whole import NotRead
from ops.typed import in_text

MODULES = (
    "dns.cname_to_nothing", "dns.cname_to_foreign_gone", "dns.takeover_candidate",
    "workers.route_without_script", "workers.binding_to_nothing", "workers.route_without_record",
    "workers.route_on_unproxied", "dns.origin_leak", "dns.private_address", "dns.unproxied", "dns.wildcard",
    "dns.dnssec_off", "dns.dnssec_pending", "dns.spf", "dns.dmarc", "dns.dkim", "dns.null_mx",
    "dns.caa_missing", "tls.tls_mode", "tls.tls_not_strict", "tls.tls_min", "tls.https_redirect", "tls.hsts",
    "tls.cert_ends", "tls.cert_not_covering", "account.zone_dead", "account.domain_ends",
    "workers.secret_in_plain_text", "workers.worker_hygiene", "workers.unused", "account.security",
)  # fmt: skip


def checks() -> tuple[Check, ...]:
    """Return every check; those of plugins come last, and cannot replace ours."""
    own = tuple(import_module(f"ops.checks.{name}").CHECK for name in MODULES)
    brought = by_name("CHECKS", {check.id for check in own}, lambda check: str(check.id))
    return tuple(map(_typed, (*own, *(_guarded(check) for check in brought.values()))))


def _typed(check: Check) -> Check:
    return check._replace(fix=in_text(check.fix), caution=in_text(check.caution))


def _guarded(check: Check) -> Check:
    """Return *check* of a plugin, whose faults are unknown results."""

    def judge(view: Any) -> Found:
        try:
            yield from check.judge(view)
        except NotRead:
            raise
        except Exception as fault:  # of code that is not ours
            raise NotRead(f"the check {check.id}", "failed", type(fault).__name__) from fault

    return check._replace(judge=judge)


def find(id: str) -> Check:
    """Return the check called *id*. Raises UsageError with the nearest one."""
    known = {check.id: check for check in checks()}
    if id not in known:
        hint = did_you_mean(id, known) or "`inv checks.list` shows all"
        raise UsageError(f"no check is called {id!r}", hint=hint)
    return known[id]


def chosen(only: Iterable[str], *, every: bool) -> tuple[Check, ...]:
    """Return the checks to run: those named in *only*, else the default ones, or *every* one."""
    named = tuple(find(id) for id in only)
    return named or tuple(check for check in checks() if check.default or every)


def rank(severity: str) -> int:
    """Return the position of *severity*. Raises UsageError for another word."""
    if severity not in SEVERITIES:
        known = ", ".join(SEVERITIES)
        raise UsageError(f"--severity takes {known}, not {severity!r}", hint="--severity high")
    return SEVERITIES.index(severity)
