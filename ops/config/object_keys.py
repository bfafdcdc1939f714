"""Keys of object storage: one set from one source, protected against being shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from ops.config.credentials import check, mask
from ops.config.tokens import Variables
from ops.errors import CredentialsError

KEY_ID, SECRET, SESSION = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"


class ObjectKeys:
    """An access key with its secret, and a session token if the key is temporary; or none.

    Read-only, masked, and not to be pickled or copied, as Credentials are. *origin* says where they came
    from.
    """

    __slots__ = ("_id", "_origin", "_secret", "_session")

    def __init__(self, id: str = "", secret: str = "", session: str = "", origin: str = "") -> None:
        self._id, self._secret, self._session, self._origin = id, secret, session, origin

    @property
    def id(self) -> str:
        return self._id

    @property
    def secret(self) -> str:
        return self._secret

    @property
    def session(self) -> str:
        return self._session

    @property
    def origin(self) -> str:
        return self._origin

    def secrets(self) -> tuple[str, ...]:
        """Return the exact values that must never be shown, for the redactor."""
        return tuple(secret for secret in (self._secret, self._session) if secret)

    def required(self) -> ObjectKeys:
        """Return these keys. Raises CredentialsError if one is missing."""
        if not self._id:
            raise CredentialsError(
                "no keys for the bucket",
                hint=f"set {KEY_ID} and {SECRET}; from a profile of the AWS CLI: "
                "`aws configure export-credentials --format env`",
            )
        if not self._secret:
            raise CredentialsError(
                f"{self._origin} is set without {SECRET}", hint=f"set {SECRET} in the same place"
            )
        for name, value in ((KEY_ID, self._id), (SECRET, self._secret), (SESSION, self._session)):
            if value:
                check(value, f"{name}, beside {self._origin},")
        return self

    def __repr__(self) -> str:
        return f"ObjectKeys({self.masked()})"

    def masked(self) -> str:
        """Return the lengths of the keys, or "none"."""
        return ", ".join(mask(value) for value in (self._id, *self.secrets()) if value) or "none"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ObjectKeys):
            return NotImplemented
        return (self._id, self._secret, self._session) == (other._id, other._secret, other._session)

    def __hash__(self) -> int:
        return hash((self._id, self._secret, self._session))

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("keys cannot be pickled or copied")


def find_object_keys(variables: Iterable[Variables]) -> ObjectKeys:
    """Return the keys of the strongest source that has one, since a secret of another would not match.

    Missing keys are not an error here, because most tasks need none.
    """
    for where, values, _ in variables:
        if id := values.get(KEY_ID, ""):
            return ObjectKeys(id, values.get(SECRET, ""), values.get(SESSION, ""), f"{where} {KEY_ID}")
    return ObjectKeys()
