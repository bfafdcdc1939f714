"""The kinds of Logpush: jobs of the account and of zones."""

from __future__ import annotations

from typing import Any

from ops.kinds.collection import collection, outside_plans
from ops.kinds.resource import Resource

READ = "> Logs > Edit"
VOLATILE = ("last_complete", "last_error", "error_message", "time_created", "frequency")


def _job(kind: str, path: str, needs: str, **more: Any) -> Resource:
    return collection(
        kind,
        path,
        needs,
        identity=("dataset", "name"),
        types={"id": int, "dataset": str, "name": str},
        volatile=VOLATILE,
        fixed=("dataset",),
        secret=("destination_conf", "ownership_challenge"),
        terraform="cloudflare_logpush_job",
        **more,
    )


RESOURCES = (
    _job("logpush.job", "/accounts/{account}/logpush/jobs", "Account > Logs > Edit"),
    _job(
        "logpush.zone_job",
        "/zones/{zone}/logpush/jobs",
        "Zone > Logs > Edit",
        gate=outside_plans("free", "pro", "business"),
    ),
)
