"""The task `schedule`: prints what runs an export every day or hour."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.cli.command import command
from ops.errors import Refused, UsageError
from ops.ui.shapes import Text
from ops.version import VERSION

if TYPE_CHECKING:
    from ops.cli.app import App
    from ops.schedule.job import ScheduledJob


@command(
    "schedule",
    help={
        "for_": "cron, systemd, github or kubernetes",
        "at": "time of day; local for cron and systemd, UTC for github and kubernetes",
        "hourly": "every hour at the minute of --at, as a light snapshot (--since latest)",
        "only": "job: only these kinds or products; may be repeated",
        "skip": "job: not these kinds or products; may be repeated",
        "deep": "job: also the kinds that need more requests",
        "kv": "job: keys, values or none",
        "encrypt_to": "job: encrypt for this age public key; may be repeated",
        "guard": "job: the percentage that no kind may lose; 0 for no guard",
        "push": "job: send the snapshot to s3://BUCKET/PREFIX",
        "prune": "job: the snapshots to keep, e.g. daily=7,weekly=4",
        "ping": "job: URL of a monitor",
        "token_file": "the file of the token on the machine, for cron and systemd",
        "image": "the container image, for kubernetes",
        "each_profile": "for each profile: a matrix of github, a CronJob each of kubernetes, else one job",
        "to": "write the files into this folder instead of printing them",
    },
)
def schedule(
    app: App,
    for_: str = "cron",
    at: str = "03:17",
    hourly: bool = False,
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
    image: str = f"registry.example.com/cfops:{VERSION}",
    each_profile: bool = False,
    to: str = "",
) -> Text | None:
    """Print what runs an export every day or hour: crontab line, systemd units, GitHub workflow or CronJob.

    Ends with the commands that install it.

    inv schedule --for systemd --at 03:17 --prune daily=7,weekly=4 --to units
    inv schedule --for github --encrypt-to age1… > .github/workflows/cfops-export.yml
    inv schedule --for kubernetes --each-profile --push s3://backups/cloudflare
    """
    from ops.schedule import install

    wanted = {"only": only, "skip": skip, "deep": deep, "kv": kv, "encrypt_to": encrypt_to}
    wanted |= {"guard": guard, "push": push, "prune": prune, "ping": ping}
    wanted |= {"since": _base(app, for_, wanted) if hourly else ""}
    profiles = _profiles(app) if each_profile else ()
    job = _job(app, for_, at, wanted, token_file, image)._replace(profiles=profiles)
    if for_ == "github" and not job.encrypted and not hourly:
        app.warn("everyone who can read the repository can read the artifact: use --encrypt-to")
    folder = Path(to or "DIR")
    if to:
        _write(app, folder, install.files(for_, job))
    else:
        # The commands come last, below the text and its pager.
        app.show(Text(install.text(for_, job)))
    _say_how_to_install(app, install.commands(for_, job, folder), written=bool(to))
    return None


def _base(app: App, platform: str, wanted: dict[str, Any]) -> str:
    """Return the snapshot that an hourly job carries sections over from. Raises UsageError without one."""
    if wanted["encrypt_to"]:
        problem = "an hourly job reads the last snapshot, so the machine would need the key of encrypted ones"
        raise UsageError(problem, hint="omit --encrypt-to or --hourly")
    if platform == "github" and not wanted["push"]:
        problem = "an hourly job reads the last snapshot, and a runner has none: it must be in a bucket"
        raise UsageError(problem, hint="--hourly --push s3://backups/cloudflare")
    if not wanted["prune"] or platform == "github":
        where = f" --from {wanted['push']}" if platform == "github" else ""
        app.warn(f"24 snapshots a day are kept until `inv snapshots.prune{where}` or --prune removes them")
    return f"{wanted['push'].rstrip('/')}/latest" if platform == "github" else "latest"


def _say_how_to_install(app: App, commands: list[str], *, written: bool) -> None:
    app.note(f"to install it{'' if written else ', write it to files with --to DIR, then'}:")
    if "/dev/stdin" in commands[0]:
        app.note("  # the first command waits for the token: paste it, then press Enter and Ctrl-D")
    for line in commands:
        app.note(f"  {line}")


def _write(app: App, folder: Path, files: dict[str, str]) -> None:
    """Write the files; one that exists with another content is kept, and refused."""
    from ops.files.disk import atomic, explained, open_regular, private_folder

    for name, text in files.items():
        path = folder / name
        with explained(path, "read"), suppress(FileNotFoundError), open_regular(path) as file:
            if file.read() != text.encode():
                raise Refused(f"{path} exists with another content", hint="remove it, or choose another --to")
    private_folder(folder)
    for name, text in files.items():
        with atomic(folder / name) as file:
            file.write(text.encode())
        app.note(f"{folder / name} written")


def _job(
    app: App, platform: str, at: str, wanted: dict[str, Any], token_file: str, image: str
) -> ScheduledJob:
    from ops.schedule.install import PLATFORMS
    from ops.schedule.job import ScheduledJob, options, time_of_day

    if platform not in PLATFORMS:
        raise UsageError(f"--for takes {', '.join(PLATFORMS)}, not {platform!r}", hint="--for systemd")
    _check(app, wanted)
    return ScheduledJob(
        options({"quiet": True, **_for_platform(app, platform, wanted)}),
        time_of_day(at, hourly=bool(wanted["since"])),
        project=Path(_plain("the project's folder", str(app.settings.project.resolve()))),
        # A scheduler has no useful PATH.
        program=Path(sys.executable).parent / "cfops",
        token_file=Path(_plain("--token-file", token_file)),
        user=_user(),
        image=_plain("--image", image),
        ping=wanted["ping"],
        encrypted=bool(wanted["encrypt_to"]),
        bucket=_bucket(app) if wanted["push"] else None,
    )


def _profiles(app: App) -> tuple[str, ...]:
    from ops.config.layers import list_profiles

    if app.settings.profile:
        raise UsageError("--each-profile and a profile of the line exclude each other")
    profiles = list_profiles(app.settings.config_dir)
    if not profiles.by_name:
        raise UsageError("there are no profiles", hint=f"write them into {profiles.file}")
    return tuple(_plain("the name of a profile", name) for name in profiles.by_name)


def _user() -> str:
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # No entry in the password file: systemd takes the number too.
        return str(os.getuid())


def _check(app: App, wanted: dict[str, Any]) -> None:
    from ops.commands import export
    from ops.commands.report import document
    from ops.export.delivery import delivery
    from ops.scan import request

    kept = request.one_of(wanted["kv"], ("keys", "values", "none"))
    asked = request.read(wanted["only"], wanted["skip"], (), deep=wanted["deep"], values=kept)
    target = delivery(
        app.settings.exports, "", wanted["encrypt_to"], document(app), newest=not asked.narrowed
    )
    prune, push = export.policy(wanted["prune"]), export.push_address(wanted["push"])
    export.JobOptions(wanted["guard"], prune, wanted["ping"], push).check(asked, target)
    if wanted["ping"]:
        from ops.http.outside import Outside

        Outside(wanted["ping"], app.settings, "--ping").close()


def _for_platform(app: App, platform: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return the options that make sense on *platform*, without the monitor."""
    fit = {**wanted, "ping": "", "kv": "" if wanted["kv"] == "keys" else wanted["kv"]}
    if platform in ("cron", "systemd"):
        from ops.config.settings import SANDBOX

        settings = app.settings
        if settings.api_host == SANDBOX:
            app.warn("the job will export the account of its own token, not the sandbox")
            return {"profile": settings.profile, **fit}
        return {"account_id": settings.account_id, "profile": settings.profile, **fit}
    if platform == "github":
        app.note("a runner has no earlier snapshots: --guard and --prune are left out")
        return {**fit, "guard": 0, "prune": ""}
    return fit


def _bucket(app: App) -> dict[str, str]:
    settings = app.settings
    found = {"CFOPS_S3_ENDPOINT": settings.s3_endpoint}
    if settings.origins.get("s3_region", "default") != "default":
        found["AWS_REGION"] = settings.s3_region
    return {name: _plain(name, value) for name, value in found.items() if value}


def _plain(option: str, text: str) -> str:
    if not text or not text.isprintable():
        raise UsageError(f"{option} must be plain text")
    return text
