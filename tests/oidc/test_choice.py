"""The file of providers: what is taken, and what is told at the start where it can't be."""

from __future__ import annotations

import sys
from dataclasses import replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from parley.config import Config
from parley.errors import ProvidersUnusable
from parley.oidc.choice import providers_of
from parley.oidc.providers import FILE_MAX_BYTES, Provider, read
from tests.cases import together

PLAIN = """
[example]
issuer = "https://id.example.org"
client_id = "parley"
"""
SECRET = "this is secret"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "providers.toml"


def test_without_the_setting_there_is_none(config: Config) -> None:
    assert not providers_of(config)


def test_a_short_file_is_enough(file: Path) -> None:
    file.write_text(PLAIN)
    assert read(file) == (Provider("example", "Example", "https://id.example.org", "parley"),)


def test_all_that_can_be_said_is_taken(file: Path) -> None:
    (file.parent / "secret").write_text(f"{SECRET}\n")
    file.write_text(
        PLAIN
        + """
        name = "Our staff"
        client_secret_file = "secret"
        domains = ["Example.org", "example.com"]
        networks = ["10.0.0.0/8", "fd00::7"]

        [keycloak-2]
        issuer = "https://10.1.2.3:8443/realms/talk/"
        client_id = "parley"
        networks = ["10.0.0.0/8"]

        [local]
        issuer = "http://localhost:8080"
        client_id = "parley"
        client_secret = "50% ü"
        """.replace(" ü", "")
    )
    staff, keycloak, local = read(file)
    assert (staff.name, staff.client_secret) == ("Our staff", SECRET)
    assert staff.domains == ("example.org", "example.com")
    assert staff.networks == (ip_network("10.0.0.0/8"), ip_network("fd00::7"))
    assert keycloak.issuer == "https://10.1.2.3:8443/realms/talk/"
    assert local.is_in_the_clear
    assert SECRET not in repr(staff)
    assert SECRET not in str(read(file))


@together(
    ("text", "words"),
    [
        ("", "1 to 10 providers"),
        ("[example", "is no TOML"),
        ("issuer = 'https://id.example.org'", "[issuer]"),
        ("[example]\nclient_id = 'x'", "`issuer`"),
        ("[example]\nissuer = 'https://id.example.org'", "`client_id`"),
        (PLAIN + "client_id = 'twice'", "is no TOML"),
        (PLAIN + "scope = 'all'", "unknown field `scope`"),
        (PLAIN + "domains = 'example.org'", "domains"),
        (PLAIN + "domains = ['@example.org']", "domains should be"),
        (PLAIN + "domains = ['*']", "domains should be"),
        (PLAIN + "networks = ['intranet']", "networks should be"),
        (PLAIN + "name = '" + "x" * 41 + "'", "name should be"),
        (PLAIN + "client_secret = 'two\\nlines'", ""),
        (PLAIN + 'client_secret = "two\\nlines"', "on one line"),
        (PLAIN + f"client_secret = '{SECRET}'\nclient_secret_file = 'x'", "not both"),
        (PLAIN + "client_secret_file = 'missing'", "cannot be read"),
        (PLAIN.replace("[example]", "[Example]"), "its key should be"),
        (PLAIN.replace("[example]", "['a/b']"), "its key should be"),
        (PLAIN.replace("parley", ""), "client_id should be"),
        (PLAIN.replace("https://", "http://"), "must begin with https://"),
        (PLAIN.replace("https://id.example.org", "id.example.org"), "must begin with https://"),
        (PLAIN.replace(".org", ".org/?a=b"), "must have no query"),
        (PLAIN.replace(".org", ".org/#a"), "fragment"),
        (PLAIN.replace("id.example.org", "me:pass@id.example.org"), "must have no user"),
        (PLAIN.replace("id.example.org", "10.1.2.3"), "networks"),
        (PLAIN.replace("id.example.org", "id.example.org:8443"), "networks"),
        (PLAIN + PLAIN.replace("[example]", "[again]"), "names an issuer twice"),
        ("".join(PLAIN.replace("example", f"example{n}") for n in range(11)), "1 to 10"),
        ("#" * (FILE_MAX_BYTES + 1), "too large"),
    ],
)
def test_what_is_wrong_is_told_and_never_a_secret(file: Path, text: str, words: str) -> None:
    file.write_text(text)
    if not words:
        assert read(file)
        return
    with pytest.raises(ProvidersUnusable) as caught:
        read(file)
    assert words in str(caught.value)
    assert SECRET not in str(caught.value)
    assert str(file) in str(caught.value) or "missing" in str(caught.value)


def test_a_file_that_is_missing_or_no_text_is_told(file: Path) -> None:
    with pytest.raises(ProvidersUnusable, match="No such file"):
        read(file)
    file.write_bytes(b"\xff\xfe")
    with pytest.raises(ProvidersUnusable, match="no text"):
        read(file)


def test_it_needs_a_public_url_and_the_extra(
    config: Config, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ProvidersUnusable, match="--oidc-providers"):
        providers_of(replace(config, who_may_start="providers"))
    file.write_text(PLAIN)
    given = replace(config, oidc_providers=file)
    with pytest.raises(ProvidersUnusable, match="--public-url"):
        providers_of(given)
    given = replace(given, public_url="https://talk.example.org")
    assert [each.key for each in providers_of(given)] == ["example"]
    monkeypatch.setitem(sys.modules, "joserfc", None)
    with pytest.raises(ProvidersUnusable, match="the extra oidc"):
        providers_of(given)
