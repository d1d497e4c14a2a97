"""What a browser may do with an answer of ours, and with a page most of all."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from quart import request

from parley import web
from parley.wire.answers import NO_PAGE_POLICY

_FEATURES_OFF = (
    "accelerometer",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "publickey-credentials-create",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "sync-xhr",
    "usb",
    "xr-spatial-tracking",
)
_FEATURES_OURS = ("autoplay", "clipboard-write")
"""For the bell when somebody knocks, and the button that copies the link. Sharing is our own
unless said otherwise, and some browsers complain of its name."""
PERMISSIONS_POLICY = ", ".join(
    (*(f"{name}=()" for name in _FEATURES_OFF), *(f"{name}=(self)" for name in _FEATURES_OURS))
)
WHERE_PEOPLE_SPEAK = PERMISSIONS_POLICY.replace("microphone=()", "microphone=(self)")
"""Voice messages are recorded on the page of their conversation; a browser still asks there."""
_FEATURES_OF_CALLS = "camera|display-capture|picture-in-picture|screen-wake-lock"
WHERE_PEOPLE_CALL = re.sub(rf"\b({_FEATURES_OF_CALLS})=\(\)", r"\1=(self)", WHERE_PEOPLE_SPEAK)
"""And on the page of the conversation itself they call each other."""
WHERE_PEOPLE_SIGN_IN = PERMISSIONS_POLICY.replace(
    "publickey-credentials-create=()", "publickey-credentials-create=(self)"
).replace("publickey-credentials-get=()", "publickey-credentials-get=(self)")
"""Passkeys are made and shown on the page of the account alone."""
_NEVER_FRAMED = re.compile(
    r"/(?:account|admin|admin-link|contact|desks|import|mail|share)(?:/|$)"
    r"|/conversation/[^/]+/(?:manage|hooks|who|delete|replace-link|end)(?:/|$)"
)
"""Where one press of a button decides something for good, or for many: no page of others may lay
itself over it."""
_ACCOUNT = "/account"
_CONVERSATION = "/conversation/"
_LINKED = (_ACCOUNT, "/admin-link/", _CONVERSATION, "/link/", "/mail", "/api/")
"""Where answers hold what only the link should lead to."""


def page_policy(public_url: str, embedding_origins: tuple[str, ...] = ()) -> str:
    """The Content-Security-Policy of a page at `public_url`: what it needs and no more."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' blob:",  # pictures that are being sent, from the page's own memory
            "media-src 'self' blob:",  # films, too: one of their frames is drawn
            "manifest-src 'self'",
            " ".join(("connect-src 'self'", *_socket_source(public_url))),
            "form-action 'self'",
            "base-uri 'none'",
            " ".join(("frame-ancestors", *(embedding_origins or ("'none'",)))),
            # Nothing of ours makes HTML or scripts from text, and one address of a script:
            # the service worker's, in static/js/device/worker.js.
            "require-trusted-types-for 'script'",
            "trusted-types parley",
        )
    )


async def secure(response: web.R) -> web.R:
    """Set the headers that every answer carries."""
    headers = response.headers
    is_page = response.mimetype == "text/html"
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # The address of a conversation is its key: no site, not even ours, learns it from a link.
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    if request.path.startswith(_LINKED):
        headers.setdefault("X-Robots-Tag", "noindex, nofollow")
    if is_page:
        embedding = web.site().config.embedding_origins
        if _NEVER_FRAMED.match(request.path):
            embedding = ()
        headers.setdefault("Content-Security-Policy", page_policy(web.public_url(), embedding))
        headers.setdefault("Permissions-Policy", _permissions(request.path))
        headers.setdefault("Cache-Control", "no-store")
        if not embedding:
            headers.setdefault("X-Frame-Options", "DENY")
        if web.is_trustworthy():
            # Elsewhere browsers ignore it, and complain of it on every page.
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    else:
        headers.setdefault("Content-Security-Policy", NO_PAGE_POLICY)
    return response


def _permissions(path: str) -> str:
    if path.startswith(_CONVERSATION):
        is_its_page = "/" not in path.removeprefix(_CONVERSATION).rstrip("/")
        return WHERE_PEOPLE_CALL if is_its_page and web.site().config.calls else WHERE_PEOPLE_SPEAK
    return WHERE_PEOPLE_SIGN_IN if path.startswith(_ACCOUNT) else PERMISSIONS_POLICY


def _socket_source(public_url: str) -> tuple[str, ...]:
    """The address of our WebSockets, which not every browser takes 'self' to include."""
    parts = urlsplit(public_url)
    host = parts.netloc
    # A source of the policy cannot name an IPv6 address, nor nothing at all.
    if not host or "[" in host:
        return ()
    return (f"{'wss' if parts.scheme == 'https' else 'ws'}://{host}",)
