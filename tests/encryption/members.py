"""People who talk over changes of the key, each with all the keys they were given."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from parley.client.encryption import Epoch, Keyring, Kind, Link, LinkKey, Opened, PublicKeys
from parley.client.encryption import Person as Keys
from parley.client.encryption.octets import from_base64url, to_base64url
from tests.encryption.talk import encrypted, read_proof
from tests.people import Json, Person
from tests.security.room import done


def shaped_record(number: int, count: int = 0) -> str:
    """What looks like the record of a new key to whoever can't read one."""
    head = b"\1" + number.to_bytes(4, "big") + bytes(160)
    rest = bytes(98) + count.to_bytes(2, "big") + bytes(count * 97 + 64)
    return to_base64url(head + rest)


def new_key(epoch: Epoch, record: bytes, **more: Any) -> Json:
    """The body of the call that changes the key."""
    hash = to_base64url(epoch.proof_hash)
    return {"record": to_base64url(record), "read_proof_hash": hash, **more}


@dataclass
class Member:
    who: Person
    room_id: str
    keyring: Keyring
    sent: int = field(default=0)

    @classmethod
    async def founds(cls, who: Person) -> Member:
        me = Keys.generate()
        link = LinkKey.generate(owner=me.public.id)
        epoch = Epoch.derive(link.key)
        room_id = await who.starts(title="", **encrypted(epoch))
        joined = await who.join(room_id, token=who.token)
        keyring = Keyring(epoch, epoch.room, me, joined["user_id"], founder=link.owner)
        member = cls(who, room_id, keyring)
        await member.introduces_themselves()
        return member

    @classmethod
    async def comes(cls, who: Person, link: LinkKey, room_id: str) -> Member:
        """By the link alone, as whoever gets it."""
        if not who.socket.connected:
            await who.connect()
        path = f"/api/conversations/{room_id}"
        refusal = await who.ask("join_room", {"room_id": room_id, "username": who.name})
        number = refusal["epoch"]
        newest = Epoch.derive(link.key, number=number)
        joined = await who.join(room_id, read_proof=read_proof(newest))
        records = await records_after(who, path, 0)
        keyring = Keyring.open(link, number, records, Keys.generate(), joined["user_id"])
        member = cls(who, room_id, keyring)
        await member.learns()
        await member.introduces_themselves()
        return member

    @property
    def path(self) -> str:
        return f"/api/conversations/{self.room_id}"

    @property
    def user_id(self) -> str:
        return self.keyring.user_id

    def sealed(self, text: str, client_id: str, **more: Any) -> Json:
        body = json.dumps({"text": text}, ensure_ascii=False).encode()
        envelope = self.keyring.seal(body, client_id=client_id, **more)
        return {"message": envelope, "type": "encrypted", "client_id": client_id}

    async def sends(self, sealed: Json) -> Json:
        return await self.who.ask("send_message", {"room_id": self.room_id, **sealed})

    async def says(self, text: str, client_id: str | None = None) -> Json:
        self.sent += 1
        sent = await self.sends(self.sealed(text, client_id or f"{self.user_id}-{self.sent}"))
        assert sent["ok"], sent
        return sent

    async def introduces_themselves(self) -> None:
        body = self.keyring.introduction(self.who.name)
        client_id = f"{self.user_id}-hello"
        envelope = self.keyring.seal(body, client_id=client_id, kind=Kind.INTRODUCTION)
        sealed = {"message": envelope, "type": "encrypted", "client_id": client_id}
        sent = await self.sends(sealed)
        assert sent["ok"], sent

    async def log(self) -> list[Json]:
        found: list[Json] = (await done(self.who, "GET", f"{self.path}/messages"))["messages"]
        return found

    def opens(self, message: Json) -> Opened:
        return self.keyring.read(
            message["message"], user_id=message["user_id"], client_id=message["client_id"]
        )

    def link(self, message: Json) -> Link:
        """Where it stands in the log: none of these was edited."""
        opened = self.opens(message)
        return Link(message["seq"], opened.digest, opened.claim, opened.epoch)

    def reads(self, message: Json) -> str:
        return str(json.loads(self.opens(message).body)["text"])

    async def has_read(self) -> list[str]:
        """The texts of all that was said."""
        opened = [(self.opens(each), each) for each in await self.log()]
        return [self.reads(each) for what, each in opened if what.kind is Kind.MESSAGE]

    async def learns(self) -> None:
        """Who there is, by how they introduced themselves."""
        for message in await self.log():
            self.keyring.learn(self.opens(message))

    async def hears_of(self, number: int) -> None:
        """That the key with this number, or a later one, is used."""
        await self.who.hears("epoch_began", lambda data: data["number"] >= number)

    async def follows(self) -> None:
        """Take the keys that there are by now."""
        self.keyring.follow_all(
            await records_after(self.who, self.path, self.keyring.newest.number)
        )

    def others(self, *but: Member) -> list[PublicKeys]:
        """Whoever introduced themselves, except some."""
        gone = {each.keyring.me.public.id for each in but}
        return [keys for id, keys in self.keyring.people.items() if id not in gone]

    async def changes_key(self, stay: Collection[PublicKeys], **more: Any) -> Epoch:
        epoch, record = self.keyring.begin(stay)
        reply = await done(self.who, "POST", f"{self.path}/epochs", new_key(epoch, record, **more))
        assert reply["number"] == epoch.number
        self.keyring.adopt(epoch)
        return epoch


async def records_after(who: Person, path: str, after: int) -> list[bytes]:
    records: list[bytes] = []
    while True:
        reply = await done(who, "GET", f"{path}/epochs?after={after + len(records)}")
        assert [each["number"] for each in reply["epochs"]] == list(
            range(after + len(records) + 1, after + len(records) + 1 + len(reply["epochs"]))
        )
        records += [from_base64url(each["record"]) for each in reply["epochs"]]
        if not reply["has_more"]:
            return records
