"""A push service over TLS on loopback that decrypts what it is given, and its browsers."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import datetime
import ipaddress
import json
import os
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import http_ece
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import NameOID

NETWORKS = "127.0.0.0/8"


def text_of(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Browser:
    """What subscribes: its keys, and what it was told."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        self.got: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []

    @property
    def subscription(self) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` has it."""
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        keys = {"p256dh": text_of(point), "auth": text_of(self._auth)}
        return {"endpoint": self.endpoint, "expirationTime": None, "keys": keys}

    def read(self, body: bytes) -> dict[str, Any]:
        """Raises where it was not encrypted for this browser, or in more than one record."""
        assert len(body) <= 4096
        text = http_ece.decrypt(
            body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"
        )
        said: dict[str, Any] = json.loads(text)
        return said


Answer = Callable[[Browser], Awaitable[web.Response]]


@dataclass
class Service:
    """Takes what is posted, or does what `answer` says."""

    url: str = ""
    browsers: dict[str, Browser] = field(default_factory=dict)
    answer: Answer | None = None
    asked: list[str] = field(default_factory=list)
    """The ids of the browsers that something came for, taken or not."""
    news: asyncio.Condition = field(default_factory=asyncio.Condition)

    def browser(self) -> Browser:
        id = str(len(self.browsers) + 1)
        made = Browser(f"{self.url}/push/{id}")
        self.browsers[id] = made
        return made

    async def take(self, request: web.Request) -> web.Response:
        id = request.match_info["id"]
        browser = self.browsers[id]
        body = await request.read()
        self.asked.append(id)
        try:
            if self.answer is not None:
                answer = await self.answer(browser)
                if answer.status >= 300:
                    return answer
            check_claims(request, self.url)
            browser.got.append(browser.read(body))
            browser.headers.append(dict(request.headers))
            return web.Response(status=201)
        finally:
            async with self.news:
                self.news.notify_all()

    async def until(self, is_so: Callable[[], bool], within_s: float = 60.0) -> None:
        """Wait until something is so, which can be so only after something came."""
        async with asyncio.timeout(within_s), self.news:
            await self.news.wait_for(is_so)


def check_claims(request: web.Request, url: str) -> None:
    """As RFC 8292 has a push service do it."""
    scheme, _, parameters = request.headers["Authorization"].partition(" ")
    assert scheme == "vapid"
    given = dict(each.strip().split("=", 1) for each in parameters.split(","))
    signed, _, signature = given["t"].rpartition(".")
    raw = bytes_of(signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), bytes_of(given["k"]))
    key.verify(der, signed.encode(), ec.ECDSA(hashes.SHA256()))
    claims = json.loads(bytes_of(signed.split(".")[1]))
    now = datetime.datetime.now(datetime.UTC).timestamp()
    assert claims["aud"] == url
    assert now < claims["exp"] <= now + 24 * 3600
    assert claims["sub"].startswith(("mailto:", "https:"))


@contextlib.asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[Service]:
    """On a free port, with a certificate that `authority(folder)` signed."""
    service = Service()
    app = web.Application()
    app.router.add_post("/push/{id}", service.take)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "service.pem", folder / "service.key")
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    service.url = f"https://localhost:{port}"
    try:
        yield service
    finally:
        await runner.cleanup()


def certificates(folder: Path) -> Path:
    """Make an authority and a certificate for localhost; the authority's file, to be trusted."""
    now = datetime.datetime.now(datetime.UTC)
    day = datetime.timedelta(days=1)
    authority_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Parley's tests")])

    def made(subject: x509.Name, of: Any) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(of.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + 30 * day)
        )

    authority = (
        made(issuer, authority_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    certificate = (
        made(subject, key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    (folder / "service.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "service.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    trusted = folder / "authority.pem"
    trusted.write_bytes(authority.public_bytes(Encoding.PEM))
    return trusted
