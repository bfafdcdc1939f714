"""The kinds of certificates for mutual TLS."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "mtls.certificate",
        "/accounts/{account}/mtls_certificates",
        "Account > Account: SSL and Certificates > Read",
        identity=("name", "serial_number"),
        types={"name": str, "serial_number": str},
        volatile=("uploaded_on", "expires_on"),
        read_only=("issuer", "signature", "updated_at"),
        verbs=Verbs(update="", sent=("ca", "certificates", "name")),
        restore=Restore(
            blocked=lambda certificate, _live, _now: (
                "" if certificate.get("ca") else "Cloudflare never returns its private key"
            )
        ),
        terraform="cloudflare_mtls_certificate",
    ),
)
