"""The settings by name: what each may be, and what it is called in the environment."""

from __future__ import annotations

from typing import Literal, NamedTuple

Kind = Literal["text", "whole", "seconds", "switch", "folder", "file"]


class Field(NamedTuple):
    """One setting.

    *variables* are its names in the environment and in `.env`. A *guarded* setting lifts a protection of
    the token, or decides where data goes: it is taken from options, the environment and profiles, never from
    the files of a project, which anybody may have written.
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
    Field("profile", "text"),
    Field("account_id", "text", variables=("CLOUDFLARE_ACCOUNT_ID",)),
    Field("base_url", "text", variables=("CLOUDFLARE_API_BASE_URL", "CLOUDFLARE_BASE_URL")),
    Field("allow_base_url", "text", guarded=True),
    Field("workers", "whole", least=1, most=64),
    Field("budget", "whole"),
    Field("window", "seconds", least=_MOMENT),
    Field("connect_timeout", "seconds", least=_MOMENT),
    Field("read_timeout", "seconds", least=_MOMENT),
    Field("call_deadline", "seconds", least=_MOMENT),
    Field("deadline", "seconds"),
    Field("attempts", "whole", least=1, most=20),
    Field("proxy", "text"),
    Field("ca_file", "file", guarded=True),
    Field("allow_insecure_env", "switch", guarded=True),
    Field("exports", "folder"),
    Field("state_dir", "folder"),
    Field("cache_dir", "folder"),
    Field("cache", "whole"),
    Field("s3_endpoint", "text", guarded=True),
    Field("s3_region", "text", variables=("AWS_REGION", "AWS_DEFAULT_REGION")),
    Field("output", "text", choices=("table", "json", "jsonl", "csv", "yaml", "tsv")),
    Field("quiet", "switch"),
    Field("debug", "switch", variables=("CFOPS_DEBUG", "DEBUG")),
    Field("log_format", "text", choices=("text", "json")),
    Field("color", "text", choices=("auto", "always", "never"), variables=("CFOPS_COLOR",)),
)

BY_NAME = {field.name: field for field in FIELDS}


def invoke_defaults() -> dict[str, dict[str, None]]:
    """Give the `ops:` mapping without values.

    Invoke reads INVOKE_OPS_<SETTING> only for keys that its configuration already has.
    """
    return {"ops": {field.name: None for field in FIELDS if not field.guarded}}
