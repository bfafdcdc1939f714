"""The bindings of all Workers, for the checks about them."""

from __future__ import annotations

from collections.abc import Iterator

from ops.checks.model import View
from ops.items import Json
from ops.products.workers.bindings import KINDS
from ops.snapshots.whole import NotRead

SCRIPT, SETTINGS = "workers.script", "workers.settings"


def all_bindings(view: View) -> Iterator[tuple[str, Json, Json]]:
    """Yield each script whose settings were read, its settings, and each binding. Raises NotRead."""
    for script in view.items(SCRIPT):
        if view.sections.gap(SETTINGS, script["id"]) is None:
            for settings in view.sections.items(SETTINGS, script["id"]):
                yield from ((script["id"], settings, one) for one in settings.get("bindings") or ())


def bound_to(binding: Json) -> tuple[str, str]:
    """Return the kind and the key of what a binding is bound to; ("", "") if it names no item."""
    kind, fields = KINDS.get(str(binding.get("type")), ("", ()))
    key = next((str(binding[field]) for field in fields if binding.get(field)), "")
    return (kind, key) if key else ("", "")


def unread_settings(view: View) -> Iterator[NotRead]:
    """Yield the first of the scripts' settings that were not read, if any. Raises NotRead."""
    gaps = (view.sections.gap(SETTINGS, script["id"]) for script in view.items(SCRIPT))
    yield from [gap for gap in gaps if gap is not None][:1]
