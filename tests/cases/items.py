"""The tasks of items."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "items.kinds": Read(prints="gateway.rule"),
    "items.list": Read(("access.app",), sends="GET .*/access/apps", prints="Wiki"),
    "items.show": Read(("gateway.list", "Risky"), sends="GET .*/gateway/lists", prints="DOMAIN"),
}
