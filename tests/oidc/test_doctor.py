"""What `parley doctor` says of providers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from parley.config import Config
from parley.doctor import providers
from parley.doctor.findings import Finding
from parley.doctor.looking import Check, Look, run
from tests.oidc.provider import SECRET, Provider, serving, with_providers


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    async with serving() as started:
        yield started


async def looked(config: Config, *, offline: bool = False) -> list[Finding]:
    look = Look(config, {}, config.public_url, is_offline=offline)
    return await run([Check("providers", providers.look, 60.0)], look)


async def test_of_none_nothing_is_said(config: Config) -> None:
    assert await looked(config) == []


async def test_what_answers_is_in_order_and_what_does_not_is_found(
    config: Config, provider: Provider
) -> None:
    silent = provider.row("silent", issuer="http://127.0.0.1:9")
    config = with_providers(config, provider.row(), silent)
    assert config.oidc_providers is not None
    config.oidc_providers.chmod(0o600)
    [good, bad] = await looked(config)
    assert (good.state, good.text) == ("ok", "Example answers, and its keys are there (1).")
    assert bad.state == "fail"
    assert "Silent (http://127.0.0.1:9) can't be used" in bad.text
    provider.metadata["id_token_signing_alg_values_supported"] = ["HS256"]
    [useless, _] = await looked(config)
    assert (useless.state, "HS256" in useless.text) == ("fail", True)


async def test_secrets_stay_where_they_are(config: Config, provider: Provider) -> None:
    provider.metadata["issuer"] = f"https://mallory.example/{SECRET}"
    config = with_providers(config, provider.row())
    assert config.oidc_providers is not None
    config.oidc_providers.chmod(0o644)
    [open_file, failed] = await looked(config)
    assert "everybody on this machine can read it" in open_file.text
    assert "another issuer" in failed.text
    assert SECRET not in failed.text


async def test_offline_nobody_is_asked(config: Config, provider: Provider) -> None:
    config = with_providers(config, provider.row())
    assert config.oidc_providers is not None
    config.oidc_providers.chmod(0o600)
    assert [each.state for each in await looked(config, offline=True)] == ["skip"]
    assert provider.asked == []
    assert await looked(replace(config, public_url="")) == []  # the settings say so
