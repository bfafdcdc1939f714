"""Errors below HTTP as sentences: name lookup, connection, certificate, timeout."""

from __future__ import annotations

from collections.abc import Iterator
from errno import EMFILE, ENFILE
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

from ops.errors import MalformedAnswer, NetworkError, NotSent, OpsError, SystemFailure, Unanswered, UsageError
from ops.http.exchange import Call

# OpenSSL's codes for a certificate that is not valid yet, and for an expired one.
_WRONG_TIME = {9, 10}


def unsent_or_unanswered(call: Call, error: Exception, *, sent: bool, host: str) -> OpsError:
    """Return what the session raised as NotSent or Unanswered, which decides whether it may be retried."""
    if isinstance(error, ValueError):
        # The original message would show the value, which may be the token.
        return UsageError(f"{call}: a header or the URL cannot be sent", hint="`inv doctor` checks the token")
    causes = list(_causes(error))
    if any(isinstance(cause, OSError) and cause.errno in (EMFILE, ENFILE) for cause in causes):
        hint = "`ulimit -n` shows the limit of open files: raise it"
        return SystemFailure(f"{call}: this process cannot open another connection", hint=hint)
    if sent or isinstance(error, exceptions.ReadTimeout):
        late = any(isinstance(cause, ReadTimeoutError | TimeoutError) for cause in causes)
        what = "no answer in time" if late else "the connection was lost before the answer"
        return Unanswered(f"{call}: {what}", hint=_LOOK_AGAIN)
    words, hint = _why_not_sent(causes, urlsplit(host).hostname or "")
    return NotSent(f"{call}: {words}", hint=hint)


def broken_off(call: Call, error: Exception, taken: int) -> NetworkError:
    """Return the error for a body that broke off after *taken* bytes."""
    late = any(isinstance(cause, ReadTimeoutError | TimeoutError) for cause in _causes(error))
    why = "did not end in time" if late else "broke off"
    return Unanswered(f"{call}: the answer {why}, after {taken:,} bytes", hint=_LOOK_AGAIN)


def not_decoded(call: Call, status: int) -> MalformedAnswer:
    return MalformedAnswer(f"{call}: the answer cannot be decompressed", status)


_LOOK_AGAIN = "try again; `inv doctor` checks the connection"


def _why_not_sent(causes: list[BaseException], host: str) -> tuple[str, str]:
    for cause in causes:
        if isinstance(cause, SSLCertVerificationError):
            words = f"the certificate of {host} is not accepted: {cause.verify_message}"
            if cause.verify_code in _WRONG_TIME:
                return words, "check this machine's clock: certificates are checked against it"
            hint = "the setting ca_file names your organization's own CA; verification cannot be turned off"
            return words, hint
        if isinstance(cause, SSLError):
            if cause.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"):
                hint = "plain HTTP answered, perhaps a login page of the network"
                return f"{host} does not speak TLS on this port", hint
            words = f"TLS with {host} failed: {cause.reason or 'no reason given'}"
            return words, "`inv doctor` checks the connection"
        if isinstance(cause, ProxyError):
            return "the proxy did not open a tunnel", "check the setting proxy: `inv config` shows it"
        if isinstance(cause, NameResolutionError):
            return f"the name {host} cannot be looked up", "check the network and the name server"
        if isinstance(cause, ConnectionRefusedError):
            hint = "is a server listening there? `inv config` shows the base URL"
            return f"{host} refused the connection", hint
        if isinstance(cause, ConnectTimeoutError | TimeoutError) and not isinstance(
            cause, NewConnectionError
        ):
            return f"{host} could not be reached in time", "a firewall may drop the packets"
    return f"{host} could not be reached", _LOOK_AGAIN


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
