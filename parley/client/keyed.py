"""Taking part where the link has a key: what a client does about it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from parley.client import types
from parley.client.errors import Refused
from parley.client.saying import Saying

if TYPE_CHECKING:
    from parley.client.encryption import Person


class Keyed(Saying):
    """Nothing of it is loaded for an open conversation."""

    conversation: types.Conversation
    _wishes: dict[str, Any]
    _keys: Person | None

    @property
    def keys(self) -> Person | None:
        """Its own, where the conversation is encrypted."""
        return None if self._sealed is None else self._sealed.person

    async def _take_key(self) -> None:
        """What stands behind the `#` opens what is said; the server is only shown a proof of it."""
        from parley.client.sealed import NEEDED, Sealed

        passphrase = self._wishes.pop("passphrase", None)
        self._sealed = await Sealed.of(self.link.fragment, passphrase, self._keys)
        try:
            found = await self._rest.call(types.ConversationReply, "GET", self.link.path)
        except Refused as refused:
            if refused.code != NEEDED:
                raise
            self._wishes["read_proof"] = self._sealed.proof(refused.epoch or 0)
        else:
            if not found.conversation.encrypted:
                self._sealed = None

    async def _begin_sealed(self) -> None:
        """It is let in: it has the keys, and reads what is there."""
        sealed = self._sealed
        if sealed is None:
            return
        if not sealed.has_begun:
            records = await self._records(0)
            sealed.begin(len(records), records, self.me.user_id)
        elif (self.conversation.epoch or 0) > sealed.keys.newest.number:
            await self._follow()
        self.conversation.messages = sealed.read_all(self.conversation.messages)

    async def _records(self, after: int) -> list[bytes]:
        from parley.client.encryption.octets import from_base64url

        records: list[bytes] = []
        has_more = True
        while has_more:
            page = await self._rest.call(
                types.EpochsReply, "GET", f"{self.link.path}/epochs", after=after + len(records)
            )
            records += [from_base64url(each.record) for each in page.epochs]
            has_more = page.has_more and bool(page.epochs)
        return records

    async def _follow(self) -> None:
        """Take the keys that came since."""
        if self._sealed is not None:
            newest = self._sealed.keys.newest.number
            await self._sealed.follow(self._records(newest), self._page)

    async def _introduce(self) -> None:
        if self._sealed is not None:
            client_id = secrets.token_urlsafe(12)
            said = self._sealed.introduced(self.me.username, client_id)
            room = {"room_id": self.link.room_id}
            await self._outbox.send("send_message", room | said, types.SendAck)
