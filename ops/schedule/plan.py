"""From the options of `schedule` to the text that the chosen platform reads."""

from __future__ import annotations

import getpass
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.errors import UsageError
from ops.schedule import github, kubernetes, systemd
from ops.schedule.job import BUCKET_KEYS, JITTER, ScheduledJob, options, time_of_day
from ops.ui.shapes import Text

if TYPE_CHECKING:
    from ops.cli.app import App


def crontab(job: ScheduledJob) -> str:
    """Return the line and the comments before it. Times are local; a start that was missed is lost."""
    jitter = f'sleep "$(shuf -i 0-{JITTER} -n 1)"'
    told = {"CLOUDFLARE_API_TOKEN_FILE": str(job.token_file), **(job.bucket or {})}
    variables = " ".join(f"{name}={shlex.quote(value)}" for name, value in told.items())
    keys = f"# The bucket's keys: {' and '.join(BUCKET_KEYS)} in {job.project}/.env, mode 0600."
    line = f"{shlex.quote(str(job.program))} {shlex.join(job.words)}"
    command = f"umask 077; cd {shlex.quote(str(job.project))} && {jitter} && exec env {variables} {line}"
    return "\n".join(
        (
            "# The token lies in a file of mode 0600. The export locks itself, so two never run at once.",
            "# Cron mails what is printed: nothing unless something is wrong. A missed start is lost.",
            *([keys] if job.bucket is not None else ()),
            "SHELL=/bin/sh",
            # cron takes a bare % for the end of the line.
            f"{job.at.cron} {command.replace('%', chr(92) + '%')}",
            "",
        )
    )


PLATFORMS: dict[str, Callable[[ScheduledJob], str]] = {
    "cron": crontab,
    "systemd": systemd.units,
    "github": github.workflow,
    "kubernetes": kubernetes.cron_job,
}
_HERE = ("cron", "systemd")


def plan(app: App, platform: str, at: str, wanted: dict[str, Any], token_file: str, image: str) -> Text:
    """Return the text for *platform*. Raises UsageError for options that the job itself would refuse."""
    if platform not in PLATFORMS:
        raise UsageError(f"--for takes {', '.join(PLATFORMS)}, not {platform!r}", hint="--for systemd")
    _check(app, wanted)
    job = ScheduledJob(
        options({"quiet": True, **_fit(app, platform, wanted)}),
        time_of_day(at),
        project=Path(_printable("the project's folder", str(app.settings.project.resolve()))),
        program=_program(),
        token_file=Path(_printable("--token-file", token_file)),
        user=getpass.getuser(),
        image=_printable("--image", image),
        ping=wanted["ping"],
        encrypted=bool(wanted["encrypt_to"]),
        bucket=_bucket(app) if wanted["push"] else None,
    )
    if platform == "github" and not job.encrypted:
        app.warn(
            "the artifact holds the account in plain text for all who may read the repository: --encrypt-to"
        )
    return Text(PLATFORMS[platform](job))


def _check(app: App, wanted: dict[str, Any]) -> None:
    """Let the export judge its options, so that no schedule is printed that will never run."""
    from ops.commands import scan
    from ops.export.delivery import delivery
    from ops.scan import request

    kept = request.one_of(wanted["kv"], ("keys", "values", "none"))
    asked = request.read(wanted["only"], wanted["skip"], (), deep=wanted["deep"], values=kept)
    way = delivery(app.settings.exports, "", wanted["encrypt_to"], newest=not asked.narrowed)
    prune, push = scan.policy(wanted["prune"]), scan.push_address(wanted["push"])
    scan.JobOptions(wanted["guard"], prune, wanted["ping"], push).check(asked, way)
    if wanted["ping"]:
        from ops.http.outside import Outside

        Outside(wanted["ping"], app.settings, "--ping").close()


def _fit(app: App, platform: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the options that mean something on *platform*, but for the monitor."""
    fit = {**wanted, "ping": "", "kv": "" if wanted["kv"] == "keys" else wanted["kv"]}
    if platform in _HERE:
        settings = app.settings
        return {"account_id": settings.account_id, "profile": settings.profile, **fit}
    if platform == "github":
        app.note("a runner begins without earlier snapshots: there is nothing to guard by or to prune")
        return {**fit, "guard": 0, "prune": ""}
    return fit


def _bucket(app: App) -> dict[str, str]:
    """Return the variables that say where buckets are, as far as the settings say anything of it."""
    settings = app.settings
    told = {"CFOPS_S3_ENDPOINT": settings.s3_endpoint}
    if settings.origins.get("s3_region", "default") != "default":
        told["AWS_REGION"] = settings.s3_region
    return {name: _printable(name, value) for name, value in told.items() if value}


def _program() -> Path:
    """Return the `cfops` of the Python that runs this; a scheduler has no PATH to look along."""
    return Path(sys.executable).parent / "cfops"


def _printable(option: str, text: str) -> str:
    if not text or not text.isprintable():
        raise UsageError(f"{option} has to be plain text")
    return text
