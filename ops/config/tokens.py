"""The sources of credentials, strongest first; an option is not one of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from ops.config.credentials import KEY_ID, SECRET, SESSION, Credentials, ObjectKeys
from ops.config.private import is_there, placed, read_private
from ops.config.profiles import Profile
from ops.errors import CredentialsError

TOKEN, TOKEN_FILE = "CLOUDFLARE_API_TOKEN", "CLOUDFLARE_API_TOKEN_FILE"
KEY, EMAIL = "CLOUDFLARE_API_KEY", "CLOUDFLARE_EMAIL"
SYSTEMD_NAME = "cloudflare_api_token"


class Variables(NamedTuple):
    """Variables of the environment or of a `.env`; relative paths are relative to *folder*."""

    where: str
    values: Mapping[str, str]
    folder: Path


class Places(NamedTuple):
    """The sources: the environment, then each `.env`; the profile; systemd's credentials folder."""

    variables: Sequence[Variables]
    profile: Profile | None
    systemd: str
    allow_insecure: bool


def find_credentials(places: Places) -> tuple[Credentials, tuple[str, ...]]:
    """Return the strongest credentials, and notes about the others.

    A token is stronger than a key. Missing credentials are not an error here, because many tasks need none.
    Raises CredentialsError for a source that is named but cannot be used.
    """
    token, origin = next(_tokens(places), ("", ""))
    key, key_origin = _variable(places, KEY)
    email, _ = _variable(places, EMAIL)
    if token:
        notes = [f"{key_origin} is not used: the token from {origin} overrides it"] if key else []
        profile = places.profile
        if profile and (profile.token_file or profile.keyring) and not origin.startswith("profile "):
            notes.append(f"the token of profile {profile.name} is not used: {origin} overrides it")
        return Credentials(token=token, origin=origin), tuple(notes)
    if key and not email:
        hint = f"set {EMAIL}, or use an API token"
        raise CredentialsError(f"{key_origin} is set without {EMAIL}", hint=hint)
    if key:
        return Credentials(email=email, key=key, origin=key_origin), ()
    empty = (f"{where} {TOKEN} is empty" for where, values, _ in places.variables if values.get(TOKEN) == "")
    return Credentials(origin=next(empty, "")), ()


def _tokens(places: Places) -> Iterator[tuple[str, str]]:
    for where, values, folder in places.variables:
        if token := values.get(TOKEN, ""):
            yield token, f"{where} {TOKEN}"
        if named := values.get(TOKEN_FILE, ""):
            yield _from_file(placed(named, folder), places.allow_insecure), f"{where} {TOKEN_FILE} ({named})"
    if places.systemd and is_there(file := Path(places.systemd, SYSTEMD_NAME)):
        # systemd protects this folder by access lists, which the mode shows as group-readable.
        yield _from_file(file, allow_insecure=True), f"systemd {file}"
    profile = places.profile
    if profile and profile.token_file:
        origin = f"profile {profile.name} token_file ({profile.token_file})"
        yield _from_file(profile.token_file, places.allow_insecure), origin
    if profile and profile.keyring:
        yield _from_keyring(profile.name), f"profile {profile.name} keyring"


def _from_file(file: Path, allow_insecure: bool) -> str:
    setting = f"{TOKEN_FILE} or token_file of the profile"
    text = read_private(file, allow_insecure=allow_insecure, error=CredentialsError, setting=setting)
    if token := text.rstrip("\r\n"):
        return token
    raise CredentialsError(f"the token file {file} is empty", hint="write only the token into it")


def _from_keyring(name: str) -> str:
    try:
        keyring = import_module("keyring")
    except ImportError:
        raise CredentialsError(
            f"profile {name!r} keeps its token in the keyring, and the keyring extra is not installed",
            hint="`pip install 'cfops[keyring]'`, or use token_file in the profile",
        ) from None
    try:
        token = keyring.get_password("cfops", name)
    except Exception as problem:
        # Each backend fails in its own way, and its message might quote a secret.
        hint = "unlock it, or use token_file"
        raise CredentialsError(f"the keyring cannot be read ({type(problem).__name__})", hint=hint) from None
    if not token:
        raise CredentialsError(f"the keyring holds no token for {name!r}", hint=f"`keyring set cfops {name}`")
    return str(token)


def _variable(places: Places, name: str) -> tuple[str, str]:
    found = ((values.get(name, ""), f"{where} {name}") for where, values, _ in places.variables)
    return next((pair for pair in found if pair[0]), ("", ""))


def find_object_keys(variables: Iterable[Variables]) -> ObjectKeys:
    """Return the keys of the strongest source that has one, since a secret of another would not match.

    Missing keys are not an error here, because most tasks need none.
    """
    for where, values, _ in variables:
        if id := values.get(KEY_ID, ""):
            return ObjectKeys(id, values.get(SECRET, ""), values.get(SESSION, ""), f"{where} {KEY_ID}")
    return ObjectKeys()
