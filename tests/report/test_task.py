"""The task: the page of a kept snapshot, and the one that an export writes beside it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from ops.sandbox.server import Sandbox
from tests.conftest import Result
from tests.report.building import Page

Inv = Callable[..., Result]


def test_a_page_of_a_kept_snapshot_shows_the_scan_as_the_one_of_the_export_does(
    inv: Inv, staged: Sandbox, tmp_path: Path
) -> None:
    result = inv("scan.export", "--only", "zones,dns", "--report", "--output", "json")
    assert result.code == 0, result.err
    beside = Path(json.loads(result.out)["report"]).read_text()

    assert inv("report", "--to", str(tmp_path / "page.html")).code == 0

    later = (tmp_path / "page.html").read_text()
    for text in (beside, later):
        shown = Page(text).section("jobs") if "The jobs" in text else ""
        assert "When the kinds were read by the run of" in shown
        assert "GET /zones/{zone_id}/dns_records: " in shown
