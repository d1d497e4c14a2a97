"""What Telegram's export says in fields, in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from parley.importing import fields
from parley.importing.chats import Attachment
from parley.importing.fields import mapping, mappings, text
from parley.importing.markdown import Piece, joined, literal

_MARKS = {
    "bold": ("strong",),
    "italic": ("em",),
    "strikethrough": ("s",),
    "code": ("code",),
    "pre": ("pre",),
    "blockquote": ("quote",),
    "expandable_blockquote": ("quote",),
}
"""The rest (underlined, hidden until clicked, hashtags) is text to Parley."""
_PLAIN = frozenset(
    {
        *("id", "type", "date", "date_unixtime", "edited", "edited_unixtime", "from", "from_id"),
        *("text", "text_entities", "reactions", "reply_to_message_id"),
        *("photo", "photo_file_size", "width", "height"),
    }
)
"""What says nothing that has to be put into words."""


def said(message: dict[str, Any], attachments: tuple[Attachment, ...]) -> str:
    """All that a message says, files aside."""
    written = message.get("text")
    extra = [] if _PLAIN.issuperset(message) else _extra(message, attachments)
    if isinstance(written, str) and not extra:
        return literal(text(written))
    before = [each for each in extra if each.marks == ("em",)]
    after = [each for each in extra if each.marks != ("em",)]
    pieces = [*before, *_pieces(message), *after]
    if before and len(pieces) > len(before):
        pieces.insert(len(before), Piece("\n"))
    if after and len(pieces) > len(after) and not pieces[-len(after) - 1].text.endswith("\n"):
        pieces.insert(len(pieces) - len(after), Piece("\n"))
    return joined(pieces)


def _pieces(message: dict[str, Any]) -> list[Piece]:
    written = message.get("text_entities") or message.get("text")
    if isinstance(written, str):
        return [Piece(text(written))] if written else []
    if not isinstance(written, list):
        return []
    return [piece for each in written if (piece := _piece(each)).text]


def _piece(entity: Any) -> Piece:
    if isinstance(entity, str):
        return Piece(text(entity))
    if not isinstance(entity, dict):
        return Piece("")
    kind = entity.get("type")
    words = text(entity.get("text"))
    if kind == "text_link":
        return Piece(words, (), text(entity.get("href")))
    if not isinstance(kind, str):
        return Piece(words)
    return Piece(words, _MARKS.get(kind, ()), "", text(entity.get("language")))


def _extra(message: dict[str, Any], attachments: tuple[Attachment, ...]) -> list[Piece]:
    """What a message holds besides text and files, in words; first, slanted, where it is from."""
    made: list[Piece] = []
    for field, words in (("forwarded_from", "Forwarded from"), ("saved_from", "Saved from")):
        if field in message:
            made.append(
                Piece(f"{words} {fields.name(message[field], 'a deleted account')}", ("em",))
            )
            break
    lines: list[str] = []
    for field, told in _HELD.items():
        if field in message and (line := told(message)):
            lines.append(line)
    if message.get("media_type") == "sticker" and not any(each.path for each in attachments):
        lines.append(f"Sticker {text(message.get('sticker_emoji'))}".rstrip())
    if lines:
        made.append(Piece("\n".join(lines)))
    return made


def _poll(message: dict[str, Any]) -> str:
    poll = mapping(message["poll"])
    lines = [f"Poll: {_said(poll.get('question'))}"]
    for answer in mappings(poll.get("answers")):
        voters = fields.count(answer.get("voters"))
        lines.append(f"• {_said(answer.get('text'))} ({_counted(voters, 'vote')})")
    return "\n".join(lines)


def _todo(message: dict[str, Any]) -> str:
    todo = mapping(message["todo_list"])
    lines = [f"List: {_said(todo.get('title'))}"]
    lines += [f"• {_said(item.get('text'))}" for item in mappings(todo.get("answers"))]
    return "\n".join(lines)


def _said(value: Any) -> str:
    """A text that may be written as a list of entities."""
    if isinstance(value, list):
        return "".join([_piece(each).text for each in value])
    return text(value)


def _location(message: dict[str, Any]) -> str:
    place = mapping(message["location_information"])
    at = [place.get("latitude"), place.get("longitude")]
    numbers = [f"{each:.6f}" for each in at if isinstance(each, float | int) and abs(each) <= 180]
    named = [fields.name(message.get(field)) for field in ("place_name", "address")]
    return "Location: " + ", ".join([*filter(None, named), *numbers])


def _contact(message: dict[str, Any]) -> str:
    contact = mapping(message["contact_information"])
    names = " ".join(
        filter(None, [fields.name(contact.get(field)) for field in ("first_name", "last_name")])
    )
    told = [names, fields.name(contact.get("phone_number"))]
    return "Contact: " + ", ".join(filter(None, told))


def _titled(word: str, field: str) -> Callable[[dict[str, Any]], str]:
    return lambda message: f"{word}: {fields.name(message[field], 'without a title')}"


def _invoice(message: dict[str, Any]) -> str:
    invoice = mapping(message["invoice_information"])
    return f"Invoice: {fields.name(invoice.get('title'), 'without a title')}"


_HELD: dict[str, Callable[[dict[str, Any]], str]] = {
    "poll": _poll,
    "todo_list": _todo,
    "location_information": _location,
    "contact_information": _contact,
    "game_title": _titled("Game", "game_title"),
    "invoice_information": _invoice,
    "giveaway_information": lambda _: "Giveaway",
    "giveaway_results": lambda _: "Results of a giveaway",
    "paid_stars_amount": lambda _: "(Media that had to be paid for.)",
    "self_destruct_period_seconds": lambda _: "(This message was set to self-destruct.)",
}


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def _members(message: dict[str, Any]) -> str:
    named = [
        fields.name(each, "a deleted account") for each in fields.listing(message.get("members"))
    ]
    if len(named) > 1:
        return f"{', '.join(named[:-1])} and {named[-1]}"
    return named[0] if named else "nobody"


def _quotes(value: Any) -> str:
    return f"“{fields.name(value)}”"


def _founded(what: str) -> Callable[[dict[str, Any]], str]:
    def said(message: dict[str, Any]) -> str:
        added = f" with {_members(message)}" if fields.listing(message.get("members")) else ""
        return f"created the {what} {_quotes(message.get('title'))}{added}"

    return said


def _called(message: dict[str, Any]) -> str:
    seconds = fields.count(message.get("duration_seconds"))
    if seconds:
        return f"called: {seconds // 60}:{seconds % 60:02}"
    reason = fields.name(message.get("discard_reason"))
    return f"called ({reason.replace('_', ' ')})" if reason else "called"


def _plainly(words: str) -> Callable[[dict[str, Any]], str]:
    return lambda _: words


ACTIONS: dict[str, Callable[[dict[str, Any]], str]] = {
    "create_group": _founded("group"),
    "create_channel": _founded("channel"),
    "edit_group_title": lambda message: f"renamed the group to {_quotes(message.get('title'))}",
    "edit_group_photo": _plainly("changed the group's picture"),
    "delete_group_photo": _plainly("removed the group's picture"),
    "invite_members": lambda message: f"added {_members(message)}",
    "remove_members": lambda message: f"removed {_members(message)}",
    "join_group_by_link": _plainly("joined by link"),
    "join_group_by_request": _plainly("joined after asking to"),
    "joined_telegram": _plainly("joined Telegram"),
    "migrate_to_supergroup": _plainly("made the group a supergroup"),
    "migrate_from_group": lambda message: f"made {_quotes(message.get('title'))} a supergroup",
    "pin_message": _plainly("pinned a message"),
    "clear_history": _plainly("cleared the history"),
    "score_in_game": lambda message: f"scored {fields.count(message.get('score')):,} in a game",
    "send_payment": _plainly("sent a payment"),
    "phone_call": _called,
    "take_screenshot": _plainly("took a screenshot"),
    "group_call": _plainly("started a group call"),
    "group_call_scheduled": _plainly("scheduled a group call"),
    "conference_call": _called,
    "invite_to_group_call": lambda message: f"invited {_members(message)} to a group call",
    "proximity_reached": _plainly("came near"),
    "allow_sending_messages": _plainly("allowed this bot to send messages"),
    "attach_menu_bot_allowed": _plainly("allowed this bot to send messages"),
    "web_app_bot_allowed": _plainly("allowed this bot to send messages"),
    "requested_phone_number": _plainly("asked for a telephone number"),
    "requested_peer": _plainly("shared a chat with a bot"),
    "send_passport_values": _plainly("sent documents to a bot"),
    "set_messages_ttl": _plainly("changed when messages delete themselves"),
    "edit_chat_theme": _plainly("changed the chat's colours"),
    "set_chat_wallpaper": _plainly("changed the chat's background"),
    "set_same_chat_wallpaper": _plainly("took the same background"),
    "topic_created": lambda message: f"started the topic {_quotes(message.get('title'))}",
    "topic_edit": lambda message: f"changed the topic {_quotes(message.get('new_title'))}",
    "suggest_profile_photo": _plainly("suggested a profile picture"),
    "send_premium_gift": _plainly("gave Telegram Premium as a gift"),
    "gift_code_prize": _plainly("won a gift"),
    "send_star_gift": _plainly("sent a gift"),
    "giveaway_launch": _plainly("started a giveaway"),
    "giveaway_results": _plainly("drew the winners of a giveaway"),
    "boost_apply": _plainly("boosted the group"),
    "refunded_payment": _plainly("refunded a payment"),
    "send_webview_data": _plainly("sent something to a bot"),
    "send_stars_gift": _plainly("gave Telegram Stars as a gift"),
    "stars_prize": _plainly("won Telegram Stars"),
    # A text of the service's own, or a bot's.
    "information_text": lambda message: text(message.get("information_text")),
    "paid_messages_price_change": _plainly("changed the price of messages"),
    "todo_completions": _plainly("ticked off items of a list"),
    "todo_append_tasks": _plainly("added items to a list"),
}
