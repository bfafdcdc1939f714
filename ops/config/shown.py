"""Settings and profiles as rows, with secrets masked."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from ops.config.credentials import Credentials, ObjectKeys, mask
from ops.config.profiles import Profile, list_profiles
from ops.config.settings import Settings
from ops.config.values import without_userinfo

_NOT_SETTINGS = frozenset({"origins", "notes", "project", "config_dir"})


def shown(settings: Settings) -> list[dict[str, Any]]:
    """Return a row for each setting: name, value with secrets masked, origin in words."""
    names = [known.name for known in fields(settings) if known.name not in _NOT_SETTINGS]
    return [
        {
            "setting": name,
            "value": _visible(getattr(settings, name)),
            "origin": settings.origins.get(name, "default"),
        }
        for name in names
    ]


def shown_profiles(settings: Settings) -> list[dict[str, Any]]:
    """Return a row for each profile, with the source of its token."""
    profiles = list_profiles(settings.config_dir)
    return [
        {
            "name": name,
            "in_force": name == settings.profile,
            "default": name == profiles.default,
            **{key: _visible(value) for key, value in profile.settings.items()},
            "token": _token_place(profile),
        }
        for name, profile in profiles.by_name.items()
    ]


def _visible(value: object) -> object:
    if isinstance(value, Credentials):
        return " ".join((value.kind, *(mask(secret) for secret in value.secrets())))
    if isinstance(value, ObjectKeys):
        return value.masked()
    if isinstance(value, Path):
        return str(value)
    return without_userinfo(value) if isinstance(value, str) and "://" in value else value


def _token_place(profile: Profile) -> str:
    if profile.token_file:
        return str(profile.token_file)
    return "keyring" if profile.keyring else ""
