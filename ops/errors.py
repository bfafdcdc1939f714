"""All errors, and the exit code of each.

OpsError                     2
├── UserError                1  the request cannot be served as given
│   ├── UsageError           1  a wrong option, value or name
│   ├── ValidationError      1  content that the API would refuse
│   │   └── Newer            1  a newer cfops has written the file
│   ├── CredentialsError     1  the token is missing or unusable
│   ├── PermissionDenied     1  the token lacks a permission
│   ├── NotFound             1
│   │   └── Absent           1  the API named the item itself as not existing
│   ├── AmbiguousName        1  several items have this name
│   ├── Conflict             1  it exists already, or has changed meanwhile
│   └── Refused              1  not confirmed, or a threshold forbids it
│       └── RefusedByHook    1  a hook of the user's own refuses it
├── SystemFailure            2  Cloudflare, the disk or this program failed
│   ├── ApiError             2  Cloudflare answered with an error
│   ├── MalformedAnswer      2  Cloudflare's answer has an undocumented shape
│   ├── RateLimited          2  the budget does not recover before the deadline
│   ├── DiskError            2
│   └── Damaged              2  a file of ours is not as it was written
├── NetworkError             3  name lookup, connection, TLS, timeout
│   ├── NotSent              3  the request did not leave this machine
│   └── Unanswered           3  the request was sent; its outcome is unknown
├── Incomplete               4  what could be read is kept and marked
├── DifferencesFound         5
├── Locked                   6  another run holds the lock
└── Interrupted              130, or 143 after SIGTERM
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

# Names less alike than this are not a typing mistake: a wrong guess is worse than none.
_ALIKE = 0.75


class OpsError(Exception):
    """A failure: a sentence for people, a hint with the next command, an exit code."""

    exit_code: ClassVar[int] = 2

    def __init__(
        self,
        message: str,
        status: int | None = None,
        *,
        hint: str = "",
        codes: tuple[int, ...] = (),
        ray: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.hint = hint
        self.codes = codes
        self.ray = ray

    @property
    def reason(self) -> str:
        """Return the message, with the HTTP status and the ray id where it does not name them."""
        facts = [f"status {self.status}"] if self.status and f"({self.status}" not in self.message else []
        facts += [f"ray {self.ray}"] if self.ray and self.ray not in self.message else []
        return f"{self.message} ({', '.join(facts)})" if facts else self.message

    def as_json(self) -> dict[str, object]:
        """Return the failure as `--output json` prints it on stderr."""
        named = {"status": self.status, "codes": list(self.codes), "hint": self.hint, "ray": self.ray}
        given = {name: value for name, value in named.items() if value}
        return {"error": type(self).__name__, "exit_code": self.exit_code, "message": self.message, **given}


class UserError(OpsError):
    exit_code = 1


class UsageError(UserError):
    pass


class ValidationError(UserError):
    pass


class Newer(ValidationError):
    pass


class CredentialsError(UserError):
    pass


class PermissionDenied(UserError):
    pass


class NotFound(UserError):
    pass


class Absent(NotFound):
    """Proof that an item does not exist; every other NotFound may come from a proxy, a route or a plan."""

    def as_json(self) -> dict[str, object]:
        return super().as_json() | {"error": NotFound.__name__}


class AmbiguousName(UserError):
    pass


class Conflict(UserError):
    pass


class Refused(UserError):
    pass


class RefusedByHook(Refused):
    pass


class SystemFailure(OpsError):
    exit_code = 2


class ApiError(SystemFailure):
    pass


class MalformedAnswer(SystemFailure):
    pass


class RateLimited(SystemFailure):
    pass


class DiskError(SystemFailure):
    pass


class Damaged(SystemFailure):
    pass


class NetworkError(OpsError):
    exit_code = 3


class NotSent(NetworkError):
    pass


class Unanswered(NetworkError):
    pass


class Incomplete(OpsError):
    exit_code = 4


class DifferencesFound(OpsError):
    exit_code = 5


class Locked(OpsError):
    exit_code = 6


class Interrupted(OpsError):
    exit_code = 130


class Terminated(Interrupted):
    exit_code = 143


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return "did you mean X?" where a *known* name is very like *word*, else ""."""
    from difflib import get_close_matches

    typed, plain = word.lstrip("-").lower(), {name.lstrip("-").lower(): name for name in known}
    begun = [name for name in plain if name.startswith(typed)] if len(typed) > 2 else []
    swapped = [name for name in plain if name[:1] == typed[:1] and sorted(name) == sorted(typed)]
    near = begun if len(begun) == 1 else swapped or get_close_matches(typed, plain, n=1, cutoff=_ALIKE)
    return f"did you mean {plain[near[0]]}?" if near else ""
