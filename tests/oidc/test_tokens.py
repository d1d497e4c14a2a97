"""ID tokens: what is taken for true, and every way to lie."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley.oidc import tokens
from parley.oidc.tokens import Expected, UnknownKey, Untrue
from tests.cases import together
from tests.effort import examples
from tests.oidc.provider import (
    Claims,
    Forge,
    Key,
    at_hash,
    honest,
    rsa_key,
    text_of,
    token,
    with_public_key_as_secret,
)

ISSUER = "https://id.example.org"
EXPECTED = Expected(ISSUER, "parley", "the nonce", ("RS256", "PS256", "ES256", "EdDSA"))
NOW_S = time.time()
ACCESS = "an access token"
RSA = Key()


def said(**more: Any) -> Claims:
    claims = {
        "iss": ISSUER,
        "sub": "ana",
        "aud": "parley",
        "exp": NOW_S + 300,
        "iat": NOW_S,
        "nonce": "the nonce",
    } | more
    return {name: value for name, value in claims.items() if value is not ...}


def read(text: str, *keys: Any, expected: Expected = EXPECTED) -> tokens.Claims:
    return tokens.read(text, keys or [RSA.public], expected, access_token=ACCESS, now_s=NOW_S)


@pytest.mark.parametrize("alg", ["RS256", "PS256", "ES256", "EdDSA"])
def test_what_the_provider_signed_is_believed(alg: str) -> None:
    key = Key(alg=alg)
    claims = read(honest(key, said(name="Ana", at_hash=...)), key.public)
    assert (claims.iss, claims.sub, claims.name) == (ISSUER, "ana", "Ana")


@together(
    "claims",
    [
        {"aud": ["parley"]},
        {"aud": ["parley", "another"], "azp": "parley"},
        {"azp": "parley"},
        {"exp": NOW_S - 30},
        {"iat": NOW_S + 30},
        {"iat": NOW_S - 500},
        {"nbf": NOW_S + 30},
        {"at_hash": at_hash(ACCESS)},
        {"sub": "x" * 255},
    ],
)
def test_what_is_unusual_and_true_is_believed(claims: Claims) -> None:
    assert read(honest(RSA, said(**claims))).iss == ISSUER


@together(
    ("claims", "why"),
    [
        ({"iss": "https://id.example.org/"}, "another provider"),
        ({"iss": "https://mallory.example"}, "another provider"),
        ({"iss": ...}, "missing"),
        ({"aud": "another"}, "somebody else"),
        ({"aud": []}, "somebody else"),
        ({"aud": ["parley", "another"]}, "several"),
        ({"aud": ["parley", "another"], "azp": "another"}, "somebody else"),
        ({"azp": "another"}, "somebody else"),
        ({"exp": NOW_S - 61}, "expired"),
        ({"exp": ...}, "missing"),
        ({"exp": "tomorrow"}, "malformed"),
        ({"exp": True}, "malformed"),
        ({"iat": NOW_S + 120}, "another time"),
        ({"iat": NOW_S - 3_600}, "another time"),
        ({"iat": ...}, "missing"),
        ({"nbf": NOW_S + 120}, "not valid yet"),
        ({"nonce": "another"}, "another request"),
        ({"nonce": ...}, "missing"),
        ({"nonce": "ü"}, "another request"),
        ({"nonce": None}, "malformed"),
        ({"sub": ""}, "subject"),
        ({"sub": "x" * 256}, "subject"),
        ({"sub": "an\0a"}, "subject"),
        ({"sub": "anä"}, "subject"),
        ({"sub": 7}, "malformed"),
        ({"at_hash": at_hash("another")}, "at_hash"),
        ({"at_hash": ""}, "at_hash"),
    ],
)
def test_what_is_not_for_this_is_not_believed(claims: Claims, why: str) -> None:
    with pytest.raises(Untrue, match=why):
        read(honest(RSA, said(**claims)))


def test_an_at_hash_without_an_access_token_is_not_believed() -> None:
    text = honest(RSA, said(at_hash=at_hash(ACCESS)))
    with pytest.raises(Untrue, match="at_hash"):
        tokens.read(text, [RSA.public], EXPECTED, access_token=None, now_s=NOW_S)


def unsigned(alg: str) -> Forge:
    return lambda _key, claims: token({"alg": alg}, claims, lambda _signed: b"")


def by_another(key: Key, claims: Claims) -> str:
    return (
        honest(Key(kid=key.kid), claims).rpartition(".")[0]
        + "."
        + text_of(Key("mallory").sign(b"anything"))
    )


def brings_its_own_key(key: Key, claims: Claims) -> str:
    own = Key("mallory")
    header = {"alg": "RS256", "kid": key.kid, "jwk": own.public}
    return token(header, claims, own.sign)


def changed_afterwards(key: Key, claims: Claims) -> str:
    header, _, signature = honest(key, claims).split(".")
    other = honest(key, claims | {"sub": "ben"}).split(".")[1]
    return f"{header}.{other}.{signature}"


def header_of(**more: Any) -> Forge:
    def forge(key: Key, claims: Claims) -> str:
        return token({"alg": "RS256", "kid": key.kid} | more, claims, key.sign)

    return forge


@together(
    "forge",
    [
        unsigned("none"),
        unsigned("None"),
        unsigned("RS256"),
        unsigned("HS256"),
        with_public_key_as_secret,
        by_another,
        brings_its_own_key,
        changed_afterwards,
        header_of(alg="RS1"),
        header_of(alg="RS512"),  # not one that the provider says it signs by
        header_of(alg="PS256"),
        header_of(alg="ES256"),
        header_of(typ="at+jwt"),
        header_of(typ="logout+jwt"),
        header_of(crit=["exp"]),
        header_of(b64=False, crit=["b64"]),
        header_of(alg=None),
        header_of(kid=7),
        lambda key, claims: honest(key, claims) + ".",
        lambda key, claims: honest(key, claims)[:-4],
        lambda key, claims: honest(key, claims).replace(".", "!", 1),
        lambda _key, _claims: "",
        lambda _key, _claims: "..",
        lambda _key, _claims: "a.b.c",
        lambda _key, _claims: "ü.ü.ü",
        lambda key, claims: honest(key, claims | {"more": "x" * 20_000}),
    ],
)
def test_what_the_provider_did_not_sign_is_not_believed(forge: Forge) -> None:
    with pytest.raises(Untrue):
        read(forge(RSA, said()))


def test_nothing_is_believed_where_no_algorithm_is_allowed() -> None:
    for algorithms in ((), ("HS256", "none")):
        expected = Expected(ISSUER, "parley", "the nonce", algorithms)
        for forge in (honest, unsigned("none"), with_public_key_as_secret):
            with pytest.raises(Untrue, match="algorithm"):
                read(forge(RSA, said()), expected=expected)


JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=4,
)
CLAIMS = st.dictionaries(st.sampled_from(sorted(said(azp=1, nbf=1, at_hash=1, email=1))), JSON)
PARAMETERS = ("kty", "kid", "use", "alg", "n", "e", "crv", "x", "y", "key_ops", "d")
KEYS = st.dictionaries(st.sampled_from(PARAMETERS), JSON | st.sampled_from(["RSA", "EC", "OKP"]))


@pytest.mark.long("a hundred tokens")
@given(header=JSON, claims=CLAIMS, more=KEYS)
def test_whatever_comes_is_believed_or_refused_in_words(
    header: Any, claims: Claims, more: Claims
) -> None:
    key = RSA.public | more
    for text in (
        token(header, said(), RSA.sign),
        honest(RSA, said() | claims),
        honest(Key(alg="ES256"), said()),
    ):
        with contextlib.suppress(Untrue):
            assert read(text, key).iss == ISSUER


@pytest.mark.longer
@examples()
@given(st.text() | st.from_regex(r"[\w-]*\.[\w-]*\.[\w-]*", fullmatch=True))
def test_any_text_that_nobody_signed_is_refused(text: str) -> None:
    with pytest.raises(Untrue):
        read(text)


def test_a_key_that_is_not_there_is_told_from_a_lie() -> None:
    with pytest.raises(UnknownKey):
        read(honest(Key("second"), said()))


@together(
    "more",
    [{"use": "enc"}, {"alg": "RS512"}, {"kty": "oct", "k": "AAAA"}, {"kid": "x"}, {"n": None}],
)
def test_a_key_for_something_else_proves_nothing(more: Claims) -> None:
    with pytest.raises(Untrue):
        read(honest(RSA, said()), RSA.public | more)


def test_a_token_without_a_key_id_is_tried_with_each_key() -> None:
    text = token({"alg": "RS256"}, said(), RSA.sign)
    assert read(text, Key("second").public, RSA.public).sub == "ana"


def test_what_is_private_in_a_key_is_not_looked_at() -> None:
    assert read(honest(RSA, said()), RSA.public | {"d": "AAAA", "key_ops": ["sign"]}).sub == "ana"


def test_a_short_key_protects_nothing() -> None:
    short = Key("short", bits=1024)
    with pytest.raises(Untrue):
        read(honest(short, said()), short.public)
    assert rsa_key("short", 1024).key_size == 1024


@together("key", [{"kty": "RSA"}, {"kty": "RSA", "n": "!", "e": "AQAB"}, {"kty": 7}, {}])
def test_a_broken_key_is_none(key: Claims) -> None:
    with pytest.raises(Untrue):
        read(honest(RSA, said()), key | {"kid": "first"})
    assert read(honest(RSA, said()), key | {"kid": "first"}, RSA.public).sub == "ana"


@together(
    "curve", [{"crv": "P-384"}, {"crv": "X25519"}, {"x": "AAAA"}, {"crv": "Ed448"}, {"y": None}]
)
def test_a_key_on_another_curve_is_none(curve: Claims) -> None:
    for alg in ("ES256", "EdDSA"):
        key = Key(alg=alg)
        public = key.public | curve
        if public == key.public | {"y": None} and alg == "EdDSA":
            continue
        with pytest.raises(Untrue):
            read(honest(key, said()), public)
