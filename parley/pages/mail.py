"""The pages of mail about new messages: what one wants, and what the links in mails lead to.

Programs open links to make previews and look for viruses: to look changes nothing, buttons do.
"""

from __future__ import annotations

from quart import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, web
from parley.contract import decode
from parley.domain import mail_wishes
from parley.errors import ParleyError
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.door import Refused, refused
from parley.records import MailCode


def mail_pages() -> tuple[Blueprint, Blueprint]:
    """The pages, and what a mail program asks for when somebody wants no more (RFC 8058)."""
    pages = Blueprint("mail_pages", __name__)
    pages.before_request(forms.look_at_seal)
    pages.before_request(web.admit)
    pages.add_url_rule("/mail", view_func=settings, methods=["GET"])
    pages.add_url_rule("/mail", view_func=change, methods=["POST"])
    pages.add_url_rule("/mail/take-back", view_func=take_back, methods=["POST"])
    pages.add_url_rule("/mail/confirm/<code>", view_func=ask_to_confirm, methods=["GET"])
    pages.add_url_rule("/mail/confirm/<code>", view_func=confirm, methods=["POST"])
    pages.add_url_rule("/mail/stop/<code>", view_func=ask_to_stop, methods=["GET"])
    one_click = Blueprint("one_click", __name__)
    # Whoever sends it has neither our cookie nor a page of ours, and needs none: the code says all.
    # So it is taken from any origin; only guesses are refused.
    one_click.before_request(web.admit_by_code)
    one_click.add_url_rule("/mail/stop/<code>", view_func=stop, methods=["POST"])
    return pages, one_click


async def settings() -> str:
    return await _settings()


async def change() -> AnyResponse | Refused:
    form = await request.form
    address, words = form.get("address", ""), "words" in form
    try:
        body = decode.from_value({"address": address, "words": words}, contract.MailBody)
        async with web.limited(Kind.MAILS):
            session = await web.current_session()
            await mail_wishes.ask(web.site().context, session, body.address, words=body.words)
    except ParleyError as error:
        page = await _settings(error=error.text, address=address, words=words)
        return refused(page, error)
    return web.go_on("/mail")


async def take_back() -> AnyResponse:
    async with web.limited(Kind.JOINS):
        await mail_wishes.take_back(web.site().context, await web.current_session())
    return web.go_on("/mail")


async def ask_to_confirm(code: str) -> str:
    _, wish = await mail_wishes.behind(web.site().context, code, MailCode.CONFIRM)
    return await render_template("pages/mail_confirm.html", code=code, wish=wish, is_done=False)


async def confirm(code: str) -> str:
    wish = await mail_wishes.confirm(web.site().context, code)
    return await render_template("pages/mail_confirm.html", code=code, wish=wish, is_done=True)


async def ask_to_stop(code: str) -> str:
    link, _ = await mail_wishes.behind(web.site().context, code, MailCode.STOP, MailCode.REFUSE)
    return await render_template(
        "pages/mail_stop.html", code=code, kind=link.kind.value, is_done=False
    )


async def stop(code: str) -> Response:
    """No more mail, at once: by the button of the page, or by the mail program's own."""
    kind = await mail_wishes.stop(web.site().context, code)
    page = await render_template("pages/mail_stop.html", code=code, kind=kind.value, is_done=True)
    return Response(page, content_type="text/html; charset=utf-8")


async def _settings(
    *, error: str | None = None, address: str | None = None, words: bool = False
) -> str:
    session = await web.session_if_known()
    wish = await mail_wishes.wish(web.site().context, session)
    return await render_template(
        "pages/mail.html",
        is_known=session is not None,
        wish=wish,
        error=error,
        address=(wish.address if wish else "") if address is None else address,
        words=(wish.words if wish else False) if address is None else words,
    )
