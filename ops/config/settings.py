"""Settings: every value of a run, and where it came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ops.config import layers, private
from ops.config.credentials import (
    Credentials,
    ObjectKeys,
    Places,
    References,
    Variables,
    find_credentials,
    find_object_keys,
    find_references,
)
from ops.config.layers import Layer, Said, list_profiles
from ops.config.values import BY_NAME, convert
from ops.errors import UsageError, did_you_mean

API = "https://api.cloudflare.com/client/v4"
SANDBOX = "sandbox"

# Origins that the user chose for this run.
_INTENDED = ("profile ", "option ", layers.STAGED)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of a run. Times are in seconds; 0 disables a budget, a deadline, the cache.

    *origins* says in words where each value came from; *notes* are for the user: a variable that is no longer
    read, a source that was overridden. *project* and *config_dir* are the folders whose `.env` was read.
    """

    credentials: Credentials = field(default_factory=Credentials)
    profile: str = ""
    account_id: str = ""
    base_url: str = API
    workers: int = 8
    budget: int = 1000
    window: float = 300.0
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    call_deadline: float = 60.0
    deadline: float = 0.0
    attempts: int = 4
    proxy: str = field(default="", repr=False)  # its URL may hold a password
    ca_file: str = ""
    allow_base_url: str = ""
    allow_insecure_env: bool = False
    exports: Path
    state_dir: Path
    cache_dir: Path
    cache: int = 0
    s3_keys: ObjectKeys = field(default_factory=ObjectKeys)
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    output: str = ""
    quiet: bool = False
    debug: bool = False
    log_format: str = "text"
    log_file: str = ""
    pager: str = "less"
    color: str = "auto"
    # Not hashed, since a mapping cannot be: no client depends on them.
    alerts: Mapping[str, Any] = field(default_factory=dict, compare=False)
    channels: Mapping[str, Any] = field(default_factory=dict, compare=False)
    references: References = field(default_factory=References)
    project: Path = field(default=Path(), compare=False)
    config_dir: Path = field(default=Path(), compare=False)
    origins: Mapping[str, str] = field(default_factory=dict, compare=False)
    notes: tuple[str, ...] = field(default=(), compare=False)

    @property
    def api_host(self) -> str:
        """Return the host of the API; "sandbox" after `inv sandbox`, whose address changes with each run."""
        staged = self.origins.get("base_url") == layers.STAGED
        return SANDBOX if staged else urlsplit(self.base_url).hostname or ""

    def secrets(self) -> tuple[str, ...]:
        """Return the exact values that must never be shown, for the redactor."""
        return (*self.credentials.secrets(), *self.s3_keys.secrets(), *self.references.secrets())


class _Gathered(NamedTuple):
    """What was found: layers, strongest first, sources of tokens, a note on a file that is not readable."""

    layers: tuple[Layer, ...]
    places: Places
    profile_origin: str
    unread: Sequence[str]


def load(
    options: Mapping[str, object],
    *,
    invoke: Mapping[str, object],
    environ: Mapping[str, str],
    cwd: Path,
    config_dir: Path | None = None,
) -> Settings:
    """Return the settings of a run.

    *options* were typed ("", 0, None and False mean not typed) or set by earlier tasks of the line,
    including `credentials`; *invoke* is the `ops:` mapping of Invoke's configuration; *cwd* is the project's
    folder, the only one besides *config_dir* whose `.env` is read. An option overrides the environment, then
    `.env`, the profile, Invoke, wrangler's file (account id) and the default. Raises UsageError or
    CredentialsError, naming the origin, for a value that cannot be used.
    """
    folder = config_dir or private.config_folder(environ)
    found = _gather(layers.from_options(options, cwd), invoke, environ, cwd, folder)
    given = options.get("credentials")
    values, origins = _resolve(found.layers, cwd)
    credentials, passed_over = (
        (given, ()) if isinstance(given, Credentials) else find_credentials(found.places)
    )
    values["profile"] = found.places.profile.name if found.places.profile else ""
    keys = find_object_keys(found.places.variables)
    return Settings(
        **values,
        credentials=credentials,
        s3_keys=keys,
        references=find_references(values["channels"], found.places.variables),
        project=cwd,
        config_dir=folder,
        origins=MappingProxyType(
            origins
            | {"credentials": credentials.origin or "none", "s3_keys": keys.origin or "none"}
            | {"profile": found.profile_origin}
        ),
        notes=(*_notes(found, origins), *passed_over, *found.unread),
    )


class LogSettings(NamedTuple):
    """What is known of the log before the settings are: its form, its file, and secrets to be hidden."""

    json: bool
    file: str
    secrets: tuple[str, ...]


def log_settings(
    options: Mapping[str, object], *, invoke: Mapping[str, object], environ: Mapping[str, str], cwd: Path
) -> LogSettings:
    """Return the settings of the log, for a message that the settings, or what reads them, may be wrong."""
    with suppress(Exception):  # a bug in them is reported with this log
        settings = load(options, invoke=invoke, environ=environ, cwd=cwd)
        return LogSettings(settings.log_format == "json", settings.log_file, settings.secrets())
    # Nothing else says which variables hold secrets.
    secrets = tuple(value for name, value in environ.items() if name.endswith(("_TOKEN", "_KEY")))
    names = ("log_format", "log_file")
    said = {name: options.get(name) or environ.get(f"CFOPS_{name.upper()}") for name in names}
    with suppress(Exception):  # a bug in them is reported with this log
        typed = layers.from_options(options, cwd)
        above = _gather(typed, invoke, environ, cwd, private.config_folder(environ)).layers
        found = {name: _said(name, above) for name in names}
        said = {name: one.raw if one else None for name, one in found.items()}
    file = str(cwd / str(said["log_file"])) if said["log_file"] else ""
    return LogSettings(said["log_format"] == "json", file, secrets)


def dotenv_files(cwd: Path, folder: Path) -> tuple[Path, ...]:
    """Return the `.env` files that are read: the project's and the configuration folder's.

    Parent folders are not searched, because everyone who can write there would choose the settings.
    """
    return tuple(dict.fromkeys((cwd / ".env", folder / ".env")))


def _gather(
    typed: Layer, invoke: Mapping[str, object], environ: Mapping[str, str], cwd: Path, folder: Path
) -> _Gathered:
    above: tuple[Layer, ...] = (typed, layers.from_variables(environ, "environment", cwd, guarded=True))
    said = _said("allow_insecure_env", above)
    trusting = bool(said and convert(BY_NAME["allow_insecure_env"], said.raw, said.origin, cwd))
    variables = [Variables("environment", environ, cwd)]
    for file in dotenv_files(cwd, folder):
        if values := layers.read_dotenv(file, allow_insecure=trusting):
            variables.append(Variables(str(file), values, file.parent))
            above = (*above, layers.from_variables(values, str(file), file.parent, guarded=False))
    project = layers.from_mapping(invoke, "Invoke's configuration: ops", cwd, guarded=False)
    profiles, profile, origin = list_profiles(folder), None, "default"
    said = _said("profile", (*above, project))
    if said or profiles.default:
        name, origin = said or Said(profiles.default, f"{profiles.file} default")
        profile = profiles.get(str(name))
        where = f"profile {profile.name} ({profile.file})"
        above = (*above, layers.from_mapping(profile.settings, where, profile.file.parent, guarded=True))
    places = Places(variables, profile, environ.get("CREDENTIALS_DIRECTORY", ""), trusting)
    above, unread = (*above, project), []
    # Another tool's file is opened only if nothing else names the account.
    if _said("account_id", above) is None:
        try:
            if said := layers.account_in(cwd):
                above = (*above, Layer({"account_id": said}, cwd))
        except UsageError as error:
            unread.append(f"{error.message}; its account_id is not used")
    return _Gathered(above, places, origin, unread)


def _said(name: str, above: Iterable[Layer]) -> Said | None:
    return next((layer.says[name] for layer in above if name in layer.says), None)


def _resolve(above: Sequence[Layer], cwd: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """Return each setting's value and origin, from the strongest layer that has it or the default."""
    values = {known.name: known.default for known in fields(Settings) if known.name in BY_NAME}
    values |= {"exports": cwd / "exports", "alerts": {}, "channels": {}}
    # A user without a home folder may have set these.
    unset = [kind for kind in ("state", "cache") if _said(f"{kind}_dir", above) is None]
    values |= {f"{kind}_dir": private.system_folder(kind) for kind in unset}
    origins = dict.fromkeys(BY_NAME, "default")
    for layer in reversed(above):
        for name, said in layer.says.items():
            values[name] = convert(BY_NAME[name], said.raw, said.origin, layer.folder)
            origins[name] = said.origin
    return values, origins


def _notes(found: _Gathered, origins: Mapping[str, str]) -> Iterator[str]:
    for where, values, _ in found.places.variables:
        for old in sorted(private.DEPRECATED.keys() & values.keys()):
            yield f"{where} {old} is no longer read: use {private.DEPRECATED[old]}"
        # Most likely misspelt.
        for unknown in sorted(name for name in values if name.startswith("CFOPS_")):
            # Plugins are switched and set in the environment alone, never in a file.
            for_plugins = where == "environment" and unknown.startswith(layers.FOR_PLUGINS)
            if unknown in layers.VARIABLES or for_plugins:
                continue
            guess = did_you_mean(unknown, layers.VARIABLES)
            yield f"{where} {unknown} is not a setting and is ignored{'; ' if guess else ''}{guess}"
    # Values of the profile that are overridden, since mixing two accounts changes the wrong one.
    if profile := found.places.profile:
        for name in ("account_id", "base_url"):
            if name in profile.settings and not origins[name].startswith(_INTENDED):
                yield f"{name} of profile {profile.name} is not used: {origins[name]} overrides it"
