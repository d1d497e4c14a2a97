"""TLS: whether browsers accept the certificate of the public URL, and for how long."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509

from parley.config import Config
from parley.doctor.clock import span
from parley.doctor.findings import Finding, fail, ok, warn
from parley.doctor.looking import Look
from parley.wire.certificate import EXPIRES_SOON, Certificate, CertificateUnusable

CHECK = "certificate"
CONNECT_WITHIN_S = 8.0
_PROTOCOLS = ["h2", "http/1.1"]
_RENEW = "Renew it, and see why that didn't happen by itself."
# What OpenSSL's codes mean (X509_STORE_CTX_get_error).
_EXPIRED, _NOT_YET = 10, 9
_OTHER_NAME, _OTHER_ADDRESS = 62, 64
_SELF_SIGNED = (18, 19)
_NO_ISSUER = (2, 20, 21)


def look(look: Look) -> Iterator[Finding]:
    yield from _files(look.config)
    parts = urlsplit(look.url)
    if parts.scheme != "https" or not parts.hostname:
        return
    host, port = parts.hostname, parts.port or 443
    try:
        leaf, protocol = _shake_hands(host, port, ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        yield _refused(host, port, error)
        return
    except (OSError, ValueError):
        return  # the check of the public URL says so
    yield _valid(host, leaf)
    if protocol == "h2":
        yield ok(CHECK, "Browsers are offered HTTP/2.")
    else:
        yield ok(CHECK, "Browsers are not offered HTTP/2; HTTP/1.1 works as well, a little slower.")


def _files(config: Config) -> Iterator[Finding]:
    """What the server would speak TLS with itself."""
    if config.tls_certificate is None and config.tls_key is None:
        return
    if config.tls_certificate is None or config.tls_key is None:
        yield fail(
            CHECK,
            "Of --tls-certificate and --tls-key only one is given.",
            "Give both. They may name one file.",
        )
        return
    try:
        Certificate(config.tls_certificate, config.tls_key)
    except CertificateUnusable as error:
        yield fail(CHECK, str(error), "The server doesn't start like this.")


def _shake_hands(
    host: str, port: int, context: ssl.SSLContext
) -> tuple[x509.Certificate | None, str | None]:
    """The server's certificate, and the protocol it chose."""
    context.set_alpn_protocols(_PROTOCOLS)
    with (
        socket.create_connection((host, port), CONNECT_WITHIN_S) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        der = secured.getpeercert(binary_form=True)
        leaf = None if der is None else x509.load_der_x509_certificate(der)
        return leaf, secured.selected_alpn_protocol()


def _refused(host: str, port: int, error: ssl.SSLCertVerificationError) -> Finding:
    code = error.verify_code
    if code == _EXPIRED:
        leaf = _whatever(host, port)
        when = "" if leaf is None else f" on {leaf.not_valid_after_utc:%Y-%m-%d}"
        return fail(CHECK, f"The certificate of {host} expired{when}.", _RENEW)
    if code == _NOT_YET:
        return fail(
            CHECK,
            f"The certificate of {host} isn't valid yet.",
            "See whether this machine's clock is right.",
        )
    if code in (_OTHER_NAME, _OTHER_ADDRESS):
        return fail(
            CHECK,
            f"The certificate that {host} shows is for another name.",
            f"Get one for {host}, or give the proxy the right one.",
        )
    if code in _SELF_SIGNED:
        return fail(
            CHECK,
            f"The certificate of {host} is vouched for by nobody browsers know.",
            "Get one from an authority such as Let's Encrypt.",
        )
    if code in _NO_ISSUER:
        return fail(
            CHECK,
            f"The chain of {host}'s certificate doesn't lead to an issuer that is known.",
            "Have the server send the intermediate certificates too: often that file is called "
            "fullchain.pem.",
        )
    return fail(
        CHECK, f"Browsers refuse the certificate of {host}: {error.verify_message}.", "Replace it."
    )


def _whatever(host: str, port: int) -> x509.Certificate | None:
    """The certificate that was refused."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        return _shake_hands(host, port, context)[0]
    except (OSError, ValueError):
        return None


def _valid(host: str, leaf: x509.Certificate | None) -> Finding:
    if leaf is None:
        return ok(CHECK, f"The certificate of {host} is accepted.")
    left = leaf.not_valid_after_utc - datetime.now(UTC)
    if left < EXPIRES_SOON:
        return warn(
            CHECK, f"The certificate of {host} expires in {span(left.total_seconds())}.", _RENEW
        )
    return ok(CHECK, f"The certificate of {host} is accepted, and valid for {left.days} days.")
