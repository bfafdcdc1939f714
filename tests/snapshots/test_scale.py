"""An account of 100,000 records and 1,000,000 keys, exported, verified, compared and restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.bench.stage import stage

RECORDS, KEYS = 100_000, 1_000_000
MOST = 300.0  # MB, whole process


@pytest.mark.long
@pytest.mark.timeout(900)
def test_a_large_account_is_exported_verified_compared_and_restored_under_300_mb(tmp_path: Path) -> None:
    with stage({"zones": 1, "records": RECORDS, "keys": KEYS}) as account:
        lines = (
            ("scan.export", "--quiet"),
            ("scan.export", "--quiet"),
            ("snapshots.verify",),
            ("snapshots.diff", "previous", "latest", "--exit-code"),
            ("snapshots.restore", "--kind", "dns.record,kv.namespace", "--yes"),
        )
        runs = [account.inv(*line, budget=0) for line in lines]
        kept = [path for path in (account.folder / "exports").glob("*/20*") if path.is_dir()]
        items = [sum(1 for _ in (path / "kv.key.jsonl").open("rb")) for path in kept]
        left = [path.name for path in (account.folder / "exports").glob("*/.*")]

    message = [
        f"{' '.join(line)}: {run.memory * 1.048576:.0f} MB" for line, run in zip(lines, runs, strict=True)
    ]
    print("\n".join(message))
    assert [run.code for run in runs] == [0, 0, 0, 0, 0]
    assert items == [KEYS, KEYS]
    assert left == []
    assert max(run.memory for run in runs) * 1.048576 < MOST
