"""The kinds of notifications: policies, and the webhooks that they call."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection, lost
from ops.kinds.resource import Restore

READ = "Account > Notifications > Read"
RESOURCES = (
    collection(
        "notifications.webhook",
        "/accounts/{account}/alerting/v3/destinations/webhooks",
        READ,
        identity=("name",),
        volatile=("last_success", "last_failure", "type"),
        secret=("url", "secret"),
        # Its secret is never returned: an update without it would remove it.
        verbs=Verbs(update=""),
        restore=Restore(named="Cloudflare calls a new webhook once", not_restored=lost("its secret")),
        terraform="cloudflare_notification_policy_webhooks",
    ),
    collection(
        "notifications.policy",
        "/accounts/{account}/alerting/v3/policies",
        READ,
        identity=("alert_type", "name"),
        types={"alert_type": str},
        read_only=("conditions",),
        restore=Restore(
            mentions=(
                "notifications.webhook",
                "load_balancers.pool",
                "tunnels.tunnel",
                "access.service_token",
                "zones.zone",
            )
        ),
        terraform="cloudflare_notification_policy",
    ),
)
