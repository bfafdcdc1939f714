"""The tasks `config`, `profile` and `version`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.errors import DifferencesFound, UsageError
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


@command(
    "version",
    help={
        "check": "ask the package index for the newest version, in one request without the token",
        "index": "the address of the index's JSON about cfops (default: PyPI's)",
        "exit_code": "with --check: exit with 5 if there is a newer version",
    },
)
def version(app: App, check: bool = False, index: str = "", exit_code: bool = False) -> Item:
    """Show the versions of cfops, its packages, and the platform; only with --check is anything asked.

    inv version --output json
    inv version --check --exit-code
    """
    from ops.version import VERSION, versions

    facts = versions()
    if not check:
        if index or exit_code:
            raise UsageError("--index and --exit-code belong to --check", hint="`inv version --check`")
        return Item(facts)
    from ops.http.index import INDEX, newest_version, release_of
    from ops.plugins.install import update_line

    newest = newest_version(index or INDEX, app.settings)
    is_newer = release_of(newest) > release_of(VERSION)
    item = Item({**facts, "newest": newest, "newer": is_newer, "update": update_line() if is_newer else ""})
    if exit_code and is_newer:
        app.show(item)
        raise DifferencesFound(f"cfops {newest} is newer than {VERSION}", hint=f"`{update_line()}`")
    return item
