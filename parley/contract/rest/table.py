"""The table of calls."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from parley.contract.rest.call import Call, DoneReply, Nothing, Parameter
from parley.contract.rest.conversations import (
    ChangeBody,
    ChangeReply,
    ConversationReply,
    ConversationsReply,
    CreateBody,
    DeletedReply,
    EndReply,
    ReplacedLinkReply,
)
from parley.contract.rest.door import AnswerBody, EnterBody, EnteredReply, KnockBody, KnockReply
from parley.contract.rest.links import LinkBody, NewLinkReply
from parley.contract.rest.messages import MessageReply, MessagesReply, SendBody, SendReply
from parley.contract.rest.overview import ActsReply, ManageReply
from parley.contract.rest.people import JoinBody, JoinReply, ParticipantsReply, PersonBody
from parley.contract.rest.service import HealthReply, ReadyReply
from parley.contract.terms import (
    ACTS_PAGE_DEFAULT,
    ACTS_PAGE_MAX,
    CONVERSATIONS_PAGE_DEFAULT,
    CONVERSATIONS_PAGE_MAX,
    MESSAGES_PAGE_DEFAULT,
    MESSAGES_PAGE_MAX,
    PARTICIPANTS_PAGE_DEFAULT,
    PARTICIPANTS_PAGE_MAX,
    WAITING_MAX,
    Seq,
)

_PAGE = Annotated[int, Meta(ge=1, le=MESSAGES_PAGE_MAX)]
_ACTS_PAGE = Annotated[int, Meta(ge=1, le=ACTS_PAGE_MAX)]
_LIST_PAGE = Annotated[int, Meta(ge=1, le=CONVERSATIONS_PAGE_MAX)]
_PEOPLE_PAGE = Annotated[int, Meta(ge=1, le=PARTICIPANTS_PAGE_MAX)]

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
            "join",
            "POST",
            "/api/conversations/{room_id}/join",
            "Become a participant, or come back as the one you are. The owner, too, joins to talk.",
            JoinReply,
            JoinBody,
        ),
        Call(
            "read",
            "GET",
            "/api/conversations/{room_id}",
            "The conversation with its newest messages. Whoever has the link may read.",
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
                Parameter("q", "only titles that contain this, whatever the case"),
            ),
        ),
        Call(
            "end",
            "POST",
            "/api/conversations/{room_id}/end",
            "End the conversation: it can be read, but nothing is added any more.",
            EndReply,
            Nothing,
            credential="owner",
        ),
        Call(
            "messages",
            "GET",
            "/api/conversations/{room_id}/messages",
            "History by seq, oldest first: the newest page, or what is before or after a seq.",
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
            "participants",
            "GET",
            "/api/conversations/{room_id}/participants",
            "Everybody who is in the conversation, page by page, in the order of joining.",
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
            ),
        ),
        Call(
            "send",
            "POST",
            "/api/conversations/{room_id}/messages",
            "Say something, as the participant the token is here, with or without a socket. "
            "Repeating a `client_id` stores once and answers as the first time.",
            SendReply,
            SendBody,
            201,
            credential="participant",
        ),
        Call(
            "delete_message",
            "DELETE",
            "/api/conversations/{room_id}/messages/{message_id}",
            "Delete a message: what is left says that there was one. Whoever said it may, "
            "and owners.",
            MessageReply,
            credential="participant",
        ),
        Call(
            "enter",
            "POST",
            "/api/conversations/{room_id}/enter",
            "Come in by the passphrase.",
            EnteredReply,
            EnterBody,
        ),
        Call(
            "knock",
            "POST",
            "/api/conversations/{room_id}/knock",
            f"Ask to be let in. At most {WAITING_MAX} wait at a time: then it is `rate_limited`.",
            KnockReply,
            KnockBody,
        ),
        Call(
            "knock_state",
            "GET",
            "/api/conversations/{room_id}/knock",
            "How it stands with your knock: `not_needed` once the door is open to all, the error "
            "`locked` where it was locked meanwhile.",
            KnockReply,
        ),
        Call(
            "use_link",
            "POST",
            "/api/links/{code}",
            "Take the role that a link gives: `code` is its last part.",
            EnteredReply,
            Nothing,
        ),
        Call(
            "manage",
            "GET",
            "/api/conversations/{room_id}/manage",
            "What owners decided, who waits, left or was removed, and the links that were made.",
            ManageReply,
            credential="owner",
        ),
        Call(
            "change",
            "PATCH",
            "/api/conversations/{room_id}",
            "Change the title, the description, the door, who speaks, how long is kept.",
            ChangeReply,
            ChangeBody,
            credential="owner",
        ),
        Call(
            "delete",
            "DELETE",
            "/api/conversations/{room_id}",
            "Erase the conversation for good: afterwards there never was one at its link.",
            DeletedReply,
            credential="owner",
        ),
        Call(
            "remove",
            "POST",
            "/api/conversations/{room_id}/remove",
            "Put somebody out. Their sockets go, their token opens this conversation no more, "
            "and their name stays theirs.",
            DoneReply,
            PersonBody,
            credential="owner",
        ),
        Call(
            "let_back",
            "POST",
            "/api/conversations/{room_id}/let_back",
            "Let somebody back who was removed.",
            DoneReply,
            PersonBody,
            credential="owner",
        ),
        Call(
            "answer_knock",
            "POST",
            "/api/conversations/{room_id}/knocks/{knock_id}",
            "Let somebody in who knocked, or not.",
            DoneReply,
            AnswerBody,
            credential="owner",
        ),
        Call(
            "answer_knocks",
            "POST",
            "/api/conversations/{room_id}/knocks",
            "Let in everybody who waits at the door, or nobody of them.",
            DoneReply,
            AnswerBody,
            credential="owner",
        ),
        Call(
            "replace_link",
            "POST",
            "/api/conversations/{room_id}/link",
            "Give the conversation another room id: the old link says so to strangers, who are "
            "shown out, and so is whoever came in by the passphrase or an answered knock and gave "
            "no name. The others stay.",
            ReplacedLinkReply,
            Nothing,
            credential="owner",
        ),
        Call(
            "make_link",
            "POST",
            "/api/conversations/{room_id}/links",
            "Make a link that gives a role.",
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
            "that access. People who are already talking stay: remove them. Only the founder can "
            "revoke one that made another owner.",
            DoneReply,
            credential="owner",
        ),
        Call(
            "acts",
            "GET",
            "/api/conversations/{room_id}/acts",
            "What owners did, the newest first.",
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
        Call("health", "GET", "/api/health", "How much is going on.", HealthReply),
        Call(
            "ready",
            "GET",
            "/api/ready",
            "Whether this server takes new work; 503 says why not.",
            ReadyReply,
        ),
    )
}
