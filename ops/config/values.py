"""The settings by name, and the conversion of their values from text; an error names the origin."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple
from urllib.parse import urlsplit

from ops.config.private import WRITABLE_BY_OTHERS, read_private
from ops.errors import UsageError

Kind = Literal["text", "whole", "seconds", "switch", "folder", "file", "table"]


class Setting(NamedTuple):
    """One setting.

    *variables* are its names in the environment and in `.env`. A *guarded* setting lifts a protection of
    the token, or decides where data goes: it is taken from options, the environment and profiles, never from
    the files of a project, which other people may have written.
    """

    name: str
    kind: Kind
    least: float = 0
    most: float = float("inf")
    choices: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    guarded: bool = False

    @property
    def known_as(self) -> tuple[str, ...]:
        return self.variables or (f"CFOPS_{self.name.upper()}",)


_MOMENT = 0.001

FIELDS = (
    Setting("profile", "text"),
    Setting("account_id", "text", variables=("CLOUDFLARE_ACCOUNT_ID",)),
    Setting("base_url", "text", variables=("CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_BASE_URL")),
    Setting("allow_base_url", "text", guarded=True),
    Setting("workers", "whole", least=1, most=64),
    Setting("budget", "whole"),
    Setting("window", "seconds", least=_MOMENT),
    Setting("connect_timeout", "seconds", least=_MOMENT),
    Setting("read_timeout", "seconds", least=_MOMENT),
    Setting("call_deadline", "seconds", least=_MOMENT),
    Setting("deadline", "seconds"),
    Setting("attempts", "whole", least=1, most=20),
    Setting("proxy", "text"),
    Setting("ca_file", "file", guarded=True),
    Setting("allow_insecure_env", "switch", guarded=True),
    Setting("exports", "folder"),
    Setting("state_dir", "folder"),
    Setting("cache_dir", "folder"),
    Setting("cache", "whole"),
    Setting("s3_endpoint", "text", guarded=True),
    Setting("s3_region", "text", variables=("AWS_REGION", "AWS_DEFAULT_REGION")),
    Setting("output", "text", choices=("table", "json", "jsonl", "csv", "yaml", "tsv")),
    Setting("quiet", "switch"),
    Setting("debug", "switch", variables=("CFOPS_DEBUG", "DEBUG")),
    Setting("log_format", "text", choices=("text", "json")),
    Setting("log_file", "file", guarded=True),
    Setting("pager", "text", variables=("CFOPS_PAGER", "PAGER"), guarded=True),
    Setting("color", "text", choices=("auto", "always", "never"), variables=("CFOPS_COLOR",)),
    Setting("alerts", "table"),
    Setting("channels", "table", guarded=True),
)

BY_NAME = {field.name: field for field in FIELDS}


def invoke_defaults() -> dict[str, dict[str, None]]:
    """Return the `ops:` mapping without values: Invoke reads INVOKE_OPS_<SETTING> only for known keys.

    A table is left out, since Invoke does not merge one over a value.
    """
    return {"ops": {field.name: None for field in FIELDS if not field.guarded and field.kind != "table"}}


_ON, _OFF = ("1", "true", "yes", "on"), ("0", "false", "no", "off")


def convert(field: Setting, raw: object, origin: str, folder: Path) -> object:
    """Return *raw* as *field*'s type, paths relative to *folder*. Raises UsageError that names *origin*."""
    conversion, allowed = _CONVERSIONS[field.kind]
    try:
        return conversion(field, raw, folder)
    except ValueError as problem:
        if field.choices:
            allowed = f"{', '.join(field.choices[:-1])} or {field.choices[-1]}"
        elif conversion is _number:
            allowed += f" from {field.least:g}" + (f" to {field.most:g}" if field.most < math.inf else "")
        raise UsageError(f"{origin}: {problem}", hint=f"use {allowed}, or remove it") from None


def _text(field: Setting, raw: object, _folder: Path) -> str:
    # Not shown: some of these are URLs that may hold a password.
    if not isinstance(raw, str) or not raw.isprintable():
        raise ValueError("the value is not plain text")
    chosen = raw.strip()
    if field.choices and chosen not in field.choices:
        raise ValueError(f"{chosen!r} is not a valid value")
    return chosen.rstrip("/") if field.name == "base_url" else chosen


def _number(field: Setting, raw: object, _folder: Path) -> float:
    whole = field.kind == "whole"
    try:
        if isinstance(raw, bool) or not isinstance(raw, int | str if whole else int | float | str):
            raise TypeError
        number = int(raw) if whole else float(raw)
        if not whole and not math.isfinite(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{raw!r} is not {_CONVERSIONS[field.kind][1]}") from None
    if number < field.least:
        raise ValueError(f"{number} is less than {field.least:g}")
    if number > field.most:
        raise ValueError(f"{number} is more than {field.most:g}")
    return number


def _switch(_field: Setting, raw: object, _folder: Path) -> bool:
    word = str(raw).strip().lower()
    if word not in _ON + _OFF:
        raise ValueError(f"{raw!r} is neither yes nor no")
    return word in _ON


def _folder(_field: Setting, raw: object, folder: Path) -> Path:
    if not isinstance(raw, str | Path) or "\0" in str(raw):
        raise ValueError(f"{raw!r} is not a path")
    if re.search(r"\$[{\w]", str(raw)):
        raise ValueError(f"{str(raw)!r} has a variable, and variables are not replaced in settings")
    try:
        return folder / Path(raw).expanduser()
    except RuntimeError:
        raise ValueError(f"{str(raw)!r} names a home folder that does not exist") from None


def _table(field: Setting, raw: object, folder: Path) -> Mapping[str, object]:
    """Return a mapping, or the content of the TOML file that a text names, whose paths are relative to it."""
    if isinstance(raw, str):
        import tomllib

        file = _folder(field, raw, folder)
        try:
            text = read_private(file, forbidden=WRITABLE_BY_OTHERS, setting=field.known_as[0])
            raw, folder = tomllib.loads(text), file.parent
        except (tomllib.TOMLDecodeError, RecursionError) as problem:
            raise ValueError(f"{file}: {problem}") from None
    if not hasattr(raw, "items"):
        raise ValueError("it is not a table")
    return _with_paths(field, raw, folder)


def _with_paths(field: Setting, table: Any, folder: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in table.items():
        if hasattr(value, "items"):
            found[name] = _with_paths(field, value, folder)
        else:
            found[name] = str(_folder(field, value, folder)) if name.endswith("_file") else value
    return found


# Each kind's conversion, and what it takes in words.
_CONVERSIONS: dict[str, tuple[Callable[[Setting, object, Path], object], str]] = {
    "text": (_text, "plain text"),
    "whole": (_number, "a whole number"),
    "seconds": (_number, "a number of seconds"),
    "switch": (_switch, "yes or no"),
    "folder": (_folder, "a path"),
    "file": (lambda field, raw, folder: str(_folder(field, raw, folder)), "a path"),
    "table": (_table, "a table, or the path of a TOML file that holds it"),
}


def without_userinfo(url: str) -> str:
    """Return *url* as it may be shown: a user name and password become `***`."""
    parts = urlsplit(url)
    return url.replace(parts.netloc.rpartition("@")[0] + "@", "***@", 1) if "@" in parts.netloc else url
