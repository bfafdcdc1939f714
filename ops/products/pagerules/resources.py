"""The kinds of page rules: rules."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection
from ops.kinds.paging import Whole

RULE = collection(
    "pagerules.rule",
    "/zones/{zone}/pagerules",
    "Zone > Page Rules > Read",
    # A rule has no name, and two rules with the same targets differ by their priority.
    identity=("targets", "priority"),
    types={"targets": list, "priority": int},
    label="targets",
    paging=Whole(),
    verbs=Verbs(sent=("targets", "actions", "priority", "status")),
    terraform="cloudflare_page_rule",
)
RESOURCES = (RULE,)
