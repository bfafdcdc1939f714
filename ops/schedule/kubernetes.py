"""The export job as a CronJob of Kubernetes."""

from __future__ import annotations

from typing import Any

from ops.schedule.job import BUCKET_KEYS, JITTER, MONITOR, NAME, ScheduledJob, document, slugs

_SHELL = f'umask 077; sleep "$(shuf -i 0-{JITTER} -n 1)"; exec cfops "$@"'
_USER = 10001


def cron_jobs(job: ScheduledJob) -> str:
    """Return the manifest of a CronJob, for each profile its own. Times are UTC.

    A start that was missed is made up for within an hour, or half an hour if the next one is in an hour. A
    daily and an hourly job share the secret and the volume claim.
    """
    return "---\n".join(_cron_job(job, name) for name in names(job))


def names(job: ScheduledJob) -> dict[str, str]:
    """Return the names of the jobs, secrets and volume claims, each with the folder of its secrets."""
    return {f"{NAME}-{slug}": f"{slug}/" for slug in slugs(job.profiles).values()} or {NAME: ""}


def _cron_job(job: ScheduledJob, name: str) -> str:
    return document(
        (
            f"The secret {name} holds, each without a newline at its end: {', '.join(keys(job))}.",
            f"The volume claim {name} keeps the snapshots; {job.image} is that of .packaging/Dockerfile.",
        ),
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": f"{name}-hourly" if job.at.hourly else name},
            "spec": {
                "schedule": job.at.cron,
                "timeZone": "Etc/UTC",
                "concurrencyPolicy": "Forbid",
                "startingDeadlineSeconds": 1800 if job.at.hourly else 3600,
                "successfulJobsHistoryLimit": 3,
                "failedJobsHistoryLimit": 3,
                "jobTemplate": {"spec": _once(job, name)},
            },
        },
    )


def keys(job: ScheduledJob) -> list[str]:
    """Return the keys that the secret must have."""
    of_bucket = map(_key, BUCKET_KEYS if job.bucket is not None else ())
    return ["token", "account-id", *of_bucket, *(["monitor-url"] if job.ping else ())]


def _once(job: ScheduledJob, name: str) -> dict[str, Any]:
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
                "containers": [_container(job, name)],
                "volumes": [
                    {"name": "data", "persistentVolumeClaim": {"claimName": name}},
                    {"name": "tmp", "emptyDir": {}},
                ],
            }
        },
    }  # fmt: skip


def _container(job: ScheduledJob, name: str) -> dict[str, Any]:
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
            _secret(name, "CLOUDFLARE_API_TOKEN", "token"),
            _secret(name, "CLOUDFLARE_ACCOUNT_ID", "account-id"),
            *(_secret(name, key, _key(key)) for key in (BUCKET_KEYS if job.bucket is not None else ())),
            *({"name": key, "value": value} for key, value in (job.bucket or {}).items()),
            *([_secret(name, MONITOR, "monitor-url")] if job.ping else ()),
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


def _secret(secret: str, variable: str, key: str) -> dict[str, Any]:
    return {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": key}}}
