"""The tasks of undo."""

from __future__ import annotations

from tests.cases import ZONE, Read, after

CREATE = ("dns.create", *ZONE, "--name", "night", "--type", "A", "--content", "192.0.2.1")
ENTRY = {"entry": ("undo.list",)}
DELETES = r"DELETE /zones/\w+/dns_records/\w+"
READS = {
    "undo.list": Read(prints="night.example.com", arrange=after(CREATE)),
    "undo.show": Read(("--id", "{entry}"), prints="night.example.com", arrange=after(CREATE), ids=ENTRY),
    "undo.last": Read(("--yes",), sends=DELETES, arrange=after(CREATE)),
    "undo.apply": Read(("--id", "{entry}", "--yes"), sends=DELETES, arrange=after(CREATE), ids=ENTRY),
}
