"""The settings that are tables: where they may be written, and the secrets that channels name."""

from __future__ import annotations

import pytest

from ops.errors import UsageError

from .conftest import Place

CHANNEL = '[hook]\nkind = "slack"\nurl_env = "HOOK"\nca_file = "certificates/ca.pem"\n'


def test_a_profile_has_tables_of_its_own(place: Place) -> None:
    place.write(
        "config/profiles.toml",
        '[live]\n[live.alerts]\ndeletions = 5\n[live.alerts.composites]\nboth = ["a", "b"]\n'
        f"{CHANNEL.replace('[hook]', '[live.channels.hook]')}",
    )

    settings = place.load({"profile": "live"}, environ={"HOOK": "https://hooks.example/x"})

    assert settings.alerts == {"deletions": 5, "composites": {"both": ["a", "b"]}}
    assert settings.channels["hook"]["kind"] == "slack"
    # Relative to the file that names it.
    assert settings.channels["hook"]["ca_file"] == f"{place.config}/certificates/ca.pem"


def test_a_variable_names_a_file_that_holds_the_table(place: Place) -> None:
    place.write("project/channels.toml", CHANNEL)

    settings = place.load(environ={"CFOPS_CHANNELS": "channels.toml"})

    assert settings.channels["hook"]["url_env"] == "HOOK"
    assert settings.origins["channels"] == "environment CFOPS_CHANNELS"


def test_a_project_may_have_thresholds_but_no_channels(place: Place) -> None:
    settings = place.load(invoke={"alerts": {"deletions": 5}})

    assert settings.alerts == {"deletions": 5}
    with pytest.raises(UsageError, match="is not read from a project's files"):
        place.load(invoke={"channels": {"hook": {"kind": "slack"}}})
    place.write("project/.env", "CFOPS_CHANNELS=channels.toml\n", 0o600)
    with pytest.raises(UsageError, match="is not read from a project's files"):
        place.load()


def test_a_secret_that_a_channel_names_is_found_and_never_shown(place: Place) -> None:
    place.write("project/channels.toml", CHANNEL)
    place.write("project/.env", "HOOK=https://hooks.example/of-env\nOTHER=unrelated\n", 0o600)

    settings = place.load(environ={"CFOPS_CHANNELS": "channels.toml"})
    stronger = place.load(environ={"CFOPS_CHANNELS": "channels.toml", "HOOK": "https://hooks.example/first"})

    assert settings.references.get("HOOK") == "https://hooks.example/of-env"
    assert stronger.references.get("HOOK") == "https://hooks.example/first"
    assert settings.references.get("OTHER") == ""
    assert "https://hooks.example/of-env" in settings.secrets()
    assert "of-env" not in repr(settings)


@pytest.mark.parametrize(
    ("text", "mode", "says"),
    [
        ("[hook\n", 0o600, "channels.toml: "),
        (CHANNEL, 0o666, "is accessible to other users"),
        (None, 0o600, "channels.toml cannot be read"),
        ("[hook]\nurl_file = 3\n", 0o600, "3 is not a path"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(place: Place, text: str | None, mode: int, says: str) -> None:
    if text is not None:
        place.write("project/channels.toml", text, mode)

    with pytest.raises(UsageError) as error:
        place.load(environ={"CFOPS_CHANNELS": "channels.toml"})

    assert says in error.value.message


def test_what_is_not_a_table_is_refused(place: Place) -> None:
    place.write("config/profiles.toml", "[live]\nalerts = 3\n")

    with pytest.raises(UsageError, match="alerts: it is not a table"):
        place.load({"profile": "live"})
