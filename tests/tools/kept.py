"""Make the files that this version keeps, for the tests of later versions: `python -m tests.tools.kept`.

They are written into tests/kept/VERSION once, when VERSION is released, and never again.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.export import job
from ops.plugins import fire
from ops.sandbox.store import Store
from ops.telemetry.ledger import StateFile
from ops.version import VERSION

KEPT = Path(__file__).parents[1] / "kept"
LINES = (
    "dns.create example.com kept A 192.0.2.1",
    "dns.put example.com kept A 192.0.2.2",
    "undo.last --yes",
    "scan.export --only zones.zone,dns.record --zone wild.example",
    "kv.dump feature-flags dump.jsonl",
    "dns.plan wild.example wild.zone --to plan.json",
    "alerts.silence counts-fell --for 30000d --why kept",
)


def make(folder: Path) -> None:
    """Write the files of this version into *folder*."""
    with TemporaryDirectory() as made:
        work, state = Path(made, "work"), Path(made, "state")
        work.mkdir()
        folders = {name: str(Path(made, name.lower())) for name in ("STATE", "CACHE", "CONFIG", "EXPORTS")}
        settings = {f"CFOPS_{name}{'_DIR' * (name != 'EXPORTS')}": path for name, path in folders.items()}
        environ = {"PATH": os.environ["PATH"], "HOME": made, "PYTHONPATH": str(KEPT.parents[1]), **settings}
        (work / "wild.zone").write_text("$ORIGIN wild.example.\nkept 300 IN A 192.0.2.1\n")
        for line in LINES:
            command = [sys.executable, "-m", "ops", "sandbox", *line.split()]
            subprocess.run(command, cwd=work, env=environ, stdout=subprocess.DEVNULL, check=True)
        (state / "sandbox.sqlite").unlink()
        store = Store(state / "sandbox.sqlite")
        store.put_document("note", "kept", "1", {"text": "kept"})
        store.release()
        _write_by_hand(state)
        shutil.copytree(
            made, folder, ignore=shutil.ignore_patterns(".gitignore", "*.lock", "locks", "*-wal", "*-shm")
        )


def _write_by_hand(state: Path) -> None:
    """Write what needs a key, a plugin or a killed run to come about."""
    counts = state / "counts" / "kept.json"
    counts.parent.mkdir()
    kept = {"format": job.COUNTS_FORMAT, "started": 1_795_414_202.0, "counts": {"dns.record": 42}}
    counts.write_text(json.dumps(kept))
    (state / "hooks.json").write_text(json.dumps({"format": fire.FORMAT, "failures": {"cfops-mail": 2}}))
    last = json.loads((state / "runs.jsonl").read_text().splitlines()[-1])
    StateFile(state, "killed").write({**last, "run": "killed"})


if __name__ == "__main__":
    make(KEPT / VERSION)
