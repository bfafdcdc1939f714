"""The tasks `config`, `profile` and `version`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import KEY, LOW, Column, Item, Rows

if TYPE_CHECKING:
    from ops.cli.app import App

_NOT_SETTINGS = frozenset({"origins", "notes", "project", "config_dir", "references"})


@command("config")
def show_config(app: App) -> Rows:
    """Show each setting with its value and where it came from; secrets are masked.

    inv config
    inv config --output json
    """
    from dataclasses import fields

    settings = app.settings
    rows = [
        {
            "setting": known.name,
            "value": _visible(getattr(settings, known.name)),
            "origin": settings.origins.get(known.name, "default"),
        }
        for known in fields(settings)
        if known.name not in _NOT_SETTINGS
    ]
    return Rows(rows, (Column("setting", KEY), Column("value", KEY, wraps=True), "origin"), "setting")


def _visible(value: object) -> object:
    from ops.config.credentials import Credentials, ObjectKeys, mask
    from ops.config.values import without_userinfo

    if isinstance(value, Credentials):
        return " ".join((value.kind, *(mask(secret) for secret in value.secrets())))
    if isinstance(value, ObjectKeys):
        return value.masked()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return " ".join(value) or None
    return without_userinfo(value) if isinstance(value, str) and "://" in value else value


@command(
    "profile",
    positional=("name",),
    stages=True,
    help={
        "name": "use this profile for the tasks after this one",
        "default": "with --name: make it the default profile",
    },
)
def profile(app: App, name: str = "", default: bool = False) -> Rows | None:
    """List the profiles, or use one for the rest of the line.

    inv profile
    inv profile staging dns.list example.com
    inv profile staging --default
    """
    from ops.config.layers import list_profiles, set_default
    from ops.errors import UsageError

    profiles = list_profiles(app.settings.config_dir)
    if not name and default:
        raise UsageError("--default needs a profile", hint="`inv profile --name NAME --default`")
    if not name:
        rows = [
            {
                "name": known.name,
                "in_force": known.name == app.settings.profile,
                "default": known.name == profiles.default,
                **{key: _visible(value) for key, value in known.settings.items()},
                "token": str(known.token_file or "") or ("keyring" if known.keyring else ""),
            }
            for known in profiles.by_name.values()
        ]
        if not rows:
            app.note(f"no profiles: write them into {profiles.file}")
        columns = (Column("name", KEY), "in_force", "default", Column("account_id", LOW), "base_url", "token")
        return Rows(rows, columns, "profile")
    profiles.get(name)
    if default:
        app.note(f"{name} is now the default profile in {set_default(app.settings.config_dir, name)}")
    app.stage(profile=name)
    app.note(f"profile {name} is used for the tasks after this one on the line")
    return None


@command("version")
def version(_app: App) -> Item:
    """Show the versions of cfops, its packages, and the platform.

    inv version --output json
    """
    import platform
    from importlib.metadata import version as installed

    packages = {name: installed(name) for name in ("cfops", "invoke", "requests")}
    # platform.platform() would start the program uname.
    here = f"{platform.system()}-{platform.release()}-{platform.machine()}"
    return Item({**packages, "python": platform.python_version(), "platform": here})
