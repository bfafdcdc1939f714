"""Where a new token can be stored: the folder's `.env`, a file of its own, or the keyring."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ops.config.credentials import TOKEN, store_in_keyring
from ops.config.layers import list_profiles, set_default
from ops.config.private import is_there, read_private
from ops.errors import CredentialsError, UsageError
from ops.files.disk import atomic, private_folder

if TYPE_CHECKING:
    from ops.config.settings import Settings

ACCOUNT = "CLOUDFLARE_ACCOUNT_ID"
# The characters of Cloudflare's tokens. Others would need quotes in a `.env`.
_TOKEN = re.compile(r"[A-Za-z0-9_.-]{20,200}")
_PROFILE = re.compile(r"[A-Za-z0-9_-]+")


def check_token(token: str) -> str:
    """Return *token* without surrounding blanks. Raises CredentialsError if it cannot be a token."""
    if not _TOKEN.fullmatch(token.strip()):
        text = "that is not an API token: it has 20 or more letters, digits, `-` and `_`, and no blanks"
        raise CredentialsError(text, hint="copy the token that the dashboard shows once, after creating it")
    return token.strip()


def places(settings: Settings) -> dict[str, str]:
    """Return the places to choose from, each with its description."""
    found = {
        "dotenv": f"{settings.project / '.env'}: for this folder (mode 0600)",
        "file": f"a file in {settings.config_dir}, with a profile: for every folder (mode 0600)",
    }
    if find_spec("keyring"):
        found["keyring"] = f"this user's keyring, with a profile in {settings.config_dir}: for every folder"
    return found


def variables_in(file: Path) -> set[str]:
    """Return which of the token and the account the `.env` *file* sets already."""
    text = read_private(file) if is_there(file) else ""
    return {name for name in (TOKEN, ACCOUNT) if re.search(rf"(?m){_line(name)}\S", text)}


def write_dotenv(file: Path, token: str, account_id: str) -> None:
    """Set the token and, if it is known, the account in the `.env` *file*; other lines stay as they are."""
    text = read_private(file) if is_there(file) else ""
    for name, value in ((TOKEN, token), *([(ACCOUNT, account_id)] if account_id else [])):
        text, count = re.subn(rf"(?m){_line(name)}.*$", f"{name}={value}", text)
        if not count:
            text += f"{'' if not text or text.endswith(chr(10)) else chr(10)}{name}={value}\n"
    with atomic(file) as out:
        out.write(text.encode())


def _line(name: str) -> str:
    return rf"^[ \t]*(?:export[ \t]+)?{name}[ \t]*=[ \t]*"


def write_profile(settings: Settings, name: str, token: str, account_id: str, *, keyring: bool) -> None:
    """Store the token in a file or in the *keyring*, and add a profile for it; the first is the default.

    Raises UsageError if there is a profile of that name.
    """
    profiles = list_profiles(settings.config_dir)
    if not _PROFILE.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a profile", hint="use letters, digits, `-` and `_`")
    if name in profiles.by_name:
        raise UsageError(f"there is a profile {name} in {profiles.file}", hint="choose another name")
    private_folder(settings.config_dir)
    if keyring:
        store_in_keyring(name, token)
        source = "keyring = true"
    else:
        with atomic(settings.config_dir / f"token-{name}") as out:
            out.write(f"{token}\n".encode())
        source = f"token_file = {json.dumps(f'token-{name}')}"
    text = profiles.file.read_text(encoding="utf-8") if is_there(profiles.file) else ""
    account = f"account_id = {json.dumps(account_id)}\n" if account_id else ""
    text += f"\n[{name}]\n{source}\n{account}"
    with atomic(profiles.file) as out:
        out.write(text.lstrip("\n").encode())
    if not profiles.default:
        set_default(settings.config_dir, name)
