"""The export job as a workflow of GitHub Actions."""

from __future__ import annotations

import shlex

from ops.schedule.job import BUCKET_KEYS, JITTER, MONITOR, ScheduledJob, document
from ops.version import VERSION

# A tag can be moved, a commit cannot. Also those of our own workflows, which a test compares.
ACTIONS = {
    "actions/checkout": ("9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0", "v7.0.0"),
    "actions/setup-python": ("a309ff8b426b58ec0e2a45f0f869d46889d02405", "v6.2.0"),
    "actions/upload-artifact": ("043fb46d1a93c77aae656e7c1c64a875d1fc6a0a", "v7.0.1"),
}
_FOLDER = "${{ runner.temp }}/exports"


def workflow(job: ScheduledJob) -> str:
    """Return the workflow; a daily one keeps the snapshot as an artifact. Times are UTC."""
    owner = "environment of each profile" if job.profiles else "repository"
    text = document(
        (
            f".github/workflows/{job.name}.yml",
            f"Secrets of the {owner}: those that the step Export names. Times are UTC.",
        ),
        {
            "name": job.name,
            "on": {"schedule": [{"cron": job.at.cron}], "workflow_dispatch": {}},
            "permissions": {"contents": "read"},
            # A run that is under way is not cancelled by the next one, which waits.
            "concurrency": {"group": job.name, "cancel-in-progress": False},
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
    for commit, version in ACTIONS.values():
        text = text.replace(commit, f"{commit} # {version}")
    return text


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
    name = f"{job.name}-${{{{ matrix.profile }}}}" if job.profiles else job.name
    kept = f"{_FOLDER}/**/*.tar.gz.age" if job.encrypted else _FOLDER
    artifact: dict[str, object] = {
        "uses": _pinned("actions/upload-artifact"),
        # A partial snapshot is kept too.
        "if": "${{ !cancelled() }}",
        "with": {"name": name, "path": kept, "if-no-files-found": "error", "retention-days": 30},
    }
    return [
        {"uses": _pinned("actions/checkout"), "with": {"persist-credentials": False}},
        {"uses": _pinned("actions/setup-python"), "with": {"python-version": "3.13"}},
        {"run": f"pip install {shlex.quote(_requirement(job))}"},
        {"name": "Export", "env": environment, "run": script},
        # Those of an hourly job are in the bucket, where the next run finds its base.
        *([] if job.at.hourly else [artifact]),
    ]


def _pinned(action: str) -> str:
    return f"{action}@{ACTIONS[action][0]}"


def _requirement(job: ScheduledJob) -> str:
    """Return what pip installs: this version, or the repository itself where it is that of cfops."""
    extra = "[s3]" if job.bucket is not None else ""
    project = job.project / "pyproject.toml"
    if project.is_file() and 'name = "cfops"' in project.read_text(encoding="utf-8", errors="replace"):
        return f".{extra}"
    return f"cfops{extra}=={VERSION}"
