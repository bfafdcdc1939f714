"""Credentials: where they are found, what is refused, and that they are seen nowhere."""

from __future__ import annotations

import base64
import copy
import dataclasses
import json
import pickle
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ops.config.credentials import Credentials, mask
from ops.errors import CredentialsError, UsageError

from .conftest import Place

CANARY = "cfut_" + "Ca7nary9Zq" * 4 + "a1b2c3d4"

pytestmark = [
    pytest.mark.holds_secret(".env", "token", "live.token", "staging.token", "cloudflare_api_token"),
    pytest.mark.holds_secret("keyring.py", f"keyring.{sys.implementation.cache_tag}.pyc"),
]
OLD = "YQSn-xWAQiiEh9qM58wZNnyQS7FUdoqGIUAbrh7T"
KEY = "0123456789abcdef" * 2 + "01234"
QUOTES = "'\"`"


def forms(secret: str) -> tuple[str, ...]:
    """Return every form in which a secret might be seen: as it is, half of it, and encoded."""
    shifted = (base64.b64encode(b"x" * shift + secret.encode())[4:-4].decode() for shift in range(3))
    return (secret, secret[len(secret) // 2 :], secret.encode().hex(), *shifted)


def test_the_token_comes_from_the_environment(place: Place) -> None:
    credentials = place.load(environ={"CLOUDFLARE_API_TOKEN": CANARY}).credentials

    assert (credentials.kind, credentials.token) == ("token", CANARY)
    assert credentials.origin == "environment CLOUDFLARE_API_TOKEN"


def put(place: Place, source: str, token: str) -> dict[str, str]:
    """Lay *token* at *source*; gives the variables that go with it."""
    if source in ("project", "personal"):
        place.write(
            f"{'project' if source == 'project' else 'config'}/.env", f"CLOUDFLARE_API_TOKEN={token}\n"
        )
    if source == "systemd":
        (place.project / "credentials").mkdir()
        place.write("project/credentials/cloudflare_api_token", token, 0o440)
        return {"CREDENTIALS_DIRECTORY": str(place.project / "credentials")}
    if source == "profile":
        place.write("config/staging.token", token + "\n")
        place.write("config/profiles.toml", 'default = "staging"\n[staging]\ntoken_file = "staging.token"\n')
    if source == "file":
        return {"CLOUDFLARE_API_TOKEN_FILE": str(place.write("token", token + "\r\n"))}
    return {"CLOUDFLARE_API_TOKEN": token} if source == "environment" else {}


@pytest.mark.parametrize(
    ("stronger", "weaker"),
    [
        ("environment", "file"),
        ("file", "project"),
        ("project", "personal"),
        ("personal", "systemd"),
        ("systemd", "profile"),
    ],
)
def test_the_stronger_place_of_a_token_wins(place: Place, stronger: str, weaker: str) -> None:
    environ = put(place, weaker, "weaker-token") | put(place, stronger, "stronger-token")

    settings = place.load(environ=environ)

    assert settings.credentials.token == "stronger-token"


@pytest.mark.parametrize("source", ["environment", "file", "project", "personal", "systemd", "profile"])
def test_each_place_gives_its_token_and_tells_its_origin(place: Place, source: str) -> None:
    reported = {
        "environment": "environment",
        "file": "TOKEN_FILE",
        "systemd": "systemd",
        "profile": "token_file",
    }

    settings = place.load(environ=put(place, source, CANARY))

    assert settings.credentials.token == CANARY
    assert reported.get(source, ".env CLOUDFLARE_API_TOKEN") in settings.origins["credentials"]


def test_a_token_set_by_an_earlier_task_is_taken_and_no_other_is_looked_for(place: Place) -> None:
    ours = Credentials(token="sandbox_" + "a" * 40, origin="sandbox")

    settings = place.load({"credentials": ours}, environ={"CLOUDFLARE_API_TOKEN_FILE": "/nowhere"})

    assert settings.credentials is ours
    assert settings.origins["credentials"] == "sandbox"


def test_no_token_is_not_a_error_until_one_is_needed(place: Place) -> None:
    settings = place.load()

    assert settings.credentials.kind == "none"
    with pytest.raises(CredentialsError) as error:
        settings.credentials.required()
    assert "CLOUDFLARE_API_TOKEN" in error.value.hint
    assert "`inv sandbox zones.list`" in error.value.hint
    assert error.value.exit_code == 1


def test_an_empty_token_is_reported_when_one_is_needed(place: Place) -> None:
    settings = place.load(environ={"CLOUDFLARE_API_TOKEN": ""})

    with pytest.raises(CredentialsError, match="environment CLOUDFLARE_API_TOKEN is empty"):
        settings.credentials.required()


def test_an_e_mail_address_with_a_key_is_a_credential(place: Place) -> None:
    settings = place.load(environ={"CLOUDFLARE_EMAIL": "ops@example.com", "CLOUDFLARE_API_KEY": KEY})

    credentials = settings.credentials.required()

    assert (credentials.kind, credentials.email, credentials.key) == ("key", "ops@example.com", KEY)
    assert credentials.secrets() == (KEY,)


def test_a_key_without_an_e_mail_address_is_refused(place: Place) -> None:
    with pytest.raises(CredentialsError, match="CLOUDFLARE_API_KEY is set without CLOUDFLARE_EMAIL"):
        place.load(environ={"CLOUDFLARE_API_KEY": KEY})


def test_a_token_beats_a_key_and_says_so(place: Place) -> None:
    place.write("project/.env", f"CLOUDFLARE_API_TOKEN={CANARY}\n")

    settings = place.load(environ={"CLOUDFLARE_EMAIL": "ops@example.com", "CLOUDFLARE_API_KEY": KEY})

    assert settings.credentials.kind == "token"
    assert settings.notes == (
        (
            f"environment CLOUDFLARE_API_KEY is not used: the token from {place.project}/.env "
            "CLOUDFLARE_API_TOKEN overrides it"
        ),
    )


def test_a_profile_whose_token_is_not_used_says_so(place: Place) -> None:
    put(place, "profile", "staging-token")

    settings = place.load(environ={"CLOUDFLARE_API_TOKEN": CANARY})

    assert settings.notes == (
        "the token of profile staging is not used: environment CLOUDFLARE_API_TOKEN overrides it",
    )


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_token_file_that_others_may_read_is_refused(place: Place, mode: int) -> None:
    file = place.write("token", CANARY, mode)

    with pytest.raises(CredentialsError, match=f"mode {mode:04o}") as error:
        place.load(environ={"CLOUDFLARE_API_TOKEN_FILE": str(file)})

    assert CANARY not in str(error.value)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (CANARY.encode() + "\ufeff".encode(), "a character that is not ASCII"),
        (CANARY.encode() + b"\n\nsecond\n", "a line break"),
        (b"x" * ((1 << 20) + 1), "is larger than"),
    ],
)
def test_a_token_file_without_a_token_is_refused(place: Place, content: bytes, says: str) -> None:
    file = place.write("token", content)

    with pytest.raises(CredentialsError, match=says) as error:
        place.load(environ={"CLOUDFLARE_API_TOKEN_FILE": str(file)})

    assert CANARY[5:] not in str(error.value)


@pytest.mark.parametrize("name", ["missing", ".", "~no-such-user/token", "x" * 300, "a\0b"])
def test_a_token_file_that_cannot_be_read_is_an_error(place: Place, name: str) -> None:
    with pytest.raises(CredentialsError, match=r"cannot be read: |is not a regular file|is not a path"):
        place.load(environ={"CLOUDFLARE_API_TOKEN_FILE": name})


def test_a_credentials_folder_that_cannot_be_read_is_an_error(place: Place) -> None:
    with pytest.raises(CredentialsError, match="cannot be read: File name too long"):
        place.load(environ={"CREDENTIALS_DIRECTORY": "/" + "x" * 300})


def test_a_credentials_folder_without_our_file_is_passed_over(place: Place) -> None:
    assert place.load(environ={"CREDENTIALS_DIRECTORY": str(place.project)}).credentials.kind == "none"


def test_the_keyring_is_asked_only_by_a_profile_that_wants_it(
    place: Place, module: Callable[[str, str], None]
) -> None:
    module(
        "keyring",
        f"def get_password(service, name): return {CANARY!r} if (service, name) == ('cfops', 'p') else ''",
    )
    place.write("config/profiles.toml", "[p]\nkeyring = true\n[q]\nkeyring = true\n[r]\nworkers = 2\n")

    settings = place.load({"profile": "p"})

    assert settings.credentials.token == CANARY
    assert place.load({"profile": "r"}).credentials.kind == "none"
    with pytest.raises(CredentialsError, match="holds no token for 'q'") as error:
        place.load({"profile": "q"})
    assert error.value.hint == "`keyring set cfops q`"


def test_a_keyring_that_fails_is_an_error_that_does_not_quote_it(
    place: Place, module: Callable[[str, str], None]
) -> None:
    module("keyring", f"def get_password(service, name): raise RuntimeError({CANARY!r})")
    place.write("config/profiles.toml", "[p]\nkeyring = true\n")

    with pytest.raises(CredentialsError, match=r"cannot be read \(RuntimeError\)") as error:
        place.load({"profile": "p"})

    assert CANARY not in "".join(traceback.format_exception(error.value))


def test_a_keyring_that_is_not_installed_names_the_extra(
    place: Place, module: Callable[[str, str], None]
) -> None:
    module("keyring", "raise ImportError('no keyring here')")
    place.write("config/profiles.toml", "[p]\nkeyring = true\n")

    with pytest.raises(CredentialsError, match="keyring extra is not installed") as error:
        place.load({"profile": "p"})

    assert "cfops[keyring]" in error.value.hint


@pytest.mark.fault("F5")
@pytest.mark.parametrize(
    ("wrong", "flaw"),
    [
        (CANARY + "\n", "a line break"),
        (CANARY + "\r\nX-Evil: 1", "a line break"),
        (CANARY + " ", "a blank"),
        ("Bearer " + CANARY, "a blank"),
        (CANARY[:20] + "\t" + CANARY[20:], "a blank"),
        (f'"{CANARY}"', "a quotation mark"),
        (f"'{CANARY}'", "a quotation mark"),
        (CANARY + "\u0430", "a character that is not ASCII"),
        (CANARY + "\xa0", "a character that is not ASCII"),
        (CANARY + "\udcff", "a character that is not ASCII"),
        (CANARY + "\x00", "a control character"),
    ],
)
def test_a_token_that_no_header_can_carry_is_refused_without_being_shown(
    place: Place, wrong: str, flaw: str
) -> None:
    with pytest.raises(CredentialsError) as error:
        place.load(environ={"CLOUDFLARE_API_TOKEN": wrong})

    assert f"contains {flaw}: " in error.value.message
    assert f"({len(wrong)} characters)" in error.value.message
    shown = error.value.message + error.value.hint + json.dumps(error.value.as_json())
    assert CANARY[5:15] not in shown


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=QUOTES), min_size=1))
def test_every_token_of_plain_characters_is_taken_as_it_is(token: str) -> None:
    assert Credentials(token=token).token == token


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters=QUOTES), min_size=12),
    st.one_of(st.sampled_from(" \t\r\n\0\x7f" + QUOTES), st.characters(min_codepoint=0x7F)),
    st.integers(0, 12),
)
def test_a_token_with_one_other_character_is_refused_and_not_shown(token: str, other: str, at: int) -> None:
    wrong = token[:at] + other + token[at:]

    with pytest.raises(CredentialsError) as error:
        Credentials(token=wrong, origin="here")

    rest = error.value.message.removeprefix("the API token from here contains ")
    assert wrong not in rest
    assert token not in rest


@pytest.mark.fault("F4")
@pytest.mark.parametrize("secret", [CANARY, OLD, "cfk_" + "k9" * 24])
def test_a_secret_is_in_no_repr_str_or_failure(place: Place, secret: str) -> None:
    settings = place.load(
        environ={"CLOUDFLARE_API_TOKEN": secret, "CFOPS_PROXY": f"http://u:{secret}@proxy.example"}
    )

    shown = [
        *(show(it) for it in (settings, settings.credentials) for show in (repr, str, ascii, format)),
        repr(vars(settings) | {"proxy": ""}),
        failure_of(lambda: pickle.dumps(settings)),
        failure_of(lambda: copy.deepcopy(settings.credentials)),
        failure_of(lambda: dataclasses.asdict(settings)),
        failure_of(lambda: json.dumps(settings.credentials)),
        failure_of(lambda: vars(settings.credentials)),
        settings.credentials.fingerprint(),
    ]

    for text in shown:
        assert not [form for form in forms(secret) if form in text]


def failure_of(act: Callable[[], Any]) -> str:
    """Return the whole traceback of what *act* must refuse."""
    with pytest.raises(TypeError) as error:
        act()
    return "".join(traceback.format_exception(error.value))


def test_a_secret_is_described_by_prefix_and_length_alone() -> None:
    assert mask(CANARY) == "cfut_… (53 characters)"
    assert mask(OLD) == "… (40 characters)"


@pytest.mark.fault("F15")
def test_fingerprints_tell_credentials_apart_and_stay_the_same() -> None:
    prints = {
        Credentials(token=CANARY).fingerprint(),
        Credentials(token=OLD).fingerprint(),
        Credentials(email="a@example.com", key=KEY).fingerprint(),
        Credentials(email="b@example.com", key=KEY).fingerprint(),
        Credentials(token=KEY).fingerprint(),
        Credentials().fingerprint(),
    }

    assert len(prints) == 6
    assert all(len(one) == 16 and int(one, 16) >= 0 for one in prints)
    assert Credentials(token=OLD).fingerprint() == "afb723a6ac64f308"


def test_credentials_are_equal_when_their_secrets_are() -> None:
    assert Credentials(token=OLD, origin="here") == Credentials(token=OLD, origin="there")
    assert Credentials(token=OLD) != Credentials(token=CANARY)
    assert len({Credentials(token=OLD), Credentials(token=OLD)}) == 1


def test_credentials_cannot_be_changed() -> None:
    credentials = Credentials(token=OLD)

    with pytest.raises(AttributeError):
        credentials.token = CANARY  # type: ignore[misc]  # that is what is tried


def test_a_token_is_not_a_setting(place: Place) -> None:
    for name in ("token", "api_token", "credentials"):
        with pytest.raises(UsageError, match="there is no setting"):
            place.load(invoke={name: CANARY})


def test_nothing_is_left_open(place: Place) -> None:
    place.write("project/.env", "A=1\n", 0o644)
    before = opened()

    for _ in range(3):
        with pytest.raises(UsageError):
            place.load()

    assert opened() == before


def opened() -> int:
    return len(list(Path("/dev/fd").iterdir()))
