"""The tasks of email."""

from __future__ import annotations

from tests.cases import Case, Read

READS = {
    "email.rules": Read(sends="GET /accounts/.*/email/routing/rules", prints="Sales"),
    "email.addresses": Read(sends="GET .*/email/routing/addresses", prints="admin@example.com"),
    "email.info": Read(("--rule", "Sales"), sends="GET .*/email/routing/rules", prints="sales@shop.example"),
}
WRITES = {
    "email.address-add": Case(("email.address-add", "--address", "team@example.com")),
    "email.rule-create": Case(
        (
            *("email.rule-create", "--zone", "shop.example", "--from", "help@shop.example"),
            *("--to", "admin@example.com"),
        )
    ),
    "email.rule-update": Case(("email.rule-update", "--rule", "Sales", "--enabled", "no")),
    "email.rule-delete": Case(("email.rule-delete", "--rule", "Sales", "--yes")),
}
