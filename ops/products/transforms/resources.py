"""The kinds of transformations of zones: managed headers, normalization of URLs."""

from __future__ import annotations

from ops.kinds.collection import PATCH, single

RESOURCES = (
    single(
        "transforms.managed",
        "/zones/{zone}/managed_headers",
        "Zone > Managed Headers > Read",
        method=PATCH,
        label="managed_request_headers",
    ),
    single(
        "transforms.url_normalization",
        "/zones/{zone}/url_normalization",
        "Zone > Transform Rules > Read",
        label="type",
    ),
)
