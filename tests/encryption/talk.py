"""People who talk so that the server cannot read it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from parley.client.encryption import (
    Chain,
    Claim,
    Epoch,
    Fault,
    Kind,
    Link,
    LinkKey,
    Opened,
    Opener,
    Sealer,
)
from parley.client.encryption import Person as Keys
from parley.client.encryption.octets import from_base64url, to_base64url
from tests.people import Json, Person


def read_proof(epoch: Epoch) -> str:
    return to_base64url(epoch.proof)


def encrypted(epoch: Epoch) -> Json:
    """What the body of `create` has more."""
    return {"encrypted": True, "read_proof_hash": to_base64url(epoch.proof_hash)}


def new_epoch() -> Epoch:
    return Epoch.derive(LinkKey.generate().key)


@dataclass
class Talker:
    """Somebody with the key, and a client of their own."""

    who: Person
    epoch: Epoch
    room_id: str
    user_id: str
    sealer: Sealer

    @classmethod
    async def joins(cls, who: Person, epoch: Epoch, room_id: str) -> Talker:
        joined = await who.join(room_id, token=who.token, read_proof=read_proof(epoch))
        user_id = joined["user_id"]
        return cls(
            who, epoch, room_id, user_id, Sealer(epoch, epoch.room, Keys.generate(), user_id)
        )

    def sealed(self, text: str, client_id: str, **more: Any) -> Json:
        body = json.dumps({"text": text}, ensure_ascii=False).encode()
        envelope = self.sealer.seal(body, client_id=client_id, **more)
        return {"message": envelope, "type": "encrypted", "client_id": client_id}

    async def says(self, text: str, client_id: str, **more: Any) -> Json:
        sent = await self.who.ask(
            "send_message", {"room_id": self.room_id, **self.sealed(text, client_id, **more)}
        )
        assert sent["ok"], sent
        return sent

    def opens(self, message: Json) -> Opened:
        return Opener(self.epoch.room, self.epoch).open(
            message["message"], user_id=message["user_id"], client_id=message["client_id"]
        )

    def reads(self, message: Json) -> str:
        return str(json.loads(self.opens(message).body)["text"])

    def link(self, message: Json) -> Link:
        """Where it stands in the log."""
        if message.get("deleted"):
            return Link(message["seq"], from_base64url(message["message"]), None)
        opened = self.opens(message)
        is_edit = opened.kind is Kind.EDIT and opened.target is not None
        first = opened.target if is_edit else opened.digest
        assert first is not None
        return Link(message["seq"], first, opened.claim)

    def check(self, messages: list[Json]) -> tuple[list[Fault], Claim]:
        """What is wrong with a log, and what to say of it."""
        chain = Chain(from_beginning=True)
        faults = chain.take_all(self.link(message) for message in messages)
        return faults, chain.claim()
