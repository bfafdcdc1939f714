"""The kinds of Access: applications, policies, groups and what they name."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ops.errors import NotFound, UserError
from ops.items import Json, reach
from ops.kinds.collection import READ_ONLY, Verbs, collection, lost, only_where, single
from ops.kinds.resource import Owner, Restore, address
from ops.products.accounts.resources import ORGANIZATION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ops.http.client import Client
    from ops.kinds.resource import Resource

APPS, IDENTITY = (
    "Account > Access: Apps and Policies > Read",
    ("Account > Access: Organizations, Identity Providers, and Groups > Read"),
)
ACCESS = "/accounts/{account}/access"
CUSTOM_PAGES = f"{ACCESS}/custom_pages"
# What identifies users without a client secret.
WITHOUT_SECRET = ("onetimepin", "saml")


def _secret_of_provider(provider: Json, live: Json | None, _now: float) -> str:
    """Return which secret of *provider* must be given by hand; "" if it can be written without one."""
    if provider.get("type") not in WITHOUT_SECRET:
        return (
            "Cloudflare never returns its client secret (config.client_secret), and a write without it would"
            " remove it: create or change it by hand, with a secret of the identity provider"
        )
    if reach(live or {}, "scim_config.enabled"):
        return "a write would remove the secret of its SCIM (scim_config.secret): change it by hand"
    return ""


def _whole_page(client: Client, account: Owner, head: Json, earlier: Json | None) -> Json:
    """Return a page with its HTML, which the list lacks."""
    if earlier and "custom_html" in earlier and earlier.get("updated_at") == head.get("updated_at", ""):
        return {**earlier, **head}
    return client.get(address(CUSTOM_PAGES, account).below("{}", head["uid"]))


def _organization(declared: Resource, client: Client, account: Owner) -> Iterable[Json]:
    """Return the organization; none for an account that has never set Zero Trust up."""
    try:
        return list(declared.list(client, account))
    except UserError as error:
        if isinstance(error, NotFound) or "not_enabled" in error.message or "not enabled" in error.message:
            return ()
        raise


_ORGANIZATION = single(
    "access.organization",
    f"{ACCESS}/organizations",
    IDENTITY,
    volatile=("has_migrated_private_apps",),
    label="auth_domain",
    restore=Restore(named="its login page and session rules reach everybody who logs in"),
)
PROVIDER = collection(
    "access.identity_provider",
    f"{ACCESS}/identity_providers",
    IDENTITY,
    identity=("type", "name"),
    types={"type": str},
    volatile=("uid", "version", "config.redirect_url", "scim_config.scim_base_url"),
    secret=("config.client_secret", "scim_config.secret"),
    read_only=("read_only", "saml_certificate_set"),
    fixed=("type",),
    restore=Restore(
        blocked=_secret_of_provider,
        not_restored=lambda provider, live: (
            ["the secret and the address of its SCIM, which its identity provider needs again"]
            if not live and reach(provider, "scim_config.enabled")
            else []
        ),
    ),
    terraform="cloudflare_zero_trust_access_identity_provider",
)
GROUP = collection(
    "access.group",
    f"{ACCESS}/groups",
    IDENTITY,
    volatile=("uid",),
    restore=Restore(mentions=("access.identity_provider", "gateway.list", "access.service_token")),
    terraform="cloudflare_zero_trust_access_group",
)
TOKEN = collection(
    "access.service_token",
    f"{ACCESS}/service_tokens",
    "Account > Access: Service Tokens > Read",
    volatile=("client_id", "expires_at", "last_seen_at"),
    secret=("client_secret",),
    verbs=READ_ONLY,
    restore=Restore(unsupported="Cloudflare shows their secrets only once"),
    terraform="cloudflare_zero_trust_access_service_token",
)
POLICY = collection(
    "access.policy",
    f"{ACCESS}/policies",
    APPS,
    identity=("name", "decision"),
    types={"decision": str},
    volatile=("uid", "app_count", "account_id"),
    restore=Restore(
        mentions=(
            "access.group",
            "access.identity_provider",
            "access.service_token",
            "gateway.list",
            "devices.posture",
        )
    ),
    terraform="cloudflare_zero_trust_access_policy",
)
APP = collection(
    "access.app",
    f"{ACCESS}/apps",
    APPS,
    identity=("type", "name", "domain"),
    types={"type": str, "name": str, "domain": str},
    volatile=("uid", "aud"),
    secret=(
        "saas_app.client_secret",
        "scim_config.authentication.password",
        "scim_config.authentication.token",
    ),
    restore=Restore(
        mentions=("access.policy", "access.identity_provider", "access.custom_page", "access.tag"),
        not_restored=lost("its audience tag (aud): servers that check it must be changed"),
    ),
    lost="its audience tag (aud), which servers check",
    terraform="cloudflare_zero_trust_access_application",
)
RESOURCES = only_where(
    ORGANIZATION,
    _ORGANIZATION._replace(listing=partial(_organization, _ORGANIZATION)),
    PROVIDER,
    GROUP,
    TOKEN,
    collection(
        "access.tag", f"{ACCESS}/tags", APPS, key="name", volatile=("app_count",), verbs=Verbs(update="")
    ),
    collection(
        "access.custom_page",
        CUSTOM_PAGES,
        "Account > Access: Custom Pages > Read",
        key="uid",
        volatile=("app_count",),
        whole=_whole_page,
        restore=Restore(
            blocked=lambda page, _live, _now: (
                "" if "custom_html" in page else "the snapshot does not hold its HTML"
            )
        ),
        terraform="cloudflare_zero_trust_access_custom_page",
    ),
    collection(
        "access.certificate",
        f"{ACCESS}/certificates",
        "Account > Access: Mutual TLS Certificates > Read",
        identity=("fingerprint",),
        types={"fingerprint": str},
        volatile=("expires_on",),
        unordered=("associated_hostnames",),
        verbs=Verbs(create=False, delete=False, sent=("name", "associated_hostnames")),
        restore=Restore(unsupported="the API does not return the certificate"),
        terraform="cloudflare_zero_trust_access_mtls_certificate",
    ),
    POLICY,
    APP,
)
