"""A namespace of a million keys as JSON lines: pages, wall time and memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.bench.stage import stage
from tests.bench.table import Row

KEYS, PAGE, DELAY = 1_000_000, 1000, 0.02
MEMORY = 150.0


def measure() -> Iterator[Row]:
    """List 1,000,000 keys at 20 ms a page."""
    with stage(delay=DELAY, zones=1, records=1, keys=KEYS) as sandbox:
        out = sandbox.folder / "keys.jsonl"
        run = sandbox.run(
            "kv.keys", "--namespace", "scale-0001", "--output", "jsonl", "--quiet", out=str(out), budget=0
        )
        requests, _, _ = sandbox.log()
        lines = _lines(out)
    pages = [target for _, target in requests if "/keys" in target]
    yield Row("keys: lines written", lines, KEYS, 1.0, least=KEYS)
    yield Row("keys: pages", len(pages), KEYS // PAGE, 1.0, least=KEYS // PAGE)
    yield Row("keys: wall seconds over pages x delay", run.seconds, KEYS // PAGE * DELAY, 1.3, run)
    yield Row("keys: MiB of memory", run.memory, MEMORY, 1.0)


def _lines(file: Path) -> int:
    with file.open("rb") as lines:
        return sum(1 for _ in lines)
