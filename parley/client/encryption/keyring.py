"""All the keys of one conversation that somebody has, over its changes of keys."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

from parley.client.encryption import epochs
from parley.client.encryption.chain import NOTHING_SEEN, Claim
from parley.client.encryption.envelope import Kind, Opened, Opener, Sealer
from parley.client.encryption.errors import Unreadable
from parley.client.encryption.keys import Epoch, LinkKey
from parley.client.encryption.octets import from_base64url, to_base64url
from parley.client.encryption.people import Person, PublicKeys, require_exchange


class Keyring:
    """Opens what was said under any key it has, and seals under the newest.

        keyring = Keyring.open(link, number, records, me, user_id)
        keyring.learn(keyring.read(envelope, user_id=..., client_id=...))
        keyring.follow(record)

    Only the person named in the link may change the key; without one in it nobody may.
    """

    def __init__(
        self, epoch: Epoch, room: bytes, me: Person, user_id: str, *, founder: bytes = b""
    ) -> None:
        """`founder`: the id of the person who began the conversation, as the link names them."""
        self.room = room
        self.me = me
        self.user_id = user_id
        self.founder = founder
        self.epochs = {epoch.number: epoch}
        """By number."""
        self.people: dict[bytes, PublicKeys] = {me.public.id: me.public}
        """Those who introduced themselves, by id."""
        self.is_over = False
        """Whether the key was changed without us: somebody has to send the new link."""
        self._opener = Opener(room, epoch)
        self._sealer = Sealer(epoch, room, me, user_id)

    @classmethod
    def open(
        cls,
        link: LinkKey,
        number: int,
        records: Sequence[bytes],
        me: Person,
        user_id: str,
        *,
        stretched: bytes = b"",
    ) -> Keyring:
        """For whoever comes by the link. `number` is that of the key there is now, `records` are
        those of all up to it, in order; `stretched` is the passphrase's part.

        Raises `Unreadable` where the link has another key than the newest.
        """
        newest = Epoch.derive(link.key, stretched=stretched, number=number)
        if not number:
            return cls(newest, newest.room, me, user_id, founder=link.owner)
        if len(records) != number:
            raise Unreadable("malformed")
        admitted = epochs.history(records[-1], newest)
        keyring = cls(newest, admitted.room, me, user_id, founder=link.owner)
        while admitted.before is not None:
            keyring._add(admitted.before)
            if not admitted.before.number:
                break
            admitted = epochs.history(records[admitted.before.number - 1], admitted.before)
            if admitted.room != keyring.room:
                raise Unreadable("wrong_room")
        return keyring

    @property
    def newest(self) -> Epoch:
        return self.epochs[max(self.epochs)]

    @property
    def link(self) -> LinkKey:
        """What opens the conversation now, where it has no passphrase."""
        return LinkKey(self.newest.key, owner=self.founder)

    def introduction(self, name: str) -> bytes:
        """The body of a message of the kind `INTRODUCTION`."""
        exchange = to_base64url(self.me.public.exchange)
        return json.dumps({"name": name, "exchange": exchange}, ensure_ascii=False).encode()

    def learn(self, opened: Opened) -> PublicKeys | None:
        """Whoever introduces themselves by it; None for any other message.

        Raises `Unreadable` for an introduction that is none.
        """
        if opened.kind is not Kind.INTRODUCTION:
            return None
        try:
            exchange = from_base64url(str(json.loads(opened.body)["exchange"]))
        except (ValueError, KeyError, TypeError):
            raise Unreadable("malformed") from None
        require_exchange(exchange)
        keys = PublicKeys(opened.sender, exchange)
        self.people[keys.id] = keys
        return keys

    def read(self, envelope: str, *, user_id: str, client_id: str) -> Opened:
        """As `Opener.open`. Raises `Unreadable`."""
        return self._opener.open(envelope, user_id=user_id, client_id=client_id)

    def seal(
        self,
        body: bytes,
        *,
        client_id: str,
        kind: Kind = Kind.MESSAGE,
        target: bytes | None = None,
        claim: Claim = NOTHING_SEEN,
    ) -> str:
        """As `Sealer.seal`, under the newest key. What was refused as the key was changed
        meanwhile is sealed anew, under its `client_id`, after the new key was followed.
        """
        return self._sealer.seal(body, client_id=client_id, kind=kind, target=target, claim=claim)

    def begin(
        self,
        stay: Collection[PublicKeys],
        *,
        key: bytes | None = None,
        stretched: bytes = b"",
        with_history: bool = True,
    ) -> tuple[Epoch, bytes]:
        """The next key and its record, for the founder and those who stay. `adopt` it once the
        server has taken it.
        """
        others = {each.id: each for each in stay} | {self.me.public.id: self.me.public}
        return epochs.begin(
            self.me,
            self.newest,
            self.room,
            list(others.values()),
            key=key,
            stretched=stretched,
            with_history=with_history,
        )

    def follow(self, record: bytes) -> Epoch:
        """Take the key that comes next, as it was handed to us.

        Raises `Unreadable`: `not_for_us` where others have a new key that we were not given,
        `not_by_an_owner` for one that somebody else made than the founder, `unknown_epoch` for one
        that isn't the next. We go on with what we have then.
        """
        if epochs.number_of(record) != self.newest.number + 1:
            raise Unreadable("unknown_epoch")
        founder = self.people.get(self.founder)
        makers = [] if founder is None else [founder.signing]
        try:
            admitted = epochs.admit(record, self.me, self.room, makers)
        except Unreadable as refused:
            self.is_over = refused.reason == "not_for_us"
            raise
        self.adopt(admitted.epoch)
        return admitted.epoch

    def follow_all(self, records: Iterable[bytes]) -> None:
        for record in records:
            self.follow(record)

    def adopt(self, epoch: Epoch) -> None:
        """Seal under this one from now on."""
        self._add(epoch)
        self._sealer = Sealer(self.newest, self.room, self.me, self.user_id)

    def _add(self, epoch: Epoch) -> None:
        self.epochs[epoch.number] = epoch
        self._opener.add(epoch)
