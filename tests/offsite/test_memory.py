"""Memory: objects of any size are streamed to and from a bucket."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ops.snapshots import manifest as manifests
from ops.snapshots.manifest import measured
from tests.offsite.server import Server
from tests.snapshots.kept import made

ROOT = Path(__file__).parent.parent.parent
SIZE = 150_000_000
LINE = r"""
import re, sys
from pathlib import Path
from ops.program import OpsProgram, collection
try:
    OpsProgram(name="inv", binary="inv", namespace=collection(), version="test").run(["inv", *sys.argv[1:]])
except SystemExit as ending:
    assert not ending.code
# Not ru_maxrss: that begins with what the parent had when it forked.
print(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1])
"""


def memory(*line: str) -> int:
    """Return the peak memory in kB of a process that runs *line*."""
    done = subprocess.run(
        [sys.executable, "-c", LINE, *line, "--output", "json"],
        capture_output=True, text=True, cwd=ROOT, timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout.splitlines()[-1])


@pytest.mark.long
@pytest.mark.timeout(400)
def test_a_large_file_is_sent_and_fetched_in_little_memory(exports: Path, s3: Server, place: str) -> None:
    made(exports)
    least = memory("snapshots.push", "--to", place), memory("snapshots.show", "--name", f"{place}/latest")
    large = made(exports, chance="aaaa", started=1_795_500_000.0)
    file = large / "scripts" / "large.bin"
    with file.open("wb") as target:
        target.truncate(SIZE)
    known = manifests.load(large)
    (large / "manifest.json").unlink()
    manifests.write(large, replace(known, files={**known.files, "scripts/large.bin": measured(file)}))

    most = memory("snapshots.push", "--to", place), memory("snapshots.show", "--name", f"{place}/latest")

    assert most[0] - least[0] < 50_000
    assert most[1] - least[1] < 50_000
