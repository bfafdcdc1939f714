"""The kinds of SSL/TLS: certificates of a zone at Cloudflare's edge."""

from __future__ import annotations

from ops.kinds.paging import Pages, Single, Whole
from ops.kinds.resource import Compare, Resource, Restore, Writes
from ops.products.ssl import api
from ops.products.zones.api import get_universal_ssl

ZONE = "zones.zone"
READ = "Zone > SSL and Certificates > Read"

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
        restore=Restore(unsupported="Cloudflare never returns their private keys"),
        lifetime=api.lifetime,
    ),
    Resource(
        kind="ssl.hostname",
        parent=ZONE,
        path="/zones/{zone}/custom_hostnames",
        paging=Pages(api.PAGE),
        needs=READ,
        identity=("hostname",),
        label="hostname",
        compare=Compare(volatile=("id", "created_at", "ssl.id", "ssl.validation_records")),
        deep=True,
    ),
)
