"""Taking part in an encrypted conversation: what is said is sealed here, and opened here.

Follows docs/encryption.md. Logs are not compared with what others saw, as the page does: what is
sent claims to have seen nothing.
"""

from __future__ import annotations

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from parley.client import types
from parley.client.encryption import Keyring, Kind, LinkKey, Opened, Person, Unreadable, digest
from parley.client.encryption.keys import Epoch
from parley.client.encryption.octets import from_base64url, to_base64url
from parley.client.errors import BadLink, Refused
from parley.client.feed import Happened

ENCRYPTED, UNREADABLE = "encrypted", "unreadable"
"""The types of a message as the server has it, and of one that could not be opened."""
REMEMBERED_MAX = 10_000
"""Messages whose digests are known, to answer, edit and react to them."""
TRIES = 5
NEEDED = "read_proof_required"

Page = Callable[[int], Awaitable[types.MessagesReply]]
"""The messages after a seq, as the server has them."""


class SealedFile(types.File, kw_only=True):
    """A file that the server can't read, and the key of it."""

    key: bytes


@dataclass(frozen=True, slots=True)
class KeyChanged:
    """Somebody writes with another key than before: it may be another device, or somebody else."""

    user_id: str


@dataclass(slots=True)
class _Known:
    message: types.Message
    digest: bytes
    opened: Opened


class Sealed:
    """The keys that somebody has, and what they were told by them."""

    def __init__(self, key: LinkKey, stretched: bytes, person: Person | None) -> None:
        self._key = key
        self._stretched = stretched
        self.is_new = person is None
        self.person = person or Person.generate()
        """Whose own keys these are: kept and given again, others see that it is the same."""
        self._keyring: Keyring | None = None
        self._known: OrderedDict[str, _Known] = OrderedDict()
        """By message id."""
        self._by_digest: dict[bytes, str] = {}
        self._senders: dict[str, set[bytes]] = {}
        self._following = asyncio.Lock()

    @classmethod
    async def of(cls, fragment: str, passphrase: str | None, person: Person | None) -> Sealed:
        """By what stands behind the `#` of a link. Raises `BadLink`, and `Refused` without the
        passphrase that it needs.
        """
        try:
            key = LinkKey.parse(fragment)
        except Unreadable:
            raise BadLink("What stands behind the # of this link is no key.") from None
        if not key.iterations:
            return cls(key, b"", person)
        if passphrase is None:
            raise Refused("passphrase_required", "The link needs its passphrase.")
        return cls(key, await asyncio.to_thread(key.stretched, passphrase), person)

    def proof(self, number: int) -> str:
        """What lets in whoever has the key of that number."""
        epoch = Epoch.derive(self._key.key, stretched=self._stretched, number=number)
        return to_base64url(epoch.proof)

    def begin(self, number: int, records: Sequence[bytes], user_id: str) -> None:
        """It is let in, as somebody. Raises `Refused` where the link is an older one."""
        if self._keyring is not None:
            return
        try:
            self._keyring = Keyring.open(
                self._key, number, records, self.person, user_id, stretched=self._stretched
            )
        except Unreadable:
            text = "This link has an older key. Ask for the new link."
            raise Refused("read_proof_wrong", text) from None

    @property
    def has_begun(self) -> bool:
        return self._keyring is not None

    @property
    def keys(self) -> Keyring:
        if self._keyring is None:
            raise Refused("not_joined", "Join the conversation first.")
        return self._keyring

    # --- new keys ---

    async def follow(self, records: Awaitable[list[bytes]], page: Page) -> None:
        """Take the keys that came since. Raises `Refused` where one wasn't handed to us."""
        async with self._following:
            for record in await records:
                await self._know_founder(page)
                try:
                    self.keys.follow(record)
                except Unreadable as refused:
                    if refused.reason != "unknown_epoch":
                        text = "The key was changed without you. Ask for the new link."
                        raise Refused("epoch_over", text) from None

    async def _know_founder(self, page: Page) -> None:
        """Only the founder changes the key, who introduced themselves at some time."""
        after, has_more = 0, True
        while has_more and self.keys.founder not in self.keys.people:
            found = await page(after)
            for message in found.messages:
                after = message.seq
                self.read(message)
            has_more = found.has_more

    # --- reading ---

    def read(self, message: types.Message) -> types.Message | None:
        """As it would be in an open conversation; None for what shows nothing by itself."""
        if message.type != ENCRYPTED:
            return message
        if message.deleted:
            return msgspec.structs.replace(message, message="")
        try:
            opened = self.keys.read(
                message.message, user_id=message.user_id, client_id=message.client_id or ""
            )
            self.keys.learn(opened)
            body = json.loads(opened.body)
        except (Unreadable, ValueError):
            return msgspec.structs.replace(message, message="", type=UNREADABLE)
        if not isinstance(body, dict):
            return msgspec.structs.replace(message, message="", type=UNREADABLE)
        match opened.kind:
            case Kind.MESSAGE | Kind.EDIT:
                return self._said(message, opened, body)
            case Kind.REACTION:
                return self._reacted(message, opened, body)
            case _:
                return None

    def tell(self, happened: Happened) -> list[Happened]:
        """An event as it is told, and what else it comes to."""
        data = happened.data
        if not isinstance(data, types.Message):
            return [happened]
        told = [Happened("key_changed", KeyChanged(data.user_id)) for _ in self._strangers(data)]
        message = self.read(data)
        if message is None:
            return told
        name = happened.name if message.id == data.id else "message_changed"
        return [*told, Happened(name, message, happened.seq)]

    def read_all(self, messages: Iterable[types.Message]) -> list[types.Message]:
        """Of a page of the history; what shows nothing by itself is left out."""
        return [
            read
            for message in messages
            if (read := self.read(message)) is not None and read.id == message.id
        ]

    def _strangers(self, message: types.Message) -> Iterable[bytes]:
        """The key it is signed by, where whoever it is by had another."""
        if message.type != ENCRYPTED or message.deleted:
            return
        try:
            opened = self.keys.read(
                message.message, user_id=message.user_id, client_id=message.client_id or ""
            )
        except Unreadable:
            return
        known = self._senders.setdefault(message.user_id, set())
        if known and opened.sender not in known:
            yield opened.sender
        known.add(opened.sender)

    def _said(self, message: types.Message, opened: Opened, body: dict[str, Any]) -> types.Message:
        before = self._known.get(message.id)
        is_edit = opened.kind is Kind.EDIT
        if is_edit and before is not None and opened.target != before.digest:
            return msgspec.structs.replace(message, message="", type=UNREADABLE)
        answered = None if is_edit else opened.target
        read = msgspec.structs.replace(
            message,
            message=str(body.get("text", "")),
            type="text",
            mentions=[str(each) for each in _list(body.get("mentions"))] or None,
            attachments=self._files(message, body) or None,
            reply_to=self._answered(answered) if before is None else before.message.reply_to,
            reactions=None if before is None else before.message.reactions,
        )
        own = opened.target if is_edit and opened.target else opened.digest
        self._remember(_Known(read, own, opened))
        return read

    def _reacted(
        self, message: types.Message, opened: Opened, body: dict[str, Any]
    ) -> types.Message | None:
        about = self._known.get(self._by_digest.get(opened.target or b"", ""))
        emoji = body.get("emoji")
        if about is None or not isinstance(emoji, str):
            return None
        by = {each.emoji: list(each.user_ids) for each in about.message.reactions or ()}
        users = by.setdefault(emoji, [])
        if message.user_id in users:
            users.remove(message.user_id)
        if body.get("on"):
            users.append(message.user_id)
        reactions = [
            types.Reaction(emoji=each, count=len(users), user_ids=users)
            for each, users in by.items()
            if users
        ]
        about.message = msgspec.structs.replace(about.message, reactions=reactions or None)
        return about.message

    def _files(self, message: types.Message, body: dict[str, Any]) -> list[types.File]:
        """Those that both the server and the message name."""
        there = {file.id: file for file in message.attachments or ()}
        found: list[types.File] = []
        for each in _list(body.get("files")):
            try:
                named = msgspec.convert(each, _NamedFile)
                key = from_base64url(named.key)
            except (msgspec.ValidationError, Unreadable):
                continue
            if (file := there.get(named.id)) is not None:
                found.append(
                    SealedFile(
                        id=file.id,
                        name=named.name,
                        type=named.type,
                        size=named.size,
                        url=file.url,
                        key=key,
                    )
                )
        return found

    def _answered(self, target: bytes | None) -> types.Answered | None:
        known = self._known.get(self._by_digest.get(target or b"", ""))
        if known is None:
            return None
        said = known.message
        return types.Answered(
            id=said.id,
            seq=said.seq,
            user_id=said.user_id,
            username=said.username,
            excerpt=said.message[:100],
        )

    def _remember(self, known: _Known) -> None:
        self._known[known.message.id] = known
        self._known.move_to_end(known.message.id)
        self._by_digest[known.digest] = known.message.id
        if len(self._known) > REMEMBERED_MAX:
            _, gone = self._known.popitem(last=False)
            self._by_digest.pop(gone.digest, None)

    # --- saying ---

    def said(
        self,
        text: str,
        client_id: str,
        *,
        answers: str | None = None,
        mentions: Sequence[str] = (),
        files: Sequence[types.File | str] = (),
    ) -> dict[str, Any]:
        """What is sent of a message."""
        known = None if answers is None else self._one(answers)
        body: dict[str, Any] = {"text": text, "mentions": list(mentions)}
        if known is not None:
            body["answers"] = {"seq": known.message.seq, "digest": to_base64url(known.digest)}
        if files:
            body["files"] = [_named(each) for each in files]
        target = None if known is None else known.digest
        sent = self._sealed(body, client_id, Kind.MESSAGE, target)
        ids = [each if isinstance(each, str) else each.id for each in files]
        return sent | ({"attachments": ids} if ids else {})

    def edited(self, id: str, text: str) -> dict[str, Any]:
        known = self._one(id)
        body: dict[str, Any] = {"text": text, "mentions": known.message.mentions or []}
        if known.message.attachments:
            body["files"] = [_named(each) for each in known.message.attachments]
        client_id = known.message.client_id or ""
        return {"message": self._sealed(body, client_id, Kind.EDIT, known.digest)["message"]}

    def reacted(self, id: str, emoji: str, client_id: str, *, on: bool) -> dict[str, Any]:
        body = {"emoji": emoji, "on": on}
        return self._sealed(body, client_id, Kind.REACTION, self._one(id).digest)

    def introduced(self, name: str, client_id: str) -> dict[str, Any]:
        envelope = self.keys.seal(
            self.keys.introduction(name), client_id=client_id, kind=Kind.INTRODUCTION
        )
        return {"message": envelope, "type": ENCRYPTED, "client_id": client_id}

    def sent(self, message: types.Message) -> None:
        """One's own message is there, before it is heard."""
        octets = from_base64url(message.message)
        self.read(message)
        self._by_digest.setdefault(digest(octets), message.id)

    def _sealed(
        self, body: dict[str, Any], client_id: str, kind: Kind, target: bytes | None
    ) -> dict[str, Any]:
        octets = json.dumps(body, ensure_ascii=False).encode()
        envelope = self.keys.seal(octets, client_id=client_id, kind=kind, target=target)
        return {"message": envelope, "type": ENCRYPTED, "client_id": client_id}

    def _one(self, id: str) -> _Known:
        known = self._known.get(id)
        if known is None:
            raise Refused("not_found", "This message was not read by this client yet.")
        return known


class _NamedFile(msgspec.Struct):
    id: str
    key: str
    name: str = "file"
    type: str = "application/octet-stream"
    size: int = 0


def _named(file: types.File | str) -> dict[str, Any]:
    if not isinstance(file, SealedFile):
        raise Refused("bad_request", "An encrypted message takes files that `upload` gave.")
    return {
        "id": file.id,
        "key": to_base64url(file.key),
        "name": file.name,
        "type": file.type,
        "size": file.size,
    }


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
