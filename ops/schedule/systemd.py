"""The export job as a systemd service and the timer that starts it."""

from __future__ import annotations

from ops.schedule.job import BUCKET_KEYS, JITTER, ScheduledJob

FOLDER = "/etc/systemd/system"


def service(job: ScheduledJob) -> str:
    """Return the service. systemd never runs it twice at a time; `systemctl status` shows its exit code."""
    bucket = ""
    if job.bucket is not None:
        bucket = f"# The bucket's keys: {' and '.join(BUCKET_KEYS)} in {job.project}/.env, mode 0600.\n"
        bucket += "".join(f"Environment={_quoted(f'{name}={value}')}\n" for name, value in job.bucket.items())
    line = " ".join(_quoted(word) for word in (str(job.program), *job.line, "--log-format=json"))
    token = f"""\
# Read by the service alone: systemd hands the token over, and it is in no environment.
LoadCredential=cloudflare_api_token:{_escaped(str(job.token_file))}
"""
    token = "# Each profile names the place of its token.\n" if job.profiles else token
    return f"""\
[Unit]
Description=Export of a Cloudflare account
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart={line}
User={_quoted(job.user)}
WorkingDirectory={_escaped(str(job.project))}
{token}{bucket}UMask=0077
TimeoutStartSec=6h
Nice=10
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=full
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictSUIDSGID=yes
"""


def timer(job: ScheduledJob) -> str:
    return f"""\
[Unit]
Description={job.every}: export of a Cloudflare account

[Timer]
OnCalendar={job.at.calendar}
RandomizedDelaySec={JITTER}
Persistent=true

[Install]
WantedBy=timers.target
"""


def _quoted(word: str) -> str:
    """Return *word* as one word of a command line, where `$` and `%` mean nothing."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$")
    return _escaped(f'"{plain}"' if set(plain) & set(" '\"\\;$") else plain)


def _escaped(text: str) -> str:
    return text.replace("%", "%%")
