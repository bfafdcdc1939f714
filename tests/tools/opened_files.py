"""Count the files that a reader opens to follow one line: `python -m tests.tools.opened_files [--list]`.

Counts the files of `ops/` without `ops/sandbox/` that have a function called in the main thread while the
line runs. Imports, and what runs during an import, do not count, because they are not steps of the line. The
workers of a scan do not count either: they call the listings of every product. Each line runs in a process of
its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from tabulate import tabulate

from ops.sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
OPS = f"{ROOT}/ops/"
ZONE = ("--zone", "example.com")
PUT = ("dns.put", *ZONE, "--type", "CNAME", "--name", "docs", "--content", "docs.example.net")
# The lines that are counted, each with the line that runs before it on the same account, and its bound.
LINES: dict[str, tuple[tuple[str, ...], tuple[str, ...], int]] = {
    "dns.put": (PUT, (), 65),
    "undo.last": (("undo.last", "--yes"), PUT, 60),
    "scan.export": (("scan.export", "--quiet"), (), 55),
    "snapshots.restore --dry-run": (("snapshots.restore", *ZONE, "--dry-run"), ("scan.export",), 70),
}


def main() -> int:
    reader = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reader.add_argument("--list", action="store_true", help="also print the files of each line")
    reader.add_argument("--run", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    options = reader.parse_args()
    if options.run:
        print(json.dumps(called(*options.run)))
        return 0

    opened = {name: count(line, before) for name, (line, before, _) in LINES.items()}
    rows = [(name, len(files), LINES[name][2]) for name, files in opened.items()]
    print(tabulate(rows, headers=["line", "files", "at most"]))
    for name, files in opened.items() if options.list else ():
        print(f"\n{name}", *files, sep="\n  ")
    return int(any(files > bound for _, files, bound in rows))


def count(line: tuple[str, ...], before: tuple[str, ...]) -> list[str]:
    """Return the files that *line* opens on a fresh account, after the line *before*."""
    with tempfile.TemporaryDirectory() as folder, Sandbox(Path(folder) / "sandbox.sqlite") as sandbox:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": folder,
            "PYTHONPATH": str(ROOT),
            "CLOUDFLARE_API_TOKEN": sandbox.token,
            "CLOUDFLARE_API_BASE_URL": sandbox.url,
            **{f"CFOPS_{name}_DIR": f"{folder}/{name.lower()}" for name in ("STATE", "CACHE", "CONFIG")},
        }
        if before:
            run(before, folder, environ)
        return list(json.loads(run(line, folder, environ).splitlines()[-1]))


def run(line: tuple[str, ...], folder: str, environ: dict[str, str]) -> str:
    command = [sys.executable, "-m", "tests.tools.opened_files", "--run", *line]
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(line)} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def called(*line: str) -> list[str]:
    """Return the files of `ops/` with a function that is called while *line* runs in this process."""
    from ops.program import OpsProgram, collection

    codes: set[CodeType] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and is_step(frame):
            codes.add(frame.f_code)

    program = OpsProgram(name="inv", binary="inv", namespace=collection(), version="count")
    sys.setprofile(note)
    try:
        program.run(["inv", *line])
    except SystemExit as ending:
        if ending.code:
            raise
    finally:
        sys.setprofile(None)
    files = {code.co_filename.removeprefix(f"{ROOT}/") for code in codes}
    return sorted(file for file in files if not file.startswith("ops/sandbox/"))


def is_step(frame: FrameType) -> bool:
    """True if *frame* runs a function of `ops/` and no import of a module of it is under way."""
    if not frame.f_code.co_filename.startswith(OPS):
        return False
    outer: FrameType | None = frame
    while outer:
        if outer.f_code.co_filename.startswith(OPS) and outer.f_code.co_name == "<module>":
            return False
        outer = outer.f_back
    return True


if __name__ == "__main__":
    sys.exit(main())
