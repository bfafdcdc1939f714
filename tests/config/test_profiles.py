"""profiles.toml: read, refused, and changed in one line."""

from __future__ import annotations

import stat

import pytest

from ops.config.layers import list_profiles, set_default
from ops.errors import DiskError, NotFound, UsageError

from .conftest import Place

TWO = '# ours\n[staging]\nworkers = 2\n\n[live]\naccount_id = "a1" # default = "x"\n'


def test_no_file_means_no_profiles(place: Place) -> None:
    profiles = list_profiles(place.config)

    assert (profiles.by_name, profiles.default) == ({}, "")


def test_the_profile_in_force_is_reported(place: Place) -> None:
    place.write("config/profiles.toml", 'default = "live"\n' + TWO)

    by_default = place.load()
    by_variable = place.load(environ={"CFOPS_PROFILE": "staging"})
    by_option = place.load({"profile": "live"}, environ={"CFOPS_PROFILE": "staging"})

    assert (by_default.profile, by_variable.profile, by_option.profile) == ("live", "staging", "live")
    assert by_default.origins["profile"] == f"{place.config}/profiles.toml default"
    assert by_variable.origins["profile"] == "environment CFOPS_PROFILE"
    assert (by_default.account_id, by_variable.workers) == ("a1", 2)


@pytest.mark.parametrize("name", ["token", "api_token", "key", "api_key"])
def test_a_secret_in_a_profile_is_refused_without_being_shown(place: Place, name: str) -> None:
    place.write("config/profiles.toml", f'[staging]\n{name} = "cfut_secret"\n')

    with pytest.raises(UsageError) as error:
        list_profiles(place.config)

    assert "secrets do not belong in this file" in error.value.message
    assert "token_file" in error.value.hint
    assert "cfut_secret" not in error.value.message + error.value.hint


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[staging\n", "profiles.toml: "),
        ('account_id = "a1"\n', "'account_id' is outside any profile"),
        ("default = 3\n", "default must be the name of a profile"),
        ("[staging]\ntoken_file = 3\n", "token_file"),
        ('[staging]\nkeyring = "yes"\n', "keyring"),
        ("[staging]\nworker = 3\n", "there is no setting 'worker'"),
        ('[staging]\nprofile = "live"\n', "there is no setting 'profile'"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused(place: Place, text: str, says: str) -> None:
    place.write("config/profiles.toml", text)

    with pytest.raises(UsageError) as error:
        place.load({"profile": "staging"})

    assert says in error.value.message + error.value.hint


def test_a_file_that_others_may_write_is_refused(place: Place) -> None:
    place.write("config/profiles.toml", TWO, 0o664)

    with pytest.raises(UsageError, match="mode 0664"):
        place.load()


def test_a_file_that_others_may_read_is_not_a_danger(place: Place) -> None:
    place.write("config/profiles.toml", TWO, 0o644)

    assert set(list_profiles(place.config).by_name) == {"staging", "live"}


@pytest.mark.parametrize("head", ["", 'default = "live"\n', '# mine\n  default="live"  # for now\n'])
def test_setting_the_default_changes_that_line_alone(place: Place, head: str) -> None:
    file = place.write("config/profiles.toml", head + TWO)

    set_default(place.config, "staging")

    assert list_profiles(place.config).default == "staging"
    assert file.read_text().endswith(TWO)
    assert file.read_text().count("default") == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in place.config.iterdir()] == ["profiles.toml"]


def test_a_default_that_is_not_a_profile_is_refused(place: Place) -> None:
    file = place.write("config/profiles.toml", TWO)

    with pytest.raises(NotFound) as error:
        set_default(place.config, "liv")

    assert error.value.hint == "did you mean live?"
    assert file.read_text() == TWO


def test_a_default_that_cannot_be_changed_in_one_line_is_refused(place: Place) -> None:
    text = 'default = """\nlive"""\n' + TWO
    file = place.write("config/profiles.toml", text)

    with pytest.raises(UsageError):
        set_default(place.config, "staging")

    assert file.read_text() == text


def test_a_name_with_quotation_marks_stays_a_name(place: Place) -> None:
    place.write("config/profiles.toml", "['a\"b']\nworkers = 2\n")

    set_default(place.config, 'a"b')

    assert place.load().profile == 'a"b'


def test_a_folder_that_cannot_be_written_is_a_failure_of_the_disk(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.write("config/profiles.toml", TWO)
    monkeypatch.setattr("os.fsync", full)

    with pytest.raises(DiskError, match="No space left on device"):
        set_default(place.config, "staging")

    assert [path.name for path in place.config.iterdir()] == ["profiles.toml"]


def full(_descriptor: int) -> None:
    raise OSError(28, "No space left on device")
