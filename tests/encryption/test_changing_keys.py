"""The key is changed: who stays goes on, who is removed reads no more, no message is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import pytest_asyncio

from parley.client.encryption import Chain, Epoch, Keyring, Kind, LinkKey, Unreadable
from parley.client.encryption import Person as Keys
from parley.client.encryption.octets import from_base64url, to_base64url
from tests import lasting
from tests.cases import together
from tests.encryption.members import Member, new_key, records_after, shaped_record
from tests.encryption.talk import read_proof
from tests.people import Json, Person
from tests.security.room import done, refused

pytestmark = lasting.in_one_loop
config, server, person = lasting.config, lasting.server, lasting.person

People = Callable[..., Person]


async def two(person: People) -> tuple[Member, Member]:
    """Ada began it; Ben came by her link. Each knows the other."""
    ada = await Member.founds(person("Ada"))
    ben = await Member.comes(person("Ben"), ada.keyring.link, ada.room_id)
    for each in (ada, ben):
        await each.learns()
    return ada, ben


async def three(person: People) -> tuple[Member, Member, Member]:
    """Ada began it; Ben and Cleo came by her link. Each knows the others."""
    ada = await Member.founds(person("Ada"))
    link = ada.keyring.link
    ben = await Member.comes(person("Ben"), link, ada.room_id)
    cleo = await Member.comes(person("Cleo"), link, ada.room_id)
    for each in (ada, ben, cleo):
        await each.learns()
    return ada, ben, cleo


async def test_who_stays_goes_on_and_who_is_removed_reads_nothing_more(person: People) -> None:
    ada, ben, cleo = await three(person)
    await ada.says("Hello, both")
    await ada.changes_key(ada.others(cleo), remove=cleo.user_id)
    told = await ben.who.hears("epoch_began")
    assert told == {"room_id": ada.room_id, "number": 1, "seq": told["seq"]}
    assert (await cleo.who.hears("removed"))["reason"] == "removed"
    assert await refused(cleo.who, "GET", f"{cleo.path}/epochs") == "conversation_not_found"
    await ben.follows()
    await ben.says("Only you read this")
    assert await ada.has_read() == ["Hello, both", "Only you read this"]
    # With the server's help she has the record and the message, and can open neither.
    [record] = await records_after(ada.who, ada.path, 0)
    with pytest.raises(Unreadable, match="not_for_us"):
        cleo.keyring.follow(record)
    assert cleo.keyring.is_over
    with pytest.raises(Unreadable, match="unknown_epoch"):
        cleo.opens((await ada.log())[-1])


async def test_it_is_told_in_order_with_messages(person: People) -> None:
    ada, ben = await two(person)
    before = await ada.says("Under the old key")
    await ada.changes_key(ada.others())
    after = await ada.says("Under the new key")
    await ben.who.hears("new_message", lambda data: data["seq"] == after["seq"])
    seqs = [data["seq"] for name, data in ben.who.heard if name in ("new_message", "epoch_began")]
    began = await ben.who.hears("epoch_began")
    assert seqs == sorted(seqs)
    assert before["seq"] < began["seq"] < after["seq"]


async def test_what_is_sent_under_an_old_key_is_sealed_anew_and_sent_once(person: People) -> None:
    ada, ben = await two(person)
    await ada.changes_key(ada.others())
    late = ben.sealed("Sent meanwhile", "b-1")
    for _ in range(2):
        refusal = await ben.sends(late)
        assert (refusal["code"], refusal["epoch"]) == ("epoch_over", 1)
    _, reply = await ben.who.call("POST", f"{ben.path}/messages", late)
    assert (reply["code"], reply["epoch"]) == ("epoch_over", 1)
    await ben.follows()
    again = ben.sealed("Sent meanwhile", "b-1")
    first = await ben.sends(again)
    assert first["ok"]
    assert (await ben.sends(again))["duplicate"]
    assert await ada.has_read() == ["Sent meanwhile"]


async def test_what_was_stored_before_is_acknowledged_after_it(person: People) -> None:
    ada, ben = await two(person)
    early = ben.sealed("Just in time", "b-1")
    first = await ben.sends(early)
    await ada.changes_key(ada.others())
    again = await ben.sends(early)
    assert (again["id"], again["duplicate"]) == (first["id"], True)
    sealed_anew = {**early, "message": ben.sealed("Another", "b-1")["message"]}
    assert (await ben.sends(sealed_anew))["duplicate"]
    assert await ada.has_read() == ["Just in time"]


async def test_a_message_of_an_older_key_is_edited_under_the_new_one(person: People) -> None:
    ada, ben = await two(person)
    first = await ben.says("Helo", "b-1")
    target = ben.opens((await ben.log())[-1]).digest
    old = ben.sealed("Hello", "b-1", kind=Kind.EDIT, target=target)
    await ada.changes_key(ada.others())
    body = {"room_id": ben.room_id, "id": first["id"], "message": old["message"]}
    refusal = await ben.who.ask("edit_message", body)
    assert (refusal["code"], refusal["epoch"]) == ("epoch_over", 1)
    path = f"{ben.path}/messages/{first['id']}"
    assert await refused(ben.who, "PATCH", path, {"message": old["message"]}) == "epoch_over"
    await ben.follows()
    anew = ben.sealed("Hello", "b-1", kind=Kind.EDIT, target=target)
    assert (await ben.who.ask("edit_message", {**body, "message": anew["message"]}))["ok"]
    changed = await ada.who.hears("message_changed")
    assert ada.reads(changed) == "Hello"
    # The same once more changes nothing, whatever the key is by then.
    await ada.changes_key(ada.others())
    assert (await ben.who.ask("edit_message", {**body, "message": anew["message"]}))["ok"]


async def test_who_comes_by_the_new_link_reads_all_from_the_beginning(person: People) -> None:
    ada, ben, cleo = await three(person)
    await ada.says("The first")
    await ada.changes_key(ada.others())
    await ben.follows()
    await ben.says("The second")
    await ada.changes_key(ada.others(cleo), remove=cleo.user_id)
    await ada.says("The third")
    dan = await Member.comes(person("Dan"), ada.keyring.link, ada.room_id)
    assert dan.keyring.room == ada.keyring.room
    assert await dan.has_read() == ["The first", "The second", "The third"]
    await dan.says("The fourth")
    assert (await ada.has_read())[-1] == "The fourth"


async def test_the_old_link_says_that_the_key_was_changed(person: People) -> None:
    ada, _ = await two(person)
    old = ada.keyring.link
    await ada.changes_key(ada.others())
    zoe = person("Zoe")
    for number in (0, 1):
        proof = {"read_proof": read_proof(Epoch.derive(old.key, number=number))}
        status, reply = await zoe.call("POST", f"{ada.path}/enter", proof)
        assert (status, reply["code"], reply["epoch"]) == (403, "read_proof_wrong", 1)
    _, reply = await zoe.call("GET", f"{ada.path}/messages")
    assert (reply["code"], reply["epoch"]) == ("read_proof_required", 1)


async def test_who_only_looked_in_shows_the_new_proof(person: People) -> None:
    ada, ben = await two(person)
    zoe, old = person("Zoe"), {"read_proof": read_proof(ada.keyring.newest)}
    zoe.token = (await done(zoe, "POST", f"{ada.path}/enter", old))["token"]
    await zoe.connect(auth={"token": zoe.token})
    assert (await zoe.ask("watch_room", {"room_id": ada.room_id}))["ok"]
    await ada.changes_key(ada.others())
    assert (await zoe.hears("removed"))["reason"] == "closed"
    assert not zoe.all_heard("epoch_began")
    for path in ("messages", "epochs", "participants"):
        assert await refused(zoe, "GET", f"{ada.path}/{path}") == "read_proof_required"
    # Who takes part stays in, on sockets and off them.
    await ben.who.hears("epoch_began")
    await done(ben.who, "GET", f"{ben.path}/epochs")
    new = {"read_proof": read_proof(ada.keyring.newest)}
    zoe.token = (await done(zoe, "POST", f"{ada.path}/enter", new))["token"]
    assert (await done(zoe, "GET", f"{ada.path}/epochs"))["epoch"] == 1


async def test_the_conversation_says_which_key_it_has(person: People) -> None:
    ada, ben = await two(person)

    async def told() -> list[int]:
        await ben.who.reconnect(auth={"token": ben.who.token})
        ben.who.heard.clear()
        await ben.who.join(ben.room_id)
        state = await ben.who.hears("conversation_state")
        synced = await ben.who.ask("sync", {"room_id": ben.room_id, "since": 0})
        read = await done(ben.who, "GET", ben.path)
        return [
            state["conversation"]["epoch"],
            synced["epoch"],
            read["conversation"]["epoch"],
            (await done(ben.who, "GET", f"{ben.path}/epochs"))["epoch"],
        ]

    assert await told() == [0, 0, 0, 0]
    await ada.changes_key(ada.others())
    assert await told() == [1, 1, 1, 1]
    zoe = person("Zoe")
    room_id = await zoe.starts()
    plain = (await done(zoe, "GET", f"/api/conversations/{room_id}"))["conversation"]
    assert "epoch" not in plain


async def test_link_and_key_change_together(person: People) -> None:
    ada, ben = await two(person)
    epoch, record = ada.keyring.begin(ada.others())
    body = new_key(epoch, record)
    reply = await done(ada.who, "POST", f"{ada.path}/link", body)
    ada.keyring.adopt(epoch)
    assert (await ben.who.hears("link_replaced"))["new_room_id"] == reply["room_id"]
    assert [data["number"] for data in ben.who.all_heard("epoch_began")] == [1]
    new = f"/api/conversations/{reply['room_id']}"
    found = (await done(ada.who, "GET", new))["conversation"]
    assert (found["room_id"], found["epoch"]) == (reply["room_id"], 1)
    # Whoever missed the answer asks again, and gets the same one.
    assert (await done(ada.who, "POST", f"{ada.path}/link", body))["room_id"] == reply["room_id"]
    zoe, proof = person("Zoe"), {"read_proof": read_proof(epoch)}
    assert await refused(zoe, "POST", f"{ada.path}/enter", proof) == "link_replaced"
    await done(zoe, "POST", f"{new}/enter", proof)
    await ben.follows()
    await ben.says("Still here")


@pytest.mark.parametrize("given", ["record", "read_proof_hash"])
async def test_half_a_key_replaces_no_link(person: People, given: str) -> None:
    ada = await Member.founds(person("Ada"))
    whole = new_key(*ada.keyring.begin([]))
    half = {given: whole[given]}
    assert await refused(ada.who, "POST", f"{ada.path}/link", half) == "bad_request"
    found = (await done(ada.who, "GET", ada.path))["conversation"]
    assert (found["room_id"], found["epoch"]) == (ada.room_id, 0)


async def test_a_link_stays_where_its_key_was_changed_meanwhile(person: People) -> None:
    ada = await Member.founds(person("Ada"))
    late = new_key(*ada.keyring.begin([]))
    await ada.changes_key([])
    status, reply = await ada.who.call("POST", f"{ada.path}/link", late)
    assert (status, reply["code"], reply["epoch"]) == (409, "epoch_taken", 1)
    assert (await done(ada.who, "GET", ada.path))["conversation"]["room_id"] == ada.room_id


async def test_a_link_alone_is_replaced_as_before(person: People) -> None:
    ada, ben = await two(person)
    reply = await done(ada.who, "POST", f"{ada.path}/link", {})
    found = (await done(ada.who, "GET", f"/api/conversations/{reply['room_id']}"))["conversation"]
    assert found["epoch"] == 0
    await ben.says("Under the same key")
    assert not ben.who.all_heard("epoch_began")


async def test_of_two_that_begin_at_once_one_is_taken(person: People) -> None:
    ada, ben = await two(person)
    made = [ada.keyring.begin(ada.others()) for _ in range(6)]
    answers = await asyncio.gather(
        *(ada.who.call("POST", f"{ada.path}/epochs", new_key(*each)) for each in made)
    )
    taken = [reply for status, reply in answers if status == 201]
    others = [reply for status, reply in answers if status != 201]
    assert [reply["number"] for reply in taken] == [1]
    assert {(reply["code"], reply["epoch"]) for reply in others} == {("epoch_taken", 1)}
    # Whoever lost has the key all the same, since they stay.
    await ada.follows()
    await ben.follows()
    await ada.says("Which of them?")
    assert await ben.has_read() == ["Which of them?"]
    await done(
        person("Zoe"), "POST", f"{ada.path}/enter", {"read_proof": read_proof(ada.keyring.newest)}
    )


async def test_the_same_key_again_changes_nothing(person: People) -> None:
    ada, ben = await two(person)
    body = new_key(*ada.keyring.begin(ada.others()))
    for _ in range(3):
        assert (await done(ada.who, "POST", f"{ada.path}/epochs", body))["number"] == 1
    await ada.follows()
    await ada.says("Once")
    await ben.who.hears("new_message", lambda data: data["client_id"].endswith("-1"))
    assert len(ben.who.all_heard("epoch_began")) == 1
    changes = (await done(ada.who, "GET", f"{ada.path}/acts"))["acts"]
    assert [each["act"] for each in changes] == ["changed_key"]


async def test_nothing_said_while_the_key_is_changed_is_lost_or_said_twice(person: People) -> None:
    ada, ben, cleo = await three(person)
    texts = [f"Number {at}" for at in range(30)]

    async def says(each: Member, text: str) -> None:
        while True:
            sent = await each.sends(each.sealed(text, text))
            if sent["ok"]:
                return
            assert sent["code"] == "epoch_over"
            if each.keyring.newest.number < sent["epoch"]:
                await each.hears_of(sent["epoch"])
                async with following[each.user_id]:
                    await each.follows()

    following = {each.user_id: asyncio.Lock() for each in (ben, cleo)}

    async def changes() -> None:
        for _ in range(4):
            await ada.changes_key(ada.others())

    await asyncio.gather(
        changes(),
        *(says(ben, text) for text in texts[::2]),
        *(says(cleo, text) for text in texts[1::2]),
    )
    assert sorted(await ada.has_read()) == sorted(texts)
    await ben.hears_of(4)
    # Every message is under the key that was the newest at its place in the log.
    began = [0, *(data["seq"] for data in ben.who.all_heard("epoch_began"))]
    for message in await ada.log():
        number = int.from_bytes(from_base64url(message["message"])[2:6], "big")
        assert number == max(at for at, seq in enumerate(began) if seq < message["seq"])


async def test_many_records_come_in_several_answers(person: People) -> None:
    ada = await Member.founds(person("Ada"))
    proof = new_key(*ada.keyring.begin([]))["read_proof_hash"]
    for number in range(1, 7):
        body = {"record": shaped_record(number, 2_600), "read_proof_hash": proof}
        await done(ada.who, "POST", f"{ada.path}/epochs", body)
    first = await done(ada.who, "GET", f"{ada.path}/epochs")
    assert ([each["number"] for each in first["epochs"]], first["has_more"]) == ([1, 2, 3, 4], True)
    rest = await done(ada.who, "GET", f"{ada.path}/epochs?after=4")
    assert ([each["number"] for each in rest["epochs"]], rest["has_more"]) == ([5, 6], False)
    assert rest["epochs"][-1]["record"] == shaped_record(6, 2_600)
    none = await done(ada.who, "GET", f"{ada.path}/epochs?after=6")
    assert (none["epoch"], none["epochs"], none["has_more"]) == (6, [], False)


# --- removing somebody with it ---


async def test_where_somebody_cant_be_removed_the_key_stays(person: People) -> None:
    ada, ben = await two(person)
    body = new_key(*ada.keyring.begin(ada.others()))
    for gone, code in (("nobody", "not_found"), (ada.user_id, "forbidden")):
        path = f"{ada.path}/epochs"
        assert await refused(ada.who, "POST", path, {**body, "remove": gone}) == code
    assert (await done(ada.who, "GET", f"{ada.path}/epochs"))["epoch"] == 0
    await ben.says("Under the old key")
    assert not ben.who.all_heard("epoch_began")


async def test_where_the_key_was_changed_meanwhile_nobody_is_removed(person: People) -> None:
    ada, ben = await two(person)
    late = new_key(*ada.keyring.begin(ada.others(ben)), remove=ben.user_id)
    await ada.changes_key(ada.others())
    assert await refused(ada.who, "POST", f"{ada.path}/epochs", late) == "epoch_taken"
    await ben.follows()
    await ben.says("Still here")
    assert not ben.who.all_heard("removed")


async def test_who_is_removed_already_may_be_named(person: People) -> None:
    ada, ben = await two(person)
    await done(ada.who, "POST", f"{ada.path}/remove", {"user_id": ben.user_id})
    await ada.changes_key(ada.others(ben), remove=ben.user_id)
    removed = (await done(ada.who, "GET", f"{ada.path}/manage"))["removed"]
    assert [each["user_id"] for each in removed] == [ben.user_id]


# --- a client's own part ---


async def test_of_several_founders_the_one_whom_the_link_names_changes_the_key(
    person: People,
) -> None:
    ada, ben, cleo = await three(person)
    await done(ben.who, "GET", "/api/mine")
    body = {"user_id": ben.user_id, "role": "founder"}
    await done(ada.who, "POST", f"{ada.path}/role", body)
    # As a founder Ben may hand in a key, but nobody takes it from him.
    epoch, record = ben.keyring.begin(ben.others())
    with pytest.raises(Unreadable, match="not_by_an_owner"):
        cleo.keyring.follow(record)
    body = {"user_id": ada.user_id, "role": "owner"}
    await done(ada.who, "POST", f"{ada.path}/role", body)
    await ada.changes_key(ada.others())
    late = new_key(epoch, record)
    assert await refused(ben.who, "POST", f"{ben.path}/epochs", late) == "epoch_taken"
    await cleo.follows()
    await ada.says("By the key of who started it, founder or not")
    assert (await cleo.has_read())[-1] == "By the key of who started it, founder or not"


async def test_a_record_by_anybody_else_is_not_followed(person: People) -> None:
    ada, ben, cleo = await three(person)
    _, by_ben = ben.keyring.begin([cleo.keyring.me.public])
    with pytest.raises(Unreadable, match="not_by_an_owner"):
        cleo.keyring.follow(by_ben)
    assert not cleo.keyring.is_over
    # Nor one by the founder that isn't the next.
    _, second = ada.keyring.begin(ada.others())
    ada.keyring.adopt(ada.keyring.begin([])[0])
    _, third = ada.keyring.begin(ada.others())
    with pytest.raises(Unreadable, match="unknown_epoch"):
        cleo.keyring.follow(third)
    cleo.keyring.follow(second)
    with pytest.raises(Unreadable, match="unknown_epoch"):
        cleo.keyring.follow(second)


async def test_a_server_that_lets_somebody_go_on_under_the_old_key_is_noticed(
    person: People,
) -> None:
    ada, ben, cleo = await three(person)
    late = cleo.sealed("I am still here", "c-9")
    await ada.changes_key(ada.others(cleo), remove=cleo.user_id)
    await ben.follows()
    await ben.says("She is gone")
    log = await ada.log()
    assert not Chain(from_beginning=True).take_all(map(ada.link, log))
    shown = [*log, {**late, "seq": log[-1]["seq"] + 1, "user_id": cleo.user_id}]
    assert ada.reads(shown[-1]) == "I am still here"
    for begins in (0, len(log) - 1):
        chain = Chain(from_beginning=not begins)
        faults = chain.take_all(map(ada.link, shown[begins:]))
        assert [(fault.what, fault.seq) for fault in faults] == [("outdated", shown[-1]["seq"])]


async def test_without_a_founder_in_the_link_nobody_changes_the_key(person: People) -> None:
    ada, ben = await two(person)
    keyring = Keyring(ben.keyring.newest, ben.keyring.room, ben.keyring.me, ben.user_id)
    keyring.people = ben.keyring.people
    _, record = ada.keyring.begin(ada.others())
    with pytest.raises(Unreadable, match="not_by_an_owner"):
        keyring.follow(record)


async def test_who_introduces_themselves_under_another_key_is_somebody_else(
    person: People,
) -> None:
    ada, ben, cleo = await three(person)
    envelope = ben.keyring.seal(
        cleo.keyring.introduction("Cleo"), client_id="b-9", kind=Kind.INTRODUCTION
    )
    opened = ada.keyring.read(envelope, user_id=ben.user_id, client_id="b-9")
    known = dict(ada.keyring.people)
    keys = ada.keyring.learn(opened)
    assert keys is not None
    assert keys.signing == ben.keyring.me.public.signing
    assert keys.id not in known
    assert ada.keyring.people[cleo.keyring.me.public.id] == cleo.keyring.me.public


@pytest_asyncio.fixture(loop_scope="module")
async def ada_and_ben(person: People) -> tuple[Member, Member]:
    return await two(person)


NO_POINT = to_base64url(b"\1" * 64).encode()


@together(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"exchange": "AA"}',
        b'{"exchange": 1}',
        b'{"exchange": "' + NO_POINT + b'"}',
    ],
)
async def test_an_introduction_that_is_none_is_refused(
    ada_and_ben: tuple[Member, Member], body: bytes
) -> None:
    ada, ben = ada_and_ben
    envelope = ben.keyring.seal(body, client_id="b-9", kind=Kind.INTRODUCTION)
    opened = ada.keyring.read(envelope, user_id=ben.user_id, client_id="b-9")
    with pytest.raises(Unreadable, match="malformed"):
        ada.keyring.learn(opened)


async def test_a_link_with_another_key_opens_nothing(person: People) -> None:
    ada, _ = await two(person)
    old = ada.keyring.link
    await ada.changes_key(ada.others())
    records = await records_after(ada.who, ada.path, 0)
    for link, given in ((old, records), (LinkKey.generate(), records), (ada.keyring.link, [])):
        with pytest.raises(Unreadable):
            Keyring.open(link, 1, given, Keys.generate(), "zoe-1")


# --- what says nothing to anybody ---


async def test_introductions_and_reactions_are_unread_for_nobody(person: People) -> None:
    ada, ben, cleo = await three(person)

    async def row(of: Member) -> Json:
        [own] = (await done(of.who, "GET", "/api/mine"))["conversations"]
        return dict(own)

    said = await ada.says("Tea?")
    target = ada.opens((await ada.log())[-1]).digest
    body = b'{"emoji": "+1", "on": true}'
    for number, kind in enumerate((Kind.REACTION, Kind.ABOUT, Kind.INTRODUCTION)):
        of = target if kind is Kind.REACTION else None
        client_id = f"aside-{number}"
        envelope = cleo.keyring.seal(body, client_id=client_id, kind=kind, target=of)
        sealed = {"message": envelope, "type": "encrypted", "client_id": client_id}
        assert (await cleo.sends(sealed))["ok"]
    own = await row(ben)
    assert own["unread"] == 1
    assert own["last_message"]["user_id"] == ada.user_id
    missed = await done(ben.who, "GET", f"{ben.path}/unread?after=0")
    assert [(each["user_id"], each["count"]) for each in missed["by"]] == [(ada.user_id, 1)]
    # Nor has anybody read by introducing themselves what was said before.
    await ben.introduces_themselves()
    assert (await row(ben))["unread"] == 1
    await ben.says("Yes, please")
    assert (await row(ben))["unread"] == 0
    assert said["seq"] < (await row(ben))["read_seq"]


async def test_where_nothing_but_introductions_were_sent_nothing_was_said_last(
    person: People,
) -> None:
    _, ben = await two(person)
    [own] = (await done(ben.who, "GET", "/api/mine"))["conversations"]
    assert (own["unread"], "last_message" in own) == (0, False)


async def test_elsewhere_what_looks_like_one_counts_as_any_message(person: People) -> None:
    ada, ben = person("Ada"), person("Ben")
    room_id = await ada.starts()
    await ben.joins_over_rest(room_id)
    await ada.joins_over_rest(room_id)
    body = {"message": "AQMuseful news", "type": "encrypted"}
    sent = await done(ada, "POST", f"/api/conversations/{room_id}/messages", body)
    [own] = (await done(ben, "GET", "/api/mine"))["conversations"]
    assert own["unread"] == 1
    assert own["last_message"]["timestamp"] == sent["timestamp"]
