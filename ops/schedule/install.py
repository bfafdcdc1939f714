"""The files of a scheduled job, and the commands that install them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ops.schedule import cron, github, kubernetes, systemd
from ops.schedule.job import BUCKET_KEYS, MONITOR

if TYPE_CHECKING:
    from pathlib import Path

    from ops.schedule.job import ScheduledJob

PLATFORMS = ("cron", "systemd", "github", "kubernetes")


def files(platform: str, job: ScheduledJob) -> dict[str, str]:
    """Return the text of each file by its name."""
    if platform == "systemd":
        return {f"{job.name}.service": systemd.service(job), f"{job.name}.timer": systemd.timer(job)}
    if platform == "cron":
        return {f"{job.name}.crontab": cron.crontab(job)}
    if platform == "github":
        return {f"{job.name}.yml": github.workflow(job)}
    return {f"{job.name}.cronjob.yml": kubernetes.cron_jobs(job)}


def text(platform: str, job: ScheduledJob) -> str:
    """Return all files as one text; where there are several, each below a comment with its place."""
    found = files(platform, job)
    if len(found) == 1:
        return "".join(found.values())
    return "\n".join(f"# {systemd.FOLDER}/{name}\n{content}" for name, content in found.items())


def commands(platform: str, job: ScheduledJob, folder: Path) -> list[str]:
    """Return what to type once the files are in *folder*; none of it has a secret as an argument."""
    at = {name: shlex.quote(str(folder / name)) for name in files(platform, job)}
    place = f"-o {shlex.quote(job.user)} /dev/stdin {shlex.quote(str(job.token_file))}"
    # Each profile names the place of its own token.
    store_token = [] if job.profiles else [f"sudo install -D -m 0600 {place}"]
    keys = [*(BUCKET_KEYS if job.bucket is not None else ()), *([MONITOR] if job.ping else ())]
    if platform == "cron":
        return [*store_token, f"{{ crontab -l; cat {at[f'{job.name}.crontab']}; }} | crontab -"]
    if platform == "systemd":
        return [
            *store_token,
            f"sudo install -m 0644 {' '.join(at.values())} {systemd.FOLDER}/",
            "sudo systemctl daemon-reload",
            f"sudo systemctl enable --now {job.name}.timer",
        ]
    if platform == "github":
        secrets = ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", *keys]
        environments = [f" --env {shlex.quote(name)}" for name in job.profiles] or [""]
        return [
            f"install -D -m 0644 {at[f'{job.name}.yml']} .github/workflows/{job.name}.yml",
            f"git add .github/workflows/{job.name}.yml",
            f"git commit -m 'Export the account {job.every.lower()}' && git push",
            *(
                f"gh api --method PUT repos/{{owner}}/{{repo}}/environments/{shlex.quote(name)}"
                for name in job.profiles
            ),
            *(f"gh secret set {name}{where}" for where in environments for name in secrets),
        ]
    return [
        *(
            f"kubectl create secret generic {name} "
            + " ".join(f"--from-file={key}={folder}{key}" for key in kubernetes.keys(job))
            for name, folder in kubernetes.names(job).items()
        ),
        f"kubectl apply -f {at[f'{job.name}.cronjob.yml']}",
    ]
