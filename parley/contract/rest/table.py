"""The table of calls."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from parley.contract.rest.accounts import ACCOUNT_CALLS
from parley.contract.rest.admin import ADMIN_CALLS
from parley.contract.rest.bots import BOT_CALLS
from parley.contract.rest.call import Call, DoneReply, Nothing, Parameter
from parley.contract.rest.calls import CallServersReply
from parley.contract.rest.claims import ClaimReply, WhoIsWhoReply
from parley.contract.rest.contacts import CONTACT_CALLS, INVITE_CALL
from parley.contract.rest.conversations import (
    ChangeBody,
    ChangeReply,
    ConversationReply,
    ConversationsReply,
    CreateBody,
    DeletedReply,
    EndBody,
    EndReply,
    ReplacedLinkReply,
    ReplaceLinkBody,
)
from parley.contract.rest.desks import DESK_CALLS
from parley.contract.rest.door import AnswerBody, EnterBody, EnteredReply, KnockBody, KnockReply
from parley.contract.rest.epochs import EpochBody, EpochReply, EpochsReply
from parley.contract.rest.exports import ExportFormat, ExportReply
from parley.contract.rest.files import FileReply, FilesReply
from parley.contract.rest.hooks import HOOK_CALLS
from parley.contract.rest.imports import (
    ImportChoice,
    ImportDry,
    ImportOrder,
    ImportReply,
    ImportTitle,
    ImportZone,
    StoreBody,
)
from parley.contract.rest.invitations import InvitedReply
from parley.contract.rest.links import LinkBody, NewLinkReply
from parley.contract.rest.mail import MailBody, MailReply
from parley.contract.rest.messages import (
    EditBody,
    MessageReply,
    MessagesReply,
    PinsReply,
    SendBody,
    SendReply,
)
from parley.contract.rest.overview import ActsReply, ManageReply
from parley.contract.rest.people import (
    JoinBody,
    JoinReply,
    ParticipantsReply,
    PeopleSought,
    PersonBody,
    RightBody,
)
from parley.contract.rest.push import (
    NotificationsBody,
    NotificationsReply,
    PushBody,
    PushReply,
    UnsubscribeBody,
)
from parley.contract.rest.reading import (
    DraftBody,
    DraftReply,
    MineReply,
    PinnedBody,
    ReadBody,
    ReadReply,
    UnreadReply,
)
from parley.contract.rest.reports import ReportBody, ReportsReply
from parley.contract.rest.searching import (
    SEARCH_MAX_CHARS,
    SEARCH_PAGE_DEFAULT,
    SEARCH_PAGE_MAX,
    SearchOrder,
    SearchPage,
    SearchReply,
    TimeZoneName,
)
from parley.contract.rest.service import HealthReply, ReadyReply
from parley.contract.rest.streams import EventStream
from parley.contract.terms import (
    ACTS_PAGE_DEFAULT,
    ACTS_PAGE_MAX,
    CONVERSATIONS_PAGE_DEFAULT,
    CONVERSATIONS_PAGE_MAX,
    FILE_NAME_MAX_CHARS,
    FILES_PAGE_DEFAULT,
    FILES_PAGE_MAX,
    MESSAGES_PAGE_DEFAULT,
    MESSAGES_PAGE_MAX,
    MISSED_MAX,
    OWN_PAGE_DEFAULT,
    OWN_PAGE_MAX,
    PARTICIPANTS_PAGE_DEFAULT,
    PARTICIPANTS_PAGE_MAX,
    PINS_MAX,
    RECORD_BODY_MAX_BYTES,
    REPORTS_PAGE_DEFAULT,
    REPORTS_PAGE_MAX,
    STILL_MAX_BYTES,
    STILL_MAX_PX,
    WAITING_MAX,
    ReportState,
    Seq,
)

_PAGE = Annotated[int, Meta(ge=1, le=MESSAGES_PAGE_MAX)]
_FILES_PAGE = Annotated[int, Meta(ge=1, le=FILES_PAGE_MAX)]
_FILE_KIND = Literal["media", "audio", "documents"]
_ACTS_PAGE = Annotated[int, Meta(ge=1, le=ACTS_PAGE_MAX)]
_REPORTS_PAGE = Annotated[int, Meta(ge=1, le=REPORTS_PAGE_MAX)]
_LIST_PAGE = Annotated[int, Meta(ge=1, le=CONVERSATIONS_PAGE_MAX)]
_OWN_PAGE = Annotated[int, Meta(ge=1, le=OWN_PAGE_MAX)]
_SKIPPED = Annotated[int, Meta(ge=0, le=PINS_MAX)]
_PEOPLE_PAGE = Annotated[int, Meta(ge=1, le=PARTICIPANTS_PAGE_MAX)]

_SEARCH = (
    Parameter("q", f"what to look for, at most {SEARCH_MAX_CHARS} characters"),
    Parameter(
        "limit",
        f"how many, {SEARCH_PAGE_DEFAULT} by default, at most {SEARCH_PAGE_MAX}",
        SearchPage,
    ),
    Parameter("cursor", "the `next_cursor` of the page before"),
    Parameter("by", "`time`, the default, or `relevance`", SearchOrder),
    Parameter(
        "zone", "the time zone of its days as IANA names it, such as `Europe/Berlin`", TimeZoneName
    ),
)

CALLS: dict[str, Call] = {
    call.name: call
    for call in (
        Call(
            "create",
            "POST",
            "/api/conversations/create",
            "Start a conversation. The session that asks becomes its owner.",
            JoinReply,
            CreateBody,
            201,
        ),
        Call(
            "accept_invitation",
            "POST",
            "/api/invitations/{code}",
            "Use an invitation: the session that asks may start conversations from then on, where "
            "only invited people can. The session gets another token.",
            InvitedReply,
            Nothing,
        ),
        Call(
            "join",
            "POST",
            "/api/conversations/{room_id}/join",
            "Become a participant, or come back as the one you are, under another username if you "
            "give one. The owner joins this way too.",
            JoinReply,
            JoinBody,
        ),
        Call(
            "leave",
            "POST",
            "/api/conversations/{room_id}/leave",
            "Leave, on all your devices. Joining or posting again brings you back.",
            DoneReply,
            Nothing,
            credential="participant",
        ),
        Call(
            "read",
            "GET",
            "/api/conversations/{room_id}",
            "The conversation with its newest messages. Anyone with the link can read it.",
            ConversationReply,
        ),
        Call(
            "list",
            "GET",
            "/api/conversations",
            "Active, listed conversations, newest activity first.",
            ConversationsReply,
            parameters=(
                Parameter(
                    "limit",
                    f"how many, {CONVERSATIONS_PAGE_DEFAULT} by default, "
                    f"at most {CONVERSATIONS_PAGE_MAX}",
                    _LIST_PAGE,
                ),
                Parameter("cursor", "the `next_cursor` of the page before"),
                Parameter("q", "only titles that contain this, ignoring case"),
            ),
        ),
        Call(
            "mine",
            "GET",
            "/api/mine",
            "The conversations you take part in, newest activity first, with what you haven't "
            "read. Told to no one else.",
            MineReply,
            parameters=(
                Parameter(
                    "limit",
                    f"how many, {OWN_PAGE_DEFAULT} by default, at most {OWN_PAGE_MAX}",
                    _OWN_PAGE,
                ),
                Parameter("cursor", "the `next_cursor` of the page before"),
            ),
        ),
        Call(
            "mail",
            "GET",
            "/api/mail",
            "What you want of mail about new messages.",
            MailReply,
            is_of_mail=True,
        ),
        Call(
            "set_mail",
            "PUT",
            "/api/mail",
            "Have mail about new messages go to an address, once it has confirmed that: it is sent "
            "a mail with a link. At most one mail a day tells of messages that have waited for an "
            "hour: all of a conversation of two, else those that mean or answer you. The reply is "
            "the same whether the address gets that mail or not: none gets more than three a day.",
            MailReply,
            MailBody,
            credential="session",
            is_of_mail=True,
        ),
        Call(
            "unset_mail",
            "DELETE",
            "/api/mail",
            "Have no more mail sent to you, and your address forgotten.",
            MailReply,
            credential="session",
            is_of_mail=True,
        ),
        Call(
            "end",
            "POST",
            "/api/conversations/{room_id}/end",
            "End the conversation: it can still be read, but no one can post.",
            EndReply,
            EndBody,
            credential="owner",
        ),
        Call(
            "search",
            "GET",
            "/api/conversations/{room_id}/search",
            "Find messages, the newest first or the best first. Whoever can read the conversation "
            "can search it.",
            SearchReply,
            parameters=_SEARCH,
        ),
        Call(
            "search_all",
            "GET",
            "/api/search",
            "Find messages in all you take part in, the newest first or the best first.",
            SearchReply,
            parameters=_SEARCH,
        ),
        Call(
            "messages",
            "GET",
            "/api/conversations/{room_id}/messages",
            "History by seq, oldest first: the newest page, or the one before or after a seq.",
            MessagesReply,
            parameters=(
                Parameter("before", "only messages with a smaller seq", Seq),
                Parameter("after", "only messages with a greater seq", Seq),
                Parameter(
                    "limit",
                    f"how many, {MESSAGES_PAGE_DEFAULT} by default, at most {MESSAGES_PAGE_MAX}",
                    _PAGE,
                ),
            ),
        ),
        Call(
            "events",
            "GET",
            "/api/conversations/{room_id}/events",
            "What happens in the conversation, as [server-sent events](#events-over-plain-http). "
            "For who may read it; it makes nobody a participant.",
            EventStream,
            parameters=(
                Parameter(
                    "since",
                    "every change up to this seq is known: what came after it is told first. The "
                    "header `Last-Event-ID`, if there is one, goes before it",
                    Seq,
                ),
            ),
            is_stream=True,
        ),
        Call(
            "export",
            "GET",
            "/api/conversations/{room_id}/export",
            "The whole conversation as a file, as it was when the export began. JSON and JSON "
            "Lines carry a [proof](exports.md), a ZIP file holds all files of the conversation.",
            ExportReply,
            parameters=(
                Parameter(
                    "format",
                    "`json` (the default), `jsonl` for JSON Lines, `md` for Markdown, `html` for a "
                    "page that opens without a network, or `zip`",
                    ExportFormat,
                ),
            ),
        ),
        Call(
            "participants",
            "GET",
            "/api/conversations/{room_id}/participants",
            "Everyone in the conversation, page by page, in the order they joined.",
            ParticipantsReply,
            parameters=(
                Parameter(
                    "limit",
                    f"how many, {PARTICIPANTS_PAGE_DEFAULT} by default, "
                    f"at most {PARTICIPANTS_PAGE_MAX}",
                    _PEOPLE_PAGE,
                ),
                Parameter(
                    "cursor",
                    "the `next_cursor` of the page before, or a conversation's "
                    "`participants_cursor`",
                ),
                Parameter(
                    "q",
                    "only those whose names hold this, whatever the case: who is here or has "
                    "spoken, one page at most",
                ),
                Parameter("who", "with `q`, `here` leaves out who has gone", PeopleSought),
            ),
        ),
        Call(
            "mark_read",
            "PUT",
            "/api/conversations/{room_id}/read",
            "Say how far you have read, and whether the others are told.",
            ReadReply,
            ReadBody,
            credential="participant",
        ),
        Call(
            "pin_conversation",
            "PUT",
            "/api/conversations/{room_id}/pinned",
            "Keep a conversation at the top of your list, on all your devices, or no more.",
            DoneReply,
            PinnedBody,
            credential="participant",
        ),
        Call(
            "draft",
            "GET",
            "/api/conversations/{room_id}/draft",
            "What you are writing in a conversation, on whichever of your devices. Never in an "
            "encrypted one.",
            DraftReply,
            credential="account",
        ),
        Call(
            "keep_draft",
            "PUT",
            "/api/conversations/{room_id}/draft",
            "Keep what you are writing for your other devices: the hundred latest drafts.",
            DraftReply,
            DraftBody,
            credential="account",
        ),
        Call(
            "unread",
            "GET",
            "/api/conversations/{room_id}/unread",
            f"What you haven't read: how many messages by whom, up to {MISSED_MAX}, which of them "
            "mean or answer you, and how many files came with them.",
            UnreadReply,
            parameters=(
                Parameter("after", "count from this seq rather than from where you read to", Seq),
            ),
        ),
        Call(
            "call_servers",
            "GET",
            "/api/conversations/{room_id}/call/servers",
            "The STUN and TURN servers for a call, with credentials that expire. For whoever may "
            "post.",
            CallServersReply,
        ),
        Call(
            "send",
            "POST",
            "/api/conversations/{room_id}/messages",
            "Send a message as the token's participant, with or without a socket. Repeating a "
            "`client_id` stores nothing new and gets the same answer.",
            SendReply,
            SendBody,
            201,
            credential="participant",
        ),
        Call(
            "upload",
            "POST",
            "/api/conversations/{room_id}/files",
            "Upload a file: as the body, with its `name` in the query, or in the field `file` of a "
            "multipart form. Large files, and those that may break off, go by [tus](#uploads).",
            FileReply,
            status=201,
            parameters=(
                Parameter(
                    "name",
                    f"what it is called; of a name longer than {FILE_NAME_MAX_CHARS} characters "
                    "the beginning and the ending are kept",
                ),
            ),
            credential="participant",
            takes_file=True,
        ),
        Call(
            "import",
            "POST",
            "/api/import",
            "Import a file that another chat exported: as the body, with its `name` in the query, "
            "or in the field `file` of a multipart form. The session that asks owns the "
            "conversation that it becomes, which is unlisted and not there before it is whole.",
            ImportReply,
            status=202,
            parameters=(
                Parameter("name", "what the file is called"),
                Parameter(
                    "dry_run", "`true` to be told what it becomes, and store nothing yet", ImportDry
                ),
                Parameter("title", "the conversation's title, instead of the file's", ImportTitle),
                Parameter(
                    "zone",
                    "the time zone of the phone or computer that wrote the file, such as "
                    "`Europe/Berlin`, where the file doesn't say",
                    ImportZone,
                ),
                Parameter("choose", "which channel, of a file with several", ImportChoice),
                Parameter(
                    "order", "how it writes dates, where the file leaves that open", ImportOrder
                ),
            ),
            takes_file=True,
        ),
        Call(
            "import_state",
            "GET",
            "/api/import/{id}",
            "How far an import of yours is, what it becomes, and what could not be read. Told for "
            "an hour, and no longer than the server runs.",
            ImportReply,
        ),
        Call(
            "store_import",
            "POST",
            "/api/import/{id}/store",
            "Store an import of yours that is `ready`.",
            ImportReply,
            StoreBody,
            status=202,
        ),
        Call(
            "set_still",
            "PUT",
            "/api/conversations/{room_id}/files/{file_id}/still",
            "Give a film that you uploaded and haven't sent a still: as the body, a JPEG, PNG or "
            f"WebP of at most {STILL_MAX_BYTES // 1024} KiB and {STILL_MAX_PX:,} pixels each way. "
            "It becomes the film's `thumbnail_url`. A second one changes nothing.",
            FileReply,
            credential="participant",
            takes_picture=True,
        ),
        Call(
            "files",
            "GET",
            "/api/conversations/{room_id}/files",
            "The files of the conversation's messages, the latest first.",
            FilesReply,
            parameters=(
                Parameter(
                    "kind",
                    "only `media`, which is pictures and film, `audio`, or `documents`, which is "
                    "all others",
                    _FILE_KIND,
                ),
                Parameter("before", "only those of messages before this seq", Seq),
                Parameter(
                    "limit",
                    f"how many, {FILES_PAGE_DEFAULT} by default, at most {FILES_PAGE_MAX}; those "
                    "of one message come together",
                    _FILES_PAGE,
                ),
            ),
        ),
        Call(
            "edit_message",
            "PATCH",
            "/api/conversations/{room_id}/messages/{message_id}",
            "Change what a message says, as its author. The same text changes nothing.",
            MessageReply,
            EditBody,
            credential="participant",
        ),
        Call(
            "delete_message",
            "DELETE",
            "/api/conversations/{room_id}/messages/{message_id}",
            "Delete a message, leaving a note that there was one. Its author and owners can.",
            MessageReply,
            credential="participant",
        ),
        Call(
            "pins",
            "GET",
            "/api/conversations/{room_id}/pins",
            "The pinned messages, the one that was pinned last first; long ones page by page.",
            PinsReply,
            parameters=(Parameter("skip", "how many to leave out, from the first on", _SKIPPED),),
        ),
        Call(
            "pin_message",
            "PUT",
            "/api/conversations/{room_id}/messages/{message_id}/pin",
            f"Pin a message, so that everyone finds it. At most {PINS_MAX} are pinned at a time.",
            MessageReply,
            credential="owner",
        ),
        Call(
            "unpin_message",
            "DELETE",
            "/api/conversations/{room_id}/messages/{message_id}/pin",
            "Unpin a message. Deleting it does, too.",
            MessageReply,
            credential="owner",
        ),
        Call(
            "react",
            "PUT",
            "/api/conversations/{room_id}/messages/{message_id}/reactions/{emoji}",
            "Add your reaction to a message. The emoji is percent-encoded.",
            MessageReply,
            credential="participant",
        ),
        Call(
            "unreact",
            "DELETE",
            "/api/conversations/{room_id}/messages/{message_id}/reactions/{emoji}",
            "Take your reaction back.",
            MessageReply,
            credential="participant",
        ),
        Call(
            "enter",
            "POST",
            "/api/conversations/{room_id}/enter",
            "Enter with the passphrase, or the read proof.",
            EnteredReply,
            EnterBody,
        ),
        Call(
            "knock",
            "POST",
            "/api/conversations/{room_id}/knock",
            f"Ask to be let in. At most {WAITING_MAX} can wait at a time; more are `rate_limited`.",
            KnockReply,
            KnockBody,
        ),
        Call(
            "knock_state",
            "GET",
            "/api/conversations/{room_id}/knock",
            "What became of your knock: `not_needed` once anyone can join, the error `locked` if "
            "the conversation has been locked since.",
            KnockReply,
        ),
        Call(
            "use_link",
            "POST",
            "/api/links/{code}",
            "Take the role a link gives; `code` is the last part of the link.",
            EnteredReply,
            Nothing,
        ),
        Call(
            "manage",
            "GET",
            "/api/conversations/{room_id}/manage",
            "The owners' settings, who is waiting, has left or was removed, and the links created.",
            ManageReply,
            credential="owner",
        ),
        Call(
            "change",
            "PATCH",
            "/api/conversations/{room_id}",
            "Change the title, description, access, who can post or how long messages are kept.",
            ChangeReply,
            ChangeBody,
            credential="owner",
        ),
        Call(
            "delete",
            "DELETE",
            "/api/conversations/{room_id}",
            "Delete the conversation for good, as if there had never been one at its link.",
            DeletedReply,
            credential="owner",
        ),
        Call(
            "remove",
            "POST",
            "/api/conversations/{room_id}/remove",
            "Remove someone. Their connections close and their token stops working here; their "
            "name stays reserved.",
            DoneReply,
            PersonBody,
            credential="owner",
        ),
        Call(
            "let_back",
            "POST",
            "/api/conversations/{room_id}/let_back",
            "Let someone who was removed back in.",
            DoneReply,
            PersonBody,
            credential="owner",
        ),
        Call(
            "imported_people",
            "GET",
            "/api/conversations/{room_id}/imported",
            "The people whose words were imported, and whom nobody has become yet.",
            WhoIsWhoReply,
        ),
        Call(
            "claim",
            "POST",
            "/api/conversations/{room_id}/imported/{user_id}/claim",
            "Say that you are one of them. Once an owner agrees you speak as them; what you said "
            "before stays as it was said. The latest counts.",
            ClaimReply,
            Nothing,
            credential="participant",
        ),
        Call(
            "answer_claim",
            "POST",
            "/api/conversations/{room_id}/claims/{user_id}",
            "Agree that somebody is who they say, or decline.",
            DoneReply,
            AnswerBody,
            credential="owner",
        ),
        Call(
            "answer_knock",
            "POST",
            "/api/conversations/{room_id}/knocks/{knock_id}",
            "Let in or decline someone who knocked.",
            DoneReply,
            AnswerBody,
            credential="owner",
        ),
        Call(
            "answer_knocks",
            "POST",
            "/api/conversations/{room_id}/knocks",
            "Let in or decline everyone who is waiting.",
            DoneReply,
            AnswerBody,
            credential="owner",
        ),
        Call(
            "replace_link",
            "POST",
            "/api/conversations/{room_id}/link",
            "Give the conversation a new room id. The old link only says that it was replaced. "
            "People who have joined or used a role link stay; other readers are removed, even "
            "those let in by passphrase or knock.",
            ReplacedLinkReply,
            ReplaceLinkBody,
            credential="owner",
            body_max_bytes=RECORD_BODY_MAX_BYTES,
        ),
        Call(
            "begin_epoch",
            "POST",
            "/api/conversations/{room_id}/epochs",
            "Change the key of an encrypted conversation. People who have joined stay; readers who "
            "only showed the old key's proof have to show the new one's. What is sent under the "
            "old key from then on is refused with `epoch_over`. The same record again changes "
            "nothing.",
            EpochReply,
            EpochBody,
            201,
            credential="owner",
            body_max_bytes=RECORD_BODY_MAX_BYTES,
        ),
        Call(
            "epochs",
            "GET",
            "/api/conversations/{room_id}/epochs",
            "The records of the keys that an encrypted conversation had after its first.",
            EpochsReply,
            parameters=(Parameter("after", "only those with a greater number", Seq),),
        ),
        Call(
            "make_link",
            "POST",
            "/api/conversations/{room_id}/links",
            "Create a link that gives a role.",
            NewLinkReply,
            LinkBody,
            201,
            credential="owner",
        ),
        Call(
            "revoke_link",
            "DELETE",
            "/api/conversations/{room_id}/links/{link_id}",
            "Revoke a link. It stops admitting people, and readers and owners who used it lose "
            "that access. People who have joined stay until you remove them. Only a founder can "
            "revoke a link that made another owner.",
            DoneReply,
            credential="owner",
        ),
        Call(
            "report",
            "POST",
            "/api/conversations/{room_id}/reports",
            "Report a message or somebody to the owners of the conversation and to whoever runs "
            "the server. They see it as it is now, and not who reported it. Reporting the same "
            "again replaces what you said.",
            DoneReply,
            ReportBody,
        ),
        Call(
            "reports",
            "GET",
            "/api/conversations/{room_id}/reports",
            "What was reported, for owners.",
            ReportsReply,
            parameters=(
                Parameter("state", "`open`, the default, `resolved` or `all`", ReportState),
                Parameter(
                    "limit",
                    f"how many, {REPORTS_PAGE_DEFAULT} by default, at most {REPORTS_PAGE_MAX}",
                    _REPORTS_PAGE,
                ),
                Parameter("before", "only reports with a smaller id", Seq),
            ),
            credential="owner",
        ),
        Call(
            "resolve_report",
            "POST",
            "/api/conversations/{room_id}/reports/{report_id}/resolve",
            "Say that you are done with a report, for owners. Whoever runs the server decides for "
            "themselves. It is open again if somebody else reports the same.",
            DoneReply,
            Nothing,
            credential="owner",
        ),
        Call(
            "hand_over",
            "POST",
            "/api/conversations/{room_id}/founder",
            "Make somebody else a founder instead of you, at once: you stay an owner. For "
            "founders. They must have used their token.",
            DoneReply,
            PersonBody,
            credential="owner",
        ),
        Call(
            "set_role",
            "POST",
            "/api/conversations/{room_id}/role",
            "Make somebody a founder, an owner or a member, at once, on all their devices. "
            "Founders make founders; owners make owners; founders take the rights of owners. "
            "Everyone can give up their own, but the only founder. For a right more they must "
            "have used their token.",
            DoneReply,
            RightBody,
            credential="owner",
        ),
        Call(
            "acts",
            "GET",
            "/api/conversations/{room_id}/acts",
            "Owner activity, newest first.",
            ActsReply,
            parameters=(
                Parameter("before", "only acts with a smaller id", Seq),
                Parameter(
                    "limit",
                    f"how many, {ACTS_PAGE_DEFAULT} by default, at most {ACTS_PAGE_MAX}",
                    _ACTS_PAGE,
                ),
            ),
            credential="owner",
        ),
        Call(
            "push",
            "GET",
            "/api/push",
            "What browsers subscribe with to be notified, and those of yours that are.",
            PushReply,
        ),
        Call(
            "subscribe",
            "POST",
            "/api/push",
            "Notify this browser of what happens while you are away.",
            PushReply,
            PushBody,
            credential="session",
        ),
        Call(
            "unsubscribe",
            "DELETE",
            "/api/push",
            "Notify this browser no more.",
            DoneReply,
            UnsubscribeBody,
            credential="session",
        ),
        Call(
            "notifications",
            "GET",
            "/api/conversations/{room_id}/notifications",
            "What you are notified of in this conversation.",
            NotificationsReply,
            credential="participant",
        ),
        Call(
            "set_notifications",
            "PUT",
            "/api/conversations/{room_id}/notifications",
            "Choose what you are notified of in this conversation.",
            NotificationsReply,
            NotificationsBody,
            credential="participant",
        ),
        *BOT_CALLS,
        *ACCOUNT_CALLS,
        *CONTACT_CALLS,
        INVITE_CALL,
        *DESK_CALLS,
        *HOOK_CALLS,
        *ADMIN_CALLS,
        Call("health", "GET", "/api/health", "How busy the server is.", HealthReply),
        Call(
            "ready",
            "GET",
            "/api/ready",
            "Whether the server is ready for work; a 503 says why not.",
            ReadyReply,
        ),
    )
}
