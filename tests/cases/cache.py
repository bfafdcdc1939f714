"""The tasks of cache."""

from __future__ import annotations

from tests.cases import ZONE, Case, Read

WHY = "cannot be undone: a purge cannot be reverted"
LINE = ("cache.purge", "--zone", "example.com")

READS = {"cache.settings": Read(ZONE, sends=r"GET /zones/\w+/cache/cache_reserve")}

WRITES = {
    "cache.purge all": Case((*LINE, "--all", "--yes"), reversible=False, why=WHY),
    "cache.purge files": Case((*LINE, "--files", "https://example.com/a"), reversible=False, why=WHY),
    "cache.purge tags": Case((*LINE, "--tags", "shop,sale"), reversible=False, why=WHY),
    "cache.purge hosts": Case((*LINE, "--hosts", "www.example.com"), reversible=False, why=WHY),
    "cache.purge prefixes": Case((*LINE, "--prefixes", "example.com/images"), reversible=False, why=WHY),
}
