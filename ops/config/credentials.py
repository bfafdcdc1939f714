"""Credentials: the token or key of a run, protected against being shown."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal, NoReturn

from ops.errors import CredentialsError

Kind = Literal["token", "key", "none"]

_PREFIXES = ("cfut_", "cfat_", "cfoat_", "cfk_", "sandbox_")
_APPLICATION = b"cfops credential fingerprint 1"
_WHERE = "https://dash.cloudflare.com/profile/api-tokens"


class Credentials:
    """An API token, or an e-mail address with a Global API key, or none.

    Read-only. Not a dataclass, so that `asdict` and `vars` cannot show it; its repr is masked, and it cannot
    be pickled or copied. *origin* says where it came from.
    """

    __slots__ = ("_email", "_key", "_origin", "_token")

    def __init__(self, *, token: str = "", email: str = "", key: str = "", origin: str = "") -> None:
        """Check and keep the secrets. Raises CredentialsError for one that a header cannot hold."""
        for name, secret in (("the API token", token), ("the API key", key), ("the e-mail address", email)):
            if secret:
                check(secret, f"{name} from {origin}" if origin else name)
        self._token, self._email, self._key, self._origin = token, email, key, origin

    @property
    def kind(self) -> Kind:
        if self._token:
            return "token"
        return "key" if self._key else "none"

    @property
    def token(self) -> str:
        return self._token

    @property
    def email(self) -> str:
        return self._email

    @property
    def key(self) -> str:
        return self._key

    @property
    def origin(self) -> str:
        return self._origin

    def secrets(self) -> tuple[str, ...]:
        """Return the exact values that must never be shown, for the redactor."""
        return tuple(secret for secret in (self._token, self._key) if secret)

    def fingerprint(self) -> str:
        """Return 16 hex digits that differ between credentials and reveal nothing about them."""
        identity = "\0".join((self.kind, self._token or f"{self._email}\0{self._key}"))
        return hmac.new(_APPLICATION, identity.encode(), hashlib.sha256).hexdigest()[:16]

    def required(self) -> Credentials:
        """Return these credentials. Raises CredentialsError if there are none."""
        if self.kind != "none":
            return self
        raise CredentialsError(
            f"no Cloudflare API token{f': {self._origin}' if self._origin else ''}",
            hint=f"set CLOUDFLARE_API_TOKEN (create one at {_WHERE}), or try `inv sandbox zones.list`",
        )

    def __repr__(self) -> str:
        return f"Credentials({self.kind}{''.join(f' {mask(secret)}' for secret in self.secrets())})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Credentials):
            return NotImplemented
        return (self._token, self._email, self._key) == (other._token, other._email, other._key)

    def __hash__(self) -> int:
        return hash((self._token, self._email, self._key))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("credentials cannot be pickled or copied")


def mask(secret: str) -> str:
    """Return the well-known prefix of *secret* and its length, nothing else of it."""
    prefix = next((known for known in _PREFIXES if secret.startswith(known)), "")
    return f"{prefix}… ({len(secret)} characters)"


def check(secret: str, name: str) -> None:
    """Raise CredentialsError for what a header cannot hold; the message shows prefix and length only.

    Length and alphabet are not checked further, because Cloudflare has changed both before.
    """
    if problem := _flaw(secret):
        hint = "use the token alone: no quotation marks, no `Bearer`, nothing before or after it"
        raise CredentialsError(f"{name} contains {problem}: {mask(secret)}", hint=hint)


def _flaw(secret: str) -> str:
    for flaw, has_it in (
        ("a line break", lambda c: c in "\r\n"),
        ("a character that is not ASCII", lambda c: ord(c) > 0x7E),
        ("a blank", lambda c: c in " \t"),
        ("a control character", lambda c: ord(c) < 0x20),
        ("a quotation mark", lambda c: c in "'\"`"),
    ):
        if any(map(has_it, secret)):
            return flaw
    return ""
