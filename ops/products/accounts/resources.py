"""The kinds of accounts: the account's settings, and who may do what in it. A scan starts at the account."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection, single
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore, Where

READ = "Account > Account Settings > Read"
ORGANIZATION = Where("access.organization", "the account has no Zero Trust organization")
RESOURCES = (
    single(
        "accounts.account",
        "/accounts/{account}",
        READ,
        sent=("name", "type", "settings"),
        volatile=("managed_by", "legacy_flags", "settings.access_approval_expiry"),
        label="name",
        restore=Restore(named="enforcing two factors locks out members that have only one"),
    ),
    collection(
        "accounts.member",
        "/accounts/{account}/members",
        READ,
        identity=("user.email",),
        types={"user.email": str},
        label="user.email",
        paging=Pages(50, least=5),
        volatile=("user.id", "api_access_enabled"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="a member has to accept an invitation"),
    ),
    collection(
        "accounts.role",
        "/accounts/{account}/roles",
        READ,
        paging=Pages(50, least=5),
        verbs=READ_ONLY,
        deep=True,
        restore=Restore(unsupported="Cloudflare defines them"),
    ),
    collection(
        "accounts.token",
        "/accounts/{account}/tokens",
        "Account > API Tokens > Read",
        paging=Pages(50, least=5),
        volatile=("issued_on", "last_used_on"),
        secret=("value",),
        verbs=READ_ONLY,
        restore=Restore(unsupported="a new token has another value"),
    ),
    collection(
        "accounts.subscription",
        "/accounts/{account}/subscriptions",
        "Account > Billing > Read",
        identity=("rate_plan.id",),
        types={"rate_plan.id": str},
        label="rate_plan.public_name",
        volatile=("current_period_start", "current_period_end"),
        verbs=READ_ONLY,
        restore=Restore(unsupported="they cost money"),
    ),
)
