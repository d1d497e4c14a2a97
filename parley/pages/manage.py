"""The pages an owner decides on: plain forms, whole without a script."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from msgspec.structs import replace
from quart import Blueprint, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from parley import contract, present, web
from parley.contract import decode
from parley.domain import (
    contacts,
    conversations,
    founding,
    knocking,
    owning,
    removal,
    reports,
    role_links,
    roles,
    webhooks,
)
from parley.domain.context import Context
from parley.domain.overview import overview
from parley.errors import (
    BadRequest,
    ConversationIsOver,
    Encrypted,
    Forbidden,
    NotFound,
    NotJoined,
    RateLimited,
    TooLarge,
)
from parley.limits.limiter import Kind
from parley.pages import bots, decisions, forms, qr_codes
from parley.pages.decisions import Form
from parley.pages.door import Refused, refused
from parley.pages.rendering import render_long
from parley.pages.reporting import REASONS
from parley.records import Act, Overview, Participant, Role, Session

manage_pages = Blueprint("manage_pages", __name__)

Deed = Callable[[Context, str, Session | None, Form], Awaitable[None]]

DAY_S = 24 * 3600
LINK_LIVES = {"1 hour": 3600, "1 day": DAY_S, "7 days": 7 * DAY_S, "30 days": 30 * DAY_S}

ACTS: dict[contract.ActName, str] = {
    "ended": "ended the conversation",
    "deleted_message": "deleted a message by",
    "pinned_message": "pinned a message by",
    "unpinned_message": "unpinned a message by",
    "removed": "removed",
    "let_back": "allowed back",
    "admitted": "let in",
    "declined": "declined",
    "made_link": "created a link:",
    "revoked_link": "revoked a link:",
    "used_owner_link": "joined as owner from another device",
    "changed_title": "changed the title to",
    "changed_description": "changed the description",
    "agreed_claim": "agreed that someone is",
    "handed_over": "made the founder:",
    "made_founder": "made a founder:",
    "made_owner": "made an owner:",
    "made_member": "made a member:",
    "stepped_down": "stepped down",
    "invited": "invited someone by a contact link",
    "resolved_report": "resolved a report about",
    "declined_claim": "declined a claim by",
    "locked": "locked the conversation",
    "unlocked": "unlocked the conversation",
    "turned_knocking_on": "turned knocking on",
    "turned_knocking_off": "turned knocking off",
    "made_read_only": "made the conversation read-only",
    "let_all_speak": "let everyone post",
    "required_accounts": "let only people with an account post",
    "let_guests_speak": "let people without an account post",
    "required_proof": "made people prove who they are when they come back",
    "required_no_proof": "let people come back without proof",
    "showed_title_in_previews": "let other apps show the title with the link",
    "hid_title_in_previews": "kept the title from other apps",
    "turned_calls_on": "turned calls on",
    "turned_calls_off": "turned calls off",
    "set_passphrase": "set a passphrase",
    "removed_passphrase": "removed the passphrase",
    "changed_retention": "changed how long messages are kept",
    "replaced_link": "replaced the link",
    "changed_key": "changed the key",
    "made_bot": "made a bot:",
    "changed_bot": "changed what a bot may do:",
    "renewed_bot": "gave a bot a new token:",
    "revoked_bot": "revoked a bot:",
    "made_hook": "created a hook:",
    "removed_hook": "removed a hook:",
    "made_webhook": "created a webhook to",
    "changed_webhook": "changed the webhook to",
    "removed_webhook": "removed the webhook to",
    "paused_webhook": "paused the webhook to",
    "resumed_webhook": "resumed the webhook to",
    "stopped_bots": "stopped bots that answered each other:",
}
"""What the list of acts says, in words."""

PEOPLE_ACTS = ("remove", "let-back", "hand-over", "role")
"""What is done in the list of people."""

LINK_WORDS = {"owner": "another device", "member": "read and post", "reader": "read-only"}
"""What a link is for, by the role it gives."""


manage_pages.before_request(forms.look_at_seal)
manage_pages.before_request(web.admit)


@manage_pages.get("/conversation/<room_id>/manage")
async def manage(room_id: str) -> str:
    return await _page(room_id, request.args)


@manage_pages.post("/conversation/<room_id>/manage/<act>")
async def act(room_id: str, act: str) -> AnyResponse | Refused | str:
    form = await request.form
    session = await web.current_session()
    context = web.site().context
    try:
        if (asked := await decisions.question(context, room_id, session, act, form)) is not None:
            return await _ask(room_id, act, asked)
        kind = Kind.INVITES if act == "invite" else Kind.ACTS
        async with web.limited(kind, room_id):
            if act == "link":
                return await _made_link(context, room_id, session, form)
            if act == "make-bot":
                return await bots.made(context, room_id, session, form)
            if act == "bot-token":
                return await bots.renewed(context, room_id, session, form)
            if act == "delete":
                return await _deleted(context, room_id, session)
            if act == "replace-link":
                room_id = (await owning.replace_link(context, room_id, session)).room_id
            elif act in _ACTS:
                await _ACTS[act](context, room_id, session, form)
            else:
                raise BadRequest("Unknown form.")
    except _TOLD_ON_THE_PAGE as error:
        # For who is no owner this raises what keeps them out.
        page = await _page(room_id, form, refused=act, error=error.text)
        return refused(page, error)
    if act == "role" and not await roles.owns(context, room_id, session):
        return web.go_on(f"/conversation/{room_id}")  # who stepped down has nothing to manage
    return web.go_on(_where_it_was_done(room_id, act, form))


@manage_pages.get("/conversation/<room_id>/delete")
async def ask_to_delete(room_id: str) -> str:
    session = await web.current_session()
    found = await conversations.find_owned(web.site().context, room_id, session)
    return await render_template("pages/delete.html", conversation=found.conversation)


@manage_pages.get("/conversation/<room_id>/replace-link")
async def ask_to_replace_link(room_id: str) -> str:
    session = await web.current_session()
    found = await conversations.find_owned(web.site().context, room_id, session)
    return await render_template(
        "pages/replace_link.html", conversation=found.conversation, me=found.person
    )


async def _ask(room_id: str, act: str, asked: decisions.Question) -> str:
    page = f"{web.root()}/conversation/{room_id}/manage"
    section = decisions.SECTIONS[act]
    return await render_template(
        "pages/ask.html",
        question=asked,
        action=f"{page}/{act}#{section}",
        back=f"{page}#{section}",
    )


async def _title(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    wishes: dict[str, Any] = {name: form.get(name, "") for name in ("title", "description")}
    if "has_preview" in form:  # else the page did not ask, as the conversation is listed
        wishes["preview_title"] = "preview_title" in form
    body = decode.from_value(wishes, contract.ChangeBody)
    await owning.change(context, room_id, session, owning.wishes(body))


async def _door(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    ticked = ("locked", "knock", "read_only", "accounts_only", "require_proof")
    wishes: dict[str, Any] = {name: name in form for name in ticked}
    if "asks_calls" in form:
        wishes["calls"] = "on" if "calls" in form else "off"
    if "no_passphrase" in form:
        wishes["passphrase"] = ""
    elif form.get("passphrase"):
        wishes["passphrase"] = form["passphrase"]
    body = decode.from_value(wishes, contract.ChangeBody)
    await owning.change(context, room_id, session, owning.wishes(body))


async def _keep(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    days = decode.from_query(form.get("keep_days", ""), "keep_days", int)
    body = decode.from_value({"keep_days": days}, contract.ChangeBody)
    await owning.change(context, room_id, session, owning.wishes(body))


async def _remove(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    await removal.remove(context, room_id, session, form.get("user_id", ""))


async def _let_back(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    await removal.let_back(context, room_id, session, form.get("user_id", ""))


async def _answer(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    admit = form.get("answer") == "admit"
    await knocking.answer(context, room_id, session, form.get("id", ""), admit=admit)


async def _revoke(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    number = decode.from_query(form.get("id", ""), "id", contract.Seq)
    await role_links.revoke_link(context, room_id, session, number)


async def _hand_over(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    await founding.hand_over(context, room_id, session, form.get("user_id", ""))


async def _invite(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    body = decode.from_value({"contact": form.get("contact", "")}, contract.InviteBody)
    await contacts.invite(context, room_id, session, body.contact)


async def _role(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    given = {"user_id": form.get("user_id", ""), "role": form.get("role", "")}
    body = decode.from_value(given, contract.RightBody)
    await roles.give(context, room_id, session, body.user_id, body.role)


async def _resolve(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    number = decode.from_query(form.get("id", ""), "id", contract.Seq)
    await reports.resolve(context, room_id, session, number)


_TOLD_ON_THE_PAGE = (
    BadRequest,
    ConversationIsOver,
    Encrypted,
    Forbidden,
    NotFound,
    NotJoined,
    RateLimited,
    TooLarge,
)
_ACTS: dict[str, Deed] = {
    "title": _title,
    "door": _door,
    "keep": _keep,
    "remove": _remove,
    "let-back": _let_back,
    "hand-over": _hand_over,
    "role": _role,
    "invite": _invite,
    "answer": _answer,
    "revoke": _revoke,
    "resolve": _resolve,
    "bot": bots.change,
    "revoke-bot": bots.revoke,
}


async def _made_link(context: Context, room_id: str, session: Session | None, form: Form) -> str:
    """The link is shown in the answer itself: it is kept nowhere else."""
    body = decode.from_value(
        {
            "role": form.get("role", ""),
            "label": form.get("label", ""),
            "expires_in_s": LINK_LIVES.get(form.get("lives", "")),
        },
        contract.LinkBody,
    )
    made = await role_links.make_link(
        context,
        room_id,
        session,
        role=Role(body.role),
        label=body.label,
        expires_in_s=body.expires_in_s,
    )
    url = present.role_link(made.code, public_url=web.public_url())
    return await render_template(
        "pages/new_link.html",
        room_id=room_id,
        link=present.link(made.link),
        link_words=LINK_WORDS,
        url=url,
        qr_code=qr_code(url),
    )


async def _deleted(context: Context, room_id: str, session: Session | None) -> str:
    erased = await owning.delete(context, room_id, session)
    return await render_template("pages/deleted.html", erased=erased)


def _where_it_was_done(room_id: str, act: str, form: Form) -> str:
    """The section that the act stands in; of the list of people, the part that was shown."""
    query = {"saved": act}
    if act in PEOPLE_ACTS:
        shown = {name: form[name] for name in ("name", "people") if form.get(name)}
        query |= {"who": form.get("user_id", ""), **shown}
    # A script of ours may know better where whoever sent it was.
    fragment = "" if "stays" in form else f"#{decisions.SECTIONS[act]}"
    return f"/conversation/{room_id}/manage?{urlencode(query)}{fragment}"


async def _page(room_id: str, asked: Form, *, refused: str = "", error: str | None = None) -> str:
    """What a query or a form asks to be shown, and of the act that was `refused` why."""
    session = await web.current_session()
    text = asked.get("acts_before")
    before = decode.from_query(text, "acts_before", contract.Seq) if text else None
    name = asked.get("name", "")[: contract.USERNAME_MAX_CHARS].strip()
    cursor = asked.get("people") or None
    seen = await overview(
        web.site().context, room_id, session, acts_before=before, cursor=cursor, name=name
    )
    conversation = seen.conversation
    told = refused or asked.get("saved", "")
    return await render_long(
        "pages/manage.html",
        conversation=conversation,
        me=seen.person,
        decided=present.decided(seen),
        own_id="" if seen.person is None else seen.person.user_id,
        participants=seen.participants,
        people_url=_more_people(seen),
        are_many=conversation.participant_count > contract.PEOPLE_IN_STATE,
        is_part=bool(name or cursor),
        name=name,
        shown={key: value for key, value in (("name", name), ("people", cursor)) if value},
        removable=_removable(seen, session),
        heirs=_heirs(seen, session),
        rights=_rights(seen, session),
        marks=_marks(seen),
        join_link=present.join_link(conversation.room_id, public_url=web.public_url()),
        public_url=web.public_url(),
        acts=[_in_words(each) for each in seen.acts],
        act_words=ACTS,
        older_acts=seen.acts[-1].id if seen.has_older_acts else None,
        shows_older_acts=before is not None,
        reports=[present.report(each) for each in seen.reports],
        reason_words=REASONS,
        link_words=LINK_WORDS,
        stopped_webhooks=await webhooks.stopped(web.site().context, conversation.id),
        keep_days=contract.KEEP_DAYS,
        bots=[present.bot(each) for each in seen.bots],
        bot_rights=bots.RIGHTS,
        has_calls=web.site().config.calls,
        link_lives=list(LINK_LIVES),
        filled=decisions.filled(seen, refused, asked),
        told_in=decisions.SECTIONS.get(told, "page"),
        said=None if error else decisions.SAID.get(told),
        person_saved=None if error else _person_saved(seen, asked),
        person_act=told,
        person_right=_right(seen, asked.get("who")),
        error=error,
    )


def _person_saved(seen: Overview, asked: Form) -> str | None:
    """Whom it was done to, if they can be seen: a link must not make the page name anybody else."""
    people = {
        "remove": seen.removed,
        "let-back": seen.left,
        "hand-over": (*seen.participants, *seen.left),
        "role": (*seen.participants, *seen.left),
    }.get(asked.get("saved", ""), ())
    who = asked.get("who")
    return next((person.username for person in people if person.user_id == who), None)


def _right(seen: Overview, user_id: str | None) -> str:
    """What somebody is, in words."""
    people = (*seen.participants, *seen.left)
    person = next((each for each in people if each.user_id == user_id), None)
    if person is None:
        return ""
    if person.session_id in seen.founders:
        return "a founder"
    return "an owner" if person.role is Role.OWNER else "a member"


def _more_people(seen: Overview) -> str | None:
    if seen.people_cursor is None:
        return None
    query = urlencode({"people": seen.people_cursor})
    room_id = seen.conversation.room_id
    return f"{web.root()}/conversation/{room_id}/manage?{query}#people-title"


def _removable(seen: Overview, session: Session | None) -> set[str]:
    """The user_ids of those whom `removal.remove` would not refuse to remove."""
    own = None if session is None else session.id
    return {
        person.user_id
        for person in (*seen.participants, *seen.left)
        if person.session_id != own
        and person.session_id not in seen.founders
        and person.role is not Role.BOT
        and (seen.is_founder or person.role is not Role.OWNER)
    }


def _heirs(seen: Overview, session: Session | None) -> set[str]:
    """The user_ids of those who are here and whom `founding.hand_over` might not refuse."""
    if session is None or not seen.is_founder or seen.person is None:
        return set()
    return {
        person.user_id
        for person in seen.participants
        if person.session_id != session.id and _is_somebody(person)
    }


def _rights(seen: Overview, session: Session | None) -> dict[str, list[tuple[str, str]]]:
    """By user_id what somebody can be made, as `roles.give` allows it, and how that is said."""
    own = None if session is None else session.id
    offered = {
        person.user_id: _offers(seen, person, is_own=person.session_id == own)
        for person in seen.participants
    }
    return {user_id: offers for user_id, offers in offered.items() if offers}


def _offers(seen: Overview, person: Participant, *, is_own: bool) -> list[tuple[str, str]]:
    if person.session_id in seen.founders:
        return [("owner", "Step down")] if is_own and len(seen.founders) > 1 else []
    if person.role is not Role.OWNER:
        return [("owner", "Make owner")] if _is_somebody(person) else []
    offers = [("founder", "Make founder")] if seen.is_founder and _is_somebody(person) else []
    if is_own or seen.is_founder:
        offers.append(("member", "Step down" if is_own else "Make member"))
    return offers


def _is_somebody(person: Participant) -> bool:
    return not person.is_unproven and not person.is_imported and person.role is not Role.BOT


def _marks(seen: Overview) -> dict[str, str]:
    """By user_id what owners are told of somebody, as far as it is anything."""
    told = {}
    for person in (*seen.participants, *seen.left):
        is_founder = person.session_id in seen.founders
        named = {Role.OWNER: "owner", Role.BOT: "bot"}
        right = "founder" if is_founder else named.get(person.role, "")
        account = "account" if person.session_id in seen.accounts else ""
        told[person.user_id] = ", ".join(filter(None, (right, account)))
    return told


def _in_words(act: Act) -> contract.OwnerAct:
    """As it is told, but for links, which the page calls by what they are for."""
    told = present.act(act)
    if act.act not in ("made_link", "revoked_link"):
        return told
    role, _, label = act.about.partition(": ")
    words = LINK_WORDS.get(role, role)
    return replace(told, about=f"{label} ({words})" if label else words)


def qr_code(text: str) -> Markup:
    """As an SVG to stand in a page: a link that opens a door is in no address of its own."""
    drawing = qr_codes.draw(text, scale=6)
    return Markup(drawing.decode())  # noqa: S704  # drawn by us, of squares
