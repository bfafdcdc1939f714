"""Errors below HTTP as sentences: name lookup, connection, certificate, timeout."""

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

# OpenSSL's codes for a certificate that is not valid yet, and for an expired one.
_WRONG_TIME = {9, 10}


def unsent_or_unanswered(call: Call, error: Exception, *, sent: bool, host: str) -> OpsError:
    """Return what the session raised as NotSent or Unanswered, which decides whether it may be retried."""
    if isinstance(error, ValueError):
        # The original message would show the value, which may be the token.
        return UsageError(f"{call}: a header or the URL cannot be sent", hint="`inv doctor` checks the token")
    causes = list(_causes(error))
    if sent or isinstance(error, exceptions.ReadTimeout):
        return _unanswered(call, causes)
    words, hint = _why_not_sent(causes, urlsplit(host).hostname or "")
    return NotSent(f"{call}: {words}", hint=hint)


def broken_off(call: Call, error: Exception, taken: int) -> NetworkError:
    """Return the error for a body that broke off after *taken* bytes."""
    if any(isinstance(cause, ReadTimeoutError | TimeoutError) for cause in _causes(error)):
        why = "did not end in time"
    else:
        why = "broke off"
    return Unanswered(f"{call}: the answer {why}, after {taken:,} bytes", hint=_LOOK_AGAIN)


def not_decoded(call: Call, status: int) -> MalformedAnswer:
    return MalformedAnswer(f"{call}: the answer cannot be decompressed", status)


_LOOK_AGAIN = "try again; `inv doctor` checks the connection"


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
            return "the proxy did not open a tunnel", "check the setting proxy: `inv config` shows it"
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
            return f"{host} could not be reached in time", "a firewall may drop the packets"
    return f"{host} could not be reached", _LOOK_AGAIN


def _certificate(error: SSLCertVerificationError, host: str) -> tuple[str, str]:
    words = f"the certificate of {host} is not accepted: {error.verify_message}"
    if error.verify_code in _WRONG_TIME:
        return words, "check this machine's clock: certificates are checked against it"
    return words, "the setting ca_file names your organization's own CA; verification cannot be turned off"


def _tls(error: SSLError, host: str) -> tuple[str, str]:
    if error.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
        return (
            f"{host} does not speak TLS on this port",
            "plain HTTP answered, perhaps a login page of the network",
        )
    return (
        f"TLS with {host} failed: {error.reason or 'no reason given'}",
        "`inv doctor` checks the connection",
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield *error* and its causes; requests and urllib3 keep them in `args` and `reason`."""
    waiting, seen = [error], set[int]()
    while waiting:
        cause = waiting.pop(0)
        if id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        parts = (*cause.args, getattr(cause, "reason", None), cause.__cause__, cause.__context__)
        waiting += [part for part in parts if isinstance(part, BaseException)]
