"""ID tokens: who signed them, for whom, and for which request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

TOKEN_MAX_CHARS = 16_384
LEEWAY_S = 60.0
"""Between the provider's clock and ours."""
ISSUED_WITHIN_S = 600.0
"""A token comes straight from the provider: an older one is from something else."""
SUBJECT_MAX_CHARS = 255
"""OpenID Connect Core 1.0, section 2."""
RSA_LEAST_BITS = 2_048
RSA_MOST_BITS = 8_192
TRIED_MAX = 10
"""Keys that one token is tried with, where it names none."""
_PARAMETERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x")}
"""What of a public key is used, by its type."""
_HASHES = {"256": hashlib.sha256, "384": hashlib.sha384, "512": hashlib.sha512}
_EDDSA = ("EdDSA", "Ed25519")
"""One by two names (RFC 9864)."""
ALGORITHMS: Mapping[str, str] = {
    **{f"{kind}{bits}": "RSA" for kind in ("RS", "PS") for bits in _HASHES},
    **{f"ES{bits}": "EC" for bits in _HASHES},
    **dict.fromkeys(_EDDSA, "OKP"),
}
"""Those that a token may be signed by, and the type of their keys. None that needs a shared secret:
a provider's public key would do for one.
"""


class Untrue(Exception):
    """What somebody came back with doesn't prove who they are. The words are for the log."""


class UnknownKey(Untrue):
    """A token names a key that the provider didn't have when its keys were asked for."""


class Expected(Struct, frozen=True):
    """What a token has to be for."""

    issuer: str
    client_id: str
    nonce: str
    algorithms: tuple[str, ...]
    """Those that the provider says it signs by."""


class Claims(Struct, frozen=True):
    """What a token says. What only some need is unexamined: providers differ there."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: float
    iat: float
    nonce: str
    azp: str | None = None
    nbf: float | None = None
    auth_time: float | None = None
    at_hash: str | None = None
    name: Any = None
    email: Any = None
    email_verified: Any = None
    hd: Any = None


def read(
    token: str,
    keys: Sequence[Mapping[str, Any]],
    expected: Expected,
    *,
    access_token: str | None,
    now_s: float,
) -> Claims:
    """What a token says, once it is proven (Core 1.0, section 3.1.3.7). Raises `Untrue`."""
    header = _header(token)
    algorithm = header.alg
    if algorithm not in ALGORITHMS or algorithm not in expected.algorithms:
        raise Untrue("signed by an algorithm that isn't allowed")
    payload = _verified(token, algorithm, list(_fitting(keys, header)))
    try:
        claims = msgspec.json.decode(payload, type=Claims)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Untrue("claims are missing or malformed") from None
    _require_issued(claims, expected, now_s)
    if not _is_subject(claims.sub):
        raise Untrue("no subject as it should be")
    if claims.at_hash is not None and not _is_hash(claims.at_hash, access_token, algorithm):
        raise Untrue("at_hash is another access token's")
    return claims


class _Header(Struct):
    alg: str
    kid: str | None = None
    typ: str | None = None
    crit: Any = None
    b64: Any = None


def _header(token: str) -> _Header:
    if len(token) > TOKEN_MAX_CHARS or token.count(".") != 2 or not token.isascii():
        raise Untrue("no signed token")
    raw = token.partition(".")[0]
    try:
        header = msgspec.json.decode(_decoded(raw), type=_Header)
    except (ValueError, msgspec.MsgspecError):
        raise Untrue("no header as it should be") from None
    if header.crit is not None or header.b64 is not None:
        raise Untrue("its header asks for an extension")
    if header.typ is not None and header.typ.upper() != "JWT":
        raise Untrue("a token of another kind")
    return header


def _fitting(keys: Sequence[Mapping[str, Any]], header: _Header) -> Iterator[Mapping[str, Any]]:
    """The keys that may have signed it. Raises `UnknownKey` where it names one that isn't there."""
    kind = ALGORITHMS[header.alg]
    found = [each for each in keys if each.get("kty") == kind and _is_to_sign(each, header.alg)]
    if header.kid is not None:
        found = [each for each in found if each.get("kid") == header.kid]
    if not found:
        raise UnknownKey("signed by a key that the provider doesn't have")
    yield from found[:TRIED_MAX]


def _is_to_sign(key: Mapping[str, Any], algorithm: str) -> bool:
    named = key.get("alg", algorithm)
    is_same = named == algorithm or (named in _EDDSA and algorithm in _EDDSA)
    return bool(key.get("use", "sig") == "sig" and is_same)


def _verified(token: str, algorithm: str, keys: Collection[Mapping[str, Any]]) -> bytes:
    """What it holds. Raises `Untrue`."""
    # Loaded only where providers are configured.
    from joserfc import jws
    from joserfc.errors import JoseError

    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = registry.max_payload_length = TOKEN_MAX_CHARS
    with warnings.catch_warnings():
        # "EdDSA" is an older name of what most providers still call it.
        warnings.simplefilter("ignore")
        for each in keys:
            try:
                return jws.deserialize_compact(
                    token, _imported(each), [algorithm], registry=registry
                ).payload
            except (JoseError, *_UNREADABLE):
                continue
    raise Untrue("not signed by the provider")


_UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError)
"""What comes of keys and signatures that are not what they should be."""


def _imported(key: Mapping[str, Any]) -> Any:
    """Its public half, and nothing else that is said of it."""
    from joserfc.jwk import ECKey, OKPKey, RSAKey

    kind = key["kty"]
    given: dict[str, Any] = {name: str(key[name]) for name in ("kty", *_PARAMETERS[kind])}
    if kind == "RSA":
        _require_usual(given)
        return RSAKey.import_key(given)
    if kind == "EC":
        return ECKey.import_key(given)
    if given["crv"] != "Ed25519":
        raise ValueError("not a curve to sign on")
    return OKPKey.import_key(given)


def _require_usual(key: Mapping[str, str]) -> None:
    """Raises `ValueError` for an RSA key that protects nothing, or costs much to try."""
    bits = int.from_bytes(_decoded(key["n"])).bit_length()
    exponent_bits = int.from_bytes(_decoded(key["e"])).bit_length()
    if not RSA_LEAST_BITS <= bits <= RSA_MOST_BITS or not 2 <= exponent_bits <= 64:
        raise ValueError("an RSA key of an unusual size")


def _require_issued(claims: Claims, expected: Expected, now_s: float) -> None:
    """By whom, for whom, when and why. Raises `Untrue`."""
    if claims.iss != expected.issuer:
        raise Untrue("issued by another provider")
    audience = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if expected.client_id not in audience:
        raise Untrue("issued for somebody else")
    if claims.azp is None and len(set(audience)) > 1:
        raise Untrue("issued for several, and it doesn't say for whom")
    if claims.azp is not None and claims.azp != expected.client_id:
        raise Untrue("issued to somebody else")
    if now_s >= claims.exp + LEEWAY_S:
        raise Untrue("expired")
    if not -LEEWAY_S - ISSUED_WITHIN_S <= claims.iat - now_s <= LEEWAY_S:
        raise Untrue("issued at another time")
    if claims.nbf is not None and claims.nbf > now_s + LEEWAY_S:
        raise Untrue("not valid yet")
    if not hmac.compare_digest(claims.nonce.encode(), expected.nonce.encode()):
        raise Untrue("issued for another request")


def _is_subject(sub: str) -> bool:
    return 0 < len(sub) <= SUBJECT_MAX_CHARS and sub.isascii() and sub.isprintable()


def _is_hash(at_hash: str, access_token: str | None, algorithm: str) -> bool:
    """Whether it is the left half of the access token's hash (Core 1.0, section 3.1.3.6)."""
    if access_token is None:
        return False
    # Ed25519 signs with SHA-512.
    of = _HASHES.get(algorithm[-3:], hashlib.sha512)
    digest = of(access_token.encode()).digest()
    half = digest[: len(digest) // 2]
    return hmac.compare_digest(encoded(half).encode(), at_hash.rstrip("=").encode())


def encoded(raw: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Raises `ValueError`."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("no base64url") from error
