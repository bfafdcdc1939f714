"""The kinds of SSL/TLS: certificates of a zone at Cloudflare's edge."""

from __future__ import annotations

from ops.kinds.collection import PATCH, READ_ONLY, Verbs, collection, single
from ops.kinds.paging import ANY, Pages, Single, Whole
from ops.kinds.resource import Compare, Resource, Restore, Where, Writes
from ops.products.ssl import api
from ops.products.zones.api import get_universal_ssl

ZONE = "zones.zone"
READ = "Zone > SSL and Certificates > Read"
_PULLS = "/zones/{zone}/origin_tls_client_auth"
_CERTIFICATE = (
    "id", "status", "validation_records", "dcv_delegation_records", "txt_name", "txt_value", "issuer",
    "expires_on", "serial_number", "signature", "uploaded_on", "hosts", "validation_errors", "http_url",
    "http_body", "cname", "cname_target",
)  # fmt: skip
HOSTNAME = collection(
    "ssl.hostname",
    "/zones/{zone}/custom_hostnames",
    READ,
    identity=("hostname",),
    label="hostname",
    paging=Pages(api.PAGE),
    volatile=(
        "status",
        "ownership_verification",
        "ownership_verification_http",
        "verification_errors",
        *(f"ssl.{name}" for name in _CERTIFICATE),
    ),
    secret=("ssl.custom_key",),
    verbs=Verbs(
        update=PATCH,
        sent=("hostname", "ssl", "custom_metadata", "custom_origin_server", "custom_origin_sni"),
    ),
    terraform="cloudflare_custom_hostname",
)

RESOURCES = (
    Resource(
        kind="ssl.pack",
        parent=ZONE,
        path="/zones/{zone}/ssl/certificate_packs?status=all",
        paging=Pages(api.PAGE, least=5),
        needs=READ,
        task="ssl.packs",
        identity=("id",),
        label="type",
        # Renewal replaces the certificates inside a pack.
        compare=Compare(volatile=("certificates", "primary_certificate", "validation_records")),
        deep=True,
        self_changing=True,
        restore=Restore(unsupported="Cloudflare issues them"),
        lifetime=api.pack_lifetime,
    ),
    Resource(
        kind="ssl.universal",
        parent=ZONE,
        path="/zones/{zone}/ssl/universal/settings",
        paging=Single(),
        needs=READ,
        identity=(),
        label="enabled",
        compare=Compare(read_only=("certificate_authority",)),
        deep=True,
        writes=Writes(
            find=lambda client, zone, _item: get_universal_ssl(client, zone.id),
            update=lambda client, zone, _before, after: api.edit_universal(
                client, zone.id, enabled=after["enabled"]
            ),
        ),
    ),
    Resource(
        kind="ssl.verification",
        parent=ZONE,
        path="/zones/{zone}/ssl/verification",
        paging=Whole(),
        needs=READ,
        identity=("cert_pack_uuid", "hostname", "signature"),
        types={"hostname": str, "signature": str},
        key="cert_pack_uuid",
        label="certificate_status",
        deep=True,
        self_changing=True,
        restore=Restore(unsupported="Cloudflare reports them"),
    ),
    Resource(
        kind="ssl.certificate",
        parent=ZONE,
        path="/zones/{zone}/custom_certificates",
        paging=Pages(api.PAGE),
        needs=READ,
        identity=("id",),
        label="hosts",
        compare=Compare(volatile=("modified_on",)),
        deep=True,
        self_changing=True,
        restore=Restore(unsupported="Cloudflare never returns their private keys"),
        lifetime=api.lifetime,
    ),
    HOSTNAME,
    single(
        "ssl.fallback_origin",
        "/zones/{zone}/custom_hostnames/fallback_origin",
        READ,
        sent=("origin",),
        absent=ANY,
        delete=True,
        where=Where("ssl.hostname", "the zone has no custom hostname"),
        volatile=("status", "errors"),
        label="origin",
    ),
    single(
        "ssl.client_hosts",
        "/zones/{zone}/certificate_authorities/hostname_associations",
        READ,
        sent=("hostnames",),
        unordered=("hostnames",),
        label="hostnames",
    ),
    single(
        "ssl.total_tls",
        "/zones/{zone}/acm/total_tls",
        READ,
        method="POST",
        sent=("enabled", "certificate_authority"),
        volatile=("validity_period", "validity_days"),
        restore=Restore(named="it orders certificates, which cost money"),
    ),
    single(
        "ssl.aop",
        f"{_PULLS}/settings",
        READ,
        sent=("enabled",),
    ),
    collection(
        "ssl.aop_certificate",
        _PULLS,
        READ,
        identity=("id",),
        label="expires_on",
        volatile=("status", "uploaded_on", "private_key"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="Cloudflare never returns their private keys"),
        terraform="cloudflare_authenticated_origin_pulls_certificate",
    ),
    collection(
        "ssl.aop_hostname",
        f"{_PULLS}/hostnames/certificates",
        READ,
        # The documents do not agree whether the list holds certificates or hostnames with theirs.
        identity=("hostname", "serial_number", "cert_id", "id"),
        types={"hostname": str, "serial_number": str, "cert_id": str, "id": str},
        label="hostname",
        volatile=("status", "cert_status", "cert_updated_at", "cert_uploaded_on", "uploaded_on"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="Cloudflare never returns the private keys of their certificates"),
    ),
    collection(
        "ssl.client_certificate",
        "/zones/{zone}/client_certificates",
        READ,
        identity=("serial_number",),
        types={"serial_number": str},
        label="common_name",
        paging=Pages(50, least=5),
        volatile=("status",),
        verbs=READ_ONLY,
        restore=Restore(unsupported="a new one has another key"),
    ),
    collection(
        "ssl.origin_ca",
        "/certificates?zone_id={zone}",
        READ,
        parent=ZONE,
        identity=("id",),
        label="hostnames",
        paging=Pages(50, least=5),
        verbs=READ_ONLY,
        restore=Restore(unsupported="Cloudflare never had their private keys"),
    ),
)
