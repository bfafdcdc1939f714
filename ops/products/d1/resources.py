"""The kinds of D1: databases."""

from __future__ import annotations

from ops.kinds.paging import Pages
from ops.kinds.resource import ACCOUNT, Compare, Resource, block

DATABASE = Resource(
    kind="d1.database",
    parent=ACCOUNT,
    path="/accounts/{account}/d1/database",
    paging=Pages(10_000, least=10),
    needs="Account > D1 > Read",
    identity=("name",),
    key="uuid",
    compare=Compare(volatile=("uuid", "created_at", "file_size", "num_tables")),
    terraform=block("cloudflare_d1_database", "{account_id}/{uuid}", "account_id", "name"),
)
RESOURCES = (DATABASE,)
