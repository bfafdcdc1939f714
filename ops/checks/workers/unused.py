"""Namespaces, buckets, databases and queues that no Worker or Pages project is bound to."""

from __future__ import annotations

from ops.checks.model import ACCOUNT, Check, Found, Subject, View
from ops.items import reach
from ops.snapshots.usage import names_of, users_of
from ops.snapshots.whole import NotRead

# The kinds with their severity; "" is that of the check. Others than Workers use buckets, with S3 keys.
KINDS = {"kv.namespace": "", "r2.bucket": "info", "d1.database": "", "queues.queue": ""}


def _judge(view: View) -> Found:
    gaps: dict[str, NotRead] = {}
    for kind, severity in KINDS.items():
        resource = view.sections.resources[kind]
        try:
            items, used = view.items(kind), users_of(view.sections, kind)
        except NotRead as gap:
            gaps[gap.kind] = gap
            continue
        for item in items:
            if not names_of(resource, item) & used.keys():
                problem = "no Worker and no Pages project here is bound to it"
                name = f"{kind} {reach(item, resource.label)}"
                yield Subject(kind, name, problem, item, severity)
    yield from gaps.values()


CHECK = Check(
    id="unused",
    severity="low",
    title="Nothing is bound to it",
    why="Forgotten data is paid for, and is found by the next leak.",
    needs=("workers.script",),
    also=(*KINDS, "workers.settings", "pages.project"),
    judge=_judge,
    fix="look at what it holds (inv kv.keys, inv r2.show), then delete it",
    judges=ACCOUNT,
    caution="Buckets are info only: S3 keys and other accounts use them too. It counts what is bound in this"
    " account.",
)
