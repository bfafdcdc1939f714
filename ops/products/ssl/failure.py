"""The failure that a check ends with, and the next command to type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.errors import NetworkError, OpsError, UserError
from ops.products.ssl.handshake import UNJUDGED

if TYPE_CHECKING:
    from ops.kinds.resource import Json

_CLOCK = "if `date -u` is wrong on this machine, set its clock; else "
_PACKS = "`inv ssl.packs --zone ZONE` shows what Cloudflare holds for the zone"
_RENEW = f"renew the certificate; {_PACKS}"
_NAMES = f"order a certificate that lists the name; {_PACKS}"
_OWN = "where your own authority is meant, name its root with --ca-file"
_SERVER = "change the server's TLS settings: TLS 1.2 or newer, with a certificate and ordinary ciphers"
_FIREWALL = "look for a firewall on the way, a wrong address or a wrong --port; --timeout gives it longer"

HINTS = {
    "unknown-host": "check the spelling; `inv dns.list --zone ZONE` shows the records of a zone",
    "no-resolver": "the resolver of this machine does not answer: see /etc/resolv.conf, then try again",
    "refused": "start the server, or give the port it listens on with --port",
    "unreachable": "check this machine's network and routes, for IPv6 too",
    "no-connection": _FIREWALL,
    "silent": _FIREWALL,
    "stalled": _FIREWALL,
    "closed": "the server or something before it refuses this client: see its log, or the --port",
    "not-tls": "give the port that speaks TLS with --port (443 for HTTPS)",
    "expired": _CLOCK + _RENEW,
    "not-yet-valid": _CLOCK + "install a certificate that is valid today",
    "expires-now": _RENEW,
    "expires-soon": _RENEW,
    "no-names": _NAMES,
    "wrong-name": _NAMES,
    "unknown-name": _NAMES,
    "weak-key": "make a new key (EC P-256, or RSA with 2048 bits or more) and a certificate for it",
    "weak-signature": "have the certificate issued again with SHA-256",
    "wrong-purpose": "order a certificate for servers (extended key usage serverAuth)",
    "unreadable": "install the certificate again from what the authority delivered",
    "untrusted": "install the certificate again from what the authority delivered",
    "self-signed": f"order a certificate from an authority; {_OWN}",
    "unknown-root": f"order a certificate from a public authority; {_OWN}",
    "missing-intermediate": f"let the server send the intermediate too (often `fullchain.pem`); {_OWN}",
    "old-protocol": _SERVER,
    "anonymous": _SERVER,
    "no-encryption": _SERVER,
    "disagreed": f"often the name has no certificate there, or the server asks for the client's; {_PACKS}",
}


def failure(result: Json) -> OpsError | None:
    """Give the error that the result of `check` ends with, None where its verdict is ok or warning.

    NetworkError (exit code 3) when the server said nothing that could be judged, else UserError (1).
    """
    if result["verdict"] != "error":
        return None
    first = result["problems"][0]
    kind = NetworkError if first in UNJUDGED else UserError
    place = f"[{result['host']}]" if ":" in result["host"] else result["host"]
    message = f"{place}:{result['port']}: {'; '.join(result['reasons'])}"
    return kind(message, hint=HINTS[first])
