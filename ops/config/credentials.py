"""Credentials: the token or key of a run and the keys of its bucket, protected against being shown.

Their sources are read here, strongest first; an option is not one of them.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Literal, NamedTuple, NoReturn

from ops.config.layers import Profile
from ops.config.private import is_there, placed, read_private
from ops.errors import CredentialsError

KEY_ID, SECRET, SESSION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"

_PREFIXES = ("cfut_", "cfat_", "cfoat_", "cfk_", "sandbox_")
_APPLICATION = b"cfops credential fingerprint 1"
# What a header cannot hold, and how a character is recognized as such.
_FLAWS: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("a line break", lambda c: c in "\r\n"),
    ("a character that is not ASCII", lambda c: ord(c) > 0x7E),
    ("a blank", lambda c: c in " \t"),
    ("a control character", lambda c: ord(c) < 0x20),
    ("a quotation mark", lambda c: c in "'\"`"),
)


class Secretive:
    """Values that cannot be changed, shown, pickled or copied; *origin* says where they came from.

    Not a dataclass, so that `asdict` and `vars` cannot show them.
    """

    __slots__ = ("_origin", "_values")

    def __init__(self, *values: str, origin: str) -> None:
        self._values, self._origin = values, origin

    @property
    def origin(self) -> str:
        return self._origin

    def __eq__(self, other: object) -> bool:
        return self._values == other._values if isinstance(other, type(self)) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._values)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("credentials and keys cannot be pickled or copied")


class Credentials(Secretive):
    """An API token, or an e-mail address with a Global API key, or none; its repr is masked."""

    __slots__ = ()

    def __init__(self, *, token: str = "", email: str = "", key: str = "", origin: str = "") -> None:
        for name, secret in (("the API token", token), ("the API key", key), ("the e-mail address", email)):
            if secret:
                check(secret, f"{name} from {origin}" if origin else name)
        super().__init__(token, email, key, origin=origin)

    @property
    def kind(self) -> Literal["token", "key", "none"]:
        if self.token:
            return "token"
        return "key" if self.key else "none"

    @property
    def token(self) -> str:
        return self._values[0]

    @property
    def email(self) -> str:
        return self._values[1]

    @property
    def key(self) -> str:
        return self._values[2]

    def secrets(self) -> tuple[str, ...]:
        """Return the exact values that must never be shown, for the redactor."""
        return tuple(secret for secret in (self.token, self.key) if secret)

    def fingerprint(self) -> str:
        """Return 16 hex digits that differ between credentials and reveal nothing about them."""
        identity = "\0".join((self.kind, self.token or f"{self.email}\0{self.key}"))
        return hmac.new(_APPLICATION, identity.encode(), hashlib.sha256).hexdigest()[:16]

    def required(self) -> Credentials:
        """Return these credentials. Raises CredentialsError if there are none."""
        if self.kind != "none":
            return self
        raise CredentialsError(
            f"no Cloudflare API token{f': {self._origin}' if self._origin else ''}",
            hint="`inv init` asks for one and stores it; or set CLOUDFLARE_API_TOKEN (create one at "
            "https://dash.cloudflare.com/profile/api-tokens), or try `inv sandbox zones.list`",
        )

    def __repr__(self) -> str:
        return f"Credentials({self.kind}{''.join(f' {mask(secret)}' for secret in self.secrets())})"


class ObjectKeys(Secretive):
    """An access key with its secret, and a session token if the key is temporary; or none; masked."""

    __slots__ = ()

    def __init__(self, id: str = "", secret: str = "", session: str = "", origin: str = "") -> None:
        super().__init__(id, secret, session, origin=origin)

    @property
    def id(self) -> str:
        return self._values[0]

    @property
    def secret(self) -> str:
        return self._values[1]

    @property
    def session(self) -> str:
        return self._values[2]

    def secrets(self) -> tuple[str, ...]:
        """Return the exact values that must never be shown, for the redactor."""
        return tuple(secret for secret in (self.secret, self.session) if secret)

    def required(self) -> ObjectKeys:
        """Return these keys. Raises CredentialsError if one is missing."""
        if not self.id:
            raise CredentialsError(
                "no keys for the bucket",
                hint=f"set {KEY_ID} and {SECRET}; from a profile of the AWS CLI: "
                "`aws configure export-credentials --format env`",
            )
        if not self.secret:
            hint = f"set {SECRET} in the same place"
            raise CredentialsError(f"{self.origin} is set without {SECRET}", hint=hint)
        for name, value in ((KEY_ID, self.id), (SECRET, self.secret), (SESSION, self.session)):
            if value:
                check(value, f"{name}, beside {self.origin},")
        return self

    def __repr__(self) -> str:
        return f"ObjectKeys({self.masked()})"

    def masked(self) -> str:
        """Return the lengths of the keys, or "none"."""
        return ", ".join(mask(value) for value in (self.id, *self.secrets()) if value) or "none"


class References(Secretive):
    """The values of the variables that the channels of notices name (`url_env = "NAME"`), by name; masked."""

    __slots__ = ()

    def __init__(self, found: Mapping[str, str] = {}) -> None:
        super().__init__(*(text for pair in found.items() for text in pair), origin="")

    def get(self, name: str) -> str:
        """Return the value of the variable *name*; "" if it is not set."""
        return dict(zip(self._values[::2], self._values[1::2], strict=True)).get(name, "")

    def secrets(self) -> tuple[str, ...]:
        """Return the exact values that must never be shown, for the redactor."""
        return tuple(value for value in self._values[1::2] if value)

    def __repr__(self) -> str:
        return f"References({', '.join(self._values[::2])})"


def mask(secret: str) -> str:
    """Return the well-known prefix of *secret* and its length, nothing else of it."""
    prefix = next((known for known in _PREFIXES if secret.startswith(known)), "")
    return f"{prefix}… ({len(secret)} characters)"


def check(secret: str, name: str) -> None:
    """Raise CredentialsError for what a header cannot hold; the message shows prefix and length only.

    Length and alphabet are not checked further, because Cloudflare has changed both before.
    """
    for flaw, has_it in _FLAWS:
        if any(map(has_it, secret)):
            hint = "use the token alone: no quotation marks, no `Bearer`, nothing before or after it"
            raise CredentialsError(f"{name} contains {flaw}: {mask(secret)}", hint=hint)


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


def store_in_keyring(name: str, token: str) -> None:
    """Keep the token of the profile *name* in the keyring. Raises CredentialsError."""
    try:
        import_module("keyring").set_password("cfops", name, token)
    except Exception as problem:  # noqa: BLE001 (each backend fails in its own way)
        hint = "unlock it, or choose another place"
        raise CredentialsError(f"the keyring cannot be used ({type(problem).__name__})", hint=hint) from None


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
    except Exception as problem:  # noqa: BLE001 (each backend fails in its own way)
        # Its message might quote a secret.
        hint = "unlock it, or use token_file"
        raise CredentialsError(f"the keyring cannot be read ({type(problem).__name__})", hint=hint) from None
    if not token:
        raise CredentialsError(f"the keyring holds no token for {name!r}", hint=f"`keyring set cfops {name}`")
    return str(token)


def _variable(places: Places, name: str) -> tuple[str, str]:
    found = ((values.get(name, ""), f"{where} {name}") for where, values, _ in places.variables)
    return next((pair for pair in found if pair[0]), ("", ""))


def find_object_keys(variables: Iterable[Variables]) -> ObjectKeys:
    """Return the keys of the strongest source that has one; a secret of another source would not match."""
    for where, values, _ in variables:
        if id := values.get(KEY_ID, ""):
            return ObjectKeys(id, values.get(SECRET, ""), values.get(SESSION, ""), f"{where} {KEY_ID}")
    return ObjectKeys()


def find_references(channels: Mapping[str, object], variables: Sequence[Variables]) -> References:
    """Return the variables that *channels* name, from the environment or the first `.env` that has them."""
    tables = [channel for channel in channels.values() if isinstance(channel, dict)]
    named = {str(value) for table in tables for name, value in table.items() if name.endswith("_env")}
    found = {name: next((v for _, vs, _ in variables if (v := vs.get(name, ""))), "") for name in named}
    return References(found)
