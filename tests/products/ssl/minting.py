"""Certificates for the tests, valid and invalid, with keys of this test run."""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey | dsa.DSAPrivateKey

FOR_SERVERS = ExtendedKeyUsageOID.SERVER_AUTH
SHA256 = hashes.SHA256()
FOR_CLIENTS = ExtendedKeyUsageOID.CLIENT_AUTH
_SIGNING = x509.KeyUsage(False, False, False, False, False, True, True, False, False)


class Identity(NamedTuple):
    """A certificate with its key, and the certificates that a server sends after it."""

    certificate: x509.Certificate
    key: Key
    above: tuple[x509.Certificate, ...] = ()

    def sending(self, *above: Identity) -> Identity:
        """Return the same certificate, followed by these when a server sends it."""
        return self._replace(above=tuple(identity.certificate for identity in above))

    def write(self, file: Path) -> Path:
        """Write key and chain as the one PEM file that `load_cert_chain` reads."""
        key = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        chain = (pem(certificate) for certificate in (self.certificate, *self.above))
        file.write_bytes(b"".join((key, *chain)))
        return file


@cache
def leaf_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def short_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 1024)


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


def authority(
    name: str, issuer: Identity | None = None, *, ends: float = 3650, identified: bool = True
) -> Identity:
    """Return a certificate authority, signed by *issuer* or by itself; it ends in *ends* days."""
    key = ec.generate_private_key(ec.SECP256R1())
    builder = _builder(name, key, issuer, begins=-400, ends=ends, identified=identified)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    builder = builder.add_extension(_SIGNING, critical=True)
    return Identity(builder.sign(issuer.key if issuer else key, SHA256), key)


def leaf(
    issuer: Identity | None,
    *names: str | x509.GeneralName,
    common_name: str = "www.example.com",
    begins: float = -1,
    ends: float = 89,
    key: Key | None = None,
    use: x509.ObjectIdentifier | None = FOR_SERVERS,
    more: Sequence[x509.ExtensionType] = (),
    digest: hashes.SHA256 | None = SHA256,
    identified: bool = True,
) -> Identity:
    """Return a server's certificate for *names*, signed by *issuer* or by itself; days count from today.

    Without *identified* it has no key identifiers.
    """
    key = key or leaf_key()
    builder = _builder(common_name, key, issuer, begins=begins, ends=ends, identified=identified)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if names:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_name(n) for n in names]), critical=False
        )
    if use:
        builder = builder.add_extension(x509.ExtendedKeyUsage([use]), critical=False)
    for extension in more:
        builder = builder.add_extension(extension, critical=False)
    return Identity(builder.sign(issuer.key if issuer else key, digest), key)


def _builder(
    name: str, key: Key, issuer: Identity | None, *, begins: float, ends: float, identified: bool
) -> x509.CertificateBuilder:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    today = datetime.fromtimestamp(int(time.time()), UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + timedelta(days=begins))
        .not_valid_after(today + timedelta(days=ends))
    )
    if not identified:
        return builder
    own = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    return builder.add_extension(own, critical=False).add_extension(of_issuer, critical=False)


def _name(text: str | x509.GeneralName) -> x509.GeneralName:
    if isinstance(text, x509.GeneralName):
        return text
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
