"""The export job as a CronJob of Kubernetes."""

from __future__ import annotations

from typing import Any

from ops.schedule.job import BUCKET_KEYS, JITTER, MONITOR, NAME, ScheduledJob, document

_SHELL = f'umask 077; sleep "$(shuf -i 0-{JITTER} -n 1)"; exec cfops "$@"'
_USER = 10001


def cron_job(job: ScheduledJob) -> str:
    """Return the manifest. Times are UTC; a start that was missed is made up for within an hour."""
    return document(
        (
            f"The secret {NAME} holds, each without a newline at its end: {', '.join(keys(job))}.",
            f"The volume claim {NAME} keeps the snapshots; {job.image} is your image with cfops in it.",
        ),
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": NAME},
            "spec": {
                "schedule": job.at.cron,
                "timeZone": "Etc/UTC",
                "concurrencyPolicy": "Forbid",
                "startingDeadlineSeconds": 3600,
                "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 3,
                "jobTemplate": {"spec": _once(job)},
            },
        },
    )


def keys(job: ScheduledJob) -> list[str]:
    """Return the keys that the secret must have."""
    of_bucket = map(_key, BUCKET_KEYS if job.bucket is not None else ())
    return ["token", "account-id", *of_bucket, *(["monitor-url"] if job.ping else ())]


def _once(job: ScheduledJob) -> dict[str, Any]:
    return {
        # The exit code of the one attempt is the result: what has gone wrong is for people to see.
        "backoffLimit": 0,
        "activeDeadlineSeconds": 6 * 3600,
        "template": {
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": False,
                "securityContext": {
                    "runAsNonRoot": True, "runAsUser": _USER, "runAsGroup": _USER, "fsGroup": _USER,
                    "seccompProfile": {"type": "RuntimeDefault"},
                },
                "containers": [_container(job)],
                "volumes": [
                    {"name": "data", "persistentVolumeClaim": {"claimName": NAME}},
                    {"name": "tmp", "emptyDir": {}},
                ],
            }
        },
    }  # fmt: skip


def _container(job: ScheduledJob) -> dict[str, Any]:
    return {
        "name": "export",
        "image": job.image,
        "command": ["/bin/sh", "-c", _SHELL, "export"],
        # Kubernetes would put a variable in the place of $(NAME).
        "args": [
            *(word.replace("$(", "$$(") for word in (*job.arguments, "--log-format=json")),
            *([f"--ping=$({MONITOR})"] if job.ping else ()),
        ],
        "workingDir": "/tmp",  # noqa: S108 (a volume of the container's own)
        "env": [
            _secret("CLOUDFLARE_API_TOKEN", "token"),
            _secret("CLOUDFLARE_ACCOUNT_ID", "account-id"),
            *(_secret(name, _key(name)) for name in (BUCKET_KEYS if job.bucket is not None else ())),
            *({"name": name, "value": value} for name, value in (job.bucket or {}).items()),
            *([_secret(MONITOR, "monitor-url")] if job.ping else ()),
            {"name": "CFOPS_EXPORTS", "value": "/data/exports"},
            {"name": "CFOPS_STATE_DIR", "value": "/data/state"},
            {"name": "CFOPS_CACHE_DIR", "value": "/tmp/cache"},  # noqa: S108 (the same)
        ],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 (the same)
    }


def _key(variable: str) -> str:
    return variable.lower().replace("_", "-")


def _secret(name: str, key: str) -> dict[str, Any]:
    return {"name": name, "valueFrom": {"secretKeyRef": {"name": NAME, "key": key}}}
