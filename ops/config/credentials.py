"""Credentials: the token or key of a run and the keys of its bucket, protected against being shown."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import Literal, NoReturn

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
            hint="set CLOUDFLARE_API_TOKEN (create one at https://dash.cloudflare.com/profile/api-tokens), "
            "or try `inv sandbox zones.list`",
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
