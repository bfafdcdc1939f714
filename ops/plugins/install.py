"""The line that installs a plugin beside cfops, for the way in which cfops itself was installed."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from shlex import quote


def install_line(name: str, *, upgrade: bool = False, prefix: Path | None = None, installer: str = "") -> str:
    """Return the command for *name*; nothing is installed by cfops itself.

    uv and pipx keep what they install with cfops in a receipt, so that an upgrade of cfops keeps it too.
    *prefix* is the environment, *installer* what installed cfops; by default those of this process.
    """
    prefix = prefix or Path(sys.prefix)
    if (receipt := prefix / "uv-receipt.toml").is_file():
        kept = sorted({*_with(receipt), name} - {"cfops"})
        words = " ".join(f"--with {quote(one)}" for one in kept)
        return f"uv tool install cfops {words}{f' --upgrade-package {quote(name)}' if upgrade else ''}"
    if (prefix / "pipx_metadata.json").is_file():
        # `pipx upgrade` alone leaves out what was injected.
        return "pipx upgrade --include-injected cfops" if upgrade else f"pipx inject cfops {quote(name)}"
    words = f"install {'--upgrade ' if upgrade else ''}{quote(name)}"
    if (installer or _installer()) == "uv":
        return f"uv pip {words} --python {quote(str(prefix / 'bin' / 'python'))}"
    return f"{quote(str(prefix / 'bin' / 'python'))} -m pip {words}"


def _with(receipt: Path) -> Iterable[str]:
    """Return the packages that uv keeps in the environment of the tool, as its receipt lists them."""
    try:
        found = tomllib.loads(receipt.read_text(encoding="utf-8"))["tool"]["requirements"]
        return [str(one["name"]) for one in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _installer() -> str:
    try:
        return (metadata.distribution("cfops").read_text("INSTALLER") or "").strip()
    except metadata.PackageNotFoundError:
        return ""
