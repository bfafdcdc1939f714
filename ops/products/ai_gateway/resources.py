"""The kinds of AI Gateway: gateways."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection
from ops.kinds.paging import Pages

RESOURCES = (
    collection(
        "ai_gateway.gateway",
        "/accounts/{account}/ai-gateway/gateways",
        "Account > AI Gateway > Read",
        identity=("id",),
        label="id",
        paging=Pages(100, least=5),
        volatile=("modified_at", "is_default"),
        secret=("otel.authorization", "stripe.authorization"),
        verbs=Verbs(
            sent=(
                "id", "authentication", "cache_invalidate_on_update", "cache_ttl", "collect_logs", "dlp",
                "guardrails", "log_management", "log_management_strategy", "logpush", "logpush_public_key",
                "otel", "rate_limiting_interval", "rate_limiting_limit", "rate_limiting_technique",
                "retry_backoff", "retry_delay", "retry_max_attempts", "spend_limits", "store_id", "stripe",
                "zdr",
            )
        ),
        deep=True,
        lost="its logs",
        terraform="cloudflare_ai_gateway",
    ),
)  # fmt: skip
