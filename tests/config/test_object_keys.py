"""Keys of object storage: where they are found, and that they are seen nowhere."""

from __future__ import annotations

import copy
import pickle

import pytest

from ops.config.credentials import ObjectKeys
from ops.errors import CredentialsError, UsageError

from .conftest import Place

SECRET = "wJalrXUtnFEMIbPxRfiCYCANARY"
WHOLE = {"AWS_ACCESS_KEY_ID": "AKIA1", "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_SESSION_TOKEN": "token-canary"}


def test_keys_come_from_the_environment(place: Place) -> None:
    keys = place.load(environ=WHOLE).s3_keys

    assert (keys.id, keys.secret, keys.session) == ("AKIA1", SECRET, "token-canary")
    assert keys.origin == "environment AWS_ACCESS_KEY_ID"
    assert set(keys.secrets()) == {SECRET, "token-canary"}


def test_keys_come_from_the_file_of_the_project(place: Place) -> None:
    file = place.write("project/.env", f"AWS_ACCESS_KEY_ID=AKIA2\nAWS_SECRET_ACCESS_KEY={SECRET}\n")

    settings = place.load()

    assert (settings.s3_keys.id, settings.s3_keys.secret) == ("AKIA2", SECRET)
    assert settings.origins["s3_keys"] == f"{file} AWS_ACCESS_KEY_ID"


def test_a_secret_is_never_taken_from_another_place_than_its_key(place: Place) -> None:
    place.write("project/.env", f"AWS_ACCESS_KEY_ID=AKIA2\nAWS_SECRET_ACCESS_KEY={SECRET}\n")

    keys = place.load(environ={"AWS_ACCESS_KEY_ID": "AKIA1"}).s3_keys

    with pytest.raises(CredentialsError, match="set without AWS_SECRET_ACCESS_KEY"):
        keys.required()


def test_no_keys_are_no_failure_until_they_are_needed(place: Place) -> None:
    settings = place.load(environ={"AWS_ACCESS_KEY_ID": ""})

    assert (settings.s3_keys, settings.origins["s3_keys"]) == (ObjectKeys(), "none")
    with pytest.raises(CredentialsError, match="no keys for the bucket"):
        settings.s3_keys.required()


def test_keys_are_neither_shown_nor_pickled_nor_copied(place: Place) -> None:
    settings = place.load(environ=WHOLE)

    assert SECRET not in repr(settings)
    assert "canary" not in repr(settings)
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(settings.s3_keys)


def test_settings_with_other_keys_are_other_settings(place: Place) -> None:
    one, two = place.load(environ=WHOLE), place.load(environ=WHOLE | {"AWS_SECRET_ACCESS_KEY": "another"})

    assert one != two
    assert len({one, two, place.load(environ=WHOLE)}) == 2


def test_the_files_of_a_project_do_not_choose_where_snapshots_go(place: Place) -> None:
    place.write("project/.env", "CFOPS_S3_ENDPOINT=https://elsewhere.example\n")
    with pytest.raises(UsageError, match="controls where secrets may go"):
        place.load()
    place.write("project/.env", "")

    with pytest.raises(UsageError, match="controls where secrets may go"):
        place.load(invoke={"s3_endpoint": "https://elsewhere.example"})


@pytest.mark.parametrize(
    ("environ", "region"),
    [
        ({}, "us-east-1"),
        ({"AWS_REGION": "auto"}, "auto"),
        ({"AWS_DEFAULT_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-north-1", "AWS_DEFAULT_REGION": "eu-west-1"}, "eu-north-1"),
    ],
)
def test_the_region_has_two_names(place: Place, environ: dict[str, str], region: str) -> None:
    assert place.load(environ=environ).s3_region == region
