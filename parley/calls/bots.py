"""Bots: made by owners; what they offer, and what they answer."""

from __future__ import annotations

from msgspec import UNSET

from parley import contract, present, web
from parley.domain import asks, bots
from parley.records import Command


async def listed(room_id: str) -> contract.BotsReply:
    found = await bots.listed(web.site().context, room_id, await web.current_session())
    return contract.BotsReply(bots=[present.bot(each) for each in found])


async def make(body: contract.BotBody, room_id: str) -> contract.NewBotReply:
    may = bots.USUAL if body.may is None else present.rights(body.may)
    context, session = web.site().context, await web.current_session()
    made = await bots.make(context, room_id, session, body.name, may)
    return contract.NewBotReply(bot=present.bot(made.bot), token=made.token)


async def change(body: contract.BotChangeBody, room_id: str, user_id: str) -> contract.BotReply:
    context, session = web.site().context, await web.current_session()
    may = present.rights(body.may)
    return contract.BotReply(
        bot=present.bot(await bots.change(context, room_id, session, user_id, may))
    )


async def renew(_body: contract.Nothing, room_id: str, user_id: str) -> contract.NewBotReply:
    context, session = web.site().context, await web.current_session()
    made = await bots.renew(context, room_id, session, user_id)
    return contract.NewBotReply(bot=present.bot(made.bot), token=made.token)


async def revoke(room_id: str, user_id: str) -> contract.DoneReply:
    context, session = web.site().context, await web.current_session()
    await bots.revoke(context, room_id, session, user_id)
    return contract.DoneReply()


async def declare_commands(body: contract.CommandsBody, room_id: str) -> contract.BotReply:
    context, session = web.site().context, await web.current_session()
    commands = [
        Command(each.name, each.description, "" if each.hint is UNSET else each.hint)
        for each in body.commands
    ]
    bot = await bots.declare(context, room_id, session, commands)
    return contract.BotReply(bot=present.bot(bot))


async def commands(room_id: str) -> contract.CommandsReply:
    context, session = web.site().context, await web.session_if_known()
    found = await bots.offering(context, room_id, session)
    return contract.CommandsReply(commands=present.offered(found))


async def answer_ask(body: contract.AnswerAskBody, room_id: str, ask_id: str) -> contract.DoneReply:
    context, session = web.site().context, await web.current_session()
    await asks.answer(context, room_id, session, ask_id, body.text)
    return contract.DoneReply()
