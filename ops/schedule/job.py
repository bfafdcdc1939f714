"""The export job that is scheduled: its line, its time, and the folders that it works in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from ops.errors import UsageError

JITTER = 900
"""Seconds within which the start is chosen at random, so that not all jobs begin in the same moment."""

NAME = "cfops-export"

MONITOR = "MONITOR_URL"
"""What holds the monitor's URL where a platform keeps secrets: who knows it can speak in our name."""


class Time(NamedTuple):
    """A time of day; *hourly*: its minute of every hour."""

    hour: int
    minute: int
    hourly: bool = False

    @property
    def cron(self) -> str:
        return f"{self.minute} {'*' if self.hourly else self.hour} * * *"

    @property
    def calendar(self) -> str:
        """Return it as systemd writes it."""
        return f"*-*-* {'*' if self.hourly else f'{self.hour:02}'}:{self.minute:02}:00"


class ScheduledJob(NamedTuple):
    """What is run: *options* of `scan.export`, at a time of day, in the folder of the *project*.

    *bucket* holds the variables that say where the bucket is that it pushes to; None where it pushes to none.
    *program* is the full path of `cfops` here; *token_file* is where the token is expected on this machine,
    *user* whom the job belongs to. *image* is that of a container, *ping* the monitor's URL. *encrypted* says
    that only a key opens what is made. *profiles* are those that it runs for, one after the other or each by
    itself; without any it has one token, and one account.
    """

    options: tuple[str, ...]
    at: Time
    project: Path
    program: Path
    token_file: Path
    user: str
    image: str
    ping: str = ""
    encrypted: bool = False
    bucket: dict[str, str] | None = None
    profiles: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the name of its files and units, which differs by how often it runs, so that both fit."""
        return f"{NAME}-hourly" if self.at.hourly else NAME

    @property
    def every(self) -> str:
        return "Every hour" if self.at.hourly else "Every day"

    @property
    def arguments(self) -> tuple[str, ...]:
        """Return the words after the program's name, all but the monitor's."""
        return ("scan.export", *self.options)

    @property
    def line(self) -> tuple[str, ...]:
        """Return the words where one machine runs the job for all profiles."""
        return ("each-account", "--profiles", *self.words) if self.profiles else self.words

    @property
    def words(self) -> tuple[str, ...]:
        """Return all words after the program's name, for a file that only its owner's machine has."""
        return (*self.arguments, *([f"--ping={self.ping}"] if self.ping else ()))


def slugs(profiles: tuple[str, ...]) -> dict[str, str]:
    """Return each profile as a part of a name that Kubernetes takes. Raises UsageError if two are equal."""
    found = {name: re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:30].rstrip("-") for name in profiles}
    if len(set(found.values())) < len(found) or not all(found.values()):
        raise UsageError(
            "two profiles have one name once it is in lower-case letters, digits and dashes",
            hint="give them names that differ in their first 30 characters",
        )
    return found


BUCKET_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
"""What holds the keys of the bucket, on every platform."""


def time_of_day(text: str, *, hourly: bool = False) -> Time:
    """Read HH:MM; raises UsageError for anything else. *hourly*: only the minute counts."""
    match = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text)
    if not match:
        raise UsageError(f"--at takes a time of day, not {text!r}", hint="--at 03:17")
    return Time(int(match[1]), int(match[2]), hourly)


def options(given: dict[str, object]) -> tuple[str, ...]:
    """Return the options *given* as they are typed; what is empty is left out.

    Raises UsageError for a value with a character that a line of a file cannot hold.
    """
    words: list[str] = []
    for name, value in given.items():
        option = f"--{name.replace('_', '-')}"
        for one in value if isinstance(value, tuple) else (value,):
            if not one:
                continue
            if not str(one).isprintable():
                raise UsageError(f"{option} holds a character that cannot be printed")
            # In one word, so that a value may begin with a dash.
            words += [option] if one is True else [f"{option}={one}"]
    return tuple(words)


def document(comments: tuple[str, ...], content: dict[str, Any]) -> str:
    """Return *content* as YAML below *comments*."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Indents lists, and repeats what occurs twice instead of pointing to it."""

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002 (PyYAML's)
            super().increase_indent(flow, False)

        def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (PyYAML's)
            return True

    def text(dumper: Dumper, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)

    Dumper.add_representer(str, text)
    header = "".join(f"# {comment}\n" for comment in comments)
    return header + yaml.dump(content, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000)
