"""Forms that browsers send without saying from where.

Under `Referrer-Policy: no-referrer` the origin of a plain form is `null`. Browsers tell
`Sec-Fetch-Site` instead, but the old ones never do, and none does over plain HTTP to
anything but this machine. For them each form carries a seal of a cookie: only a page of
ours holds it, for nobody else can make one or read our pages.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup
from quart import g, request

from parley import contract, credentials, web
from parley.errors import BadRequest, FormTooOld
from parley.incoming import BrokenOff, FormFile, Incoming

FIELD = "page"
PURPOSE = "form"
COOKIE_BYTES = 16


def seal_field() -> Markup:
    """The hidden field of a form; nothing where the browser says itself where it comes from."""
    if "form_seal" not in g:  # the same for every form of the page, of which there may be hundreds
        g.form_seal = _seal_field()
    made: Markup = g.form_seal
    return made


def _seal_field() -> Markup:
    if web.asking().fetch_site:
        return Markup("")
    return Markup('<input type="hidden" name="{}" value="{}">').format(
        FIELD, web.secret().seal(PURPOSE, _cookie() or _new_cookie())
    )


async def look_at_seal() -> None:
    """Note whether the form that is posted came from a page of ours.

    Raises `FormTooOld` for a seal of another cookie, where nothing else says so.
    """
    asking = web.asking()
    if not asking.changes or asking.fetch_site or asking.origin not in ("", "null"):
        return
    seal = (await fields()).get(FIELD, "")
    cookie = _cookie()
    if seal and not (cookie and web.secret().is_seal(seal, PURPOSE, cookie)):
        raise FormTooOld
    web.note_sealed(bool(seal))


@dataclass(frozen=True, slots=True)
class WithFile:
    """A form with a field for a file, which comes last and is read as it comes."""

    form: FormFile
    name: str
    """What the file is called; empty where none was chosen."""


async def fields() -> Mapping[str, str]:
    """What was filled in, but for a file.

    Raises `BadRequest` for a form that is none or breaks off, and `TooLarge`.
    """
    found = await with_file()
    return await request.form if found is None else found.form.fields


async def with_file() -> WithFile | None:
    """The form that was posted, where it may have a file in it."""
    incoming: Incoming | None = getattr(request, "incoming", None)
    if incoming is not None and "form_with_file" not in g:
        content_type = request.headers.get("Content-Type", "")
        form = FormFile(
            incoming, content_type, field="file", fields_max_chars=contract.FORM_MAX_BYTES
        )
        try:
            g.form_with_file = WithFile(form, await form.name_if_any() or "")
        except BrokenOff:
            raise BadRequest("The form broke off. Send it again.") from None
    found: WithFile | None = g.get("form_with_file")
    return found


async def set_cookie(response: web.R) -> web.R:
    """Give the browser the cookie that the forms of this page are sealed with."""
    made = g.get("form_cookie")
    if made is not None:
        web.set_cookie(response, credentials.FORM_COOKIE, made)
    return response


def _cookie() -> str | None:
    """What the browser holds: its session, else what it was given for forms alone.

    Never both: whoever can plant the second must not act with the first.
    """
    header = web.cookies()
    is_secure, root = web.is_https(), web.root()
    return credentials.session_cookie(
        header, is_secure=is_secure, root=root
    ) or credentials.form_cookie(header, is_secure=is_secure, root=root)


def _new_cookie() -> str:
    if "form_cookie" not in g:
        g.form_cookie = secrets.token_urlsafe(COOKIE_BYTES)
    made: str = g.form_cookie
    return made
