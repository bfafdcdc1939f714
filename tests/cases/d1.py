"""The tasks of d1."""

from __future__ import annotations

from tests.cases import Case, Read

READS = {
    "d1.list": Read(sends="GET .*/d1/database", prints="orders"),
    "d1.export": Read(
        ("--database", "orders", "--to", "orders.sql", "--yes", "--force"),
        sends="POST .*/export",
        prints="orders.sql",
    ),
    "d1.info": Read(("--database", "orders"), sends="GET .*/d1/database", prints="orders"),
}
WRITES = {
    "d1.create": Case(("d1.create", "--database", "fresh"), confirm="fresh"),
    "d1.delete": Case(
        ("d1.delete", "--database", "orders", "--confirm", "orders"), reversible=False, why="permanent"
    ),
}
