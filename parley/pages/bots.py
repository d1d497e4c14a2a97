"""What owners decide of bots, on their page: making one, what it may, its token, revoking it."""

from __future__ import annotations

from collections.abc import Mapping

from quart import render_template

from parley import contract, present, web
from parley.contract import decode
from parley.domain import bots
from parley.domain.context import Context
from parley.records import Session

Form = Mapping[str, str]

RIGHTS: dict[contract.BotRightName, tuple[str, str]] = {
    "read": ("Read", "It sees what is said here, and what people ask it."),
    "write": ("Write", "It sends messages and files, and changes its own."),
    "react": ("React", "It adds reactions."),
    "moderate": ("Moderate", "It deletes and pins messages, and removes members."),
}
"""What it is called, and what it means."""
USUAL = ("read", "write", "react")


async def made(context: Context, room_id: str, session: Session | None, form: Form) -> str:
    """The page with its token, which is told nowhere else."""
    asked = {"name": form.get("bot_name", ""), "may": chosen(form)}
    body = decode.from_value(asked, contract.BotBody)
    found = await bots.make(context, room_id, session, body.name, present.rights(body.may or ()))
    return await _token_page(room_id, found)


async def renewed(context: Context, room_id: str, session: Session | None, form: Form) -> str:
    """The same with another."""
    found = await bots.renew(context, room_id, session, form.get("user_id", ""))
    return await _token_page(room_id, found)


async def change(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    may = present.rights(chosen(form))
    await bots.change(context, room_id, session, form.get("user_id", ""), may)


async def revoke(context: Context, room_id: str, session: Session | None, form: Form) -> None:
    await bots.revoke(context, room_id, session, form.get("user_id", ""))


def chosen(form: Form) -> list[contract.BotRightName]:
    """The rights that are ticked."""
    return [name for name in RIGHTS if f"may_{name}" in form]


async def _token_page(room_id: str, found: bots.Made) -> str:
    return await render_template(
        "pages/new_bot.html",
        room_id=room_id,
        bot=present.bot(found.bot),
        token=found.token,
        public_url=web.public_url(),
    )
