"""The export job as a line for `crontab -e`."""

from __future__ import annotations

import shlex

from ops.schedule.job import BUCKET_KEYS, JITTER, Job


def crontab(job: Job) -> str:
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
