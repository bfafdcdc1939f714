"""The task `schedule`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.cli.command import command
from ops.ui.shapes import Text

if TYPE_CHECKING:
    from ops.cli.app import App


@command(
    "schedule",
    help={
        "for_": "cron, systemd, github or kubernetes",
        "at": "time of day; local for cron and systemd, UTC for github and kubernetes",
        "only": "of the job: these kinds or products alone; may be repeated",
        "skip": "of the job: not these kinds or products; may be repeated",
        "deep": "of the job: also the kinds that take more requests",
        "kv": "of the job: keys, values or none",
        "encrypt_to": "of the job: an age public key; may be repeated",
        "guard": "of the job: percent that no kind may lose; 0 is no guard",
        "push": "of the job: s3://BUCKET/PREFIX that the snapshot is sent to",
        "prune": "of the job: what is kept, e.g. daily=7,weekly=4",
        "ping": "of the job: URL of a monitor",
        "token_file": "where the token lies on the machine, for cron and systemd",
        "image": "the container image, for kubernetes",
    },
)
def schedule(
    app: App,
    for_: str = "cron",
    at: str = "03:17",
    only: tuple[str, ...] = (),
    skip: tuple[str, ...] = (),
    deep: bool = False,
    kv: str = "keys",
    encrypt_to: tuple[str, ...] = (),
    guard: int = 30,
    push: str = "",
    prune: str = "",
    ping: str = "",
    token_file: str = "/etc/cfops/token",  # noqa: S107 (a place, no password)
    image: str = "registry.example.com/cfops",
) -> Text:
    """Print what runs an export every day: crontab line, systemd units, GitHub workflow or CronJob.

    inv schedule --for systemd --at 03:17 --prune daily=7,weekly=4
    inv schedule --for cron --push s3://backups/cloudflare
    inv schedule --for github --encrypt-to age1… > .github/workflows/cfops-export.yml
    """
    from ops.schedule.plan import plan

    job = {"only": only, "skip": skip, "deep": deep, "kv": kv, "encrypt_to": encrypt_to}
    job |= {"guard": guard, "push": push, "prune": prune, "ping": ping}
    return plan(app, for_, at, job, token_file, image)
