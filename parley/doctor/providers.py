"""Providers to sign in with: whether each says where it is asked, and which keys it has."""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from pathlib import Path

from parley.doctor.findings import Finding, fail, ok, skip, warn
from parley.doctor.looking import Look
from parley.errors import StartupError
from parley.oidc.choice import Providers, providers_of
from parley.oidc.discovery import Discovery, Unreachable
from parley.oidc.providers import Provider
from parley.oidc.tokens import ALGORITHMS

CHECK = "providers"


async def look(look: Look) -> AsyncIterator[Finding]:
    file = look.config.oidc_providers
    if file is None:
        return
    try:
        providers = providers_of(look.config)
    except StartupError:
        return  # the settings say so
    if _is_open(file):
        yield warn(
            CHECK,
            f"{file} holds secrets, and everybody on this machine can read it.",
            f"Run: chmod o= {file}",
        )
    if look.is_offline:
        yield skip(CHECK, "Providers were not asked (--offline).")
        return
    async for finding in _asked(providers):
        yield finding


async def _asked(providers: Providers) -> AsyncIterator[Finding]:
    for each in providers:
        discovery = Discovery(each)
        try:
            yield await _finding(each, discovery)
        except Unreachable as error:
            yield fail(
                CHECK,
                f"{each.name} ({each.issuer}) can't be used: {error}.",
                "Check its issuer, and whether this machine can reach it. For one in a network of "
                "your own, name that in networks.",
            )
        finally:
            await discovery.close()


async def _finding(provider: Provider, discovery: Discovery) -> Finding:
    """Raises `Unreachable`."""
    metadata, keys = await discovery.metadata(), await discovery.keys()
    signs_by = metadata.id_token_signing_alg_values_supported
    if not set(signs_by) & set(ALGORITHMS):
        return fail(
            CHECK,
            f"{provider.name} signs by {', '.join(signs_by)[:200]} alone.",
            "Have it sign ID tokens by RS256 or ES256.",
        )
    return ok(CHECK, f"{provider.name} answers, and its keys are there ({len(keys)}).")


def _is_open(file: Path) -> bool:
    try:
        return bool(file.stat().st_mode & stat.S_IROTH)
    except OSError:
        return False
