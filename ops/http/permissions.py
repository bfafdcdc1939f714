"""Which permission a path takes, in the words of Cloudflare's dashboard."""

from __future__ import annotations

import re

# The first pattern that fits decides, so the narrower ones come first.
_TABLE = (
    (r"/zones/[^/]+/dns_records", "Zone > DNS"),
    (r"/zones/[^/]+/(dnssec|dns_settings|dns_analytics)", "Zone > DNS"),
    (r"/zones/[^/]+/workers/", "Zone > Workers Routes"),
    (
        r"/zones/[^/]+/(ssl|custom_certificates|custom_hostnames|keyless_certificates)",
        "Zone > SSL and Certificates",
    ),
    (r"/zones/[^/]+/purge_cache", "Zone > Cache Purge"),
    (r"/zones/[^/]+/(cache|argo)/", "Zone > Zone Settings"),
    (r"/zones/[^/]+/settings", "Zone > Zone Settings"),
    (r"/zones/[^/]+/pagerules", "Zone > Page Rules"),
    (r"/zones/[^/]+/load_balancers", "Zone > Load Balancers"),
    (r"/zones/[^/]+/(firewall|filters)", "Zone > Firewall Services"),
    (r"/zones/[^/]+/rulesets", "Zone > Zone WAF"),
    (r"/zones/[^/]+/email/routing", "Zone > Email Routing Rules"),
    (r"/zones/[^/]+/logpush", "Zone > Logs"),
    (r"/zones", "Zone > Zone"),
    (r"/accounts/[^/]+/storage/kv", "Account > Workers KV Storage"),
    (r"/accounts/[^/]+/(workers|workflows)", "Account > Workers Scripts"),
    (r"/accounts/[^/]+/r2", "Account > Workers R2 Storage"),
    (r"/accounts/[^/]+/d1", "Account > D1"),
    (r"/accounts/[^/]+/queues", "Account > Queues"),
    (r"/accounts/[^/]+/pages", "Account > Cloudflare Pages"),
    (r"/accounts/[^/]+/rulesets", "Account > Account Rulesets"),
    (r"/accounts/[^/]+/rules/lists", "Account > Account Filter Lists"),
    (r"/accounts/[^/]+/load_balancers", "Account > Load Balancing: Monitors and Pools"),
    (r"/accounts/[^/]+/(audit_logs|logs|members)", "Account > Account Settings"),
    (r"/accounts/[^/]+/tokens", "Account > API Tokens"),
    (r"/accounts/[^/]+/cfd_tunnel", "Account > Cloudflare Tunnel"),
    (r"/accounts", "Account > Account Settings"),
    (r"/graphql", "Account > Account Analytics"),
    (r"/user/tokens", "User > API Tokens"),
    (r"/memberships", "User > Memberships"),
    (r"/user", "User > User Details"),
)


def permission(path: str, *, write: bool) -> str:
    """Name the permission that *path* takes ("Zone > DNS > Read"); "" where it is not known."""
    for pattern, name in _TABLE:
        if re.match(pattern, path):
            return f"{name} > {_level(name, write=write)}"
    return ""


def _level(name: str, *, write: bool) -> str:
    if name.endswith("Cache Purge"):
        return "Purge"
    return "Edit" if write else "Read"
