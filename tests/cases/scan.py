"""The tasks of scan."""

from __future__ import annotations

from tests.cases import Read

READS = {
    "scan.run": Read(sends=r"GET /zones/\w+/dns_records"),
    "scan.export": Read(
        ("--kv", "values"), sends="POST .*/bulk/get", leaves="exports/*/latest/manifest.json"
    ),
}
