"""What SSL/TLS lends to scan, snapshot and compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.kinds.resource import Owner, Resource, Writes
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
        scope=ZONE,
        list=_packs,
        identity=("id",),
        label="type",
        # Renewal replaces the certificates inside a pack.
        volatile=("certificates", "primary_certificate", "validation_records"),
        needs=READ,
        reason="Cloudflare issues them",
    ),
    Resource(
        kind="ssl.universal",
        scope=ZONE,
        list=_universal,
        identity=(),
        label="enabled",
        deep=True,
        needs=READ,
        writes=Writes(find=_find_universal, update=_edit_universal, read_only=("certificate_authority",)),
    ),
    Resource(
        kind="ssl.verification",
        scope=ZONE,
        list=_verifications,
        identity=("cert_pack_uuid", "hostname", "signature"),
        key="cert_pack_uuid",
        label="certificate_status",
        deep=True,
        needs=READ,
        reason="they are told by Cloudflare",
    ),
    Resource(
        kind="ssl.certificate",
        scope=ZONE,
        list=_certificates,
        identity=("id",),
        label="hosts",
        volatile=("modified_on",),
        deep=True,
        needs=READ,
        reason="Cloudflare never gives their private keys",
    ),
    Resource(
        kind="ssl.hostname",
        scope=ZONE,
        list=_hostnames,
        identity=("hostname",),
        label="hostname",
        volatile=("id", "created_at", "ssl.id", "ssl.validation_records"),
        deep=True,
        needs=READ,
    ),
)
