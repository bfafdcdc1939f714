"""The kinds of the user behind the token: its tokens. A token of an account may not read them."""

from __future__ import annotations

from ops.kinds.collection import READ_ONLY, collection
from ops.kinds.paging import Pages
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "user.token",
        "/user/tokens",
        "User > API Tokens > Read",
        paging=Pages(50, least=5),
        volatile=("issued_on", "last_used_on"),
        secret=("value",),
        verbs=READ_ONLY,
        # The list of permissions for custom tokens does not offer this one.
        deep=True,
        restore=Restore(unsupported="a new token has another value"),
    ),
)
