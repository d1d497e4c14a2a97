"""Notifications: whom push services can write to, and whether they can be reached."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

from parley.doctor.findings import Finding, ok, skip, warn
from parley.doctor.looking import Look

CHECK = "push"
ANSWERS_WITHIN_S = 8.0
SERVICES = (
    "fcm.googleapis.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
)


async def look(look: Look) -> AsyncIterator[Finding]:
    config = look.config
    if not config.service_worker:
        yield skip(CHECK, "There are no notifications (--service-worker off).")
        return
    if not config.push_contact and not config.public_url.startswith("https:"):
        yield warn(
            CHECK,
            "Push services are given no contact, and Apple's takes no notifications without one.",
            "Give --public-url with https, or --push-contact mailto:you@example.org.",
        )
    if look.is_offline:
        yield skip(CHECK, "Push services were not asked (--offline).")
        return
    failed = await asyncio.gather(*map(_unreachable, SERVICES))
    silent = [f"{host} ({why})" for host, why in zip(SERVICES, failed, strict=True) if why]
    if silent:
        yield warn(
            CHECK,
            f"Can't reach {', '.join(silent)}.",
            "Let this machine connect to port 443 outside; until then some browsers get no "
            "notifications. If that is intended, add --offline.",
        )
    else:
        yield ok(CHECK, "The push services of the large browsers can be reached.")


async def _unreachable(host: str) -> str:
    """Why; empty where it can be reached."""
    try:
        async with asyncio.timeout(ANSWERS_WITHIN_S):
            _, writer = await asyncio.open_connection(host, 443, ssl=ssl.create_default_context())
            writer.close()
    except TimeoutError:
        return "no answer"
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""
