"""Code of a forked process: it becomes `inv`, with a line, an environment and streams of its own."""

from __future__ import annotations

import os
import sys

# These modules are loaded once, before the processes are forked.
import ops.http.stack  # noqa: F401
import ops.sandbox  # noqa: F401
import ops.snapshots.publish  # noqa: F401
from ops.program import OpsProgram, collection

ROOT = collection()


def act(line: tuple[str, ...], environ: dict[str, str], folder: str, out: str, err: str) -> None:
    """Run *line* in *folder*; its output goes to the files *out* and *err*."""
    os.environ.clear()
    os.environ.update(environ)
    os.chdir(folder)
    for path, number in ((out, 1), (err, 2)):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.argv = ["inv", *line]
    OpsProgram(name="inv", binary="inv", namespace=ROOT, version="soak").run(sys.argv)
