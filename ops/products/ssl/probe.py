"""The two handshakes of a check: *strict* as an ordinary client, *look* to describe what that refused."""

from __future__ import annotations

import ssl
from contextlib import suppress
from pathlib import Path

from ops.errors import UsageError
from ops.products.ssl.handshake import DONE, Handshake, Server, shake_hands

_LEGACY_SERVER = getattr(ssl, "OP_LEGACY_SERVER_CONNECT", 0x4)  # has a name since Python 3.12


def strict(server: Server, ca_file: str = "") -> Handshake:
    """Shake hands as an ordinary client of today.

    *ca_file* takes the place of the machine's trusted roots. Raises UsageError when it cannot be read.
    """
    ended = shake_hands(server, _trusting(ca_file))
    return ended._replace(code=0) if ended.state == DONE else ended


def look(server: Server) -> Handshake:
    """Shake hands with whatever a server offers, only to describe it.

    The one place where certificates are not verified: no session is kept, nothing is sent, and the
    verdict stays that of `strict`. Old protocols and ciphers are accepted so that they can be named.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    context.set_ciphers("ALL:COMPLEMENTOFALL:!PSK:!SRP:+aNULL:+eNULL:@SECLEVEL=0")
    context.options |= _LEGACY_SERVER
    return shake_hands(server, context)


def _trusting(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file or _fallback_roots())
    except ssl.SSLError:
        problem = "holds no certificate in PEM form"
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    hint = "name a PEM file of root certificates with --ca-file"
    raise UsageError(f"the file of trusted roots {ca_file} {problem}", hint=hint)


def _fallback_roots() -> str | None:
    """Give the roots that come with requests where the machine has none, as in slim containers."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or _has_files(paths.capath):
        return None
    import certifi

    return certifi.where()


def _has_files(folder: str | None) -> bool:
    with suppress(OSError):
        return any(Path(folder).iterdir()) if folder else False
    return False
