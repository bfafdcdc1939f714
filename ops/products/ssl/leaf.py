"""What a certificate says of itself, read without believing it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

if TYPE_CHECKING:
    from ops.kinds.resource import Json

_SIGNATURES = {
    oid.dotted_string: name.lower().replace("_", "-")
    for name, oid in vars(SignatureAlgorithmOID).items()
    if isinstance(oid, x509.ObjectIdentifier) and not name.startswith("_")
}
_SERVER_USES = {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}

_UNREADABLE = (
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
    TypeError,
)


class Leaf(NamedTuple):
    """A server's own certificate; times are seconds since the epoch.

    *names* are the DNS names and IP addresses of subjectAltName, the only place where clients look.
    *hash* is that of the signature, "" for algorithms that have none of their own (Ed25519).
    """

    subject: str
    issuer: str
    serial: str
    names: tuple[str, ...]
    not_before: float
    not_after: float
    key_type: str
    key_bits: int
    signature: str
    hash: str
    for_servers: bool

    @property
    def lifetime(self) -> float:
        """Give the seconds for which it is valid; both ends belong to them (RFC 5280, section 4.1.2.5)."""
        return self.not_after - self.not_before + 1


def read(der: bytes) -> Leaf:
    """Read one certificate. Raises ValueError for one that cannot be read."""
    try:
        return _read(x509.load_der_x509_certificate(der))
    except _UNREADABLE as error:
        raise ValueError(str(error)) from error


def describe(chain: tuple[bytes, ...]) -> list[Json]:
    """Give subject, issuer and end of each certificate, in the order in which the server sent them."""
    return [_described(der) for der in chain]


def _described(der: bytes) -> Json:
    try:
        certificate = x509.load_der_x509_certificate(der)
        return {
            "subject": certificate.subject.rfc4514_string(),
            "issuer": certificate.issuer.rfc4514_string(),
            "not_after": f"{certificate.not_valid_after_utc:%FT%TZ}",
        }
    except (ValueError, *_UNREADABLE):
        return {"subject": "(unreadable)", "issuer": "(unreadable)", "not_after": None}


def _read(certificate: x509.Certificate) -> Leaf:
    key_type, key_bits = _key(certificate)
    oid = certificate.signature_algorithm_oid.dotted_string
    return Leaf(
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        serial=f"{certificate.serial_number:x}",
        names=_names(certificate),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        key_type=key_type,
        key_bits=key_bits,
        signature=_SIGNATURES.get(oid, oid),
        hash=_hash(certificate),
        for_servers=_for_servers(certificate),
    )


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        value = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    addresses = (str(address) for address in value.get_values_for_type(x509.IPAddress))
    return (*value.get_values_for_type(x509.DNSName), *addresses)


def _for_servers(certificate: x509.Certificate) -> bool:
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return not _SERVER_USES.isdisjoint(uses)


def _key(certificate: x509.Certificate) -> tuple[str, int]:
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return certificate.public_key_algorithm_oid.dotted_string, 0
    if isinstance(key, rsa.RSAPublicKey):
        return "RSA", key.key_size
    if isinstance(key, ec.EllipticCurvePublicKey):
        return "EC", key.key_size
    if isinstance(key, dsa.DSAPublicKey):
        return "DSA", key.key_size
    return ("Ed25519", 256) if isinstance(key, ed25519.Ed25519PublicKey) else (type(key).__name__, 0)


def _hash(certificate: x509.Certificate) -> str:
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return ""
    return algorithm.name if algorithm else ""
