"""The kinds of Vectorize: indexes."""

from __future__ import annotations

from ops.kinds.collection import Verbs, collection, lost
from ops.kinds.resource import Restore

RESOURCES = (
    collection(
        "vectorize.index",
        "/accounts/{account}/vectorize/v2/indexes",
        "Account > Vectorize > Read",
        key="name",
        fixed=("config",),
        verbs=Verbs(update="", sent=("name", "config", "description")),
        restore=Restore(not_restored=lost("its vectors")),
        lost="all its vectors",
    ),
)
