"""What a failure says of the section that it ended, and which failures end the whole scan."""

from __future__ import annotations

import re

from ops.errors import (
    CredentialsError,
    DiskError,
    Interrupted,
    NotFound,
    OpsError,
    PermissionDenied,
    RateLimited,
)
from ops.snapshots.sections import DENIED, FAILED, UNAVAILABLE

# After these every further request would end the same way, or there is no place to keep its answer.
ENDING = (CredentialsError, RateLimited, DiskError, Interrupted)

# Products that an account has not bought or not switched on answer 403 and 400 as well as 404, each in
# words of its own; the code differs from product to product.
_NOT_THERE = re.compile(
    r"not (?:been |yet )?(?:enabled|entitled|available|subscribed|allowed (?:on|for) (?:this|your) plan)"
    r"|\bplease enable\b|\bentitlement|\bsubscription\b|\bpurchase\b|\bupgrade\b"
    r"|\b(?:this|your|current|higher|paid|enterprise|business) plan\b",
    re.IGNORECASE,
)


def status_of(error: OpsError) -> str:
    """Return the status of a section that *error* ended; a 404 is "unavailable" until more is known."""
    if isinstance(error, NotFound):
        return UNAVAILABLE
    refused = error.status is not None and 400 <= error.status < 500
    if refused and _NOT_THERE.search(error.message):
        return UNAVAILABLE
    return DENIED if isinstance(error, PermissionDenied) else FAILED
