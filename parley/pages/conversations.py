"""Pages: rendered on the server, whole without a script; forms post here."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from quart import Blueprint, Response, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, present, web
from parley.calls import files as sent_files
from parley.contract import decode
from parley.domain import (
    accounts,
    claiming,
    conversations,
    inviting,
    knocking,
    messages,
    own_picture,
    participants,
    participation,
    reading,
    reports,
    webhooks,
)
from parley.domain import reactions as reactions_of
from parley.errors import BadRequest, NotFound, OriginRefused, ParleyError
from parley.incoming import BrokenOff
from parley.limits.limiter import Kind
from parley.pages import faces, forms, qr_codes, reactions, titles
from parley.pages.contacts import waiting as invites_waiting
from parley.pages.door import AT_THE_DOOR, Refused, door, refused
from parley.pages.own import NONE as NO_OWN
from parley.pages.own import own_conversations
from parley.pages.rendering import render_long
from parley.records import Session, Snapshot, Standing, Visibility

pages = Blueprint("pages", __name__)

NOTHING_TO_SEE = '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'
CODE_MAX_CHARS = 64
"""Of an invitation."""
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
    is_missing: bool
    """Whether a message was asked for that is not there."""


pages.before_request(forms.look_at_seal)
pages.before_request(web.admit)


@pages.get("/")
async def home() -> str:
    return await _home(StartForm(), code=request.args.get("invitation", "")[:CODE_MAX_CHARS])


@pages.post("/invitation")
async def accept_invitation() -> AnyResponse | Refused:
    code = (await request.form).get("code", "").strip()
    try:
        async with web.limited(Kind.JOINS):
            session = await web.current_session()
            accepted = await inviting.accept(web.site().context, session, code)
    except ParleyError as error:
        return refused(await _home(StartForm(), error.text, code[:CODE_MAX_CHARS]), error)
    return web.remember(web.go_on("/"), accepted.token)


@pages.get("/conversations")
async def list_conversations() -> str:
    async with web.limited(Kind.SEARCHES if request.args.get("q") else None):
        return await _list(StartForm(listed=True))


@pages.post("/conversations")
async def start() -> AnyResponse | Refused:
    form = await request.form
    filled = StartForm(form.get("title", ""), form.get("description", ""), listed="listed" in form)
    try:
        body = decode.from_value(
            {"title": filled.title, "description": filled.description}, contract.CreateBody
        )
        async with web.limited(Kind.CREATIONS):
            created = await conversations.create(
                web.site().context,
                await web.current_session(),
                title=body.title,
                description=body.description,
                visibility=Visibility.LISTED if filled.listed else Visibility.UNLISTED,
            )
    except ParleyError as error:
        page = _home if form.get("from") == "home" else _list
        return refused(await page(filled, error.text), error)
    return _see(created.conversation.room_id, token=created.token)


@pages.get("/conversation/<room_id>")
async def conversation(room_id: str) -> AnyResponse | str | Refused:
    try:
        window = await _window(room_id, await web.session_if_known())
    except AT_THE_DOOR as refusal:
        return await door(room_id, refusal)
    now = window.snapshot.conversation.room_id
    if now != room_id:  # whoever is inside comes by an old link to the new one
        return web.go_on(f"/conversation/{now}")
    name = await _name_to_join_by(window.snapshot)
    if name is not None:
        return await _come_in(room_id, name)
    return await _show(window, reply_to=request.args.get("reply", ""))


@pages.post("/conversation/<room_id>/join")
async def join(room_id: str) -> AnyResponse | Refused:
    username = (await request.form).get("username", "")
    try:
        joined = await _join(room_id, username)
    except ParleyError as error:
        if isinstance(error, AT_THE_DOOR):
            return await door(room_id, error, username=username)
        page = await _conversation(room_id, error=error.text, username=username)
        return refused(page, error)
    return _see(room_id, token=joined.token, fragment="composer")


@pages.post("/conversation/<room_id>/leave")
async def leave(room_id: str) -> AnyResponse:
    async with web.limited(Kind.JOINS, room_id):
        session = await web.current_session()
        await participants.leave_as(web.site().context, room_id, session)
    return web.go_on(f"/conversation/{room_id}/left")


@pages.post("/conversation/<room_id>/pinned")
async def pin(room_id: str) -> AnyResponse:
    is_pinned = (await request.form).get("pinned") == "yes"
    async with web.limited(Kind.ACTS, room_id):
        session = await web.current_session()
        await participation.pin(web.site().context, room_id, session, is_pinned=is_pinned)
    return web.go_on("/conversations#own")


@pages.get("/conversation/<room_id>/left")
async def left(room_id: str) -> str:
    found = await conversations.find(web.site().context, room_id, await web.session_if_known())
    return await render_template("pages/left.html", conversation=found.conversation)


@pages.post("/conversation/<room_id>/messages")
async def send(room_id: str) -> AnyResponse | Refused:
    # Forms send line breaks as CRLF, whatever was typed.
    form = await forms.fields()
    text, reply_to = form.get("message", "").replace("\r\n", "\n"), form.get("reply_to", "")
    try:
        body = decode.from_value({"message": text, "reply_to": reply_to}, contract.SendBody)
        attachments = await _attachments(room_id)
        draft = messages.Draft(body.message, reply_to=body.reply_to, attachments=attachments)
        async with web.limited(Kind.MESSAGES, room_id):
            session = await web.current_session()
            await messages.send_as(web.site().context, room_id, session, draft)
    except ParleyError as error:
        words = await _without_file(error.text)
        page = await _conversation(room_id, error=words, draft=text, reply_to=reply_to)
        return refused(page, error)
    return _see(room_id, fragment="composer")


async def _attachments(room_id: str) -> tuple[str, ...]:
    """The id of the file that came with the form, once it is stored; for who has no script."""
    form = await forms.with_file()
    if form is None or not form.name:
        return ()
    try:
        async with web.limited(Kind.UPLOADS, room_id):
            file = await sent_files.receive(room_id, form.name, form.form.data())
    except BrokenOff:
        raise BadRequest("The file broke off. Send it again.") from None
    return (file.id,)


async def _without_file(words: str) -> str:
    """What to say where a message was not sent. Browsers forget which file was chosen, and read no
    answer before theirs is sent.
    """
    form = await forms.with_file()
    if form is None or not form.name:
        return words
    await request.incoming.drain()  # type: ignore[attr-defined]
    return f"{words} Your words are kept; choose the file again."


@pages.get("/conversation/<room_id>/end")
async def ask_to_end(room_id: str) -> AnyResponse | str:
    found = await conversations.find_owned(web.site().context, room_id, await web.current_session())
    if not found.conversation.is_active:
        return _see(room_id)
    return await render_template("pages/end.html", conversation=found.conversation)


@pages.post("/conversation/<room_id>/end")
async def end(room_id: str) -> AnyResponse:
    session = await web.current_session()
    async with web.limited(Kind.ACTS, room_id):
        await conversations.end(web.site().context, room_id, session)
    return _see(room_id)


@pages.get("/conversation/<room_id>/qr.svg")
async def qr_code(room_id: str) -> Response:
    await conversations.find(web.site().context, room_id, await web.session_if_known())
    link = present.join_link(room_id, public_url=web.public_url())
    async with web.site().rendering:  # two milliseconds: not several in one turn of the loop
        drawing = qr_codes.drawn_before(link, scale=8)
    response = Response(drawing, content_type="image/svg+xml")
    response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/conversation/<room_id>/faces/<picture>")
async def face(room_id: str, picture: str) -> Response:
    """The picture in somebody's mark. Another one has another address."""
    async with web.limited(Kind.DOWNLOADS, room_id):
        session = await web.session_if_known()
        shown = await own_picture.shown(web.site().context, room_id, session, picture)
    response = Response(shown, content_type="image/webp")
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return response


@pages.get("/conversation/<room_id>/read")
async def read(room_id: str) -> Response:
    """What a page without scripts asks for as its picture, once somebody looks at it: then what it
    shows is read. It never goes back, and changes nothing that others could use.
    """
    seq = decode.from_query(request.args.get("through", ""), "through", contract.Seq)
    if not _is_looked_at():
        raise OriginRefused
    async with web.limited(Kind.READINGS, room_id):
        session = await web.session_if_known()
        await reading.mark(web.site().context, room_id, session, reading.Mark(seq))
    return Response(NOTHING_TO_SEE, content_type="image/svg+xml")


def _is_looked_at() -> bool:
    """Whether a page of ours shows it, as far as the browser says: no other site's link or picture
    marks anything, and nothing that is fetched ahead.
    """
    asking = web.asking()
    return (
        asking.fetch_site in ("", "same-origin")
        and asking.fetch_dest in ("", "image")
        and not any(name in request.headers for name in ("Sec-Purpose", "Purpose", "X-Moz"))
    )


async def _home(form: StartForm, error: str | None = None, code: str = "") -> str:
    own = await own_conversations()
    return await render_template(
        "pages/home.html",
        form=form,
        error=error,
        own=own,
        invites=await invites_waiting() if own.is_everywhere else [],
        may_start=await _may_start(),
        code=code,
    )


async def _may_start() -> bool:
    return await inviting.may_start(web.site().context, await web.session_if_known())


async def _list(form: StartForm, error: str | None = None) -> str:
    q = request.args.get("q", "")[: contract.QUERY_MAX_CHARS].strip()
    cursor = request.args.get("cursor") or None
    page, next_cursor = await conversations.listed(
        web.site().context,
        limit=contract.CONVERSATIONS_PAGE_DEFAULT,
        cursor=cursor,
        title_contains=q,
        untitled=titles.UNTITLED,
    )
    search, listed = {"q": q} if q else {}, f"{web.root()}/conversations"
    public_url = web.public_url()
    own = NO_OWN if q or cursor else await own_conversations(request.args.get("own") or None)
    return await render_long(
        "pages/conversations.html",
        own=own,
        invites=await invites_waiting() if own.is_everywhere else [],
        conversations=[present.summary(found, public_url=public_url) for found in page],
        q=q,
        first_url=_url(listed, search) if cursor else None,
        next_url=_url(listed, {**search, "cursor": next_cursor}) if next_cursor else None,
        form=form,
        error=error,
        may_start=await _may_start(),
    )


async def _join(room_id: str, username: str) -> participants.Joined:
    body = decode.from_value({"username": username}, contract.JoinBody)
    joining = participants.Joining(
        await web.current_session(),
        username=body.username,
        keeps_cookie=True,
        announced=True,
        address=web.address(),
    )
    async with web.limited(Kind.JOINS, room_id):
        return await participants.join(web.site().context, room_id, joining)


async def _name_to_join_by(snapshot: Snapshot) -> str | None:
    """The name under which whoever looks at the page knocked, where they were let in since: to
    knock was to ask to join, so they are not asked for it again.
    """
    # To fetch a page ahead, or to keep it for later, is not to come: only who looks at it comes in.
    if request.method != "GET" or {"Sec-Purpose", "Parley-Page"} & set(request.headers.keys()):
        return None
    session = await web.session_if_known()
    if session is None or snapshot.person is not None or not snapshot.conversation.is_active:
        return None
    if snapshot.standing is Standing.READER:
        return None
    room_id = snapshot.conversation.room_id
    return (await knocking.own_knock(web.site().context, room_id, session)).name_to_join_by


async def _come_in(room_id: str, username: str) -> str:
    """The page for somebody who joins under the name they knocked with; where that can't be, the
    page says why and asks for another.
    """
    error = None
    try:
        await _join(room_id, username)
    except ParleyError as refusal:
        error = refusal.text
    return await _conversation(room_id, error=error, username=username)


async def _conversation(
    room_id: str,
    *,
    error: str | None = None,
    username: str = "",
    draft: str = "",
    reply_to: str = "",
) -> str:
    window = await _window(room_id, await web.session_if_known())
    return await _show(window, error=error, username=username, draft=draft, reply_to=reply_to)


async def _show(
    window: Window,
    *,
    error: str | None = None,
    username: str = "",
    draft: str = "",
    reply_to: str = "",
) -> str:
    snapshot = window.snapshot
    own = await _own_unnamed(snapshot)
    shown = present.conversation(snapshot)
    if own:
        shown.messages = [present.message(said, own) for said in snapshot.messages]
    envelopes: list[contract.Message] = []
    if snapshot.conversation.is_encrypted:  # the browser alone can open them
        shown.messages, envelopes = [], shown.messages
    me = _me(snapshot)
    context, is_owner = web.site().context, snapshot.standing is Standing.OWNER
    has_imported = await claiming.is_any_imported(context, snapshot.conversation.id)
    return await render_long(
        "pages/conversation.html",
        conversation=shown,
        envelopes=envelopes,
        previewed=snapshot.conversation,
        names=reactions.names_of([*shown.participants, *([me] if me else [])], shown.messages),
        hues=faces.hues(
            [*shown.participants, *([me] if me else [])], shown.messages, shown.looks or ()
        ),
        # What a browser keeps goes by what never changes and comes only once, whatever the link.
        key=snapshot.conversation.id,
        old_room_ids=snapshot.old_room_ids,
        me=me,
        has_account=await _has_account(),
        own=snapshot.own,
        is_owner=is_owner,
        is_reader=snapshot.standing is Standing.READER,
        report_count=await reports.open_count(context, snapshot.conversation.id) if is_owner else 0,
        stopped_webhooks=await webhooks.stopped(context, snapshot.conversation.id)
        if is_owner and snapshot.conversation.is_active
        else 0,
        has_imported=has_imported,
        claims=await claiming.waiting(context, snapshot.conversation.id)
        if has_imported and is_owner
        else (),
        join_link=present.join_link(snapshot.conversation.room_id, public_url=web.public_url()),
        older_url=window.older_url,
        newest_url=window.newest_url,
        is_missing=window.is_missing,
        pins=snapshot.pins,
        error=error,
        # Who has a name here and gave one asked for another.
        renames=bool(username) and snapshot.person is not None,
        # Whoever has an account need not think of a name.
        username=username or ("" if me else await _account_name()),
        draft=draft,
        answered=await _answered(snapshot, reply_to),
    )


async def _has_account() -> bool:
    session = await web.session_if_known()
    return session is not None and session.is_of_account


async def _account_name() -> str:
    return await accounts.own_name(web.site().context, await web.session_if_known())


async def _own_unnamed(snapshot: Snapshot) -> reactions_of.Unnamed:
    if snapshot.person is None:
        return frozenset()
    room_id, session = snapshot.conversation.room_id, await web.session_if_known()
    return await reactions_of.own_unnamed(web.site().context, room_id, session, snapshot.messages)


async def _answered(snapshot: Snapshot, reply_to: str) -> contract.Answered | None:
    """What a form answers: for who has no script to ask."""
    if not reply_to or snapshot.person is None:
        return None
    room_id, session = snapshot.conversation.room_id, await web.session_if_known()
    try:
        found = await messages.answerable(web.site().context, room_id, session, reply_to)
    except NotFound:
        return None
    return present.answered(found)


async def _window(room_id: str, session: Session | None) -> Window:
    """The newest messages, or those before, or those around a seq, as the address asks."""
    seq = {
        name: decode.from_query(text, name, schema)
        for name, schema in (("before", contract.Seq), ("at", contract.Seq))
        if (text := request.args.get(name))
    }
    snapshot = await conversations.window(
        web.site().context,
        room_id,
        session,
        before=seq.get("before"),
        at=seq.get("at"),
        with_own=True,
    )
    shown = snapshot.messages
    path = f"{web.root()}/conversation/{room_id}"
    at_end = not shown or shown[-1].seq >= snapshot.newest_message_seq
    return Window(
        snapshot=snapshot,
        older_url=_url(path, {"before": str(shown[0].seq)})
        if shown and snapshot.has_more
        else None,
        newest_url=None if at_end and (shown or not seq) else path,
        is_missing="at" in seq and not any(message.seq == seq["at"] for message in shown),
    )


def _me(snapshot: Snapshot) -> contract.Participant | None:
    person = snapshot.person
    if person is None:
        return None
    return present.participant(person, online=person.user_id in snapshot.online)


def _see(room_id: str, *, token: str | None = None, fragment: str = "") -> AnyResponse:
    """Back to the conversation, as a page that can be loaded again."""
    where = f"/conversation/{room_id}" + (f"#{fragment}" if fragment else "")
    response = web.go_on(where)
    web.remember(response, token)
    return response


def _url(path: str, query: dict[str, str]) -> str:
    return f"{path}?{urlencode(query)}" if query else path
