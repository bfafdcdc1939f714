"""Keys of object storage: one set from one source, protected against being shown."""

from __future__ import annotations

from collections.abc import Iterable

from ops.config.credentials import Secretive, check, mask
from ops.config.tokens import Variables
from ops.errors import CredentialsError

KEY_ID, SECRET, SESSION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


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
            raise CredentialsError(
                f"{self.origin} is set without {SECRET}", hint=f"set {SECRET} in the same place"
            )
        for name, value in ((KEY_ID, self.id), (SECRET, self.secret), (SESSION, self.session)):
            if value:
                check(value, f"{name}, beside {self.origin},")
        return self

    def __repr__(self) -> str:
        return f"ObjectKeys({self.masked()})"

    def masked(self) -> str:
        """Return the lengths of the keys, or "none"."""
        return ", ".join(mask(value) for value in (self.id, *self.secrets()) if value) or "none"


def find_object_keys(variables: Iterable[Variables]) -> ObjectKeys:
    """Return the keys of the strongest source that has one, since a secret of another would not match.

    Missing keys are not an error here, because most tasks need none.
    """
    for where, values, _ in variables:
        if id := values.get(KEY_ID, ""):
            return ObjectKeys(id, values.get(SECRET, ""), values.get(SESSION, ""), f"{where} {KEY_ID}")
    return ObjectKeys()
