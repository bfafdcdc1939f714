"""The tasks of r2."""

from __future__ import annotations

from tests.cases import Case, Read

UPLOADS = ("--bucket", "uploads")
READS = {
    "r2.list": Read(sends=r"GET .*/r2/buckets\?"),
    "r2.info": Read(UPLOADS, sends="GET .*/r2/buckets/uploads"),
}
WRITES = {
    "r2.create": Case(("r2.create", "--bucket", "fresh")),
    "r2.create with options": Case(
        (
            *("r2.create", "--bucket", "fresh", "--location", "apac"),
            *("--storage-class", "infrequentaccess", "--jurisdiction", "eu"),
        )
    ),
    "r2.delete": Case(("r2.delete", *UPLOADS, "--yes")),
}
