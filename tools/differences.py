"""What is different for programs that were written for the system Parley replaces."""

from __future__ import annotations

from parley import contract
from parley.config import SETTINGS

_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}

DIFFERENCES: tuple[tuple[str, str], ...] = (
    (
        "Three servers: pages at port 3000, APIs at 8080 and 8081.",
        "One server, at 8081, with pages, REST and Socket.IO. `join_link` leads to its own page.",
    ),
    (
        "Pages of `http://localhost:3000` and `http://127.0.0.1:3000` may use the API.",
        "By default these still may, without cookies. Other origins get `origin_refused` (403) "
        "unless `--allowed-origins` names them. A request for a host name that the server does not "
        "go by gets `bad_request`: see `--hosts`.",
    ),
    (
        "`GET /api/conversations` lists all active conversations.",
        "It lists those that are active and listed, newest activity first, in pages of "
        f"{contract.CONVERSATIONS_PAGE_DEFAULT}. `limit` asks for up to "
        f"{contract.CONVERSATIONS_PAGE_MAX}, and `next_cursor` leads to the next page.",
    ),
    (
        "`GET /api/conversations/{room_id}` and `conversation_state` hold the conversation.",
        f"They hold its newest {contract.STATE_MESSAGES} messages, fewer where these are long, and "
        f"up to {contract.PEOPLE_IN_STATE} people. `has_more` and `participants_cursor` say that "
        "there are others, which come page by page.",
    ),
    (
        "`POST /api/conversations/{room_id}/end` ends a conversation.",
        "It does so for its owners alone: without a token it is `token_required` (401), with "
        "a token that is not an owner's `forbidden` (403). The owner is whoever has the `token` "
        "from `create`. Whoever names the `user_id` in `created_by` may end it only from the "
        "address it was started from, and only while that token was never used.",
    ),
    (
        "An ended conversation is no longer active.",
        "It can still be read; joining it, sending and ending it again are `conversation_ended` "
        "(410). It is not listed.",
    ),
    (
        "You are the `user_id` you name.",
        "A `user_id` belongs to the session that joined with it first; anyone else who names it "
        "gets `identity_taken` (409). A program that keeps no token can be run again as long as "
        "nobody has used that token: it has to come from the same address, and no socket may be "
        "open under the `user_id`. Everyone sees it marked `unproven`.",
    ),
    (
        "`send_message` and `typing` carry a `user_id` and a `username`.",
        "They may be left out. What is sent is from whoever joined on that socket: another's are "
        "`identity_mismatch`, and before `join_room` everything is `not_joined`.",
    ),
    (
        "`user_joined` and `user_left` tell of joining and leaving.",
        "They tell of people, not of sockets. Joining over REST is told only once a socket "
        f"follows, and a lost connection only after {_DEFAULTS['leave_grace_s']} seconds "
        f"(`--leave-grace-s`). In a crowd of more than {contract.CROWD} one a second is told.",
    ),
    (
        "`disconnect` is an event.",
        "It is Socket.IO's own: close the connection, and send nothing. A connection that is in "
        f"no conversation for {contract.JOIN_WITHIN_S / 60:.0f} minutes is closed; connect again "
        "when there is one to join.",
    ),
    (
        f"A room id is {contract.LISTED_ROOM_ID_CHARS} characters long.",
        "That of a listed conversation is. Unlisted ones have longer ids, and one whose link an "
        "owner replaced gets another: the old id is then `link_replaced` (410).",
    ),
    (
        "Anyone with the link can join.",
        "Until an owner closes the door (`locked`, `passphrase_required`, `knock_required`), lets "
        "only owners post (`read_only`) or removes somebody, who then gets "
        "`conversation_not_found`.",
    ),
    (
        "A text may be anything.",
        "A message has to have something in it, and is kept as it is. Titles and names become one "
        "line without control characters. `type` is one short word. Too long is `too_large` "
        "(413): see [Limits](#limits).",
    ),
    (
        "Anything may be done at any rate.",
        "The [settings](settings.md) limit most things; beyond it is `rate_limited` (429), with "
        "the seconds to wait in `retry_after`.",
    ),
    (
        "A time has no stated zone.",
        "ISO 8601 in UTC, always with an offset (`+00:00`).",
    ),
    (
        "A restart forgets everything.",
        "Conversations are kept on disk until an owner deletes them. Sockets come back to another "
        "process: join again on every `connect`.",
    ),
)
"""What its guide says or leaves open, and how it is here."""
