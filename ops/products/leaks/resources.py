"""The kinds of checks of leaked credentials."""

from __future__ import annotations

from ops.kinds.collection import POST, collection, single

CHECKS, READ = "/zones/{zone}/leaked-credential-checks", "Zone > Zone WAF > Read"
RESOURCES = (
    single("leaks.settings", CHECKS, READ, method=POST, sent=("enabled",)),
    # Both are expressions that say where a request has them.
    collection(
        "leaks.detection",
        f"{CHECKS}/detections",
        READ,
        identity=("username", "password"),
        types={"username": str, "password": str},
        label="username",
    ),
)
