"""Reporting, for who runs no scripts: a plain form."""

from __future__ import annotations

from collections.abc import Mapping

from quart import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, web
from parley.contract import decode
from parley.domain import reports
from parley.errors import BadRequest, NotFound, RateLimited, TooLarge
from parley.limits.limiter import Kind
from parley.pages import forms
from parley.pages.door import Refused, refused

reporting_pages = Blueprint("reporting_pages", __name__)
reporting_pages.before_request(forms.look_at_seal)
reporting_pages.before_request(web.admit)

REASONS: dict[contract.ReasonName, str] = {
    "spam": "Spam",
    "abuse": "Insult or harassment",
    "threat": "Threat or violence",
    "sexual": "Sexual content",
    "private": "Someone's private information",
    "other": "Something else",
}
"""Why something is reported, in words; static/js/room/report.js has them too."""


@reporting_pages.get("/conversation/<room_id>/report")
async def ask(room_id: str) -> str:
    return await _page(room_id, {"message_id": request.args.get("message", "")})


@reporting_pages.post("/conversation/<room_id>/report")
async def send(room_id: str) -> str | Refused | AnyResponse:
    form = await request.form
    fields = ("message_id", "user_id", "reason", "words")
    given = {name: form[name].replace("\r\n", "\n") for name in fields if form.get(name)}
    session = await web.current_session()
    try:
        body = decode.from_value(given, contract.ReportBody)
        async with web.limited(Kind.REPORTS, room_id):
            await reports.report(
                web.site().context,
                room_id,
                session,
                address=web.address(),
                message_id=body.message_id,
                user_id=body.user_id,
                reason=body.reason,
                words=body.words,
            )
    except (BadRequest, NotFound, RateLimited, TooLarge) as error:
        return refused(await _page(room_id, given, error=error.text), error)
    return await _page(room_id, {}, is_done=True)


async def _page(
    room_id: str, given: Mapping[str, str], *, error: str = "", is_done: bool = False
) -> str:
    """With the fields as they were `given`."""
    session = await web.session_if_known()
    seen = await reports.reportable(
        web.site().context, room_id, session, given.get("message_id", "")
    )
    return await render_template(
        "pages/report.html",
        conversation=seen.conversation,
        message=seen.message,
        people=seen.people,
        given=given,
        reasons=REASONS,
        error=error,
        is_done=is_done,
    )
