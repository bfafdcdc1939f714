"""The tasks of metrics."""

from __future__ import annotations

from tests.cases import Read, after

SCAN = ("scan", "--only", "dns", "--quiet")
READS = {
    "metrics.show": Read(prints="scan.run", arrange=after(SCAN)),
    "metrics.export": Read(("--to", "cfops.prom"), leaves="work/cfops.prom", arrange=after(SCAN)),
    "metrics.watch": Read(prints="no run is under way", code=1),
    "metrics.dashboard": Read(("--to", "prometheus"), leaves="work/prometheus/dashboard.json"),
}
