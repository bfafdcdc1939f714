"""The kinds of error pages of the account and of zones."""

from __future__ import annotations

from typing import Any

from ops.kinds.collection import Verbs, collection, outside_plans
from ops.kinds.resource import Resource

VOLATILE = ("preview_target", "required_tokens", "description")
SENT = Verbs(create=False, delete=False, sent=("state", "url"))


def _pages(kind: str, path: str, needs: str, **more: Any) -> Resource:
    return collection(kind, path, needs, identity=("id",), label="id", volatile=VOLATILE, verbs=SENT, **more)


RESOURCES = (
    _pages(
        "error_pages.account", "/accounts/{account}/custom_pages", "Account > Account Custom Pages > Read"
    ),
    _pages(
        "error_pages.zone",
        "/zones/{zone}/custom_pages",
        "Zone > Custom Pages > Read",
        gate=outside_plans("free"),
    ),
)
