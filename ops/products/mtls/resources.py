"""The kinds of certificates for mutual TLS."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "mtls.certificate",
        "/accounts/{account}/mtls_certificates",
        "Account > Account: SSL and Certificates > Read",
        identity=("name", "serial_number"),
        types={"name": str, "serial_number": str},
        volatile=("uploaded_on", "expires_on"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="Cloudflare never returns their private keys"),
        terraform="cloudflare_mtls_certificate",
    ),
)
