"""Pages: rendered on the server, whole without a script; forms post here."""

from __future__ import annotations

import io
from dataclasses import dataclass
from urllib.parse import urlencode

import segno
from quart import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, decode, forms, present, web
from parley.domain import access, conversations, messages, participants
from parley.errors import BadRequest, Forbidden, ParleyError
from parley.records import Participant, Session, Snapshot, Visibility

pages = Blueprint("pages", __name__)

SEE_OTHER = 303
FORM_FIELD_MAX_CHARS = 20_000
"""More than any field may hold; what is over a field's own limit is told by name."""


@dataclass(frozen=True, slots=True)
class StartForm:
    """The form that starts a conversation, as it was filled in."""

    title: str = ""
    description: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """The part of the history that a page shows, and the links to the rest."""

    snapshot: Snapshot
    older_url: str | None
    newest_url: str | None


@pages.before_request
async def _refuse_foreign_origins() -> None:
    if web.asking().changes:
        await forms.look_at_seal()
    web.refuse_foreign_origins()


@pages.get("/")
async def home() -> str:
    return await _home(StartForm())


@pages.get("/conversations")
async def list_conversations() -> str:
    return await _list(StartForm(listed=True))


@pages.post("/conversations")
async def start() -> AnyResponse | tuple[str, int]:
    form = await request.form
    filled = StartForm(form.get("title", ""), form.get("description", ""), listed="listed" in form)
    try:
        body = decode.from_value(
            {"title": filled.title, "description": filled.description}, contract.CreateBody
        )
        created = await conversations.create(
            web.site().context,
            await web.current_session(),
            title=body.title,
            description=body.description,
            visibility=Visibility.LISTED if filled.listed else Visibility.UNLISTED,
        )
    except ParleyError as error:
        page = _home if form.get("from") == "home" else _list
        return await page(filled, error.text), _status(error)
    return _see(created.conversation.room_id, token=created.token)


@pages.get("/conversation/<room_id>")
async def conversation(room_id: str) -> str:
    return await _conversation(room_id)


@pages.post("/conversation/<room_id>/join")
async def join(room_id: str) -> AnyResponse | tuple[str, int]:
    username = (await request.form).get("username", "")
    try:
        body = decode.from_value({"username": username}, contract.JoinBody)
        joining = participants.Joining(
            await web.current_session(),
            username=body.username,
            keeps_cookie=True,
            announced=True,
        )
        joined = await participants.join(web.site().context, room_id, joining)
    except ParleyError as error:
        return await _conversation(room_id, error=error.text, username=username), _status(error)
    return _see(room_id, token=joined.token, fragment="composer")


@pages.post("/conversation/<room_id>/messages")
async def send(room_id: str) -> AnyResponse | tuple[str, int]:
    # Forms send line breaks as CRLF, whatever was typed.
    text = (await request.form).get("message", "").replace("\r\n", "\n")
    try:
        body = decode.from_value({"message": text}, contract.SendBody)
        draft = messages.Draft(body.message)
        await messages.send_as(web.site().context, room_id, await web.current_session(), draft)
    except ParleyError as error:
        return await _conversation(room_id, error=error.text, draft=text), _status(error)
    return _see(room_id, fragment="composer")


@pages.get("/conversation/<room_id>/end")
async def ask_to_end(room_id: str) -> AnyResponse | str:
    found = await conversations.find(web.site().context, room_id)
    access.require_owner(found, await web.current_session())
    if not found.is_active:
        return _see(room_id)
    return await render_template("pages/end.html", conversation=found)


@pages.post("/conversation/<room_id>/end")
async def end(room_id: str) -> AnyResponse:
    await conversations.end(web.site().context, room_id, await web.current_session())
    return _see(room_id)


@pages.get("/conversation/<room_id>/qr.svg")
async def qr_code(room_id: str) -> Response:
    await conversations.find(web.site().context, room_id)
    try:
        code = segno.make(present.join_link(room_id, public_url=web.public_url()), micro=False)
    except segno.DataOverflowError:
        raise BadRequest("The link is too long for a QR code.") from None
    drawing = io.BytesIO()
    code.save(drawing, kind="svg", scale=8, border=2, xmldecl=False, title="QR code")
    response = Response(drawing.getvalue(), content_type="image/svg+xml")
    response.headers["Cache-Control"] = "no-store"
    return response


async def _home(form: StartForm, error: str | None = None) -> str:
    return await render_template("pages/home.html", form=form, error=error)


async def _list(form: StartForm, error: str | None = None) -> str:
    q = request.args.get("q", "")[: contract.QUERY_MAX_CHARS].strip()
    cursor = request.args.get("cursor") or None
    page, next_cursor = await conversations.listed(
        web.site().context,
        limit=contract.CONVERSATIONS_PAGE_DEFAULT,
        cursor=cursor,
        title_contains=q,
    )
    search = {"q": q} if q else {}
    public_url = web.public_url()
    return await render_template(
        "pages/conversations.html",
        conversations=[present.summary(found, public_url=public_url) for found in page],
        q=q,
        first_url=_url("/conversations", search) if cursor else None,
        next_url=_url("/conversations", {**search, "cursor": next_cursor}) if next_cursor else None,
        form=form,
        error=error,
    )


async def _conversation(
    room_id: str, *, error: str | None = None, username: str = "", draft: str = ""
) -> str:
    session = await _session_of_page()
    window = await _window(room_id)
    found = window.snapshot.conversation
    person = await participants.of_session(web.site().context, found, session)
    return await render_template(
        "pages/conversation.html",
        conversation=present.conversation(window.snapshot),
        me=_me(window.snapshot, person),
        is_owner=access.is_owner(found, session),
        join_link=present.join_link(room_id, public_url=web.public_url()),
        older_url=window.older_url,
        newest_url=window.newest_url,
        error=error,
        username=username,
        draft=draft,
    )


async def _session_of_page() -> Session | None:
    """Whom the page is for. A refused form is shown again to a stranger too."""
    try:
        return await web.current_session()
    except Forbidden:
        return None


async def _window(room_id: str) -> Window:
    """The newest messages, or those before, or those around a seq, as the address asks."""
    seq = {
        name: decode.from_query(text, name, schema)
        for name, schema in (("before", contract.Seq), ("at", contract.Seq))
        if (text := request.args.get(name))
    }
    snapshot = await conversations.window(
        web.site().context, room_id, before=seq.get("before"), at=seq.get("at")
    )
    shown = snapshot.messages
    path = f"/conversation/{room_id}"
    at_end = not shown or shown[-1].seq >= snapshot.newest_message_seq
    return Window(
        snapshot=snapshot,
        older_url=_url(path, {"before": str(shown[0].seq)})
        if shown and snapshot.has_more
        else None,
        newest_url=None if at_end and (shown or not seq) else path,
    )


def _me(snapshot: Snapshot, person: Participant | None) -> contract.Participant | None:
    if person is None:
        return None
    return present.participant(person, online=person.user_id in snapshot.online)


def _see(room_id: str, *, token: str | None = None, fragment: str = "") -> AnyResponse:
    """Back to the conversation, as a page that can be loaded again."""
    where = f"/conversation/{room_id}" + (f"#{fragment}" if fragment else "")
    response = redirect(where, SEE_OTHER)
    web.remember(response, token)
    return response


def _url(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path


def _status(error: ParleyError) -> int:
    return contract.CODES[contract.Code(error.code)].status
