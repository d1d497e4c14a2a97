"""The reference pages of `docs/`, made from the contract and the table of settings. And the types
of `parley.client`, made from the contract.

`python -m tools.reference` writes them; a test compares.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from msgspec import Struct

from parley import contract
from parley.calls import uploads
from parley.config import SETTINGS
from parley.contract import codes, events, objects, rest
from parley.domain import files
from parley.grammar import markdown
from parley.wire.stream import BEAT_EVERY_S
from tools import client_types
from tools.differences import DIFFERENCES

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
CLIENT_TYPES = ROOT / "parley/client/types.py"
GENERATED = "<!-- Made by `python -m tools.reference`: change the source, not this page. -->"


def pages() -> dict[str, str]:
    """Every generated page, by file name."""
    return {"protocol.md": protocol(), "settings.md": settings()}


def settings() -> str:
    rows = (
        (f"`{s.flag}`", f"`{s.variable}`", f"`{s.default}`" if s.default else "", s.help)
        for s in SETTINGS
    )
    return "\n".join(
        (
            "# Settings",
            "",
            GENERATED,
            "",
            "A flag of `parley serve` takes precedence over an environment variable, and that over "
            "the default. A size is a number and B, kB, MB, GB or TB, in powers of ten, such as "
            "`1.5GB`; without a unit it is in bytes.",
            "",
            *_table(("flag", "variable", "default", "what it is"), rows),
            "",
            *_RATES,
            "",
        )
    )


def protocol() -> str:
    return "\n".join(
        (
            "# Protocol",
            "",
            GENERATED,
            "",
            *_INTRODUCTION,
            "",
            "## REST",
            "",
            *_REST,
            "",
            *_table(("call", "for", "body", "reply"), map(_call_row, contract.CALLS.values())),
            "",
            *_parameters(),
            *_UPLOADS,
            *_bots(),
            "## Socket.IO: what a client sends",
            "",
            *_CLIENT_EVENTS,
            "",
            *_table(
                ("event", "for", "data", "acknowledged with"),
                (
                    (f"`{e.name}`", e.summary, _link(e.data), _link(e.ack))
                    for e in contract.CLIENT_EVENTS.values()
                ),
            ),
            "",
            "## Socket.IO: what the server sends",
            "",
            *_table(
                ("event", "data", "to"),
                ((f"`{e.name}`", _link(e.data), e.to) for e in contract.SERVER_EVENTS.values()),
            ),
            "",
            *_SERVER_EVENTS,
            "",
            *_MARKDOWN,
            *_EXAMPLES,
            "",
            *_STREAMS,
            "## Codes",
            "",
            *_table(
                ("code", "status", "meaning"),
                ((f"`{code}`", str(m.status), m.meaning) for code, m in contract.CODES.items()),
            ),
            "",
            "## Limits",
            "",
            *_table(("what", "at most"), _LIMITS),
            "",
            "## Differences from the system Parley replaces",
            "",
            *_DIFFERENCES,
            "",
            *_table(("its guide says, or leaves open", "Parley"), DIFFERENCES),
            "",
            "## Objects",
            "",
            *_objects(),
        )
    )


_RATES = (
    "## Limits",
    "",
    "`30/10s session, 300/10s address` allows each session 30 uses in any 10 seconds, and each "
    "address 300. The times are seconds (`s`), minutes (`m`) and hours (`h`); several rates may "
    "be given for the same, such as `20/1m session, 100/1h session`. A *session* is one "
    "browser or one program, with all its tabs and sockets, and is counted once it has begun; an "
    "*address* is one of IPv4 or a /64 of IPv6; a *room* is one conversation. Whoever is refused "
    "is told `rate_limited`, and after how many seconds it will work (`retry_after`); what was "
    "refused is not counted.",
    "",
    "Behind a proxy, set `--trusted-proxies`, or all its visitors share the limits of one address.",
)
_INTRODUCTION = (
    "One server, one origin. Pages, REST and Socket.IO (`/socket.io/`, Engine.IO 4, the default "
    "namespace, long-polling and WebSocket) are all there. `GET /openapi.json` describes the REST "
    "calls for programs, `GET /asyncapi.json` the events.",
    "",
    "Clients ignore fields and events they do not know: more may be added, nothing is taken away.",
    "",
    "### Who you are",
    "",
    "A **session** is made on first contact and proven by its secret. A program gets the secret "
    "as `token` from `create`, `join` or the acknowledgement of `join_room`, and gives it back as "
    "`Authorization: Bearer …`, as `auth.token` when its socket connects, or as `token` in "
    "`join_room`. A page of Parley's own holds it in a cookie that scripts cannot read, and is "
    "told no token. The acknowledgement of `join_room` gives the token that counts from then on. "
    "In a conversation a session is one participant, and its `user_id` belongs to it: anybody "
    "else who asks for that id gets `identity_taken`. The session that created a conversation is "
    "its owner; naming the creator's `user_id` makes nobody an owner. All it may do is end the "
    "conversation, from the address it was started from and where the token was never used.",
    "",
    "One exception serves clients that keep no token: a participant whose token was never used is "
    "marked `unproven`, and whoever names its `user_id` without a credential, from the same "
    "address and while no other socket is on it, joins as them. So does whoever names it in a "
    "`send_message`, or in a `typing` with `is_typing: true`, on a socket that has not joined: "
    "clients that connect again by themselves talk on. To use the token, in any of these ways, "
    "ends that for good. Whoever joined as them first wins them back by using theirs, and is in "
    "the conversation without joining again: only the sockets of whoever took them up are "
    "told `removed`, with the reason `taken_back`.",
    "",
    "Receiving a token is not using it: a program that joins on a socket sends `join_room` a "
    "second time, with the token from the first acknowledgement, and is `unproven` no more.",
    "",
    "### Coming back",
    "",
    "Connections break, and end when the server is restarted. Connect again (Socket.IO clients do "
    "by themselves), and join again on every `connect`, with the token: the server remembers who "
    "you are, not where your sockets were. Whoever keeps no token comes back as somebody new. "
    "If you join again within ten seconds (`--leave-grace-s`) of losing your last socket, over "
    "REST or on a new one, nobody is told that you left. "
    "Repeat what was not acknowledged with the same `client_id`. Over polling, a POST is answered "
    "once all of its packets are handled; a client that gives up sooner, as python-engineio's does "
    "after five seconds, does well to send its messages a few at a time.",
    "",
    "### The log",
    "",
    "Every conversation counts its changes: `seq` goes up by exactly one for each message, for "
    "each deletion, for each time that old messages are erased, for each new key of an encrypted "
    "conversation, and for the ending, in the order "
    "in which they were stored. Order by `seq`, never by time. "
    "`conversation_state` holds the newest messages up to its `seq`; each later one comes as "
    "`new_message`, and each change of one as `message_changed` with the whole message as it now "
    "is, once and in the order of `changed_seq`. Messages up to `erased_through` are gone.",
    "",
    "### Reading",
    "",
    "`mark_read` says how far you have read. It only goes forward, is no change of the "
    "conversation and has no `seq` of its own; all your sockets are told by `read`, and in a "
    "conversation of at most 20 people so is everyone, unless you hide it there. Nothing is read "
    "for you but by posting: whoever posts has read what came before. `GET /api/mine` lists your "
    "conversations with what is unread, and after `follow_mine` a socket is told what changes in "
    "that list, without joining anything.",
    "",
    "### The door",
    "",
    "Whoever has the link may read and join, until an owner closes the door: then strangers get "
    "`locked`, `passphrase_required` (come in by `enter`, or with `passphrase` in a join) or "
    "`knock_required` (`knock`, and wait for `knock_answered`), and those who only read along are "
    "told `removed`. A link to `/link/{code}` gives a role: `POST /api/links/{code}` exchanges it. "
    "Where a right is given by your own act, the reply has another token, and the one before "
    "proves nothing any more. After `replace_link` the old room id serves those who are inside, "
    "and tells strangers `link_replaced`. Whoever was removed gets `conversation_not_found`, as "
    "for a room id that never was.",
)
_REST = (
    "JSON in, JSON out. Every reply has `success`; every error is "
    "[ErrorReply](#errorreply) with the status of its code. Where HTTP has a closer status, it has "
    "that one: 408 and 505 come with `bad_request`, 431 with `too_large`. To a polling client "
    "`/socket.io/` says 400 with the number that Socket.IO's own server gives as `code`, and its "
    "`message`: 1, *Session ID unknown*, for a session that ended or never was, so connect again; "
    "3, *Bad request*, for all else that is no Engine.IO. Addresses outside `/api` and "
    "`/socket.io` answer with a page.",
)
_CLIENT_EVENTS = (
    "Every event may ask for an acknowledgement, and gets one: with `ok: true` and what the table "
    "says, or [ErrorAck](#errorack). Where none was asked for, a refusal comes as an `error` "
    "event. A message acknowledged with `ok: true` is on disk.",
)
_EXAMPLE = """import asyncio
import sys

import socketio


async def main(room_id: str) -> None:
    async with socketio.AsyncSimpleClient(handle_sigint=False) as client:
        await client.connect("http://localhost:8081", wait_timeout=30)
        me = {"room_id": room_id, "username": "Ben"}
        joined = await client.call("join_room", me)
        if not joined["ok"]:
            sys.exit(joined["error"])
        # Once more, with the token: using it proves who you are.
        await client.call("join_room", me | {"token": joined["token"]})

        hello = {"room_id": room_id, "message": "Hello", "client_id": "hello-1"}
        sent = await client.call("send_message", hello)
        print("Stored as", sent["seq"] if sent["ok"] else sent["error"])

        while True:
            event, data = await client.receive()
            if event == "new_message":
                print(f"{data['username']}: {data['message']}", flush=True)


try:
    asyncio.run(main(sys.argv[1]))
except KeyboardInterrupt:  # Ctrl+C ends it
    pass"""

_EXAMPLES = (
    "### For example",
    "",
    "A program in Python joins, says hello, and prints what is said from then on (`pip install "
    '"python-socketio[asyncio-client]"`):',
    "",
    "```python",
    *_EXAMPLE.splitlines(),
    "```",
    "",
    "It stays for as long as its connection does. One that is to come back joins again on every "
    "`connect`, as the bot in the [README](../README.md#use-it-from-a-program) does.",
)
_SERVER_EVENTS = (
    "`user_joined` and `user_left` tell of people, not of sockets: a second tab is nobody new, and "
    "somebody whose connection broke and who is back within the grace (`--leave-grace-s`) never "
    "left. `user_joined` for somebody who is here already tells their new name, or that `alike` is "
    "another now. "
    "`participant_count` counts those who joined and have not left. Joining over REST is told to "
    "nobody: `user_joined` comes with the first socket. Whoever has no socket leaves "
    "by the call `leave`, or after an hour without a request (`--away-after-s`); posting brings "
    "them back.",
)
_MARKDOWN = (
    "### Markdown",
    "",
    "`message` is what was written. Where it holds Markdown, `parts` says what that comes to, so "
    "that a client needs no parser: a list of nodes, each a string, which is text with its line "
    "breaks, or a list that begins with its kind. More kinds may be added: of one that it does not "
    "know, a client shows what is in it, or else `message`.",
    "",
    "| node | what it is |",
    "| --- | --- |",
    '| `["p", [node, …]]` | a paragraph |',
    '| `["pre", language, text]` | lines of code; `language` is empty where none was named |',
    '| `["quote", [node, …]]` | a quote: paragraphs and the like |',
    '| `["ul", [[node, …], …]]` | a list of items |',
    '| `["ol", start, [[node, …], …]]` | a list that counts from `start` |',
    '| `["strong", [node, …]]`, `["em", [node, …]]`, `["s", [node, …]]` | strong, emphasised, '
    "struck through |",
    '| `["code", text]` | code within a line |',
    '| `["link", address]` | an address that stands in the text, and leads there |',
    '| `["a", address, [node, …]]` | words that lead to an address; show it, too |',
    '| `["mention", user_id, text]` | somebody who is meant, as they were called then |',
    "",
    "Understood are emphasis (`*` or `_`), strong text (`**` or `__`), `~~` around what is struck "
    "through, code between backticks, fenced code, quotes (`>` and a space), lists and links with "
    "words, as in CommonMark; not headings, pictures, tables, references or HTML. Where the words "
    "of a link look like another address, they are no link, and the address follows them. A text "
    f"of more than {markdown.NODES_MAX} nodes, or nested deeper than people do, has no `parts`.",
    "",
)
_UPLOADS = (
    "### Uploads",
    "",
    "`POST /api/conversations/{room_id}/files` takes a file in one go; what is not ASCII in the "
    "`name` of its query is percent-encoded UTF-8. What may break off goes by "
    "[tus 1.0.0](https://tus.io/protocols/resumable-upload): its core, and the extensions "
    f"{', '.join(f'`{each}`' for each in uploads.EXTENSIONS.split(','))}. Any client for it will "
    "do: give it the address below and your token as the header `Authorization`.",
    "",
    "| request | what it does |",
    "| --- | --- |",
    "| `OPTIONS /api/conversations/{room_id}/uploads` | what this server can do; `Tus-Max-Size` is "
    "the most bytes of one file |",
    "| `POST` the same | begins an upload of `Upload-Length` bytes, called `filename` in "
    "`Upload-Metadata`; 201, and its path in `Location` |",
    "| `HEAD` that address | how much is there: `Upload-Offset` |",
    "| `PATCH` that address | adds the body behind `Upload-Offset`; 204 once it is on disk |",
    "| `DELETE` that address | lets go of it |",
    "",
    "The last part of the address is the id of the file once all of it is there: name it among the "
    "`attachments` of a message. Whoever may post may begin an upload, and add to it for as long "
    "as they may post; it is nobody else's. An upload to which nothing is added is erased after an "
    f"hour, and so is a file that no message names by then; you can have {files.WAITING_MAX} of "
    "both waiting.",
    "",
    "After a restart of the server `Upload-Offset` tells what is on disk for sure, and you go on "
    "from there. Ask again, too, where `PATCH` is answered with 409 (it did not begin where the "
    "upload is) or 423 (another `PATCH` came for the same upload, and goes on instead). Other "
    "refusals: 412 without `Tus-Resumable: 1.0.0`, 415 without the type "
    f"`{uploads.OFFSET_TYPE}`, 404 where the upload is no more, and begins anew.",
    "",
    "A file is read at its `url`, by whoever may read the conversation: all of it, or in pieces, "
    "by one `Range` or several. Add `?download` to have a browser save it. Before a message names "
    "it, only your session can. A refusal there is a page for people: programs go by its status.",
    "",
)
_STREAMS = (
    "## Events over plain HTTP",
    "",
    "`GET /api/conversations/{room_id}/events` is answered with "
    "[server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html), for as "
    "long as its connection lasts. `curl -N` is a client, and so is a browser's `EventSource`. "
    "They have the names and the data of what the server sends on Socket.IO; `id` is the seq of "
    "what has one:",
    "",
    "```",
    "id: 7",
    "event: new_message",
    'data: {"id":"3f9c…","seq":7,"changed_seq":7,"username":"Ben","message":"Hello",…}',
    "```",
    "",
    "It begins with `conversation_state`. With the header `Last-Event-ID`, which browsers send "
    "when they come back, or with `since` in the query, it begins with what was missed instead, "
    "however much that is: each message as it is now, as `new_message` where it is new, at the "
    "seq of its last change. Then everything comes as it happens, nothing left out and nothing "
    "twice. A seq that the conversation has not reached is answered like none.",
    "",
    "Whoever may read may hear: send your token as `Authorization: Bearer`. One in the address is "
    "refused, since addresses are kept in logs. A participant is told what a socket of theirs "
    "would be, without being here by it. Who may read no more is told `removed`, and the stream "
    "ends. It counts as a join, takes one of the connections of its address, and is ended where "
    f"its client does not read. A comment comes every {BEAT_EVERY_S:.0f} seconds, so that proxies "
    "keep the connection.",
    "",
)
_BOTS = (
    "A bot is a participant of one conversation, of the role `bot`, which an owner made: "
    "[how](bots.md). It sends its token as any program does, and acts without joining; to hear "
    "what happens it joins on a socket, or takes a [stream](#events-over-plain-http). "
    "It may what its owners allowed it, and nothing else: "
    "`forbidden` says so. Once its rights or its token are others, its connections end.",
    "",
    "A client shows `description`, `hint`, `label` and answers as text. Whoever uses a command or "
    "presses a button is told `ask_answered`, or `ask_late` after "
    f"{contract.ASK_LATE_S:.0f} seconds. A bot that speaks with bots alone for too long is told "
    "`bots_alone`.",
)
_LIMITS = (
    ("bots of a conversation", f"{contract.BOTS_MAX}"),
    (
        "commands of a bot; their name, description and hint",
        f"{contract.COMMANDS_MAX}; {contract.COMMAND_NAME_MAX_CHARS}, "
        f"{contract.COMMAND_DESCRIPTION_MAX_CHARS} and {contract.COMMAND_HINT_MAX_CHARS} "
        "characters",
    ),
    ("what follows a command", f"{contract.COMMAND_TEXT_MAX_CHARS:,} characters"),
    (
        "buttons of a message, and their labels",
        f"{contract.BUTTONS_MAX}, {contract.BUTTON_LABEL_MAX_CHARS} characters",
    ),
    ("what a bot answers to whoever asked", f"{contract.ANSWER_MAX_CHARS:,} characters"),
    (
        "messages in which bots take turns while nobody else speaks",
        " and ".join(
            f"{count} in {seconds / 60:.0f} {'minute' if seconds == 60 else 'minutes'}"
            for count, seconds in contract.BOTS_ALONE
        )
        + "; then `bots_alone`",
    ),
    ("message", f"{contract.MESSAGE_MAX_CHARS:,} characters"),
    ("files of one message", str(contract.ATTACHMENTS_MAX)),
    (
        "a file, all files of a person, of a conversation and of the server",
        "as the [settings](settings.md) of the server say; then `too_large`",
    ),
    (
        "files being uploaded, and uploaded but not sent, of one session",
        f"{files.WAITING_MAX}; then `rate_limited`",
    ),
    ("title", f"{contract.TITLE_MAX_CHARS} characters"),
    ("description", f"{contract.DESCRIPTION_MAX_CHARS:,} characters"),
    ("username, user_id, client_id", f"{contract.USERNAME_MAX_CHARS} characters each"),
    ("type", f"{contract.TYPE_MAX_CHARS} characters"),
    ("a JSON body, or a Socket.IO frame (text only)", f"{contract.FRAME_MAX_BYTES // 1024} KiB"),
    ("fields of a form, parameters of a query", str(contract.FIELDS_MAX)),
    ("nesting of JSON", f"{contract.JSON_MAX_DEPTH} levels"),
    (
        "a connection that takes part in no conversation",
        f"closed after {contract.JOIN_WITHIN_S / 60:.0f} minutes; sooner where places are scarce",
    ),
    ("conversations one socket is in", str(contract.ROOMS_PER_SOCKET)),
    (
        "people waiting to join one conversation",
        f"{contract.WAITING_MAX}, for {contract.KNOCK_LASTS_S // 3600} hours each",
    ),
    (
        "messages, typing, reading marks, joins, new conversations, reads, searches, uploads, "
        "downloads, calls and their signals, links that lead nowhere",
        "as often as the [settings](settings.md) of the server say; then `rate_limited`",
    ),
    (
        "devices in a call, and those with a camera or a screen on",
        f"{contract.CALL_PEERS_MAX}, {contract.CALL_SEEN_MAX}",
    ),
    ("`data` of a signal", f"{contract.CALL_SIGNAL_MAX_BYTES // 1024} KiB as JSON"),
    ("people who are told how far the others have read", f"{contract.READ_SHOWN_MAX}"),
    (
        "unread messages counted in a list, for who comes back",
        f"{contract.UNREAD_MAX}, {contract.MISSED_MAX:,}; then there may be more",
    ),
    (
        "messages in a state, or in a page of history",
        f"{contract.STATE_MESSAGES}, {contract.MESSAGES_PAGE_MAX}",
    ),
    (
        "their text and `parts` in a state, a page of history, or an answer to `sync`, together",
        f"{contract.STATE_MAX_CHARS:,} characters, and {contract.ENCRYPTED_PAGE_MAX_CHARS:,} of "
        "envelopes in a page of history; the older ones are then `has_more`, or `more`",
    ),
)

_DIFFERENCES = (
    "Clients like its own work unchanged, and so do the examples of its guide, a second time too. "
    "These differences stay:",
)

_REST_OBJECTS = (
    contract.CreateBody,
    contract.JoinBody,
    contract.SendBody,
    contract.ChangeBody,
    contract.PersonBody,
    contract.EnterBody,
    contract.KnockBody,
    contract.AnswerBody,
    contract.LinkBody,
    contract.ConversationReply,
    contract.JoinReply,
    contract.ConversationsReply,
    contract.EndReply,
    contract.MessagesReply,
    contract.ParticipantsReply,
    contract.SendReply,
    contract.RoleLink,
    contract.WaitingPerson,
    contract.RemovedPerson,
    contract.LeftPerson,
    contract.OwnerAct,
    contract.ManageReply,
    contract.ActsReply,
    contract.ChangeReply,
    contract.DoneReply,
    contract.DeletedReply,
    contract.MessageReply,
    contract.NewLinkReply,
    contract.ReplacedLinkReply,
    contract.EnteredReply,
    contract.KnockReply,
    contract.HealthReply,
    contract.ReadyReply,
)
"""In the order of the page: bodies, then replies. What is not named here comes behind these."""


def _call_row(call: contract.Call) -> tuple[str, ...]:
    needs = f" Needs the {call.credential}'s token." if call.credential else ""
    where = " Only where the server [sends mail](mail.md)." if call.is_of_mail else ""
    body = "" if call.body in (None, contract.Nothing) else _link(call.body)
    return (
        f"`{call.method} {call.path}`",
        call.summary + needs + where,
        body,
        f"{call.status} {_link(call.reply)}",
    )


def _bots() -> Iterable[str]:
    yield "### Bots"
    yield ""
    yield from _BOTS
    yield ""
    rights = [
        (" or ".join(f"`{each}`" for each in needs), needs)
        for needs in dict.fromkeys((*contract.BOTS_CALLS.values(), *contract.BOTS_EVENTS.values()))
    ]
    rows = (
        (
            words if len(needs) < len(contract.BOTS_RIGHTS) else "any of them",
            ", ".join(f"`{name}`" for name in _of_bots(contract.BOTS_CALLS, needs)),
            ", ".join(f"`{name}`" for name in _of_bots(contract.BOTS_EVENTS, needs)),
        )
        for words, needs in rights
    )
    yield from _table(("right", "calls, by their names in `/openapi.json`", "events"), rows)
    yield ""


def _of_bots(table: Mapping[str, tuple[str, ...]], needs: tuple[str, ...]) -> list[str]:
    return [name for name, each in table.items() if each == needs]


def _parameters() -> Iterable[str]:
    for call in contract.CALLS.values():
        if call.parameters:
            yield f"`{call.method} {call.path}` takes in its query:"
            yield ""
            yield from (f"- `{p.name}`: {p.meaning}" for p in call.parameters)
            yield ""


def _objects() -> Iterable[str]:
    for struct in _structs():
        yield f"### {struct.__name__}"
        yield ""
        if struct.__doc__ and not struct.__doc__.startswith(f"{struct.__name__}("):
            yield inspect.cleandoc(struct.__doc__)
            yield ""
        fields = msgspec.structs.fields(struct)
        if fields:
            yield from _table(("field", "type"), ((_field(f), _type(f.type)) for f in fields))
            yield ""


def _structs() -> list[type[Struct]]:
    """Every object of the wire, once: codes, nouns, REST, events."""
    place = {struct: place for place, struct in enumerate(_REST_OBJECTS)}
    calls = sorted(
        _declared(*filter(inspect.ismodule, vars(rest).values())),
        key=lambda struct: place.get(struct, len(place)),
    )
    found = [*_declared(codes, objects), *calls, *_declared(events)]
    return [struct for struct in found if struct is not contract.Nothing]


def _declared(*modules: ModuleType) -> Iterable[type[Struct]]:
    return (
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, Struct)
        # Else it is imported there, and declared in another.
        and value.__module__ == module.__name__
    )


def _field(field: Any) -> str:
    optional = field.default is None or field.default is msgspec.UNSET
    return f"`{field.name}`{'?' if optional else ''}"


def _type(annotation: Any) -> str:
    """A type as a reader of JSON would say it."""
    schema = msgspec.json.schema_components([annotation], ref_template="{name}")[0][0]
    return _schema(schema)


def _schema(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        kinds = [_schema(s) for s in schema["anyOf"] if s.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "$ref" in schema:
        name = schema["$ref"]
        return "a code" if name == "Code" else f"[{name}](#{name.lower()})"
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    if "enum" in schema:
        return " or ".join(f"`{str(v).lower()}`" for v in schema["enum"])
    if schema.get("type") == "array":
        return f"array of {_schema(schema['items'])}"
    kind = str(schema.get("type", "anything"))
    notes = []
    if "description" in schema:
        notes.append(schema["description"])
    if "maxLength" in schema:
        notes.append(f"at most {schema['maxLength']:,} characters")
    return f"{kind} ({', '.join(notes)})" if notes else kind


def _link(struct: type[Struct]) -> str:
    return f"[{struct.__name__}](#{struct.__name__.lower()})"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterable[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + " --- |" * len(head)
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def main() -> None:
    DOCS.mkdir(exist_ok=True)
    for name, text in pages().items():
        (DOCS / name).write_text(text, encoding="utf-8")
    CLIENT_TYPES.write_text(client_types.module(), encoding="utf-8")


if __name__ == "__main__":
    main()
