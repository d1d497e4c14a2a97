"""Bots: making them, what they may, their commands, and answering what people ask of them."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.objects import Bot, Command
from parley.contract.rest.call import Call, DoneReply, Nothing
from parley.contract.terms import COMMANDS_MAX, AnswerText, BotRights, SeenName


class BotBody(Struct, kw_only=True):
    """Without `may` it may read, write and react. Whoever may not read is told nothing of what
    others say, and of nothing that people ask of it. With `moderate` it may delete messages, pin
    them, and remove people and let them back, but for owners and bots.
    """

    name: SeenName
    may: BotRights | None = None


class BotChangeBody(Struct, kw_only=True):
    """What it may from now on. Its sockets and streams end, and it may come back at once."""

    may: BotRights


class NewBotReply(Struct, kw_only=True):
    """`token` is told only here: keep it, or have another made."""

    success: Literal[True] = True
    bot: Bot
    token: str


class BotReply(Struct, kw_only=True):
    success: Literal[True] = True
    bot: Bot


class BotsReply(Struct, kw_only=True):
    """The oldest first."""

    success: Literal[True] = True
    bots: list[Bot]


class CommandsBody(Struct, kw_only=True):
    """All it has, in place of those it had before."""

    commands: Annotated[list[Command], Meta(max_length=COMMANDS_MAX)]


class OfferedCommand(Struct, kw_only=True):
    """A command, and the `user_id` and name of the bot that it is of."""

    bot: str
    username: str
    name: str
    description: str
    hint: str | UnsetType = UNSET


class CommandsReply(Struct, kw_only=True):
    success: Literal[True] = True
    commands: list[OfferedCommand]


class AnswerAskBody(Struct, kw_only=True):
    """`text` is shown to whoever asked, and to nobody else; without it there is nothing to say."""

    text: AnswerText | None = None


_BOTS = "/api/conversations/{room_id}/bots"
BOT_CALLS = (
    Call(
        "bots",
        "GET",
        _BOTS,
        "The bots of the conversation, and what they may. Owners only.",
        BotsReply,
        credential="owner",
    ),
    Call(
        "make_bot",
        "POST",
        _BOTS,
        "Make a bot. Its token is told only here. Owners only.",
        NewBotReply,
        BotBody,
        201,
        credential="owner",
    ),
    Call(
        "change_bot",
        "PATCH",
        _BOTS + "/{user_id}",
        "Change what a bot may. Owners only.",
        BotReply,
        BotChangeBody,
        credential="owner",
    ),
    Call(
        "renew_bot",
        "POST",
        _BOTS + "/{user_id}/token",
        "Give a bot another token. The one before ends at once. Owners only.",
        NewBotReply,
        Nothing,
        credential="owner",
    ),
    Call(
        "revoke_bot",
        "DELETE",
        _BOTS + "/{user_id}",
        "Revoke a bot: it is out at once. What it said stays. Owners only.",
        DoneReply,
        credential="owner",
    ),
    Call(
        "declare_commands",
        "PUT",
        _BOTS + "/me/commands",
        'Say what people can ask of you by a "/". Bots only.',
        BotReply,
        CommandsBody,
        credential="bot",
    ),
    Call(
        "commands",
        "GET",
        "/api/conversations/{room_id}/commands",
        'What people can ask of the bots here by a "/".',
        CommandsReply,
    ),
    Call(
        "answer_ask",
        "POST",
        "/api/conversations/{room_id}/asks/{ask_id}",
        "Answer what somebody asked by a command or a button. Bots only, and only what they were "
        "asked.",
        DoneReply,
        AnswerAskBody,
        credential="bot",
    ),
)
