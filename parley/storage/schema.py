"""The tables, as the newest migration leaves them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Instant(sa.types.TypeDecorator[datetime]):
    """A moment in UTC, kept as whole milliseconds since 1970: the same on every database."""

    impl = sa.BigInteger
    cache_ok = True

    # Not process_bind_param and process_result_value: those cost a call more for each value.

    def bind_processor(self, dialect: Any) -> Callable[[datetime | None], int | None]:
        return milliseconds

    def result_processor(
        self, dialect: Any, coltype: Any
    ) -> Callable[[int | None], datetime | None]:
        return moment


def milliseconds(value: datetime | None) -> int | None:
    return None if value is None else (value - EPOCH) // _MILLISECOND


@functools.lru_cache(maxsize=8192)  # the same few are read again and again
def moment(value_ms: int | None) -> datetime | None:
    return None if value_ms is None else EPOCH + timedelta(milliseconds=value_ms)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""SQLite numbers rows by itself only where the key's type is INTEGER."""

_NO = sa.text("0")

# What is known of the database as a whole.
facts = sa.Table(
    "facts",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("token_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("token_used_at", Instant),
    # The ids of the conversations where it is somebody unproven, with spaces between: nearly
    # always one, and an index by session would cost every join a page.
    sa.Column("unproven_in", sa.Text),
    # When it last called, about: stored for many at once, some minutes later.
    sa.Column("seen_at", Instant),
    # Whose secret this is, where an account has devices: the id of the session that it is for
    # everybody. What one was before it was brought into an account stays under its own id.
    sa.Column("principal_id", sa.BigInteger),
    # Of a bot, what it may: the bits of `records.May`.
    sa.Column("may", sa.Integer),
)
OF_ACCOUNT = sessions.c.principal_id.is_not(None)
sa.Index(
    "ix_sessions_principal_id",
    sessions.c.principal_id,
    sqlite_where=OF_ACCOUNT,
    postgresql_where=OF_ACCOUNT,
)

conversations = sa.Table(
    "conversations",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("room_id", sa.Text, nullable=False, unique=True),
    sa.Column("title", sa.Text, nullable=False),
    # What the search compares: SQLite's own lower() knows only ASCII.
    sa.Column("title_folded", sa.Text, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    sa.Column("visibility", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    # A tag of the address, where the owner's session was made for it: until its token is used.
    sa.Column("created_from", sa.Text),
    sa.Column("owner_session_id", sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("message_count", sa.BigInteger, nullable=False),
    sa.Column("participant_count", sa.BigInteger, nullable=False),
    sa.Column("last_activity_at", Instant, nullable=False),
    sa.Column("is_locked", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_knock", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_read_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_accounts_only", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("needs_proof", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("shows_title", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("passphrase_hash", sa.Text),
    sa.Column("keep_days", sa.Integer),
    # Messages up to this seq were erased, for their time was over.
    sa.Column("erased_through", sa.BigInteger, nullable=False, server_default=_NO),
    # Of what readers show, who have its key: SHA-256. None where it is not encrypted.
    sa.Column("read_proof_hash", sa.LargeBinary(32)),
    # The number of the key it is encrypted with now.
    sa.Column("epoch", sa.BigInteger, nullable=False, server_default=_NO),
    # Whether anybody ever chose how their mark looks: else `looks` has nothing of it.
    sa.Column("has_looks", sa.Boolean, nullable=False, server_default=sa.false()),
    # Nobody finds it from then on; its rows are erased bit by bit, this one last.
    sa.Column("deleted_at", Instant),
    # Whether people may call each other in it.
    sa.Column("has_calls", sa.Boolean, nullable=False, server_default=sa.true()),
    # Being imported since then, and deleted as long as that lasts: its rows are not erased yet.
    sa.Column("importing_at", Instant),
)
# In the order in which they were begun: an id rises with time.
sa.Index("ix_conversations_owner", conversations.c.owner_session_id, conversations.c.id)
KEPT_FOR_DAYS = conversations.c.keep_days.is_not(None)
sa.Index(
    "ix_conversations_keep_days",
    conversations.c.id,
    sqlite_where=KEPT_FOR_DAYS,
    postgresql_where=KEPT_FOR_DAYS,
)
DELETED = sa.and_(conversations.c.deleted_at.is_not(None), conversations.c.importing_at.is_(None))
sa.Index(
    "ix_conversations_deleted",
    conversations.c.id,
    sqlite_where=DELETED,
    postgresql_where=DELETED,
)
sa.Index(
    "ix_conversations_activity",
    conversations.c.last_activity_at,
    conversations.c.id,
    sqlite_where=sa.and_(
        conversations.c.ended_at.is_(None), conversations.c.visibility == "listed"
    ),
    postgresql_where=sa.and_(
        conversations.c.ended_at.is_(None), conversations.c.visibility == "listed"
    ),
)

participants = sa.Table(
    "participants",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("joined_at", Instant, nullable=False),
    sa.Column("left_at", Instant),
    sa.Column("visits", sa.Integer, nullable=False),
    sa.Column("removed_at", Instant),
    sa.Column("is_alike", sa.Boolean, nullable=False, server_default=sa.false()),
    # The same for names that can be taken for one another.
    sa.Column("name_key", sa.Text, nullable=False, server_default=""),
    # Since when they hold a name with this key.
    sa.Column("named_at", Instant, nullable=False, server_default=_NO),
    # Whether they have said something under it.
    sa.Column("has_spoken", sa.Boolean, nullable=False, server_default=sa.false()),
    # A keyed hash of the address they came from, as long as their token was never used; empty
    # where none was noted.
    sa.Column("unproven_from", sa.Text),
    # Who joined as this, where another session took it up since.
    sa.Column("first_session_id", sa.BigInteger),
    # Whether they left by their own wish and did not come back: `left_at` is set, too, as the last
    # tab is closed.
    sa.Column("left_for_good", sa.Boolean, nullable=False, server_default=sa.false()),
    # Whether they spoke elsewhere, and nobody here speaks as them yet.
    sa.Column("is_imported", sa.Boolean, nullable=False, server_default=sa.false()),
    # When they last came back, or called about it, about: nothing else tells whether somebody
    # without a socket is there.
    sa.Column("called_at", Instant),
    sa.UniqueConstraint("conversation_id", "session_id"),
)
# Whoever forgets their token comes back to nothing: their joining is kept out of the index.
PROVEN = participants.c.unproven_from.is_(None)
sa.Index(
    "ix_participants_session",
    participants.c.session_id,
    participants.c.conversation_id,
    sqlite_where=PROVEN,
    postgresql_where=PROVEN,
)
TAKEN_UP = participants.c.first_session_id.is_not(None)
sa.Index(
    "ix_participants_first",
    participants.c.first_session_id,
    sqlite_where=TAKEN_UP,
    postgresql_where=TAKEN_UP,
)
# Whose a name is, is read off these, however many hold it: of each kind the one who has held it
# longest is the first.
sa.Index(
    "ix_participants_name",
    participants.c.conversation_id,
    participants.c.name_key,
    participants.c.role,
    participants.c.is_alike,
    participants.c.named_at,
    sqlite_where=participants.c.removed_at.is_(None),
    postgresql_where=participants.c.removed_at.is_(None),
)
_PRESENT = participants.c.left_at.is_(None)
sa.Index(
    "ix_participants_present_name",
    participants.c.conversation_id,
    participants.c.name_key,
    participants.c.is_alike,
    participants.c.named_at,
    sqlite_where=_PRESENT,
    postgresql_where=_PRESENT,
)
# Who has spoken under their name counts when they are away too.
SPOKEN = sa.and_(participants.c.has_spoken == sa.true(), participants.c.removed_at.is_(None))
sa.Index(
    "ix_participants_spoken_name",
    participants.c.conversation_id,
    participants.c.name_key,
    participants.c.named_at,
    sqlite_where=SPOKEN,
    postgresql_where=SPOKEN,
)
# In the order in which people are listed.
sa.Index(
    "ix_participants_present",
    participants.c.conversation_id,
    participants.c.joined_at,
    participants.c.user_id,
    sqlite_where=_PRESENT,
    postgresql_where=_PRESENT,
)
# Not a bound value: only what stands in the statement itself lets the index be used.
PRESENT_OWNERS = sa.and_(_PRESENT, participants.c.role == sa.literal_column("'owner'"))
sa.Index(
    "ix_participants_owners",
    participants.c.conversation_id,
    participants.c.joined_at,
    sqlite_where=PRESENT_OWNERS,
    postgresql_where=PRESENT_OWNERS,
)
# As whom nobody here speaks yet.
IMPORTED = participants.c.is_imported == sa.true()
sa.Index(
    "ix_participants_imported",
    participants.c.conversation_id,
    participants.c.user_id,
    sqlite_where=IMPORTED,
    postgresql_where=IMPORTED,
)
sa.Index(
    "ix_participants_kept_name",
    participants.c.conversation_id,
    participants.c.name_key,
    participants.c.is_alike,
    sqlite_where=participants.c.removed_at.is_not(None),
    postgresql_where=participants.c.removed_at.is_not(None),
)

# Under which somebody spoke before they took another: what they said still stands there under it.
former_names = sa.Table(
    "former_names",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("name_key", sa.Text, nullable=False),
    # Of whoever had it, as they were when they gave it up.
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("named_at", Instant, nullable=False),
    sa.Column("is_alike", sa.Boolean, nullable=False),
    sa.Column("given_up_at", Instant, nullable=False),
)
# Owners before all, then who has held it longest.
sa.Index(
    "ix_former_names_name",
    former_names.c.conversation_id,
    former_names.c.name_key,
    former_names.c.role.desc(),
    former_names.c.named_at,
    former_names.c.user_id,
)
sa.Index(
    "ix_former_names_user",
    former_names.c.conversation_id,
    former_names.c.user_id,
    former_names.c.name_key,
)
sa.Index("ix_former_names_given_up", former_names.c.conversation_id, former_names.c.given_up_at)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    # It begins with the seq, by which it is found: an index would cost each message a page.
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("changed_seq", sa.BigInteger, nullable=False),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("sent_at", Instant, nullable=False),
    sa.Column("client_id", sa.Text),
    sa.Column("deleted_at", Instant),
    # Of whoever said it, as they were then.
    sa.Column("role", sa.Text, nullable=False, server_default="member"),
    sa.Column("is_alike", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("is_unproven", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("edited_at", Instant),
    sa.Column("pinned_at", Instant),
    # What it answers: found by its seq, named by its id where it is erased.
    sa.Column("reply_seq", sa.BigInteger),
    sa.Column("reply_id", sa.Text),
    # As they are sent, in JSON, and read for every state: the user_ids of those who are meant, what
    # its Markdown comes to, or what there is to tell of a call, its reactions and its files.
    sa.Column("mentions", sa.Text),
    sa.Column("parts", sa.Text),
    sa.Column("reactions", sa.Text),
    sa.Column("attachments", sa.Text),
    # What a bot put under it.
    sa.Column("buttons", sa.Text),
)
PINNED = messages.c.pinned_at.is_not(None)
sa.Index(
    "ix_messages_pinned",
    messages.c.conversation_id,
    messages.c.pinned_at,
    sqlite_where=PINNED,
    postgresql_where=PINNED,
)
# What nobody changed since it was said is found by its seq.
CHANGED_LATER = messages.c.changed_seq > messages.c.seq
sa.Index(
    "ix_messages_changed",
    messages.c.conversation_id,
    messages.c.changed_seq,
    unique=True,
    sqlite_where=CHANGED_LATER,
    postgresql_where=CHANGED_LATER,
)
sa.Index(
    "ix_messages_client_id",
    messages.c.conversation_id,
    messages.c.session_id,
    messages.c.client_id,
    unique=True,
    sqlite_where=messages.c.client_id.is_not(None),
    postgresql_where=messages.c.client_id.is_not(None),
)

# Who reacted with what, in the order in which they did. The message has their sum.
reactions = sa.Table(
    "reactions",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("emoji", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.UniqueConstraint("conversation_id", "seq", "emoji", "user_id"),
)
sa.Index(
    "ix_reactions_order",
    reactions.c.conversation_id,
    reactions.c.seq,
    reactions.c.emoji,
    reactions.c.id,
)

# Whom a message means, or answers: to count what somebody has not read of it.
mentions = sa.Table(
    "mentions",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("is_reply", sa.Boolean, nullable=False),
    sa.UniqueConstraint("conversation_id", "seq", "user_id"),
)
sa.Index("ix_mentions_user_id", mentions.c.conversation_id, mentions.c.user_id, mentions.c.seq)

# How far somebody has read. Not with the participants, who are read and written for more.
readings = sa.Table(
    "readings",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, nullable=False),
    # Whether they keep it to themselves.
    sa.Column("is_hidden", sa.Boolean, nullable=False, server_default=sa.false()),
)

# Programs that take part: what there is of them beside a participant and a session.
bots = sa.Table(
    "bots",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("created_at", Instant, nullable=False),
    # When it last said something.
    sa.Column("acted_at", Instant),
    # What it does when it is called by a "/", in JSON.
    sa.Column("commands", sa.Text, nullable=False, server_default="[]"),
)

# What people ask of bots, until it is answered or of no use any more.
asks = sa.Table(
    "asks",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    # The user_ids of the bot, and of whoever asks.
    sa.Column("bot", sa.Text, nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    # The command's, or the button's id.
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("asked_at", Instant, nullable=False, index=True),
)

# Calls that go on. What browsers tell each other to connect is stored nowhere.
calls = sa.Table(
    "calls",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("id", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    # The user_id of who called.
    sa.Column("started_by", sa.Text, nullable=False),
    # In JSON: the user_ids and names of all who were in it, and the user_ids that may not be again.
    sa.Column("people", sa.Text, nullable=False),
    sa.Column("put_out", sa.Text, nullable=False),
)

# The devices in a call, each by the process that has its socket.
call_peers = sa.Table(
    "call_peers",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("process", sa.BigInteger, nullable=False),
    sa.Column("has_audio", sa.Boolean, nullable=False),
    sa.Column("has_video", sa.Boolean, nullable=False),
    sa.Column("has_screen", sa.Boolean, nullable=False),
    sa.Column("has_hand", sa.Boolean, nullable=False),
    sa.Column("joined_at", Instant, nullable=False),
)

# By whose codes other programs speak in a conversation, each as a participant.
hooks = sa.Table(
    "hooks",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("user_id", sa.Text, nullable=False),
    # A keyed hash of its code.
    sa.Column("code_seal", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("last_used_at", Instant),
    sa.Column("uses", sa.BigInteger, nullable=False, server_default=_NO),
    # No id is given again: whoever removes one by its number means that one.
    sqlite_autoincrement=True,
)

# Addresses that are told what happens.
webhooks = sa.Table(
    "webhooks",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("url", sa.Text, nullable=False),
    # A list in JSON.
    sa.Column("events", sa.Text, nullable=False),
    # Its secret follows from this and the server's own: it is not here.
    sa.Column("salt", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    # Up to this place of the log everything is in the queue.
    sa.Column("through_seq", sa.BigInteger, nullable=False),
    # Up to this delivery nothing waits: they go out in the order of their ids.
    sa.Column("done_through", sa.BigInteger, nullable=False, server_default=_NO),
    # How many deliveries wait.
    sa.Column("waiting", sa.BigInteger, nullable=False, server_default=_NO),
    sa.Column("paused_at", Instant),
    sa.Column("paused_for", sa.Text),
    sa.Column("failing_since", Instant),
    sa.Column("failures", sa.Integer, nullable=False, server_default=_NO),
    sa.Column("retry_at", Instant),
    sa.Column("took_at", Instant),
    sqlite_autoincrement=True,
)

# What is on its way to them, in the order of its ids, and what was.
webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    # That of its webhook, which no index leads to: each event costs a row for each webhook.
    sa.Column("conversation_id", _Key, nullable=False),
    sa.Column("webhook_id", sa.ForeignKey("webhooks.id"), nullable=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("event", sa.Text, nullable=False),
    # Of the message that it is about, which is read as it is sent.
    sa.Column("message_seq", sa.BigInteger),
    # In JSON, where it is about none; and whom it names.
    sa.Column("data", sa.Text),
    sa.Column("user_id", sa.Text),
    sa.Column("happened_at", Instant, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, server_default=_NO),
    sa.Column("status", sa.Integer, nullable=False, server_default=_NO),
    sa.Column("why", sa.Text, nullable=False, server_default=""),
    sa.Column("tried_at", Instant),
    sqlite_autoincrement=True,
)
sa.Index("ix_webhook_deliveries_webhook", webhook_deliveries.c.webhook_id, webhook_deliveries.c.id)

# What was uploaded, as it is served. The bytes are where files are kept, under the same id.
files = sa.Table(
    "files",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("file_id", sa.Text, nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("sha256", sa.LargeBinary(32), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    # Of the message that names it.
    sa.Column("seq", sa.BigInteger),
    sa.Column("width", sa.Integer),
    sa.Column("height", sa.Integer),
    sa.Column("duration_ms", sa.BigInteger),
    sa.Column("has_preview", sa.Boolean, nullable=False, server_default=sa.false()),
)
sa.Index("ix_files_message", files.c.conversation_id, files.c.seq, files.c.id)
sa.Index("ix_files_session", files.c.session_id)
UNSENT = files.c.seq.is_(None)
sa.Index("ix_files_waiting", files.c.session_id, sqlite_where=UNSENT, postgresql_where=UNSENT)
sa.Index("ix_files_unsent", files.c.created_at, sqlite_where=UNSENT, postgresql_where=UNSENT)

# What is on its way to become a file.
uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("file_id", sa.Text, nullable=False, unique=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False),
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    # So much of it is on the disk for sure.
    sa.Column("offset", sa.BigInteger, nullable=False),
    sa.Column("begun_at", Instant, nullable=False),
    sa.Column("touched_at", Instant, nullable=False),
)
sa.Index("ix_uploads_conversation", uploads.c.conversation_id)
sa.Index("ix_uploads_session", uploads.c.session_id)
sa.Index("ix_uploads_touched", uploads.c.touched_at)

# How much of both there is: of the server, of a conversation, of a session.
file_sums = sa.Table(
    "file_sums",
    metadata,
    sa.Column("of", sa.Text, primary_key=True),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
)

# The ids of files that are gone, until their bytes are, too.
erased_files = sa.Table(
    "erased_files",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("file_id", sa.Text, nullable=False, unique=True),
)

links = sa.Table(
    "links",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("code_hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("revoked_at", Instant),
    sa.Column("uses", sa.BigInteger, nullable=False),
    sa.Column("uses_max", sa.BigInteger),
    sa.Column("last_used_at", Instant),
    # A session's id; unknown of links from before it was noted.
    sa.Column("made_by", sa.BigInteger),
    # Whether whoever uses it is the founder from then on.
    sa.Column("is_founding", sa.Boolean, nullable=False, server_default=sa.false()),
)

grants = sa.Table(
    "grants",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("link_id", sa.ForeignKey("links.id"), index=True),
    sa.Column("granted_at", Instant, nullable=False),
    # Of an owner, whether they are a founder beside the one that the conversation names.
    sa.Column("is_founder", sa.Boolean, nullable=False, server_default=sa.false()),
)
sa.Index("ix_grants_session", grants.c.session_id, grants.c.conversation_id)

knocks = sa.Table(
    "knocks",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    sa.Column("answer", sa.Text),
    # At which they knocked: it may have been replaced since.
    sa.Column("room_id", sa.Text, nullable=False, server_default=""),
    # A keyed hash of the address they knock from.
    sa.Column("place", sa.Text, nullable=False, server_default=""),
)
sa.Index("ix_knocks_session_id", knocks.c.session_id)

# Who claims to be somebody whose words were imported, until an owner answers.
claims = sa.Table(
    "claims",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    # Of whoever asks, and of whom they claim to be.
    sa.Column("user_id", sa.Text, primary_key=True),
    sa.Column("claimed_id", sa.Text, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    # Kept so that they are told; asking again takes it away.
    sa.Column("declined_at", Instant),
)

# The keys of encrypted conversations after the first: what their founders gave to those who stay,
# as it was made. Nothing of it can be read here.
epochs = sa.Table(
    "epochs",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    # Its place in the conversation's log.
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    # A session's id.
    sa.Column("made_by", sa.BigInteger, nullable=False),
)

# What was reported, as it was then: a message, or somebody. Of an encrypted message it has what
# whoever reported it says that it says.
reports = sa.Table(
    "reports",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    # Of the message; None where a person is reported.
    sa.Column("message_id", sa.Text),
    sa.Column("seq", sa.BigInteger),
    sa.Column("sent_at", Instant),
    # Of whoever is reported, or wrote it.
    sa.Column("user_id", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    # The names of its files, as a list in JSON.
    sa.Column("files", sa.Text, nullable=False),
    sa.Column("is_told", sa.Boolean, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    # By the owners, and by the host: neither decides for the other.
    sa.Column("resolved_at", Instant),
    sa.Column("host_resolved_at", Instant),
)
sa.Index("ix_reports_conversation_id", reports.c.conversation_id, reports.c.id)
WAITS_FOR_HOST = reports.c.host_resolved_at.is_(None)
sa.Index(
    "ix_reports_waiting",
    reports.c.id,
    sqlite_where=WAITS_FOR_HOST,
    postgresql_where=WAITS_FOR_HOST,
)

# Who reported it, and why. Whoever it was has a keyed hash that is another in each conversation.
complaints = sa.Table(
    "complaints",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("report_id", sa.ForeignKey("reports.id"), nullable=False),
    sa.Column("reporter", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("words", sa.Text, nullable=False),
    sa.UniqueConstraint("report_id", "reporter"),
)
sa.Index("ix_complaints_conversation_id", complaints.c.conversation_id, complaints.c.id)

# Networks from which nobody writes, by the host's word.
blocks = sa.Table(
    "blocks",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
)

# What lets somebody start conversations, where only those may who are invited.
invitations = sa.Table(
    "invitations",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("code_hash", sa.LargeBinary(32), nullable=False, unique=True),
    # For whom, for the host alone.
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("revoked_at", Instant),
    sa.Column("uses", sa.BigInteger, nullable=False),
    sa.Column("uses_max", sa.BigInteger),
)

# The sessions that were, and by which.
invited = sa.Table(
    "invited",
    metadata,
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True, autoincrement=False),
    sa.Column("invitation_id", sa.ForeignKey("invitations.id"), nullable=False, index=True),
    sa.Column("at", Instant, nullable=False),
)

old_links = sa.Table(
    "old_links",
    metadata,
    sa.Column("room_id", sa.Text, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False, index=True),
    sa.Column("replaced_at", Instant, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
)
sa.Index("ix_audit_conversation_id", audit.c.conversation_id, audit.c.id)
# As text, for the condition of an index may hold no parameters.
LIGHT_ACTS = sa.text("act IN ('changed_title', 'changed_description')")
sa.Index(
    "ix_audit_light",
    audit.c.conversation_id,
    audit.c.id,
    sqlite_where=LIGHT_ACTS,
    postgresql_where=LIGHT_ACTS,
)

# The browsers that are notified, each by an address of its push service.
push_devices = sa.Table(
    "push_devices",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False, index=True),
    sa.Column("endpoint", sa.Text, nullable=False, unique=True),
    sa.Column("key", sa.LargeBinary(65), nullable=False),
    sa.Column("auth", sa.LargeBinary(16), nullable=False),
    # Whether notifications say what was said.
    sa.Column("shows_words", sa.Boolean, nullable=False),
    # Minutes of the day, there where the time zone is; None without quiet hours.
    sa.Column("quiet_from", sa.Integer),
    sa.Column("quiet_until", sa.Integer),
    sa.Column("time_zone", sa.Text, nullable=False, server_default=""),
    sa.Column("added_at", Instant, nullable=False),
    # When its push service last took something, and since when it takes nothing.
    sa.Column("took_at", Instant),
    sa.Column("failing_since", Instant),
    # How often since then.
    sa.Column("failures", sa.Integer, nullable=False, server_default=_NO),
    # The session whose secret it came with: of an account, that of one device.
    sa.Column("added_by", sa.BigInteger),
    # No id is given again: what is on its way to one that was removed must not be another's.
    sqlite_autoincrement=True,
)

# What somebody wants to be notified of, where they decided.
notification_levels = sa.Table(
    "notification_levels",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("level", sa.Text),
    sa.Column("quiet_until", Instant),
    # What was said since waits for the end of the pause, though mail told of others meanwhile.
    sa.Column("untold_since", Instant),
)

sa.Index("ix_notification_levels_session_id", notification_levels.c.session_id)

# What somebody keeps at the top of the list of their own.
pinned_conversations = sa.Table(
    "pinned_conversations",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("pinned_at", Instant, nullable=False),
)
sa.Index("ix_pinned_conversations_session_id", pinned_conversations.c.session_id)

# How people's marks look where they have an account and chose.
looks = sa.Table(
    "looks",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("user_id", sa.Text, primary_key=True),
    # One of the colours that marks have; None where that is left to the page.
    sa.Column("hue", sa.Integer),
    # What their picture is called here: another in each conversation, and with each picture.
    sa.Column("picture", sa.Text),
)

# What somebody with an account is writing, for their other devices.
drafts = sa.Table(
    "drafts",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
    # Another with each change: the moment of it, in milliseconds.
    sa.Column("version", sa.BigInteger, nullable=False),
)
sa.Index("ix_drafts_session_id", drafts.c.session_id, drafts.c.version)

# What a device is to be told of a conversation, or shows now. What a notification says is read
# when it is sent; so there is one for each, however much happens. No foreign key to the
# conversation: what a device shows of one that was deleted is still to be taken away.
notices = sa.Table(
    "notices",
    metadata,
    sa.Column("device_id", sa.ForeignKey("push_devices.id"), primary_key=True),
    sa.Column("conversation_id", sa.BigInteger, primary_key=True),
    sa.Column("subject", sa.Text, primary_key=True),
    # None where there is nothing to tell now.
    sa.Column("due_at", Instant),
    # Since when it is due, and how often it was tried.
    sa.Column("since", Instant, nullable=False),
    sa.Column("tries", sa.Integer, nullable=False),
    # What it showed last: up to which seq, and when it was told.
    # Of knocks, instead, how many it told of.
    sa.Column("shown_seq", sa.BigInteger),
    sa.Column("shown_at", Instant),
)
IS_DUE = notices.c.due_at.is_not(None)
sa.Index("ix_notices_due", notices.c.due_at, sqlite_where=IS_DUE, postgresql_where=IS_DUE)
sa.Index("ix_notices_conversation", notices.c.conversation_id)
# Whom a session wants mail about new messages to go to.
mail_addresses = sa.Table(
    "mail_addresses",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False, unique=True),
    sa.Column("address", sa.Text, nullable=False),
    # Keyed hashes of it, and of the mailbox it leads to.
    sa.Column("address_tag", sa.Text, nullable=False, index=True),
    sa.Column("mailbox_tag", sa.Text, nullable=False),
    # Whether mails quote how messages begin.
    sa.Column("words", sa.Boolean, nullable=False),
    sa.Column("asked_at", Instant, nullable=False),
    # Whether it is still to be asked for its word.
    sa.Column("is_due", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("confirmed_at", Instant),
    # What was said before is told no more.
    sa.Column("told_at", Instant),
    # How often in a row it could not be told, and until when it isn't tried again.
    sa.Column("failures", sa.Integer, nullable=False, server_default=_NO),
    sa.Column("retry_at", Instant),
)

# What is remembered of addresses and mailboxes by their keyed hashes, whoever gives them: nobody
# gets too much, and who asked not to be asked stays unknown.
mail_targets = sa.Table(
    "mail_targets",
    metadata,
    sa.Column("tag", sa.Text, primary_key=True),
    # Of a mailbox: when it was asked to confirm last, and how often within a day.
    sa.Column("asked_at", Instant),
    sa.Column("asked_count", sa.Integer, nullable=False, server_default=_NO),
    sa.Column("quiet_until", Instant),
    # Of an address: when it was last told of new messages.
    sa.Column("sent_at", Instant),
)

# What stands in the links of mails, hashed.
mail_codes = sa.Table(
    "mail_codes",
    metadata,
    sa.Column("code_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("address_tag", sa.Text, nullable=False),
    sa.Column("mailbox_tag", sa.Text, nullable=False),
    # Whose wish it confirms.
    sa.Column("session_id", sa.BigInteger),
    sa.Column("expires_at", Instant, nullable=False, index=True),
)
_OF_SESSION = mail_codes.c.session_id.is_not(None)
sa.Index(
    "ix_mail_codes_session_id",
    mail_codes.c.session_id,
    sqlite_where=_OF_SESSION,
    postgresql_where=_OF_SESSION,
)

# Which messages hold which words, for stretches of conversations; what was said since is looked
# through as it is.
search_segments = sa.Table(
    "search_segments",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("first_seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("docs", sa.Integer, nullable=False),
    # Before the postings: SQLite reads no further than it must.
    sa.Column("dictionary", sa.LargeBinary, nullable=False),
    sa.Column("postings", sa.LargeBinary, nullable=False),
)
search_states = sa.Table(
    "search_states",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    # Up to this seq its messages are in segments, or loose.
    sa.Column("through_seq", sa.BigInteger, nullable=False),
    # Rises whenever something that is indexed changes, or is about to be.
    sa.Column("version", sa.BigInteger, nullable=False),
)
# Messages that were edited since: looked through as they are, until their segment is made anew.
search_loose = sa.Table(
    "search_loose",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
)

# Who wants to be the same on several devices. In conversations they are `session_id`.
accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False, unique=True),
    # What authenticators know it by: random, and said to nobody else.
    sa.Column("handle", sa.LargeBinary(32), nullable=False, unique=True),
    # What its passkeys are called where one is chosen, and it is where it joins.
    sa.Column("name", sa.Text, nullable=False),
    # The colour of its mark, where it chose one, and whether it has a picture.
    sa.Column("hue", sa.Integer),
    sa.Column("has_picture", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", Instant, nullable=False),
    # Deleted since then, and what its holder said is being deleted for everyone.
    sa.Column("erasing_at", Instant),
    # No id is given again.
    sqlite_autoincrement=True,
)

# Where somebody is signed in: each has a session of its own, which holds its secret.
account_devices = sa.Table(
    "account_devices",
    metadata,
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True, autoincrement=False),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, index=True),
    # What it said it was, in a few words, and from about where.
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("signed_in_at", Instant, nullable=False),
    # When it last showed a passkey or a recovery code.
    sa.Column("confirmed_at", Instant, nullable=False),
)

passkeys = sa.Table(
    "passkeys",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("credential_id", sa.LargeBinary(1023), nullable=False, unique=True),
    # As COSE writes keys (RFC 9052).
    sa.Column("public_key", sa.LargeBinary, nullable=False),
    # How often it was used, as far as it counts: 0 where it is on several devices.
    sa.Column("sign_count", sa.BigInteger, nullable=False),
    sa.Column("is_synced", sa.Boolean, nullable=False),
    sa.Column("transports", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sqlite_autoincrement=True,
)

# Keys of encrypted conversations, as an account's browsers sealed them: nothing here opens them.
chests = sa.Table(
    "chests",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
)

# What an account's mark shows: a small square WebP, as we made it.
account_pictures = sa.Table(
    "account_pictures",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    sa.Column("picture", sa.LargeBinary, nullable=False),
)

recovery_codes = sa.Table(
    "recovery_codes",
    metadata,
    sa.Column("code_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
)

# Who somebody is to a provider of OpenID Connect: what it knows them by, and nothing else of it.
external_identities = sa.Table(
    "external_identities",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, index=True),
    sa.Column("issuer", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    sa.Column("used_at", Instant),
    sa.UniqueConstraint("issuer", "subject"),
    sqlite_autoincrement=True,
)

# Who went to a provider, and is expected back: once, soon, and with the browser that went.
authorizations = sa.Table(
    "authorizations",
    metadata,
    sa.Column("state_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("provider", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("brings", sa.Boolean, nullable=False),
    sa.Column("browser_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("session_id", sa.BigInteger),
    # Who they turned out to be, until they say whether they want an account.
    sa.Column("subject", sa.Text),
    sa.Column("expires_at", Instant, nullable=False, index=True),
)

# What an authenticator is asked to sign: once, soon, and for the browser that asked.
challenges = sa.Table(
    "challenges",
    metadata,
    sa.Column("challenge_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    # A hash of what the browser has in a cookie, and its session where it had one.
    sa.Column("browser_hash", sa.LargeBinary(32), nullable=False),
    sa.Column("session_id", sa.BigInteger),
    sa.Column("handle", sa.LargeBinary(32), nullable=False),
    sa.Column("expires_at", Instant, nullable=False, index=True),
)

# By what somebody lets others invite them: whoever knows it may, and learns nothing by it.
contact_links = sa.Table(
    "contact_links",
    metadata,
    sa.Column("account_id", sa.ForeignKey("accounts.id"), primary_key=True, autoincrement=False),
    sa.Column("code", sa.Text, nullable=False, unique=True),
    sa.Column("made_at", Instant, nullable=False),
)

# Who was invited where, and what they said to it: once for each conversation.
contact_invites = sa.Table(
    "contact_invites",
    metadata,
    sa.Column("conversation_id", sa.ForeignKey("conversations.id"), primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    # Of whoever invited them: the session, and the name they had there.
    sa.Column("by_session_id", sa.BigInteger, nullable=False, index=True),
    sa.Column("by_name", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
    sa.Column("answer", sa.Text),
)
sa.Index("ix_contact_invites_session_id", contact_invites.c.session_id)

# From whom somebody wants no invitations.
contact_blocks = sa.Table(
    "contact_blocks",
    metadata,
    sa.Column("session_id", sa.ForeignKey("sessions.id"), primary_key=True),
    sa.Column("blocked_id", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
)
sa.Index("ix_contact_blocks_blocked_id", contact_blocks.c.blocked_id)

# Where visitors of a page start conversations, each their own, with whoever owns the desk.
desks = sa.Table(
    "desks",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("username", sa.Text, nullable=False),
    sa.Column("greeting", sa.Text, nullable=False),
    sa.Column("is_open", sa.Boolean, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
)

# What was started there, and by whom, who finds it there again.
desk_conversations = sa.Table(
    "desk_conversations",
    metadata,
    sa.Column(
        "conversation_id",
        sa.ForeignKey("conversations.id"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("desk_id", sa.ForeignKey("desks.id"), nullable=False),
    sa.Column("session_id", sa.ForeignKey("sessions.id"), nullable=False, index=True),
    sa.Column("started_at", Instant, nullable=False),
)
sa.Index(
    "ix_desk_conversations_desk_id",
    desk_conversations.c.desk_id,
    desk_conversations.c.started_at,
)

# Whom the host lets act for it, in the browser or by calls.
admins = sa.Table(
    "admins",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("account_id", sa.ForeignKey("accounts.id"), nullable=False, unique=True),
    sa.Column("role", sa.Text, nullable=False),
    # What the host called them.
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("added_at", Instant, nullable=False),
    # No id is given again: whoever removes one by its number means that one.
    sqlite_autoincrement=True,
)

# What makes an account an admin, once and soon.
admin_links = sa.Table(
    "admin_links",
    metadata,
    sa.Column("code_hash", sa.LargeBinary(32), primary_key=True),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

# What was done for the host, by whom. It outlasts the admins.
host_acts = sa.Table(
    "host_acts",
    metadata,
    sa.Column("id", _Key, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    # What they were called then, and their number; none of whoever typed a command.
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("admin_id", sa.BigInteger),
    sa.Column("act", sa.Text, nullable=False),
    sa.Column("about", sa.Text, nullable=False),
    sqlite_autoincrement=True,
)
