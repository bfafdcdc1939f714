"""The family of failures, and the exit code of each.

OpsError                     2
├── UserError                1  the request cannot be served as it was asked
│   ├── UsageError           1  a wrong option, value or name
│   ├── ValidationError      1  content that the API would refuse
│   ├── CredentialsError     1  no token, or one that cannot be used
│   ├── PermissionDenied     1  the token may not do this
│   ├── NotFound             1
│   ├── AmbiguousName        1  several things have this name
│   ├── Conflict             1  it is there already, or it has changed since
│   └── Refused              1  not confirmed, or a threshold forbids it
├── SystemFailure            2  Cloudflare, the disk or this program failed
│   ├── ApiError             2  Cloudflare answered with an error
│   ├── MalformedAnswer      2  Cloudflare answered something that makes no sense
│   ├── RateLimited          2  the budget does not come back before the deadline
│   ├── DiskError            2
│   └── Damaged              2  what was written here once is not what stands there now
├── NetworkError             3  name lookup, connection, TLS, timeout
│   ├── NotSent              3  the request did not leave this machine
│   └── Unanswered           3  it was sent; whether it was carried out is not known
├── Incomplete               4  what could be read is kept and marked
├── DifferencesFound         5
├── Locked                   6  another run holds it
└── Interrupted              130, or 143 for a termination
"""

from __future__ import annotations

from typing import ClassVar


class OpsError(Exception):
    """A failure with a sentence for people, a hint (the next command to type) and an exit code."""

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

    def as_json(self) -> dict[str, object]:
        """Give the failure as data: what `--output json` prints on stderr."""
        named = {"status": self.status, "codes": list(self.codes), "hint": self.hint, "ray": self.ray}
        given = {name: value for name, value in named.items() if value}
        return {"error": type(self).__name__, "exit_code": self.exit_code, "message": self.message, **given}


class UserError(OpsError):
    exit_code = 1


class UsageError(UserError):
    pass


class ValidationError(UserError):
    pass


class CredentialsError(UserError):
    pass


class PermissionDenied(UserError):
    pass


class NotFound(UserError):
    pass


class AmbiguousName(UserError):
    pass


class Conflict(UserError):
    pass


class Refused(UserError):
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
