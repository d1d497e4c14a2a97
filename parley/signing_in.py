"""Signing in, as REST and pages share it: from where, to which server, and what browsers keep."""

from __future__ import annotations

import re
import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

from quart import g, request

from parley import credentials, web
from parley.addresses import roughly
from parley.domain.accounts import Entered, Where
from parley.domain.passkeys import Browser, RelyingParty
from parley.errors import BadRequest, PasskeysUnavailable
from parley.hosts import name_in

COOKIE = "parley_passkey"
"""What ties a challenge to the browser that asked for it."""
COOKIE_BYTES = 24
COOKIE_MAX_AGE_S = 300
GONE_COOKIE = "parley_provider"
"""What ties whoever comes back from a provider to the browser that went there. Nothing else reads
it: whoever comes from another site speaks for nobody.
"""
GONE_MAX_AGE_S = 600
_BROWSERS = (
    ("Edge", r"Edg(?:A|iOS)?/"),
    ("Opera", r"OPR/|OPiOS/"),
    ("Samsung Internet", r"SamsungBrowser/"),
    ("Firefox", r"Firefox/|FxiOS/"),
    ("Chrome", r"Chrome/|CriOS/"),
    ("Safari", r"Safari/"),
)
"""In this order: most of them name those after them, too."""
_SYSTEMS = (
    ("Android", r"Android"),
    ("iPhone", r"iPhone"),
    ("iPad", r"iPad"),
    ("Chromebook", r"CrOS"),
    ("Windows", r"Windows"),
    ("Mac", r"Macintosh|Mac OS X"),
    ("Linux", r"Linux|X11"),
)
_PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9._ -]{0,30}")
UNKNOWN = "Unknown device"


def where() -> Where:
    """The device that asks, in a few words that its browser says, and the network around it."""
    return Where(label=_label(request.headers.get("User-Agent", "")), place=roughly(web.address()))


def _label(user_agent: str) -> str:
    browser = _named(_BROWSERS, user_agent)
    system = _named(_SYSTEMS, user_agent)
    if browser and system:
        return f"{browser} on {system}"
    program = _PROGRAM.match(user_agent)
    return browser or system or (program.group().strip() if program else "") or UNKNOWN


def _named(table: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in table if re.search(pattern, user_agent)), "")


def relying_party() -> RelyingParty:
    """For whom passkeys are, as the present request reaches it. Raises `PasskeysUnavailable`."""
    public_url = web.site().config.public_url
    if not public_url:
        name = name_in(request.headers.get("Host", ""))
        if name != "localhost" and not name.endswith(".localhost"):
            raise PasskeysUnavailable(
                "Passkeys need a public address. Whoever runs this server can set it with "
                "--public-url. Recovery codes work without."
            )
        return RelyingParty(name, f"{request.scheme}://{request.host}", _NAME)
    parts = urlsplit(public_url)
    name = parts.hostname or ""
    is_local = name == "localhost" or name.endswith(".localhost")
    if parts.scheme != "https" and not is_local:
        raise PasskeysUnavailable("Passkeys need HTTPS. Recovery codes work without.")
    if _is_address(name):
        raise PasskeysUnavailable(
            "Passkeys need a host name, and this server's public URL has an IP address. Recovery "
            "codes work without."
        )
    if request.host.lower() != parts.netloc.lower():
        raise PasskeysUnavailable(f"Passkeys work only at {public_url}.")
    return RelyingParty(name, web.site().config.public_origin, name)


_NAME = "Parley"


def has_passkeys() -> bool:
    """Whether they work where the page is that is asked for."""
    try:
        relying_party()
    except PasskeysUnavailable:
        return False
    return True


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


async def browser(*, begins: bool = False) -> Browser:
    """Who asks an authenticator, or answers for one: a page of ours, by what it was given when it
    `begins`. Raises `PasskeysUnavailable` for programs, which have none.
    """
    if not web.is_own_page() or web.presented_token() is not None:
        raise PasskeysUnavailable("Passkeys work on this server's own pages alone.")
    if begins:
        g.passkey_cookie = secret = secrets.token_urlsafe(COOKIE_BYTES)
    else:
        name = credentials.named(COOKIE, is_secure=web.is_https(), root=web.root())
        secret = credentials.cookie_value(web.cookies(), name) or ""
    return Browser(secret, await web.session_if_known())


def remember_asked(response: web.R) -> web.R:
    """Let the browser hold what ties the challenge to it."""
    web.set_cookie(response, COOKIE, g.passkey_cookie, max_age_s=COOKIE_MAX_AGE_S)
    return response


def redirect_uri(provider: str) -> str:
    """Where a provider sends people back to: an address of its own, so that none passes for
    another.
    """
    return f"{web.site().config.public_url}/account/providers/{provider}/callback"


def keeps_cookies() -> bool:
    """Whether a page of ours asks; programs are told what they have to keep."""
    return web.is_own_page() and web.presented_token() is None


async def goes() -> Browser:
    """Who goes to a provider, with a new secret. Raises `BadRequest` where nobody could come back:
    providers know one address of ours.
    """
    public_url = web.site().config.public_url
    if keeps_cookies() and request.host.lower() != urlsplit(public_url).netloc.lower():
        raise BadRequest(f"That works only at {public_url}.")
    return Browser(secrets.token_urlsafe(COOKIE_BYTES), await web.session_if_known())


async def comes_back(secret: str = "") -> Browser:
    """Who comes back: a page by its cookie, a program by the `secret` that it was told."""
    if keeps_cookies():
        secret = gone_secret()
    return Browser(secret, await web.session_if_known())


def gone_secret() -> str:
    """What the browser was given as it went; empty where it wasn't."""
    name = credentials.named(GONE_COOKIE, is_secure=web.is_https(), root=web.root())
    return credentials.cookie_value(web.cookies(), name) or ""


def remember_gone(response: web.R, browser: Browser) -> web.R:
    web.set_cookie(response, GONE_COOKIE, browser.secret, max_age_s=GONE_MAX_AGE_S)
    return response


def forget_gone(response: web.R) -> web.R:
    web.set_cookie(response, GONE_COOKIE, "", max_age_s=0)
    return response


def remember(response: web.R, entered: Entered) -> web.R:
    """Let the browser hold the secret of a device that is signed in from now on."""
    web.speak_for(entered.session)
    return web.remember(response, entered.token)
