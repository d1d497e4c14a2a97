"""A provider of OpenID Connect on loopback that checks what it is asked, and lies where told to."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import hmac
import json
import secrets
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from aiohttp import web
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from parley.config import Config
from parley.oidc.client import Client
from parley.oidc.providers import Provider as Row

CLIENT_ID = "parley"
SECRET = "s3cret: 50% & more+"
Claims = dict[str, Any]
Forge = Callable[["Key", Claims], str]
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


def text_of(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def number(value: int) -> str:
    return text_of(value.to_bytes((value.bit_length() + 7) // 8))


def token(header: Claims, claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    parts = (text_of(json.dumps(each).encode()) for each in (header, claims))
    signed = ".".join(parts)
    return f"{signed}.{text_of(sign(signed.encode()))}"


@functools.cache
def rsa_key(which: str = "", bits: int = 2048) -> rsa.RSAPrivateKey:
    """The same for the same name: making one takes a while."""
    return rsa.generate_private_key(65537, bits)


@dataclass(frozen=True)
class Key:
    """What a provider signs with."""

    kid: str = "first"
    alg: str = "RS256"
    bits: int = 2048

    @functools.cached_property
    def private(self) -> Any:
        if self.alg == "ES256":
            return ec.generate_private_key(ec.SECP256R1())
        if self.alg == "EdDSA":
            return ed25519.Ed25519PrivateKey.generate()
        return rsa_key(self.kid, self.bits)

    def sign(self, signed: bytes) -> bytes:
        if self.alg == "ES256":
            der = self.private.sign(signed, ec.ECDSA(hashes.SHA256()))
            r, s = decode_dss_signature(der)
            return r.to_bytes(32) + s.to_bytes(32)
        if self.alg == "EdDSA":
            return bytes(self.private.sign(signed))
        pads: Any = padding.PKCS1v15()
        if self.alg == "PS256":
            pads = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
        return bytes(self.private.sign(signed, pads, hashes.SHA256()))

    @property
    def public(self) -> Claims:
        """As a JSON Web Key."""
        public = self.private.public_key()
        about = {"kid": self.kid, "use": "sig", "alg": self.alg}
        if self.alg == "ES256":
            at = public.public_numbers()
            point = {"x": text_of(at.x.to_bytes(32)), "y": text_of(at.y.to_bytes(32))}
            return about | {"kty": "EC", "crv": "P-256"} | point
        if self.alg == "EdDSA":
            return about | {"kty": "OKP", "crv": "Ed25519", "x": text_of(public.public_bytes_raw())}
        numbers = public.public_numbers()
        return about | {"kty": "RSA", "n": number(numbers.n), "e": number(numbers.e)}


def honest(key: Key, claims: Claims) -> str:
    return token({"alg": key.alg, "kid": key.kid, "typ": "JWT"}, claims, key.sign)


@dataclass
class Grant:
    """What a code is good for, once."""

    asked: dict[str, str]
    claims: Claims
    forge: Forge


@dataclass
class Provider:
    url: str = ""
    keys: list[Key] = field(default_factory=lambda: [Key()])
    """Those that it shows; it signs with the last."""
    metadata: Claims = field(default_factory=dict)
    """Instead of what it says of itself otherwise."""
    answers: dict[str, Answer] = field(default_factory=dict)
    """By path, instead of what it answers otherwise."""
    userinfo: Claims | None = None
    grants: dict[str, Grant] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    """The paths that were asked for."""
    says_issuer: bool = True
    prefix: str = ""
    """Before every subject, where people of one test are to be unknown to the next."""

    def row(self, key: str = "example", **more: Any) -> Row:
        """What a host would write of it."""
        given = {"client_id": CLIENT_ID, "client_secret": SECRET, "issuer": self.url} | more
        return Row(key=key, name=key.capitalize(), **given)

    def client(self, key: str = "example", **more: Any) -> Client:
        return Client(self.row(key, **more))

    def approves(
        self, url: str, sub: str = "ana", *, forge: Forge = honest, **claims: Any
    ) -> dict[str, str]:
        """What it sends back whoever came with this address, and says that they are `sub`."""
        asked = dict(parse_qsl(urlsplit(url).query))
        assert url.startswith(f"{self.url}/authorize?"), url
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["scope"].split()[0] == "openid"
        assert asked["code_challenge_method"] == "S256"
        code, now = secrets.token_urlsafe(), int(time.time())
        said = {
            "iss": self.url,
            "sub": self.prefix + sub,
            "aud": CLIENT_ID,
            "exp": now + 300,
            "iat": now,
            "nonce": asked["nonce"],
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not ...}
        self.grants[code] = Grant(asked, said, forge)
        back = {"code": code, "state": asked["state"]}
        return back | ({"iss": self.url} if self.says_issuer else {})

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        other = self.answers.get(request.path)
        if other is not None:
            return await other(request)
        match request.path:
            case "/.well-known/openid-configuration":
                return web.json_response(self.about())
            case "/keys":
                return web.json_response({"keys": [each.public for each in self.keys]})
            case "/token":
                return await self.exchange(request)
            case "/userinfo":
                return web.json_response(self.userinfo)
            case "/authorize":
                return self.ask(request)
        raise web.HTTPNotFound

    def about(self) -> Claims:
        about = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256", "PS256", "ES256", "EdDSA"],
            "authorization_response_iss_parameter_supported": self.says_issuer,
            "response_types_supported": ["code"],
        }
        if self.userinfo is not None:
            about["userinfo_endpoint"] = f"{self.url}/userinfo"
        return about | self.metadata

    def ask(self, request: web.Request) -> web.Response:
        """A page that asks who somebody is, for browsers."""
        url = f"{self.url}{request.path_qs}"
        back = urlsplit(request.query["redirect_uri"])
        for sub, action in (("ana", "ana"), ("ben", "ben"), ("nobody", "")):
            if request.query.get("as") == sub:
                sent = self.approves(url, sub) if action else self.refuses(url)
                raise web.HTTPFound(f"{back.geturl()}?{urlencode(sent)}")
        links = "".join(
            f'<p><a href="{request.path_qs}&as={each}">I am {each}</a>'.replace("&", "&amp;")
            for each in ("ana", "ben", "nobody")
        )
        return web.Response(
            text=f"<!doctype html><h1>Who are you?</h1>{links}", content_type="text/html"
        )

    def refuses(self, url: str) -> dict[str, str]:
        asked = dict(parse_qsl(urlsplit(url).query))
        return {"error": "access_denied", "state": asked["state"], "iss": self.url}

    async def exchange(self, request: web.Request) -> web.Response:
        form = await request.post()
        kind, _, pair = request.headers.get("Authorization", "").partition(" ")
        if kind == "Basic":
            id, _, secret = base64.b64decode(pair).decode().partition(":")
            id, secret = unquote_plus(id), unquote_plus(secret)
        else:
            id, secret = str(form.get("client_id")), str(form.get("client_secret", ""))
        if (id, secret) not in ((CLIENT_ID, SECRET), ("public", "")):
            return web.json_response({"error": "invalid_client"}, status=401)
        grant = self.grants.pop(str(form["code"]), None)
        challenge = text_of(hashlib.sha256(str(form["code_verifier"]).encode()).digest())
        if (
            grant is None
            or form["grant_type"] != "authorization_code"
            or form["redirect_uri"] != grant.asked["redirect_uri"]
            or challenge != grant.asked["code_challenge"]
        ):
            return web.json_response({"error": "invalid_grant"}, status=400)
        key = self.keys[-1]
        return web.json_response(
            {
                "token_type": "Bearer",
                "access_token": "an access token",
                "id_token": grant.forge(key, grant.claims),
            }
        )


def with_providers(config: Config, *rows: Row) -> Config:
    """A configuration that has these in a file, at the address that the test client asks for."""
    file = config.data.parent / "providers.toml"
    file.write_text("".join(map(table, rows)))
    return replace(config, oidc_providers=file, public_url=config.public_url or "http://localhost")


def table(row: Row) -> str:
    """As the file has it."""
    given: dict[str, Any] = {
        "name": row.name,
        "issuer": row.issuer,
        "client_id": row.client_id,
        "client_secret": row.client_secret,
        "domains": list(row.domains),
        "networks": [str(each) for each in row.networks],
    }
    lines = "".join(f"{name} = {json.dumps(value)}\n" for name, value in given.items() if value)
    return f"[{row.key}]\n{lines}"


def at_hash(access_token: str) -> str:
    return text_of(hashlib.sha256(access_token.encode()).digest()[:16])


def with_public_key_as_secret(key: Key, claims: Claims) -> str:
    """As if what everybody knows were a secret: HS256 with the public key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = key.private.public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    header = {"alg": "HS256", "kid": key.kid}
    return token(header, claims, lambda signed: hmac.digest(pem, signed, "sha256"))


@contextlib.asynccontextmanager
async def serving(*, tls: Path | None = None) -> AsyncIterator[Provider]:
    """On a free port; over TLS where `certificates` were made in a folder."""
    provider = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", provider.serve)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    context = None
    if tls is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(tls / "service.pem", tls / "service.key")
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    at = "http://127.0.0.1" if tls is None else "https://localhost"
    provider.url = f"{at}:{runner.addresses[0][1]}"
    try:
        yield provider
    finally:
        await runner.cleanup()
