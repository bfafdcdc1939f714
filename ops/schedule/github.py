"""The export job as a workflow of GitHub Actions."""

from __future__ import annotations

import shlex

from ops.schedule.job import BUCKET_KEYS, JITTER, MONITOR, NAME, ScheduledJob, document

_FOLDER = "${{ runner.temp }}/exports"


def workflow(job: ScheduledJob) -> str:
    """Return the workflow, which keeps the snapshot as an artifact. Times are UTC."""
    owner = "environment of each profile" if job.profiles else "repository"
    return document(
        (
            f".github/workflows/{NAME}.yml",
            f"Secrets of the {owner}: those that the step Export names. Times are UTC.",
            "Pin the actions to commits: a tag can be moved.",
        ),
        {
            "name": NAME,
            "on": {"schedule": [{"cron": job.at.cron}], "workflow_dispatch": {}},
            "permissions": {"contents": "read"},
            # A run that is under way is not cancelled by the next one, which waits.
            "concurrency": {"group": NAME, "cancel-in-progress": False},
            "jobs": {
                "export": {
                    **(_matrix(job) if job.profiles else {}),
                    "runs-on": "ubuntu-latest",
                    "timeout-minutes": 120,
                    "steps": _steps(job),
                }
            },
        },
    )


def _matrix(job: ScheduledJob) -> dict[str, object]:
    """Return what runs the job for each profile, with the secrets of the environment of that name."""
    matrix = {"profile": list(job.profiles)}
    return {"strategy": {"fail-fast": False, "matrix": matrix}, "environment": "${{ matrix.profile }}"}


def _steps(job: ScheduledJob) -> list[dict[str, object]]:
    keys = BUCKET_KEYS if job.bucket is not None else ()
    secrets = ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", *keys, *([MONITOR] if job.ping else ()))
    known = {"CFOPS_EXPORTS": _FOLDER, **(job.bucket or {})}
    ping = f' "--ping=${MONITOR}"' if job.ping else ""
    # The shell ends with the exit code of its last line: 4, say, turns the run red.
    script = f"umask 077\nsleep $((RANDOM % {JITTER}))\ncfops {shlex.join(job.arguments)}{ping}\n"
    environment = {name: f"${{{{ secrets.{name} }}}}" for name in secrets} | known
    name = f"{NAME}-${{{{ matrix.profile }}}}" if job.profiles else NAME
    kept = f"{_FOLDER}/**/*.tar.gz.age" if job.encrypted else _FOLDER
    return [
        {"uses": "actions/checkout@v4", "with": {"persist-credentials": False}},
        {"uses": "actions/setup-python@v5", "with": {"python-version": "3.12"}},
        {"run": "pip install ." if job.bucket is None else "pip install '.[s3]'"},
        {"name": "Export", "env": environment, "run": script},
        {
            "uses": "actions/upload-artifact@v4",
            # A partial snapshot is kept too.
            "if": "${{ !cancelled() }}",
            "with": {"name": name, "path": kept, "if-no-files-found": "error", "retention-days": 30},
        },
    ]
