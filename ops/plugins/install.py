"""The lines that update cfops, and install a plugin beside it, for the way in which cfops was installed."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from shlex import quote
from urllib.parse import unquote, urlsplit


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
    return _pip_line(f"install {'--upgrade ' if upgrade else ''}{quote(name)}", prefix, installer)


def update_line(*, prefix: Path | None = None, installer: str = "", source: str | None = None) -> str:
    """Return the command that updates cfops itself; *source* is the text of its direct_url.json."""
    prefix = prefix or Path(sys.prefix)
    if (prefix / "uv-receipt.toml").is_file():
        return "uv tool upgrade cfops"
    if (prefix / "pipx_metadata.json").is_file():
        return "pipx upgrade cfops"
    found = json.loads((_text("direct_url.json") if source is None else source) or "{}")
    if found.get("dir_info", {}).get("editable"):
        return f"git -C {quote(unquote(urlsplit(found['url']).path))} pull"
    return _pip_line("install --upgrade cfops", prefix, installer)


def _pip_line(words: str, prefix: Path, installer: str) -> str:
    python = quote(str(prefix / "bin" / "python"))
    if (installer or _text("INSTALLER")) == "uv":
        return f"uv pip {words} --python {python}"
    return f"{python} -m pip {words}"


def _with(receipt: Path) -> Iterable[str]:
    """Return the packages that uv keeps in the environment of the tool, as its receipt lists them."""
    try:
        found = tomllib.loads(receipt.read_text(encoding="utf-8"))["tool"]["requirements"]
        return [str(one["name"]) for one in found]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _text(name: str) -> str:
    """Return what is in the file *name* of the metadata of cfops, "" without it."""
    try:
        return (metadata.distribution("cfops").read_text(name) or "").strip()
    except metadata.PackageNotFoundError:
        return ""
