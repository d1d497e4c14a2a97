"""The certificate that TLS is spoken with: read from its files, and again when they change."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 10.0
"""How often the files are looked at."""
EXPIRES_SOON = timedelta(days=14)
"""Most are renewed a month before they expire: whoever reads the log still has time to see why this
one was not."""
WARN_EVERY_S = 86_400.0

_Stamps = tuple[tuple[int, int, int], ...]


class CertificateUnusable(Exception):
    """Why TLS cannot be spoken with these files, in words for whoever starts the server."""


class Certificate:
    """A certificate, with those that lead to its issuer's, and its key, both as PEM files.

    `context` has what was read last; connections keep what they began with.
    """

    context: ssl.SSLContext

    def __init__(self, certificate: Path, key: Path) -> None:
        """Raises `CertificateUnusable`."""
        self._certificate = certificate
        self._key = key
        self._expires = datetime.max.replace(tzinfo=UTC)
        self._stamps: _Stamps = ()
        self._load()

    def reload(self) -> None:
        """Read the files again; what was read before stays where they are of no use."""
        try:
            self._load()
        except CertificateUnusable as error:
            log.error("certificate_not_reloaded", reason=str(error))
        else:
            log.info("certificate_reloaded", expires=self._expires.isoformat())

    async def watch(self) -> None:
        """Read the files whenever they have changed, and warn before what they hold expires."""
        loop = asyncio.get_running_loop()
        warned_s = -WARN_EVERY_S
        while True:
            if (
                loop.time() >= warned_s + WARN_EVERY_S
                and datetime.now(UTC) > self._expires - EXPIRES_SOON
            ):
                warned_s = loop.time()
                log.warning("certificate_expires", at=self._expires.isoformat())
            await asyncio.sleep(LOOK_EVERY_S)
            stamps = await asyncio.to_thread(self._stamped)
            # Of two files that are replaced, one is first: then the next round finds the other.
            if stamps and stamps != self._stamps:
                await asyncio.to_thread(self.reload)

    def _load(self) -> None:
        self._stamps = self._stamped()
        chain = _read_chain(self._certificate)
        key = _read_key(self._key)
        leaf = chain[0]
        if _public_bytes(key.public_key()) != _public_bytes(leaf.public_key()):
            raise CertificateUnusable(
                f"The key in {self._key} doesn't belong to the first certificate in "
                f"{self._certificate}, which must be the server's own."
            )
        now = datetime.now(UTC)
        expires, begins = leaf.not_valid_after_utc, leaf.not_valid_before_utc
        if expires < now:
            raise CertificateUnusable(
                f"The certificate in {self._certificate} expired on {expires:%Y-%m-%d}. Renew it."
            )
        if begins > now:
            raise CertificateUnusable(
                f"The certificate in {self._certificate} isn't valid before "
                f"{begins:%Y-%m-%d %H:%M} UTC. Is the clock of this machine right?"
            )
        self.context = _context(self._certificate, self._key)
        self._expires = expires

    def _stamped(self) -> _Stamps:
        """What tells whether the files are others than before; nothing where one is missing."""
        try:
            found = [path.stat() for path in (self._certificate, self._key)]
        except OSError:
            return ()
        return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in found)


def _context(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError) as error:
        raise CertificateUnusable(
            f"TLS can't be spoken with {certificate} and {key}: {error.strerror or error}."
        ) from error
    return context


def _read_chain(path: Path) -> list[x509.Certificate]:
    pem = _read(path, "--tls-certificate")
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise CertificateUnusable(
            f"{path} holds no certificate in PEM form. Give --tls-certificate a file that begins "
            "with -----BEGIN CERTIFICATE-----."
        ) from error


def _read_key(path: Path) -> PrivateKeyTypes:
    pem = _read(path, "--tls-key")
    try:
        return serialization.load_pem_private_key(pem, password=None)
    except TypeError as error:
        raise CertificateUnusable(
            f"The key in {path} is protected with a passphrase, which nobody could enter when the "
            f"server restarts. Save it without one: openssl pkey -in {path} -out FILE."
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateUnusable(
            f"{path} holds no private key in PEM form. Give --tls-key the key that belongs to the "
            "certificate."
        ) from error


def _read(path: Path, flag: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CertificateUnusable(
            f"{path} can't be read: {error.strerror}. Give {flag} a file that the server's user "
            "may read."
        ) from error


def _public_bytes(key: object) -> bytes:
    public_bytes = getattr(key, "public_bytes")  # noqa: B009  # each kind of key has it
    made: bytes = public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return made
