"""The tasks of email."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "email.rules": Read(sends="GET /accounts/.*/email/routing/rules", prints="Sales"),
    "email.addresses": Read(sends="GET .*/email/routing/addresses", prints="admin@example.com"),
    "email.info": Read(("--rule", "Sales"), sends="GET .*/email/routing/rules", prints="sales@shop.example"),
}
