"""The kinds of D1: databases, and their read replication."""

from __future__ import annotations

from ops.kinds.collection import PATCH, Verbs, collection, lost, single
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore, block

DATABASE = collection(
    "d1.database",
    "/accounts/{account}/d1/database",
    "Account > D1 > Read",
    key="uuid",
    paging=Pages(10_000, least=10),
    volatile=("version", "read_replication", "file_size", "num_tables", "running_in_region"),
    verbs=Verbs(update="", sent=("name", "jurisdiction", "primary_location_hint", "read_replication")),
    lost="all its data, and the id to which Workers are bound",
    restore=Restore(not_restored=lost("its data", "its id, to which Workers are bound")),
    confirm_by_name=True,
)._replace(terraform=block("cloudflare_d1_database", "{account_id}/{uuid}", "account_id", "name"))
# Another database with that name would be another one, and empty.
REMOVED = DATABASE._replace(
    writes=DATABASE.writes
    and DATABASE.writes._replace(
        irreversible="a deletion is permanent: its data and the id to which Workers are bound are lost"
    )
)
# The list of databases does not hold it.
REPLICATION = single(
    "d1.replication",
    "/accounts/{account}/d1/database/{database}",
    "Account > D1 > Read",
    method=PATCH,
    sent=("read_replication",),
    volatile=("uuid", "name", "version", "file_size", "num_tables", "running_in_region", "jurisdiction"),
    parent="d1.database",
    label="read_replication.mode",
    deep=True,
)
RESOURCES = (DATABASE, REPLICATION)
