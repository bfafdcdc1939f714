"""What SSL/TLS lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import Compare, Owner, Resource, Restore, Writes
from ops.products.ssl import api

if TYPE_CHECKING:
    from ops.http.client import Client, Listing
    from ops.kinds.resource import Json

ZONE = "zones.zone"
READ = "Zone > SSL and Certificates > Read"


def _packs(client: Client, zone: Owner) -> Listing:
    return api.list_packs(client, zone.id)


def _universal(client: Client, zone: Owner) -> list[Json]:
    return [api.get_universal(client, zone.id)]


def _find_universal(client: Client, zone: Owner, _item: Json) -> Json | None:
    return api.get_universal(client, zone.id)


def _edit_universal(client: Client, zone: Owner, _before: Json, after: Json) -> Json:
    return api.edit_universal(client, zone.id, enabled=after["enabled"])


def _verifications(client: Client, zone: Owner) -> Listing:
    return api.list_verifications(client, zone.id)


def _certificates(client: Client, zone: Owner) -> Listing:
    return api.list_custom_certificates(client, zone.id)


def _hostnames(client: Client, zone: Owner) -> Listing:
    return api.list_custom_hostnames(client, zone.id)


RESOURCES = (
    Resource(
        kind="ssl.pack",
        parent=ZONE,
        list=_packs,
        identity=("id",),
        label="type",
        # Renewal replaces the certificates inside a pack.
        compare=Compare(volatile=("certificates", "primary_certificate", "validation_records")),
        needs=READ,
        restore=Restore(unsupported="Cloudflare issues them"),
    ),
    Resource(
        kind="ssl.universal",
        parent=ZONE,
        list=_universal,
        identity=(),
        label="enabled",
        deep=True,
        needs=READ,
        compare=Compare(read_only=("certificate_authority",)),
        writes=Writes(find=_find_universal, update=_edit_universal),
    ),
    Resource(
        kind="ssl.verification",
        parent=ZONE,
        list=_verifications,
        identity=("cert_pack_uuid", "hostname", "signature"),
        key="cert_pack_uuid",
        label="certificate_status",
        deep=True,
        needs=READ,
        restore=Restore(unsupported="they are told by Cloudflare"),
    ),
    Resource(
        kind="ssl.certificate",
        parent=ZONE,
        list=_certificates,
        identity=("id",),
        label="hosts",
        compare=Compare(volatile=("modified_on",)),
        deep=True,
        needs=READ,
        restore=Restore(unsupported="Cloudflare never gives their private keys"),
    ),
    Resource(
        kind="ssl.hostname",
        parent=ZONE,
        list=_hostnames,
        identity=("hostname",),
        label="hostname",
        compare=Compare(volatile=("id", "created_at", "ssl.id", "ssl.validation_records")),
        deep=True,
        needs=READ,
    ),
)
