"""The rules, without a network: evidence goes in, problems come out."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from ops.products.ssl import handshake
from ops.products.ssl.check import DAY, HINTS, Evidence, judge
from ops.products.ssl.handshake import Handshake, Server
from ops.products.ssl.leaf import Leaf

END = 1_800_000_000.0
SERVER = Server("www.example.com", 443, "www.example.com", 3.0, socket.create_connection)
GOOD = Handshake(handshake.DONE, "192.0.2.1", 0, "", "TLSv1.3", "TLS_AES_256_GCM_SHA384", (b"leaf",))


def leaf(days: float = 90, **changes: Any) -> Leaf:
    plain = Leaf(
        subject="CN=www.example.com",
        issuer="CN=Test Intermediate",
        serial="1",
        names=("www.example.com",),
        addresses=(),
        not_before=END + 1 - days * DAY,
        not_after=END,
        key_type="EC",
        key_bits=256,
        signature="ecdsa-with-sha256",
        hash="sha256",
        for_servers=True,
    )
    return plain._replace(**changes)


def found(now: float, certificate: Leaf, strict: Handshake = GOOD, seen: Handshake = GOOD) -> list[str]:
    return [problem.kind for problem in judge(Evidence(SERVER, strict, seen, certificate), now)]


@pytest.mark.parametrize(
    ("lifetime", "left", "kinds"),
    [
        (90, 30.01, []),
        (90, 30, ["expires-soon"]),
        (90, 15.01, ["expires-soon"]),
        (90, 15, ["expires-now"]),
        (47, 15.7, []),
        (47, 15.6, ["expires-soon"]),
        (47, 7.8, ["expires-now"]),
        (200, 67, []),
        (200, 66, ["expires-soon"]),
        (200, 33, ["expires-now"]),
        (6, 3.01, []),
        (6, 3, ["expires-now"]),
        (90, 0, ["expires-now"]),
        (90, -0.01, ["expired"]),
        (90, 89.9, []),
        (90, 90.1, ["not-yet-valid"]),
    ],
)
def test_the_thresholds_follow_the_lifetime_of_the_certificate(
    lifetime: float, left: float, kinds: list[str]
) -> None:
    assert found(END - left * DAY, leaf(lifetime)) == kinds


@pytest.mark.fault("A22")
@pytest.mark.parametrize("now", [END + DAY, END - 100 * DAY])
def test_a_certificate_outside_its_validity_is_reported_with_the_clock_of_the_machine(now: float) -> None:
    (problem,) = judge(Evidence(SERVER, GOOD, GOOD, leaf()), now)

    assert "this machine's clock says 20" in problem.sentence
    assert "date -u" in HINTS[problem.kind]


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({"key_type": "RSA", "key_bits": 2047}, ["weak-key"]),
        ({"key_type": "RSA", "key_bits": 2048}, []),
        ({"key_type": "EC", "key_bits": 192}, ["weak-key"]),
        ({"key_type": "DSA", "key_bits": 1024}, ["weak-key"]),
        ({"key_type": "Ed25519", "key_bits": 256, "hash": ""}, []),
        ({"hash": "sha1"}, ["weak-signature"]),
        ({"hash": "md5"}, ["weak-signature"]),
        ({"for_servers": False}, ["wrong-purpose"]),
        ({"names": ()}, ["no-names"]),
        ({"names": ("*.example.com",)}, []),
    ],
)
def test_the_leaf_is_judged_even_if_the_handshake_succeeded(
    changes: dict[str, Any], kinds: list[str]
) -> None:
    assert found(END - 60 * DAY, leaf(**changes)) == kinds


def test_every_problem_is_reported_once_errors_first() -> None:
    refused = GOOD._replace(state=handshake.UNTRUSTED, code=18)
    certificate = leaf(names=("www.example.org",), key_type="RSA", key_bits=1024, hash="sha1")

    kinds = found(END - 20 * DAY, certificate, refused)

    assert kinds == ["wrong-name", "weak-key", "weak-signature", "self-signed", "expires-soon"]


def test_what_openssl_refuses_is_an_error_even_if_nothing_else_is_wrong() -> None:
    for code in (9, 10, 18, 19, 26, 62, 64, 66, 67, 68, 79):
        refused = GOOD._replace(state=handshake.UNTRUSTED, code=code, detail="invalid CA certificate")

        problems = judge(Evidence(SERVER, refused, GOOD, leaf()), END - 60 * DAY)

        assert [problem.is_error for problem in problems] == [True]
        assert problems[0].sentence.isprintable()


def test_an_unknown_verify_code_keeps_the_words_of_openssl() -> None:
    refused = GOOD._replace(state=handshake.UNTRUSTED, code=79, detail="invalid CA certificate")

    (problem,) = judge(Evidence(SERVER, refused, GOOD, leaf()), END - 60 * DAY)

    assert problem.sentence == "the certificate is refused: invalid CA certificate (OpenSSL code 79)"


def test_a_handshake_that_fails_is_an_error_even_with_a_good_certificate() -> None:
    failed = Handshake(handshake.DISAGREED, "192.0.2.1", detail="DH_KEY_TOO_SMALL")

    (problem,) = judge(Evidence(SERVER, failed, GOOD, leaf()), END - 60 * DAY)

    assert (problem.kind, problem.is_error) == ("disagreed", True)
    assert problem.sentence.endswith("dh key too small")


@pytest.mark.parametrize("state", [*handshake.UNJUDGED, handshake.NOT_TLS])
def test_each_end_without_a_certificate_is_one_error(state: str) -> None:
    ended = Handshake(state, detail="No route to host")

    (problem,) = judge(Evidence(SERVER, ended, ended, None), END)

    assert (problem.kind, problem.is_error) == (state, True)


def test_a_certificate_for_many_names_counts_those_not_shown() -> None:
    certificate = leaf(names=tuple(f"n{number}.example.org" for number in range(10)))

    (problem,) = judge(Evidence(SERVER, GOOD, GOOD, certificate), END - 60 * DAY)

    assert problem.sentence.endswith("it is for n0.example.org, n1.example.org, n2.example.org and 7 more")
