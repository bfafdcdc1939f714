"""The tasks of report."""

from __future__ import annotations

from tests.cases import Read, after

EXPORT = ("scan.export", "--quiet")
READS = {
    # Without a snapshot there is nothing to serve.
    "report.serve": Read(prints="there is no complete snapshot|has no snapshots", code=1),
    "report.write": Read(("--to", "page.html"), leaves="work/page.html", arrange=after(EXPORT)),
}
