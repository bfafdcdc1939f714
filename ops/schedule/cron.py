"""The export job as a line for `crontab -e`."""

from __future__ import annotations

import shlex

from ops.schedule.job import BUCKET_KEYS, JITTER, ScheduledJob

LONGEST = 998
"""The longest command in characters that Debian's crontab accepts."""


def crontab(job: ScheduledJob) -> str:
    """Return the line with comments. Times are local; a missed start is skipped."""
    jitter = f'sleep "$(shuf -i 0-{JITTER} -n 1)"'
    token = {} if job.profiles else {"CLOUDFLARE_API_TOKEN_FILE": str(job.token_file)}
    variables = "".join(
        f"{name}={shlex.quote(value)} " for name, value in (token | (job.bucket or {})).items()
    )
    line = f"{shlex.quote(str(job.program))} {shlex.join(job.line)}"
    command = f"umask 077; cd {shlex.quote(str(job.project))} && {jitter} && exec env {variables}{line}"
    # cron reads an unescaped % as the end of the line.
    command = command.replace("%", "\\%")
    kept = (
        "Each profile names the place of its token" if job.profiles else "The token is in a file of mode 0600"
    )
    lines = [
        f"# {kept}. The export takes a lock, so two never run at once.",
        "# Cron mails the output: nothing unless something is wrong. A missed start is skipped.",
    ]
    if job.bucket is not None:
        lines.append(f"# The bucket's keys: {' and '.join(BUCKET_KEYS)} in {job.project}/.env, mode 0600.")
    if len(command) > LONGEST:
        lines.append(f"# crontab refuses commands over {LONGEST} characters. This one has {len(command)}:")
        lines.append("# put it into a script of mode 0700 and name that here instead.")
    return "\n".join((*lines, "SHELL=/bin/sh", f"{job.at.cron} {command}", ""))
