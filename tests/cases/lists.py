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
    "lists.item-add": Case(
        ("lists.item-add", "--list", "blocked", "--item", "192.0.2.7", "--item", "198.51.100.0/24")
    ),
    "lists.item-add to a redirect list": Case(
        (
            *("lists.item-add", "--list", "moved", "--item", "example.com/new"),
            *("--to", "https://example.org/", "--status", "308"),
        )
    ),
    "lists.item-remove": Case(("lists.item-remove", "--list", "blocked", "--item", "192.0.2.1", "--yes")),
    "lists.delete": Case(("lists.delete", "--list", "moved", "--yes")),
}
