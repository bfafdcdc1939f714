"""Bindings to a namespace, bucket, database, queue or Worker that does not exist."""

from __future__ import annotations

from ops.checks.model import ACCOUNT, Check, Found, Subject, View
from ops.checks.workers.bindings import SCRIPT, SETTINGS, all_bindings, bound_to, unread_settings
from ops.items import Json
from ops.snapshots.usage import names_of
from ops.snapshots.whole import NotRead


def _judge(view: View) -> Found:
    yield from unread_settings(view)
    known: dict[str, set[str] | NotRead] = {}
    for script, settings, binding in all_bindings(view):
        kind, key = bound_to(binding)
        if not kind:
            continue
        if kind not in known:
            known[kind] = _known(view, kind)
        existing = known[kind]
        if isinstance(existing, NotRead) or key in existing or _is_elsewhere(view, kind, binding):
            continue
        problem = f"is bound to {key} ({kind}), which does not exist"
        yield Subject(SETTINGS, f"{script} {binding['name']}", problem, settings, scope=script)
    yield from (gap for gap in known.values() if isinstance(gap, NotRead))


def _known(view: View, kind: str) -> set[str] | NotRead:
    try:
        resource = view.sections.resources[kind]
        return {name for item in view.items(kind) for name in names_of(resource, item)}
    except NotRead as gap:
        return gap


def _is_elsewhere(view: View, kind: str, binding: Json) -> bool:
    """True if the target may be where it is not listed: another jurisdiction, or an own other account."""
    if kind == "r2.bucket" and binding.get("jurisdiction"):
        return all(one.get("jurisdiction") != binding["jurisdiction"] for one in view.items(kind))
    if kind == SCRIPT:
        return any(one.get("id") == binding.get("service") for one in view.elsewhere(kind))
    return False


CHECK = Check(
    id="binding-to-nothing",
    severity="high",
    title="A Worker is bound to something that does not exist",
    why="The Worker fails as soon as it uses the binding, and cannot be deployed again.",
    needs=(SCRIPT,),
    also=(SETTINGS, "kv.namespace", "r2.bucket", "d1.database", "queues.queue", "do.namespace"),
    judge=_judge,
    fix="inv workers.bindings SCRIPT, then change wrangler.toml and deploy",
    judges=ACCOUNT,
    caution="Buckets of a jurisdiction that no listing names, and services of another account with a snapshot"
    " here, are not reported.",
)
