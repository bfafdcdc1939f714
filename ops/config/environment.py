"""The one place where the environment of the process is read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ops.errors import UsageError

# Variables that other tools gave up; they are not read, but whoever still sets them is told.
DEPRECATED = {
    "CF_API_TOKEN": "CLOUDFLARE_API_TOKEN",
    "CF_ACCOUNT_ID": "CLOUDFLARE_ACCOUNT_ID",
    "CF_API_KEY": "CLOUDFLARE_API_KEY",
    "CF_EMAIL": "CLOUDFLARE_EMAIL",
    "CF_API_EMAIL": "CLOUDFLARE_EMAIL",
    "CF_API_BASE_URL": "CLOUDFLARE_API_BASE_URL",
    "CLOUDFLARE_API_EMAIL": "CLOUDFLARE_EMAIL",
}


def environment() -> dict[str, str]:
    """Give a copy of the process's environment; nothing is ever written back."""
    return dict(os.environ)


def config_folder(environ: Mapping[str, str]) -> Path:
    """Give the folder of profiles.toml and the personal .env: CFOPS_CONFIG_DIR, or the system's place."""
    if chosen := environ.get("CFOPS_CONFIG_DIR"):
        return placed(chosen, Path.cwd())
    import platformdirs

    return _absolute(platformdirs.user_config_path("cfops"), "CFOPS_CONFIG_DIR")


def placed(named: str, folder: Path) -> Path:
    """Give the path that *named* means in *folder*; a `~` that means nobody's home stays as it is."""
    try:
        return folder / Path(named).expanduser()
    except RuntimeError:
        return folder / named


def state_folder() -> Path:
    """Give the system's folder for what must outlive a run: budgets, locks, metrics."""
    import platformdirs

    return _absolute(platformdirs.user_state_path("cfops"), "CFOPS_STATE_DIR")


def cache_folder() -> Path:
    """Give the system's folder for what may be thrown away."""
    import platformdirs

    return _absolute(platformdirs.user_cache_path("cfops"), "CFOPS_CACHE_DIR")


def _absolute(folder: Path, variable: str) -> Path:
    # Without HOME and without an entry in the password file a folder named "~" would be made.
    if folder.is_absolute():
        return folder
    raise UsageError("this user has no home folder", hint=f"set HOME, or {variable} to a folder of your own")
