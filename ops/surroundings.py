"""What cfops needs around it: a POSIX system, and its own files in the package `ops`."""

from __future__ import annotations

import signal
from pathlib import Path

from ops.typed import program


def check_surroundings() -> None:
    """End with a sentence on Windows, or if another package `ops`, such as PyPI's, has replaced files."""
    import ops

    if not hasattr(signal, "SIGHUP"):
        raise SystemExit(
            f"error: {program()} needs Linux, macOS or another POSIX system\n"
            "hint: on Windows, install it in WSL, the Windows Subsystem for Linux"
        )
    if not (ops.__doc__ or "").startswith("cfops"):
        raise SystemExit(
            f"error: another package named `ops` has replaced files of cfops in {Path(__file__).parent}\n"
            "hint: install cfops again, into an environment of its own"
        )
