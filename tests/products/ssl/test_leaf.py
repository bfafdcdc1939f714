"""What is read from a certificate."""

from __future__ import annotations

from contextlib import suppress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import dsa, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID
from hypothesis import given
from hypothesis import strategies as st

from ops.products.ssl.leaf import NOT_SENT, OTHER_KEY, SELF_SIGNED, chain_end, describe, read
from tests.products.ssl.minting import FOR_CLIENTS, authority, der, leaf, short_key

ROOT = authority("Test Root")
GOOD = der(leaf(ROOT, "www.example.com", "127.0.0.1").certificate)


def test_names_and_addresses_are_read_from_subject_alt_name_alone() -> None:
    certificate = read(der(leaf(ROOT, "*.example.com", "2001:db8::1", common_name="other").certificate))

    assert certificate.names == ("*.example.com",)
    assert certificate.addresses == ("2001:db8::1",)
    assert certificate.subject == "CN=other"
    assert certificate.issuer == "CN=Test Root"


def test_the_lifetime_counts_its_last_second() -> None:
    certificate = read(der(leaf(ROOT, begins=-1, ends=89).certificate))

    assert certificate.lifetime == 90 * 86400 + 1


@pytest.mark.parametrize(
    ("use", "for_servers"),
    [
        (ExtendedKeyUsageOID.SERVER_AUTH, True),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, True),
        (FOR_CLIENTS, False),
        (None, True),
    ],
)
def test_the_purpose_is_read(use: x509.ObjectIdentifier | None, for_servers: bool) -> None:
    assert read(der(leaf(ROOT, use=use).certificate)).for_servers is for_servers


def test_type_and_size_of_the_key_are_read() -> None:
    rsa = read(der(leaf(ROOT, key=short_key()).certificate))
    edwards = read(der(leaf(None, key=ed25519.Ed25519PrivateKey.generate(), digest=None).certificate))

    assert (rsa.key_type, rsa.key_bits, rsa.signature, rsa.hash) == (
        "RSA",
        1024,
        "ecdsa-with-sha256",
        "sha256",
    )
    assert (edwards.key_type, edwards.key_bits) == ("Ed25519", 256)
    assert (edwards.signature, edwards.hash) == ("ed25519", "")


def test_a_key_of_a_kind_that_browsers_gave_up_is_read_too() -> None:
    old = read(der(leaf(None, key=dsa.generate_private_key(1024)).certificate))

    assert (old.key_type, old.key_bits) == ("DSA", 1024)


@given(st.binary(max_size=300))
def test_garbage_is_a_value_error_and_is_described_as_unreadable(garbage: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the library's texts are many)
        read(garbage)

    assert describe((garbage,))[0]["subject"] == "(unreadable)"


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")
@given(index=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_a_certificate_with_a_changed_byte_is_read_or_refused(index: int, flip: int) -> None:
    damaged = bytearray(GOOD)
    damaged[index % len(damaged)] ^= flip

    (described,) = describe((bytes(damaged),))
    with suppress(ValueError):
        assert read(bytes(damaged)).subject == described["subject"]


def test_a_chain_is_followed_to_its_end_in_any_order() -> None:
    upper = authority("Upper", ROOT)
    lower = authority("Lower", upper)
    renewed = authority("Lower", upper)
    own = der(leaf(lower, "www.example.com").certificate)
    root, first, second, other = (der(one.certificate) for one in (ROOT, upper, lower, renewed))

    assert chain_end((own, root, second, first)) == (SELF_SIGNED, "CN=Test Root")
    assert chain_end((own, first, second)) == (NOT_SENT, "CN=Test Root")
    assert chain_end((own, second)) == (NOT_SENT, "CN=Upper")
    assert chain_end((own, first)) == (NOT_SENT, "CN=Lower")
    assert chain_end((own, other, first)) == (OTHER_KEY, "CN=Lower")
    assert chain_end((own, other, second, first)) == (NOT_SENT, "CN=Test Root")
    assert chain_end((own, b"garbage")) == (NOT_SENT, "CN=Lower")
    assert chain_end((b"garbage",)) == (NOT_SENT, "")
    assert chain_end(()) == (NOT_SENT, "")


def test_authorities_that_sign_each_other_are_followed_once() -> None:
    first = authority("First")
    second = authority("Second", first)
    crossed = authority("First", second)

    assert chain_end(tuple(der(one.certificate) for one in (second, crossed))) == (OTHER_KEY, "CN=First")
