"""What certificates state, read without trusting them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, SignatureAlgorithmOID

if TYPE_CHECKING:
    from ops.items import Json

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
# Why a chain ends: at a certificate that signed itself, at an issuer that was not sent, or at one that was
# sent under the right name, but with a key that did not sign.
SELF_SIGNED = "self-signed"
NOT_SENT = "not sent"
OTHER_KEY = "other key"


class Leaf(NamedTuple):
    """A server's own certificate; times are seconds since the epoch.

    *names* and *addresses* are the DNS names and IP addresses of subjectAltName, which alone clients read.
    *hash* is that of the signature, "" for algorithms without one of their own (Ed25519).
    """

    subject: str
    issuer: str
    serial: str
    names: tuple[str, ...]
    addresses: tuple[str, ...]
    not_before: float
    not_after: float
    key_type: str
    key_bits: int
    signature: str
    hash: str
    for_servers: bool

    @property
    def lifetime(self) -> float:
        """Return the seconds for which it is valid, both ends included (RFC 5280, section 4.1.2.5)."""
        return self.not_after - self.not_before + 1


def read(der: bytes) -> Leaf:
    """Read one certificate. Raises ValueError if it cannot be read."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        key_type, key_bits = _key(certificate)
        oid = certificate.signature_algorithm_oid.dotted_string
        try:
            algorithm = certificate.signature_hash_algorithm
        except UnsupportedAlgorithm:
            algorithm = None
        extensions = certificate.extensions
        try:
            subject = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
            names = tuple(subject.get_values_for_type(x509.DNSName))
            addresses = tuple(map(str, subject.get_values_for_type(x509.IPAddress)))
        except x509.ExtensionNotFound:
            names = addresses = ()
        try:
            uses = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            for_servers = not _SERVER_USES.isdisjoint(uses)
        except x509.ExtensionNotFound:
            for_servers = True
        return Leaf(
            subject=certificate.subject.rfc4514_string(),
            issuer=certificate.issuer.rfc4514_string(),
            serial=f"{certificate.serial_number:x}",
            names=names,
            addresses=addresses,
            not_before=certificate.not_valid_before_utc.timestamp(),
            not_after=certificate.not_valid_after_utc.timestamp(),
            key_type=key_type,
            key_bits=key_bits,
            signature=_SIGNATURES.get(oid, oid),
            hash=algorithm.name if algorithm else "",
            for_servers=for_servers,
        )
    except _UNREADABLE as error:
        raise ValueError(str(error)) from error


def describe(chain: tuple[bytes, ...]) -> list[Json]:
    """Return subject, issuer and end of each certificate, in the order in which the server sent them."""
    rows: list[Json] = []
    for der in chain:
        try:
            certificate = x509.load_der_x509_certificate(der)
            subject, issuer = certificate.subject.rfc4514_string(), certificate.issuer.rfc4514_string()
            end = f"{certificate.not_valid_after_utc:%FT%TZ}"
        except (ValueError, *_UNREADABLE):
            subject, issuer, end = "(unreadable)", "(unreadable)", None
        rows.append({"subject": subject, "issuer": issuer, "not_after": end})
    return rows


def chain_end(chain: tuple[bytes, ...]) -> tuple[str, str]:
    """Follow the issuers through the certificates that a server sent, its own first.

    Return why the chain ends (SELF_SIGNED, NOT_SENT or OTHER_KEY), and the name of the issuer there.
    """
    certificates = []
    for der in chain:
        try:
            certificates.append(x509.load_der_x509_certificate(der))
        except (ValueError, *_UNREADABLE):
            continue
    if not certificates:
        return NOT_SENT, ""
    current, *others = certificates
    while current.issuer != current.subject:
        candidates = [other for other in others if other.subject == current.issuer]
        signer = next((other for other in candidates if _signed(current, other)), None)
        if signer is None:
            return OTHER_KEY if candidates else NOT_SENT, current.issuer.rfc4514_string()
        others.remove(signer)
        current = signer
    return SELF_SIGNED, current.issuer.rfc4514_string()


def _signed(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, InvalidSignature, *_UNREADABLE):
        return False
    return True


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
