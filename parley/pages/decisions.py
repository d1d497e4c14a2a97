"""The forms of the owner's page: where each stands, what it says after, what is asked before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from parley import contract
from parley.contract import decode
from parley.domain import conversations, founding, roles
from parley.domain.context import Context
from parley.domain.overview import overview
from parley.errors import BadRequest
from parley.pages import bots, titles
from parley.records import Overview, Session

Form = Mapping[str, str]

SURE = "sure"
"""The field of a form that has been asked about."""

SECTIONS = MappingProxyType(
    {
        "answer": "waiting",
        "resolve": "reports",
        "title": "about",
        "door": "access",
        "remove": "people-title",
        "let-back": "people-title",
        "hand-over": "people-title",
        "role": "people-title",
        "invite": "contacts",
        "link": "links",
        "revoke": "links",
        "make-bot": "bots",
        "bot": "bots",
        "bot-token": "bots",
        "revoke-bot": "bots",
        "replace-link": "links",
        "keep": "danger",
        "delete": "danger",
    }
)
"""The id of the heading under which each act stands, and is told of."""

SAID = MappingProxyType(
    {
        "answer": "Done.",
        "resolve": "The report was resolved.",
        "title": "Saved.",
        "door": "Saved.",
        "invite": "Sent, if that link is valid. You'll see them here once they join.",
        "revoke": "The link was revoked.",
        "bot": "Saved.",
        "revoke-bot": "The bot was revoked.",
        "replace-link": "The link was replaced. New people need this one.",
        "keep": "Saved.",
    }
)


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields of the forms: as stored, or as they were filled in where that was refused."""

    title: str
    description: str
    locked: bool
    knock: bool
    read_only: bool
    accounts_only: bool
    require_proof: bool
    preview_title: bool
    calls: bool
    passphrase: str = ""
    no_passphrase: bool = False
    role: str = ""
    label: str = ""
    lives: str = ""
    contact: str = ""
    bot_name: str = ""
    bot_may: tuple[str, ...] = bots.USUAL


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked before something is done that cannot be undone."""

    about: str
    title: str
    text: str
    answer: str
    """What the button says that does it."""
    fields: dict[str, str] = field(default_factory=dict)


def filled(seen: Overview, refused: str, form: Form) -> Filled:
    """The fields for the page, with those of the form of the act that was `refused`, if one was."""
    now = seen.conversation
    stored = Filled(
        title=titles.given(now),
        description=now.description,
        locked=now.is_locked,
        knock=now.is_knock,
        read_only=now.is_read_only,
        accounts_only=now.is_accounts_only,
        require_proof=now.needs_proof,
        preview_title=now.shows_title,
        calls=now.has_calls,
    )
    match refused:
        case "title":
            return replace(
                stored,
                title=form.get("title", ""),
                description=form.get("description", ""),
                preview_title="preview_title" in form,
            )
        case "door":
            return replace(
                stored,
                locked="locked" in form,
                knock="knock" in form,
                read_only="read_only" in form,
                accounts_only="accounts_only" in form,
                require_proof="require_proof" in form,
                calls="calls" in form,
                passphrase=form.get("passphrase", ""),
                no_passphrase="no_passphrase" in form,
            )
        case "invite":
            return replace(stored, contact=form.get("contact", ""))
        case "make-bot":
            may = tuple(bots.chosen(form))
            return replace(stored, bot_name=form.get("bot_name", ""), bot_may=may)
        case "link":
            return replace(
                stored,
                role=form.get("role", ""),
                label=form.get("label", ""),
                lives=form.get("lives", ""),
            )
    return stored


async def question(
    context: Context, room_id: str, session: Session | None, act: str, form: Form
) -> Question | None:
    """What to ask an owner first; None where the act can be undone or was asked about already.

    Raises what keeps others out. What is wrong with the form is left to the act to tell.
    """
    if SURE in form:
        return None
    if act == "keep":
        return await _keep(context, room_id, session, form)
    if act == "revoke":
        return await _revoke(context, room_id, session, form)
    if act in ("bot-token", "revoke-bot"):
        return await _bot(context, room_id, session, act, form)
    if act == "hand-over":
        return await _hand_over(context, room_id, session, form)
    if act == "role":
        return await _role(context, room_id, session, form)
    return None


async def _keep(
    context: Context, room_id: str, session: Session | None, form: Form
) -> Question | None:
    days = _number(form.get("keep_days", ""))
    found = await conversations.find_owned(context, room_id, session)
    kept = found.conversation.keep_days
    if days not in contract.KEEP_DAYS or (kept is not None and kept <= days):
        return None  # nothing is deleted sooner than before
    return Question(
        about=titles.called(found.conversation),
        title="Delete older messages?",
        text=f"Messages older than {as_days(days)} are deleted for everyone within ten minutes, "
        "and so is each one that gets as old. This can't be undone.",
        answer="Delete older messages",
        fields={"keep_days": str(days)},
    )


async def _revoke(
    context: Context, room_id: str, session: Session | None, form: Form
) -> Question | None:
    number = _number(form.get("id", ""))
    seen = await overview(context, room_id, session)
    link = next((each for each in seen.links if each.id == number), None)
    if link is None or link.revoked_at is not None:
        return None
    return Question(
        about=link.label or titles.called(seen.conversation),
        title="Revoke this link?",
        text="It stops working for good, and readers and owners who used it lose that access. "
        "People who have joined stay.",
        answer="Revoke the link",
        fields={"id": str(link.id)},
    )


async def _bot(
    context: Context, room_id: str, session: Session | None, act: str, form: Form
) -> Question | None:
    seen = await overview(context, room_id, session)
    bot = next((each for each in seen.bots if each.user_id == form.get("user_id")), None)
    if bot is None:
        return None
    fields = {"user_id": bot.user_id}
    if act == "bot-token":
        return Question(
            about=bot.username,
            title="Make a new token?",
            text="The one the bot has now stops working at once.",
            answer="Make a new token",
            fields=fields,
        )
    return Question(
        about=bot.username,
        title="Revoke this bot?",
        text="It is out at once, and its token stops working for good. What it said stays.",
        answer="Revoke the bot",
        fields=fields,
    )


async def _hand_over(
    context: Context, room_id: str, session: Session | None, form: Form
) -> Question | None:
    conversation, person = await founding.heir(context, room_id, session, form.get("user_id", ""))
    if person is None:
        return None
    return Question(
        about=titles.called(conversation),
        title=f"Hand over to {person.username}?",
        text="They become a founder instead of you: founders can remove owners, you included, and "
        "only founders can make founders. You stay an owner.",
        answer="Hand over",
        fields={"user_id": person.user_id},
    )


async def _role(
    context: Context, room_id: str, session: Session | None, form: Form
) -> Question | None:
    user_id, wanted = form.get("user_id", ""), form.get("role", "")
    conversation, person, has = await roles.whose(context, room_id, session, user_id)
    if person is None or wanted == has:
        return None
    is_own = session is not None and person.session_id == session.id
    if is_own and wanted in ("owner", "member"):
        title, answer = "Step down?", "Step down"
        text = (
            "You stay an owner. Only a founder can make you a founder again."
            if wanted == "owner"
            else "You stay here as a member. Only an owner can make you an owner again."
        )
    elif wanted == "founder":
        title, answer = f"Make {person.username} a founder?", "Make founder"
        text = (
            "Founders can remove owners and make other founders. You can't take that back: only "
            "they can step down."
        )
    elif wanted == "owner" and has == "member":
        title, answer = f"Make {person.username} an owner?", "Make owner"
        text = (
            "Owners decide about everything here: they can remove people, change the settings and "
            "delete the conversation. Only a founder can take that back."
        )
    else:
        return None
    return Question(
        about=titles.called(conversation),
        title=title,
        text=text,
        answer=answer,
        fields={"user_id": person.user_id, "role": wanted},
    )


def as_days(days: int) -> str:
    """How long messages are kept, in words."""
    return "1 day" if days == 1 else "1 year" if days == 365 else f"{days} days"


def _number(text: str) -> int:
    try:
        number: int = decode.from_query(text, "number", contract.Seq)
    except BadRequest:
        return 0
    return number
