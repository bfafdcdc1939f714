from __future__ import annotations

import base64
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ops.telemetry.redact import HIDDEN, SHORTEST, Redactor

OLD = 'YQSn-x"WA/Qii+Eh9 qM58wZéNnyQS7FUdoqGIUAbr'
SECRETS = st.text(st.characters(codec="utf-8"), min_size=SHORTEST, max_size=60)
# As they are made: letters that need no escape, and some that do.
TOKENS = st.lists(
    st.text(st.sampled_from('abcXYZ019_-+/="\\ %'), min_size=20, max_size=50), min_size=1, max_size=3
)
AROUND = st.binary(max_size=12)
BASE64 = (base64.b64encode, base64.urlsafe_b64encode)


def spellings(secret: str) -> list[str]:
    raw = secret.encode()
    padded = [base64.b64encode(b"x" * n + raw + b"y" * n).decode() for n in range(4)]
    return [
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        raw.hex(),
        raw.hex().upper(),
        json.dumps({"a": secret}),
        base64.urlsafe_b64encode(raw).decode(),
        *padded,
    ]


def traces(secret: str, text: str) -> list[str]:
    """Find eight characters or more of any spelling of *secret* in *text*."""
    return [form for form in spellings(secret) if form.strip('{"a: }') in text]


@pytest.mark.fault("F1")
@pytest.mark.parametrize("spelling", spellings(OLD))
def test_a_secret_is_hidden_in_every_form(spelling: str) -> None:
    hidden = Redactor([OLD])(f"before {spelling} after")

    assert HIDDEN in hidden
    assert hidden.startswith("before ")
    assert hidden.endswith(" after")
    assert OLD[10:30] not in hidden


@pytest.mark.fault("P1")
@pytest.mark.fault("F1")
@given(secret=SECRETS)
def test_any_secret_is_hidden_in_every_form(secret: str) -> None:
    redact = Redactor([secret])
    assume(secret not in HIDDEN)

    for spelling in spellings(secret):
        assert not traces(secret, redact(spelling))


@pytest.mark.fault("P1")
@settings(max_examples=100, deadline=None)
@given(TOKENS, AROUND, AROUND)
def test_no_form_of_a_secret_survives_in_any_context(secrets: list[str], before: bytes, after: bytes) -> None:
    nothing_survives(secrets, before, after)


@pytest.mark.long
@pytest.mark.fault("P1")
@pytest.mark.timeout(900)
@settings(max_examples=10_000, deadline=None)
@given(TOKENS, AROUND, AROUND)
def test_no_form_of_ten_thousand_secrets_survives(secrets: list[str], before: bytes, after: bytes) -> None:
    nothing_survives(secrets, before, after)


def nothing_survives(secrets: list[str], before: bytes, after: bytes) -> None:
    redact = Redactor(secrets)

    for secret in secrets:
        whole = before + secret.encode() + after
        for text, plain in (
            (whole.decode("latin-1"), secret.encode().decode("latin-1")),
            (quote(whole, safe=""), quote(secret, safe="")),
            (whole.hex(), secret.encode().hex()),
            (json.dumps(whole.decode("utf-8", "replace")), json.dumps(secret)[1:-1]),
            *((encode(whole).decode(), inner(encode, before, secret)) for encode in BASE64),
        ):
            hidden = redact(text)
            assert plain not in hidden
            assert redact(hidden) == hidden


def inner(encode: Callable[[bytes], bytes], before: bytes, secret: str) -> str:
    """Return the base64 letters that depend only on *secret*, after the bytes of *before*."""
    raw = secret.encode()
    shift = len(before) % 3
    first, last = -(-shift * 8 // 6), (shift + len(raw)) * 8 // 6
    return encode(bytes(shift) + raw).decode()[first:last]


@pytest.mark.fault("F1")
@pytest.mark.parametrize(
    "text",
    [
        "cfut_" + "a1B2" * 12,
        "cfat_" + "a1B2" * 12,
        "cfk_" + "a1B2" * 12,
        "cfoat_" + "a1B2" * 12,
        "Bearer " + "a1B2" * 10,
        "authorization: bearer YQSn-xWAQiiEh9qM58wZNnyQS7FUdoqGIUAbrh7T",
        "Bearer%20" + "a1B2" * 10,
    ],
)
def test_text_that_looks_like_a_token_is_hidden(text: str) -> None:
    hidden = Redactor()(text)

    assert HIDDEN in hidden
    assert "a1B2" not in hidden
    assert "YQSn" not in hidden


def test_ordinary_text_is_left_alone() -> None:
    text = 'GET /zones/023e105f4ecef8ad9ca31a8372d0c353/dns_records 200 {"a": [1, 2]} cfut bearer of news'

    assert Redactor([OLD])(text) == text


def test_bytes_that_are_not_text_pass_unchanged() -> None:
    content = bytes(range(256))

    assert Redactor([OLD]).in_bytes(content + OLD.encode()) == content + HIDDEN.encode()


def test_a_short_or_empty_secret_hides_nothing() -> None:
    assert Redactor(["", "a"])("banana") == "banana"


def test_the_repr_of_a_redactor_shows_no_secret() -> None:
    assert repr(Redactor([OLD])) == "<Redactor>"


@pytest.mark.fault("F1")
@pytest.mark.parametrize("secrets", [(OLD, OLD + "more"), (OLD + "more", OLD)])
def test_two_secrets_with_the_same_beginning_are_hidden_completely(secrets: tuple[str, str]) -> None:
    assert Redactor(secrets)(f"{OLD}more, {OLD}") == f"{HIDDEN}, {HIDDEN}"


@pytest.mark.fault("F1")
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("length", [len(OLD.encode()) - n for n in range(3)])
@pytest.mark.parametrize("shift", range(3))
def test_the_part_of_base64_that_depends_only_on_the_secret_is_hidden(
    encode: Callable[[bytes], bytes], length: int, shift: int
) -> None:
    secret = OLD.encode()[-length:]
    whole = (encode(filling * shift + secret + filling * 3) for filling in (b"\0", b"\xff"))
    one, other = (text.decode().rstrip("=") for text in whole)
    same = [n for n, (a, b) in enumerate(zip(one, other, strict=True)) if a == b]

    hidden = Redactor([secret.decode()])(one)

    assert hidden == one[: same[0]] + HIDDEN + one[same[-1] + 1 :]


@pytest.mark.fault("F1")
def test_a_secret_that_is_not_valid_text_is_hidden_too() -> None:
    secret = b"\xffnot-\xfe-text".decode("utf-8", "surrogateescape")

    assert Redactor([secret])(f"a {secret} b") == f"a {HIDDEN} b"
    assert Redactor([secret]).in_bytes(b"a \xffnot-\xfe-text b") == f"a {HIDDEN} b".encode()


def in_pieces(data: bytes) -> bytes:
    return base64.encodebytes(data)


def with_codes(data: bytes) -> bytes:
    return b"".join(b"\\u%04x" % byte for byte in data)


def with_percents(data: bytes) -> bytes:
    return b"".join(b"%%%02x" % byte for byte in data)


def as_json(data: bytes) -> bytes:
    return json.dumps(data.decode("latin-1")).encode()


TOKEN = "cfut_" + "a1B2c3D4e5" * 4
WRAPPINGS = (base64.b64encode, base64.urlsafe_b64encode, in_pieces, with_codes, with_percents, as_json)


@pytest.mark.fault("F1")
@pytest.mark.parametrize("inner", [*WRAPPINGS, bytes.hex])
@pytest.mark.parametrize("outer", WRAPPINGS)
@pytest.mark.parametrize("before", range(4))
def test_what_is_kept_is_searched_through_two_encodings(
    inner: Callable[[bytes], bytes | str], outer: Callable[[bytes], bytes], before: int
) -> None:
    for secret in (TOKEN, "x" + OLD.replace("é", "e")):
        inside = inner(b"\xfe" * before + secret.encode() + b"\xfe" * 30)
        wrapped = outer(inside if isinstance(inside, bytes) else inside.encode())

        assert Redactor([secret]).holds({"result": [b'{"value": "' + wrapped + b'"}']})


@given(st.binary(max_size=300))
def test_what_holds_no_secret_is_kept_however_it_is_encoded(data: bytes) -> None:
    for wrap in WRAPPINGS:
        assert not Redactor([TOKEN]).holds(wrap(data))
        assert not Redactor().holds(wrap(data))


@pytest.mark.parametrize(("times", "found"), [(1, True), (6, True), (9, False)])
def test_a_secret_is_found_in_base64_of_base64_up_to_some_depth(times: int, found: bool) -> None:
    secret = "whsec_" + "Zq7" * 9
    data = secret.encode()
    for _ in range(times):
        data = base64.b64encode(data)

    assert Redactor([secret]).holds(data) is found
