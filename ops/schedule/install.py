"""The files of a scheduled job, and the commands that install them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ops.schedule import cron, github, kubernetes, systemd
from ops.schedule.job import BUCKET_KEYS, MONITOR, NAME

if TYPE_CHECKING:
    from pathlib import Path

    from ops.schedule.job import ScheduledJob

PLATFORMS = ("cron", "systemd", "github", "kubernetes")


def files(platform: str, job: ScheduledJob) -> dict[str, str]:
    """Return the text of each file by its name."""
    if platform == "systemd":
        return {f"{NAME}.service": systemd.service(job), f"{NAME}.timer": systemd.timer(job)}
    if platform == "cron":
        return {f"{NAME}.crontab": cron.crontab(job)}
    if platform == "github":
        return {f"{NAME}.yml": github.workflow(job)}
    return {f"{NAME}.cronjob.yml": kubernetes.cron_job(job)}


def text(platform: str, job: ScheduledJob) -> str:
    """Return all files as one text; where there are several, each below a comment with its place."""
    found = files(platform, job)
    if len(found) == 1:
        return "".join(found.values())
    return "\n".join(f"# {systemd.FOLDER}/{name}\n{content}" for name, content in found.items())


def commands(platform: str, job: ScheduledJob, folder: Path) -> list[str]:
    """Return what to type once the files are in *folder*; none of it has a secret as an argument."""
    at = {name: shlex.quote(str(folder / name)) for name in files(platform, job)}
    store_token = (
        f"sudo install -D -m 0600 -o {shlex.quote(job.user)} /dev/stdin {shlex.quote(str(job.token_file))}"
    )
    keys = [*(BUCKET_KEYS if job.bucket is not None else ()), *([MONITOR] if job.ping else ())]
    if platform == "cron":
        return [store_token, f"{{ crontab -l; cat {at[f'{NAME}.crontab']}; }} | crontab -"]
    if platform == "systemd":
        return [
            store_token,
            f"sudo install -m 0644 {' '.join(at.values())} {systemd.FOLDER}/",
            "sudo systemctl daemon-reload",
            f"sudo systemctl enable --now {NAME}.timer",
        ]
    if platform == "github":
        secrets = ["CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ACCOUNT_ID", *keys]
        return [
            f"install -D -m 0644 {at[f'{NAME}.yml']} .github/workflows/{NAME}.yml",
            f"git add .github/workflows/{NAME}.yml",
            "git commit -m 'Export the account every day' && git push",
            *(f"gh secret set {name}" for name in secrets),
        ]
    named = " ".join(f"--from-file={key}={key}" for key in kubernetes.keys(job))
    return [f"kubectl create secret generic {NAME} {named}", f"kubectl apply -f {at[f'{NAME}.cronjob.yml']}"]
