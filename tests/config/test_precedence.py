"""Which source wins, and what `origins` says about it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from ops.config.credentials import Credentials
from ops.errors import NotFound, UsageError

from .conftest import Place

SOURCES = ("option", "environment", "project", "personal", "profile", "invoke", "wrangler", "default")


def put(place: Place, source: str, value: str) -> dict[str, Any]:
    """Name an account id in *source*; return what `load` needs beside the files."""
    if source == "project":
        place.write("project/.env", f"CLOUDFLARE_ACCOUNT_ID={value}\n")
    if source == "personal":
        place.write("config/.env", f"CLOUDFLARE_ACCOUNT_ID={value}\n")
    if source == "profile":
        place.write("config/profiles.toml", f'default = "staging"\n[staging]\naccount_id = "{value}"\n')
    if source == "wrangler":
        place.write("project/wrangler.toml", f'name = "a"\naccount_id = "{value}"\n')
    reported: dict[str, dict[str, Any]] = {
        "option": {"options": {"account_id": value}},
        "environment": {"environ": {"CLOUDFLARE_ACCOUNT_ID": value}},
        "invoke": {"invoke": {"account_id": value}},
    }
    return reported.get(source, {})


@pytest.mark.parametrize(("stronger", "weaker"), list(pairwise(SOURCES)))
def test_the_stronger_of_two_neighbouring_sources_wins(place: Place, stronger: str, weaker: str) -> None:
    reported = put(place, weaker, "weaker") | put(place, stronger, "stronger")

    settings = place.load(**reported)

    assert settings.account_id == "stronger"


@pytest.mark.parametrize(
    ("source", "origin"),
    [
        ("option", "option --account-id"),
        ("environment", "environment CLOUDFLARE_ACCOUNT_ID"),
        ("project", "{root}/project/.env CLOUDFLARE_ACCOUNT_ID"),
        ("personal", "{root}/config/.env CLOUDFLARE_ACCOUNT_ID"),
        ("profile", "profile staging ({root}/config/profiles.toml) account_id"),
        ("invoke", "Invoke's configuration: ops account_id"),
        ("wrangler", "{root}/project/wrangler.toml account_id"),
        ("default", "default"),
    ],
)
def test_the_origin_of_a_value_is_reported(place: Place, source: str, origin: str) -> None:
    reported = put(place, source, "a1")

    settings = place.load(**reported)

    assert settings.origins["account_id"] == origin.format(root=place.project.parent)


def test_what_an_earlier_task_has_set_is_reported_as_such(place: Place) -> None:
    stage = {
        "credentials": Credentials(token="sandbox_" + "a" * 40),
        "base_url": "http://x",
        "account_id": "a1",
    }

    origins = place.load(stage | {"output": "json"}).origins

    assert (origins["base_url"], origins["account_id"]) == ("set by an earlier task",) * 2
    assert origins["output"] == "option --output"


def test_an_option_that_was_not_typed_does_not_count(place: Place) -> None:
    settings = place.load({"account_id": "", "cache": 0, "quiet": False}, environ={"CFOPS_CACHE": "60"})

    assert (settings.cache, settings.quiet) == (60, False)


def test_an_empty_variable_counts_as_unset(place: Place) -> None:
    settings = place.load(environ={"CLOUDFLARE_ACCOUNT_ID": "", "CFOPS_WORKERS": ""})

    assert (settings.account_id, settings.workers) == ("", 8)


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("CFOPS_WORKERS", "3", ("workers", 3)),
        ("CFOPS_BUDGET", "0", ("budget", 0)),
        ("CFOPS_READ_TIMEOUT", "2.5", ("read_timeout", 2.5)),
        ("CFOPS_EXPORTS", "backup", ("exports", "project/backup")),
        ("CFOPS_STATE_DIR", "/var/lib/cfops", ("state_dir", "/var/lib/cfops")),
        ("CFOPS_CA_FILE", "company.pem", ("ca_file", "project/company.pem")),
        ("CFOPS_QUIET", "yes", ("quiet", True)),
        ("CFOPS_OUTPUT", "json", ("output", "json")),
        ("CFOPS_DEBUG", "1", ("debug", True)),
        ("DEBUG", "app:*", ("debug", True)),
        ("DEBUG", "0", ("debug", False)),
        ("NO_COLOR", "1", ("color", "never")),
        ("TERM", "dumb", ("color", "never")),
        ("PAGER", "most", ("pager", "most")),
        ("PAGER", "", ("pager", "")),
        ("FORCE_COLOR", "1", ("color", "always")),
        ("FORCE_COLOR", "0", ("color", "auto")),
        ("CLOUDFLARE_BASE_URL", "https://api.cloudflare.com/client/v4/", ("base_url", "https://api.cloudflare.com/client/v4")),
    ],
)  # fmt: skip
def test_a_variable_becomes_a_typed_value(
    place: Place, name: str, written: str, meant: tuple[str, Any]
) -> None:
    setting, expected = meant

    value = getattr(place.load(environ={name: written}), setting)

    if isinstance(value, Path) or setting == "ca_file":
        assert Path(value) == place.project.parent / expected
    else:
        assert (value, type(value)) == (expected, type(expected))


def test_no_color_beats_force_color_and_our_own_name_beats_both(place: Place) -> None:
    both = {"NO_COLOR": "1", "FORCE_COLOR": "1"}

    assert place.load(environ=both).color == "never"
    assert place.load(environ=both | {"CFOPS_COLOR": "always"}).color == "always"


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("CFOPS_WORKERS", "many"),
        ("CFOPS_WORKERS", "0"),
        ("CFOPS_WORKERS", "-1"),
        ("CFOPS_WORKERS", "100000"),
        ("CFOPS_WORKERS", "1.5"),
        ("CFOPS_BUDGET", "-5"),
        ("CFOPS_READ_TIMEOUT", "nan"),
        ("CFOPS_READ_TIMEOUT", "inf"),
        ("CFOPS_READ_TIMEOUT", "0"),
        ("CFOPS_QUIET", "perhaps"),
        ("CFOPS_OUTPUT", "xml"),
        ("CFOPS_COLOR", "blue"),
        ("CFOPS_EXPORTS", "~no-such-user-here/x"),
        ("CLOUDFLARE_ACCOUNT_ID", "a\x1b[2Jb"),
    ],
)
def test_a_wrong_value_is_refused_by_naming_its_origin(place: Place, name: str, written: str) -> None:
    with pytest.raises(UsageError) as error:
        place.load(environ={name: written})

    assert error.value.message.startswith(f"environment {name}: ")
    assert "\x1b" not in error.value.message
    assert error.value.hint


@pytest.mark.parametrize("wrong", [True, 1.5, [1], {"a": 1}])
def test_a_wrong_type_in_a_profile_is_refused(place: Place, wrong: object) -> None:
    with pytest.raises(UsageError, match="Invoke's configuration: ops workers"):
        place.load(invoke={"workers": wrong})


@pytest.mark.parametrize("empty", [None, {}])
def test_an_empty_configuration_of_invoke_says_nothing(place: Place, empty: Any) -> None:
    assert place.load(invoke=empty).workers == 8


def test_a_configuration_of_invoke_that_is_not_a_mapping_is_refused(place: Place) -> None:
    with pytest.raises(UsageError, match="holds no settings"):
        place.load(invoke=5)


def test_a_user_without_a_home_folder_is_reported_what_to_set(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import platformdirs

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(platformdirs, "user_state_path", lambda _name: Path("~/.local/state/cfops"))

    with pytest.raises(UsageError) as error:
        place.load()
    named = place.load(environ={"CFOPS_STATE_DIR": "/var/lib/cfops"})

    assert "CFOPS_STATE_DIR" in error.value.hint
    assert named.state_dir == Path("/var/lib/cfops")


@pytest.mark.parametrize("named", ["", "relative"])
def test_a_user_whom_no_password_file_has_needs_a_home_folder(
    place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str
) -> None:
    import platformdirs

    def unknown(_name: str) -> Path:
        # As platformdirs does without an absolute HOME and without an entry in the password file.
        raise RuntimeError("the home directory is not known")

    monkeypatch.setenv("HOME", named)
    monkeypatch.setattr(platformdirs, "user_state_path", unknown)
    monkeypatch.chdir(tmp_path)

    if named:
        assert place.load().state_dir == tmp_path / "relative" / ".local" / "state" / "cfops"
    else:
        with pytest.raises(UsageError, match="this user has no home folder"):
            place.load()


def test_the_two_names_of_the_base_url_may_not_differ(place: Place) -> None:
    url = "https://api.cloudflare.com/client/v4"

    same = place.load(environ={"CLOUDFLARE_API_BASE_URL": url, "CLOUDFLARE_BASE_URL": url + "/"})
    with pytest.raises(UsageError, match="CLOUDFLARE_API_BASE_URL and CLOUDFLARE_BASE_URL differ"):
        place.load(environ={"CLOUDFLARE_API_BASE_URL": url, "CLOUDFLARE_BASE_URL": "https://x.test"})

    assert same.base_url == url


def test_an_unknown_setting_is_refused_with_the_nearest_name(place: Place) -> None:
    with pytest.raises(UsageError) as error:
        place.load(invoke={"worker": 3})

    assert error.value.hint == "did you mean workers?"


def test_a_misspelt_variable_is_reported(place: Place) -> None:
    settings = place.load(environ={"CFOPS_WORKER": "3"})

    assert settings.notes == (
        "environment CFOPS_WORKER is not a setting and is ignored; did you mean CFOPS_WORKERS?",
    )


def test_variables_that_are_no_longer_read_are_reported(place: Place) -> None:
    place.write("project/.env", "CF_ACCOUNT_ID=a1\n")

    settings = place.load(environ={"CF_API_TOKEN": "cfut_" + "a" * 48})

    assert settings.credentials.kind == "none"
    assert settings.account_id == ""
    assert settings.notes == (
        "environment CF_API_TOKEN is no longer read: use CLOUDFLARE_API_TOKEN",
        f"{place.project}/.env CF_ACCOUNT_ID is no longer read: use CLOUDFLARE_ACCOUNT_ID",
    )


def test_what_lifts_a_protection_is_not_taken_from_the_files_of_a_project(place: Place) -> None:
    place.write("project/.env", "CFOPS_ALLOW_BASE_URL=thief.example\n")

    with pytest.raises(UsageError, match=r"\.env CFOPS_ALLOW_BASE_URL: .* not read from a project's files"):
        place.load()
    with pytest.raises(UsageError, match="not read from a project's files"):
        Place.load(place, invoke={"ca_file": "thief.pem"})


def test_a_variable_of_invoke_reaches_the_settings(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from invoke.config import Config

    from ops.config.values import invoke_defaults

    monkeypatch.setenv("INVOKE_OPS_WORKERS", "5")
    merged = Config()
    merged.load_collection(invoke_defaults())
    merged.load_shell_env()

    settings = place.load(invoke=merged.ops)

    assert settings.workers == 5


def test_the_values_of_a_profile_that_do_not_count_are_reported(place: Place) -> None:
    place.write("config/profiles.toml", '[staging]\naccount_id = "a1"\n')

    settings = place.load({"profile": "staging"}, environ={"CLOUDFLARE_ACCOUNT_ID": "a2"})

    assert settings.account_id == "a2"
    assert settings.notes == (
        "account_id of profile staging is not used: environment CLOUDFLARE_ACCOUNT_ID overrides it",
    )


def test_settings_are_frozen_and_can_be_distinguished(place: Place) -> None:
    settings = place.load()

    assert settings == place.load()
    assert hash(settings) != hash(place.load({"account_id": "a1"}))
    with pytest.raises(AttributeError):
        settings.workers = 3  # type: ignore[misc]  # that is what is tried


def test_an_unknown_profile_is_an_error_with_the_nearest_name(place: Place) -> None:
    place.write("config/profiles.toml", "[staging]\nworkers = 2\n")

    with pytest.raises(NotFound) as error:
        place.load({"profile": "stagging"})

    assert error.value.hint == "did you mean staging?"
