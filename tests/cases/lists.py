"""The tasks of lists."""

from __future__ import annotations

from tests.cases import Case, Read

READS = {
    "lists.list": Read(sends="GET .*/rules/lists", prints="blocked"),
    "lists.items": Read(("--list", "blocked"), sends="GET .*/items", prints="192.0.2.1"),
    "lists.info": Read(("--list", "blocked"), sends="GET .*/rules/lists", prints="ip"),
}
WRITES = {
    "lists.create": Case(("lists.create", "--list", "fresh", "--kind", "ip")),
    "lists.delete": Case(("lists.delete", "--list", "moved", "--yes")),
}
