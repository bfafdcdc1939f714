"""The command that purges."""

from __future__ import annotations

from tests.writes.case import Case

WHY = "cannot be taken back: what was purged is gone from the cache"
LINE = ("cache.purge", "--zone", "example.com")

CASES = {
    "cache.purge all": Case((*LINE, "--all", "--yes"), reversible=False, why=WHY),
    "cache.purge files": Case((*LINE, "--files", "https://example.com/a"), reversible=False, why=WHY),
    "cache.purge tags": Case((*LINE, "--tags", "shop,sale"), reversible=False, why=WHY),
    "cache.purge hosts": Case((*LINE, "--hosts", "www.example.com"), reversible=False, why=WHY),
    "cache.purge prefixes": Case((*LINE, "--prefixes", "example.com/images"), reversible=False, why=WHY),
}
