"""How much of everything, and the types of single fields."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta

# Lengths count characters (Unicode code points).

MESSAGE_MAX_CHARS = 8_000
DRAFT_MAX_CHARS = 10_000
"""Somewhat more than a message: what is too long is still to be shortened."""
CHEST_MAX_CHARS = 98_304
"""Of an account's chest: keys of some 250 conversations."""
ENVELOPE_MAX_CHARS = 65_774
"""Of an encrypted message: the longest there is (docs/encryption.md)."""
EPOCH_RECORD_MAX_BYTES = 256 * 1024
"""Of a new key of an encrypted conversation: for some 2,700 people who stay."""
EPOCH_RECORD_MAX_CHARS = -(-EPOCH_RECORD_MAX_BYTES * 4 // 3)
EPOCHS_PAGE_MAX_BYTES = 1024 * 1024
"""Of the records in one answer. One comes in any case."""
READ_PROOF_CHARS = 43
"""32 bytes in base64url; so has its hash."""
TITLE_MAX_CHARS = 200
MAIL_ADDRESS_MAX_CHARS = 254
"""RFC 5321, section 4.5.3.1.3."""
DESCRIPTION_MAX_CHARS = 2_000
USERNAME_MAX_CHARS = 64
USER_ID_MAX_CHARS = 64
CLIENT_ID_MAX_CHARS = 64
TYPE_MAX_CHARS = 32
TOKEN_MAX_CHARS = 128
ROOM_ID_MAX_CHARS = 64
QUERY_MAX_CHARS = 200
LABEL_MAX_CHARS = 64
PASSPHRASE_MAX_CHARS = 200
MESSAGE_ID_MAX_CHARS = 64
FILE_NAME_MAX_CHARS = 200
FILE_ID_MAX_CHARS = 64
ATTACHMENTS_MAX = 10
"""How many files one message can name."""
SEALED_ATTACHMENTS_MAX = 2 * ATTACHMENTS_MAX
"""An encrypted one has the small pictures of its pictures among them, which we can't make."""
STILL_MAX_BYTES = 64 * 1024
STILL_MAX_PX = 2_000
"""Of a film's still, each way: more than any screen shows of it in a transcript."""
MEANT_MAX = 20
"""How many people one message can mean."""
BOTS_MAX = 20
"""How many bots one conversation has."""
COMMANDS_MAX = 20
"""How many commands one bot has."""
COMMAND_NAME_MAX_CHARS = 32
COMMAND_DESCRIPTION_MAX_CHARS = 100
COMMAND_HINT_MAX_CHARS = 60
COMMAND_TEXT_MAX_CHARS = 2_000
"""Of what somebody writes after a command."""
BUTTONS_MAX = 5
"""How many stand under one message."""
BUTTON_LABEL_MAX_CHARS = 40
BUTTON_ID_MAX_CHARS = 64
ANSWER_MAX_CHARS = 1_000
"""Of what a bot answers to whoever asked: a hint to another process holds all of it."""
ASK_LATE_S = 3.0
"""A bot that has not answered by then is said to be late."""
ASK_KEPT_S = 600.0
"""A late answer is still told for so long."""
BOTS_ALONE = ((20, 60.0), (200, 3600.0))
"""How many messages in a row bots may send to each other, while nobody else speaks, in how many
seconds: then one of them waits."""


PINS_MAX = 50
"""How many messages of a conversation may be pinned: what all should find has to stand out."""
EMOJI_MAX_CHARS = 32
"""The longest has ten code points; clients may add a variation selector to each."""
REACTIONS_MAX = 20
"""How many different ones a message may have."""
REACTORS_NAMED = 50
"""How many of those who reacted in one way a message names: the first."""


def default_title(room_id: str) -> str:
    """What a conversation without a title has for one on the wire."""
    return f"Conversation {room_id}"


FRAME_MAX_BYTES = 128 * 1024
"""One Socket.IO packet, or one JSON body: the longest message fits, also from a client that escapes
each of its characters, an emoji in twelve bytes."""
RECORD_BODY_MAX_BYTES = 384 * 1024
"""A JSON body with the record of a new key."""
FORM_MAX_BYTES = 128 * 1024
"""A form of a page: the longest message, written as percent signs and digits, fits."""
FIELDS_MAX = 50
"""Of a form, or parameters of a query. Nothing of ours has ten; 60,000 fit, and take long to tell
apart."""
JSON_MAX_DEPTH = 8
ROOMS_PER_SOCKET = 100
PEER_ID_MAX_CHARS = 32
CALL_PEERS_MAX = 10
"""Devices in a call: each sends to each of the others."""
CALL_SEEN_MAX = 6
"""Of them, those with a camera or a screen on."""
CALL_SIGNAL_MAX_BYTES = 32 * 1024
"""What one device tells another at once, as JSON."""
"""How many conversations one socket may be in: far above what any client needs."""
CROWD = 50
"""Up to so many everybody's coming and going is told as it is; above it is gathered."""
GATHER_S = 1.0
JOIN_WITHIN_S = 600.0
"""A connection that takes part in no conversation for so long is closed: people think of a name."""
KEEP_DAYS = (1, 7, 30, 365)
"""For how long messages can be kept, where they are not kept for ever."""
OWNER_LINK_VALID_S = 600
"""A link that makes an owner is valid once, and for so long."""
LINK_VALID_MAX_S = 366 * 24 * 3600
LINK_USES_MAX = 100_000
WAITING_MAX = 50
"""How many may wait at the door of one conversation: as many as an owner can look through."""
KNOCK_LASTS_S = 24 * 3600
"""Whoever knocked so long ago and got no answer is taken to have gone."""
CLAIMS_MAX = 50
"""How many may claim at once to be a person whose words were imported."""
IMPORTED_LISTED_MAX = 500
"""How many of those whom nobody has become yet are listed."""
REPORTS_MAX = 500
"""How many reports of one conversation may wait for the host."""
COMPLAINTS_MAX = 100
"""How many people who reported the same are told apart."""
REPORTS_PAGE_DEFAULT = 50
REPORTS_PAGE_MAX = 100
REPORT_WORDS_MAX_CHARS = 1_000
REPORTED_TEXT_MAX_CHARS = 10_000
"""Of an encrypted message, with the names of its files."""
ANNOUNCEMENT_MAX_CHARS = 300
BLOCK_NOTE_MAX_CHARS = 200
NETWORK_MAX_CHARS = 64
LEFT_LISTED_MAX = 200
"""How many of those who left an owner is shown: the latest."""
ACTS_PAGE_DEFAULT = 200
ACTS_PAGE_MAX = 200

STATE_MESSAGES = 100
"""How many of the newest messages a conversation's state holds."""
SEALED_PAGE_MESSAGES = 40
"""How many the page of an encrypted conversation begins with. It opens and shows them by itself,
and gets what stands before as somebody reads on."""
MESSAGES_PAGE_MAX = 200
SYNC_PAGE_MAX = 200
PICTURE_MAX_BYTES = 96 * 1024
"""Of an account's picture as it comes: pages make it small before they send it."""
LOOKS_MAX = 500
"""Of how many people a state says how their marks look."""
HUES = 12
"""The colours that marks have."""
PEOPLE_IN_STATE = 100
OWNERS_TOLD_MAX = 100
"""How many of the people in it a conversation's state holds; the others come page by page."""
STATE_MAX_CHARS = 65_536
"""Of the messages in a state, and in an answer to `sync`, together: fewer come where they are
long, so that a phone takes it at once. One comes in any case."""
ENCRYPTED_PAGE_MAX_CHARS = 4 * STATE_MAX_CHARS
"""Of the envelopes in a page of history: the shortest has 579 characters, and whoever searches such
a conversation reads all of it."""
READ_SHOWN_MAX = 20
"""In a conversation of at most so many people each is told how far the others have read."""
UNREAD_MAX = 100
"""Unread messages are counted up to this: of more it is enough that they are many."""
MISSED_MAX = 1000
"""The same for whoever comes back and is told who wrote how much."""
MISSED_FILES_MAX = 1000
"""Of the files that came with it so many are counted."""
MISSED_AUTHORS_MAX = 50
"""Of those who wrote meanwhile so many are told of, who wrote most first."""
DELTA_MAX_CHANGES = 500
"""Who missed more than this gets the newest messages afresh rather than what changed."""
ROOM_POSITION_EVERY_S = 20.0
"""How often rooms that changed are told their seq, so that a lost last event is found."""
MESSAGES_PAGE_DEFAULT = 100
CONVERSATIONS_PAGE_MAX = 200
CONVERSATIONS_PAGE_DEFAULT = 100
FILES_PAGE_MAX = 100
FILES_PAGE_DEFAULT = 50
OWN_PAGE_MAX = 100
OWN_PAGE_DEFAULT = 20
PARTICIPANTS_PAGE_MAX = 200
PARTICIPANTS_PAGE_DEFAULT = 100

TYPE_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_.:/-]*"
"""A short word. What it means is between the clients."""

LISTED_ROOM_ID_CHARS = 8
UNLISTED_ROOM_ID_BYTES = 16
"""128 random bits, 22 characters of base64url: for unlisted ones the link is the key."""

# What else the domain asks of a text is told to programs as a pattern, and is no more than that:
# the domain checks it, and says what is wrong in a sentence. `\s` and `\x00` mean the same in
# ECMAScript, which JSON Schema names, and in Python.
_NO_NUL = {"pattern": r"^[^\x00]*$"}
_NOT_BLANK = {"minLength": 1, "pattern": r"^[^\x00]*[^\s\x00][^\x00]*$"}
_NO_CONTROLS = {
    "pattern": r"^(\s*|[^\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*)$"
}

Title = Annotated[str, Meta(max_length=TITLE_MAX_CHARS, extra_json_schema=_NO_NUL)]
Description = Annotated[str, Meta(max_length=DESCRIPTION_MAX_CHARS, extra_json_schema=_NO_NUL)]
UserId = Annotated[str, Meta(max_length=USER_ID_MAX_CHARS, extra_json_schema=_NO_CONTROLS)]
Username = Annotated[str, Meta(max_length=USERNAME_MAX_CHARS, extra_json_schema=_NO_NUL)]
SeenName = Annotated[str, Meta(max_length=USERNAME_MAX_CHARS, extra_json_schema=_NOT_BLANK)]
"""A username where one has to be given."""
RoomId = Annotated[str, Meta(max_length=ROOM_ID_MAX_CHARS)]
MessageText = Annotated[str, Meta(max_length=ENVELOPE_MAX_CHARS, extra_json_schema=_NOT_BLANK)]
"""The domain takes as much of what is encrypted alone, and of all else `MESSAGE_MAX_CHARS`."""
SaidText = Annotated[str, Meta(max_length=ENVELOPE_MAX_CHARS, extra_json_schema=_NO_NUL)]
"""Of a message that may be all files."""
ReadProof = Annotated[
    str,
    Meta(
        max_length=READ_PROOF_CHARS,
        extra_json_schema={
            "minLength": READ_PROOF_CHARS,
            "pattern": f"^[A-Za-z0-9_-]{{{READ_PROOF_CHARS}}}$",
        },
    ),
]
"""What somebody has who has the key of an encrypted conversation, or its SHA-256 hash."""
EpochRecord = Annotated[
    str,
    Meta(
        max_length=EPOCH_RECORD_MAX_CHARS,
        extra_json_schema={"minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"},
    ),
]
"""Of a new key, in base64url: docs/encryption.md."""
MessageType = Annotated[
    str,
    Meta(
        max_length=TYPE_MAX_CHARS,
        extra_json_schema={"minLength": 1, "pattern": f"^{TYPE_PATTERN}$"},
    ),
]
ClientId = Annotated[str, Meta(max_length=CLIENT_ID_MAX_CHARS, extra_json_schema=_NO_NUL)]
Token = Annotated[str, Meta(max_length=TOKEN_MAX_CHARS)]
MessageId = Annotated[str, Meta(max_length=MESSAGE_ID_MAX_CHARS)]
FileId = Annotated[str, Meta(max_length=FILE_ID_MAX_CHARS)]
FileIds = Annotated[list[FileId], Meta(max_length=SEALED_ATTACHMENTS_MAX)]
ChosenNames = Annotated[list[UserId], Meta(max_length=MEANT_MAX)]
"""Whom a draft means where several have the name that stands in it."""
Emoji = Annotated[str, Meta(max_length=EMOJI_MAX_CHARS, extra_json_schema={"minLength": 1})]
Passphrase = Annotated[
    str,
    Meta(max_length=PASSPHRASE_MAX_CHARS, extra_json_schema={"minLength": 1, "pattern": r"\S"}),
]
TriedPassphrase = Annotated[str, Meta(max_length=PASSPHRASE_MAX_CHARS)]
"""Where it may not be needed: then it is not looked at."""
NewPassphrase = Annotated[
    str,
    Meta(max_length=PASSPHRASE_MAX_CHARS, extra_json_schema={"pattern": r"^$|\S"}),
]
"""An empty one takes it away."""
Label = Annotated[str, Meta(max_length=LABEL_MAX_CHARS, extra_json_schema=_NO_NUL)]
KeepDays = Annotated[int, Meta(extra_json_schema={"enum": [0, *KEEP_DAYS]})]
"""0 for ever."""
MailAddress = Annotated[
    str,
    Meta(max_length=MAIL_ADDRESS_MAX_CHARS, extra_json_schema={"minLength": 1}),
]
ReportWords = Annotated[str, Meta(max_length=REPORT_WORDS_MAX_CHARS, extra_json_schema=_NO_NUL)]
ReportedText = Annotated[str, Meta(max_length=REPORTED_TEXT_MAX_CHARS, extra_json_schema=_NO_NUL)]
KnockId = Annotated[str, Meta(max_length=MESSAGE_ID_MAX_CHARS)]
Timestamp = Annotated[str, Meta(description="ISO 8601, UTC, with an explicit offset")]
Parts = Annotated[
    list[Annotated[list[Any], Meta(extra_json_schema={"items": {}})]],
    Meta(description="nodes in each other: docs/protocol.md, under Markdown, says which"),
]
CallId = Annotated[str, Meta(min_length=1, max_length=PEER_ID_MAX_CHARS)]
PeerId = Annotated[str, Meta(min_length=1, max_length=PEER_ID_MAX_CHARS)]
CallAct = Literal["mute_all", "put_out", "end"]
SwitchName = Literal["on", "off"]
BotRightName = Literal["read", "write", "react", "moderate"]
BotRights = Annotated[list[BotRightName], Meta(max_length=4)]
AskId = Annotated[str, Meta(max_length=MESSAGE_ID_MAX_CHARS)]
AskKind = Literal["command", "button"]
CommandName = Annotated[
    str,
    # Python has `$` match before a line's end at the end, too; JSON Schema knows no `\Z`.
    Meta(min_length=1, max_length=COMMAND_NAME_MAX_CHARS, pattern=r"^[a-z0-9][a-z0-9_-]*(?!\n)$"),
]
CommandDescription = Annotated[
    str, Meta(max_length=COMMAND_DESCRIPTION_MAX_CHARS, extra_json_schema=_NOT_BLANK)
]
CommandHint = Annotated[str, Meta(max_length=COMMAND_HINT_MAX_CHARS, extra_json_schema=_NO_NUL)]
CommandText = Annotated[str, Meta(max_length=COMMAND_TEXT_MAX_CHARS, extra_json_schema=_NO_NUL)]
ButtonId = Annotated[
    str, Meta(min_length=1, max_length=BUTTON_ID_MAX_CHARS, extra_json_schema=_NO_NUL)
]
ButtonLabel = Annotated[str, Meta(max_length=BUTTON_LABEL_MAX_CHARS, extra_json_schema=_NOT_BLANK)]
AnswerText = Annotated[str, Meta(max_length=ANSWER_MAX_CHARS, extra_json_schema=_NO_NUL)]
Seq = Annotated[int, Meta(ge=0, le=2**53)]
VisibilityName = Literal["listed", "unlisted"]
RoleName = Literal["owner", "member", "bot"]
MarkedRoleName = Literal["owner", "bot"]
"""Of whoever is no mere member."""
OwnRoleName = Literal["owner", "member", "reader"]
RightName = Literal["founder", "owner", "member"]
InviteAnswerName = Literal["accept", "decline", "block"]
DoorName = Literal["open", "locked", "passphrase", "knock"]
ActName = Literal[
    "ended",
    "deleted_message",
    "pinned_message",
    "unpinned_message",
    "removed",
    "let_back",
    "admitted",
    "declined",
    "made_link",
    "revoked_link",
    "used_owner_link",
    "changed_title",
    "changed_description",
    "locked",
    "unlocked",
    "turned_knocking_on",
    "turned_knocking_off",
    "made_read_only",
    "let_all_speak",
    "required_accounts",
    "let_guests_speak",
    "required_proof",
    "required_no_proof",
    "showed_title_in_previews",
    "hid_title_in_previews",
    "turned_calls_on",
    "turned_calls_off",
    "set_passphrase",
    "removed_passphrase",
    "changed_retention",
    "replaced_link",
    "changed_key",
    "agreed_claim",
    "declined_claim",
    "resolved_report",
    "handed_over",
    "made_founder",
    "made_owner",
    "made_member",
    "stepped_down",
    "invited",
    "made_bot",
    "changed_bot",
    "renewed_bot",
    "revoked_bot",
    "made_hook",
    "removed_hook",
    "made_webhook",
    "changed_webhook",
    "removed_webhook",
    "paused_webhook",
    "resumed_webhook",
    "stopped_bots",
]
HostRoleName = Literal["admin", "moderator"]
HostActName = Literal[
    "became_admin",
    "removed_admin",
    "ended",
    "deleted",
    "made_owner_link",
    "deleted_message",
    "resolved_report",
    "blocked",
    "unblocked",
    "announced",
    "invited",
    "revoked_invitation",
]
ReasonName = Literal["spam", "abuse", "threat", "sexual", "private", "other"]
ReportState = Literal["open", "resolved", "all"]
LinkRoleName = Literal["owner", "member", "reader"]
KnockState = Literal["none", "waiting", "admitted", "declined", "crowded_out", "not_needed"]
