"""The tasks of report."""

from __future__ import annotations

from tests.cases import Read, after

EXPORT = ("scan.export", "--quiet")
READS = {
    "report.write": Read(("--to", "page.html"), leaves="work/page.html", arrange=after(EXPORT)),
}
