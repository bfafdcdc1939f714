"""What went wrong below HTTP, in words: names, connections, certificates, time."""

from __future__ import annotations

from collections.abc import Iterator
from ssl import SSLCertVerificationError, SSLError
from urllib.parse import urlsplit

from requests import exceptions
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from ops.errors import MalformedAnswer, NetworkError, NotSent, OpsError, Unanswered, UsageError
from ops.http.exchange import Call

# OpenSSL's numbers for a certificate that is not valid yet, and one that is no longer.
_WRONG_TIME = {9, 10}


def unsent_or_unanswered(call: Call, error: Exception, *, sent: bool, host: str) -> OpsError:
    """Turn what the session raised into NotSent or Unanswered; only that decides what may be repeated."""
    if isinstance(error, ValueError):
        # Its own message would show the value, which may be the token.
        return UsageError(
            f"{call}: a header or the URL cannot be sent", hint="`inv doctor` looks at the token"
        )
    causes = list(_causes(error))
    if sent or isinstance(error, exceptions.ReadTimeout):
        return _unanswered(call, causes)
    words, hint = _why_not_sent(causes, urlsplit(host).hostname or "")
    return NotSent(f"{call}: {words}", hint=hint)


def broken_off(call: Call, error: Exception, taken: int) -> NetworkError:
    """Say that a body broke off after *taken* bytes."""
    if any(isinstance(cause, ReadTimeoutError | TimeoutError) for cause in _causes(error)):
        why = "did not come to its end in time"
    else:
        why = "broke off"
    return Unanswered(f"{call}: the answer {why}, after {taken:,} bytes", hint=_LOOK_AGAIN)


def not_decoded(call: Call, status: int) -> MalformedAnswer:
    return MalformedAnswer(f"{call}: the answer cannot be decompressed", status)


_LOOK_AGAIN = "try again; `inv doctor` looks at the connection"


def _unanswered(call: Call, causes: list[BaseException]) -> Unanswered:
    if any(isinstance(cause, ReadTimeoutError | TimeoutError) for cause in causes):
        return Unanswered(f"{call}: no answer in time", hint=_LOOK_AGAIN)
    return Unanswered(f"{call}: the connection was lost before the answer", hint=_LOOK_AGAIN)


def _why_not_sent(causes: list[BaseException], host: str) -> tuple[str, str]:
    """Return what happened, and what to do about it."""
    for cause in causes:
        if isinstance(cause, SSLCertVerificationError):
            return _certificate(cause, host)
        if isinstance(cause, SSLError):
            return _tls(cause, host)
        if isinstance(cause, ProxyError):
            return "the proxy did not open a way", "check the setting proxy: `inv config` shows it"
        if isinstance(cause, NameResolutionError):
            return f"the name {host} cannot be looked up", "check the network and the name server"
        if isinstance(cause, ConnectionRefusedError):
            return (
                f"{host} refused the connection",
                "is a server listening there? `inv config` shows the base URL",
            )
        if isinstance(cause, ConnectTimeoutError | TimeoutError) and not isinstance(
            cause, NewConnectionError
        ):
            return f"{host} could not be reached in time", "a firewall may be dropping the packets"
    return f"{host} could not be reached", _LOOK_AGAIN


def _certificate(error: SSLCertVerificationError, host: str) -> tuple[str, str]:
    words = f"the certificate of {host} is not accepted: {error.verify_message}"
    if error.verify_code in _WRONG_TIME:
        return words, "is the clock of this machine right? The certificate is judged by it"
    return words, "a company's own CA is named by the setting ca_file; verification cannot be turned off"


def _tls(error: SSLError, host: str) -> tuple[str, str]:
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return (
            f"{host} does not speak TLS on this port",
            "plain HTTP answered; a login page of the network, perhaps?",
        )
    return (
        f"TLS with {host} failed: {error.reason or 'no reason given'}",
        "`inv doctor` looks at the connection",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and what it was made of; requests and urllib3 keep that in `args` and `reason`."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        parts = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        waiting += [part for part in parts if isinstance(part, BaseException)]
