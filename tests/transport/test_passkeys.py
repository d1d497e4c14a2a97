"""Passkeys, as a browser's scripts bring what an authenticator says."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from parley.app import Parley
from parley.config import Config
from parley.domain import passkeys
from parley.domain.passkeys import encoded
from tests import lasting
from tests.authenticators import PRESENT, SYNCED, VERIFIED, Authenticator, garbled
from tests.calls import FOREIGN, Caller, Json, Reply
from tests.passkeys import CHALLENGE, PASSKEYS, SIGN_IN, Browser

pytestmark = lasting.in_one_loop
config, app = lasting.config, lasting.app


@pytest.fixture
def ana(app: Parley) -> Browser:
    return Browser(app)


def is_refused(reply: Reply) -> None:
    assert (reply.status, reply.body["code"]) == (403, "sign_in_failed"), reply
    assert "Set-Cookie" not in reply.headers
    # The same for all that is wrong, so that nobody learns what there is.
    assert reply.body["error"].startswith("That passkey or recovery code isn't valid")


async def test_a_guest_keeps_who_they_are(ana: Browser, app: Parley) -> None:
    room_id = await ana.starts()
    await ana.joins(room_id)
    added = await ana.adds()
    assert added.status == 201
    assert "token" not in added.body
    account = await ana.account()
    assert account is not None
    assert [each["name"] for each in account["passkeys"]] == ["Key"]
    await ana.says(room_id, "Still me")


async def test_who_has_it_is_the_same_on_another_device(ana: Browser, app: Parley) -> None:
    room_id = await ana.starts()
    await ana.joins(room_id)
    await ana.adds()
    desk = Browser(app, ana.authenticator)
    assert (await desk.signs_in()).status == 200
    await desk.says(room_id, "From the desk")
    mine = await desk.call("GET", "/api/mine", headers={"Origin": ""})
    assert [each["room_id"] for each in mine.body["conversations"]] == [room_id]


async def test_a_guest_brings_along_what_they_have(ana: Browser, app: Parley) -> None:
    await ana.adds()
    desk = Browser(app, ana.authenticator)
    room_id = await desk.starts()
    await desk.joins(room_id)
    assert (await desk.signs_in(bring=True)).status == 200
    await ana.says(room_id, "From the phone")


async def test_what_is_asked_of_an_authenticator(ana: Browser) -> None:
    options = await ana.is_asked("add", name="Ana")
    assert options["rp"]["id"] == "localhost"
    assert options["user"]["name"] == "Ana"
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"] == {
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    shown = await ana.is_asked("sign_in")
    assert shown["allowCredentials"] == []  # which there are is told to nobody
    assert shown["userVerification"] == "required"


async def test_a_second_passkey_is_not_made_where_the_first_is(ana: Browser) -> None:
    await ana.adds()
    options = await ana.is_asked("add")
    assert [each["id"] for each in options["excludeCredentials"]] == [
        encoded(ana.authenticator.passkeys[0].id)
    ]
    assert options["excludeCredentials"][0]["transports"] == ["internal"]
    assert (await ana.adds()).status == 201
    account = await ana.account()
    assert account is not None
    assert len(account["passkeys"]) == 2


LIES: dict[str, Json] = {
    "another origin": {"origin": FOREIGN},
    "the origin of another port": {"origin": "http://localhost:3000"},
    "another server": {"rp_id": "mallory.example"},
    "another ceremony": {"type": "webauthn.other"},
    "a frame of another site": {"cross_origin": True},
    "a challenge that nobody gave": {"challenge": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
    "a challenge that is none": {"challenge": "*"},
}
OF_SHOWING: dict[str, Json] = {
    "another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "a passkey that there is not": {"id": b"made up"},
    "another account": {"user_handle": b"somebody else"},
    "nobody there": {"flags": VERIFIED},
    "nobody who showed that it is theirs": {"flags": PRESENT},
}


@pytest.mark.parametrize("lie", LIES | OF_SHOWING)
async def test_a_lie_signs_nobody_in(ana: Browser, app: Parley, lie: str) -> None:
    await ana.adds()
    mallory = Browser(app, ana.authenticator)
    is_refused(await mallory.signs_in(**(LIES | OF_SHOWING)[lie]))
    assert await mallory.account() is None
    assert (await mallory.signs_in()).status == 200  # who tells the truth is


@pytest.mark.parametrize("lie", LIES)
async def test_a_lie_adds_nothing(ana: Browser, lie: str) -> None:
    is_refused(await ana.adds(**LIES[lie]))
    assert await ana.account() is None


@pytest.mark.parametrize("flags", [PRESENT, VERIFIED, 0])
async def test_nothing_is_added_without_somebody_who_proved_themselves(
    app: Parley, flags: int
) -> None:
    is_refused(await Browser(app, Authenticator(flags=flags)).adds())


@pytest.mark.parametrize(
    "attestation",
    [b"", b"\xa0", b"\xff", garbled(b""), garbled(b"\0" * 37), b"\0" * 9_000, b"\x81" * 9_000],
)
async def test_what_is_no_attestation_adds_nothing(ana: Browser, attestation: bytes) -> None:
    made = ana.authenticator.makes(await ana.is_asked("add"))
    made["response"]["attestationObject"] = encoded(attestation)
    is_refused(await ana.call("POST", PASSKEYS, {"credential": made}))


@pytest.mark.parametrize("part", ["clientDataJSON", "authenticatorData", "signature"])
@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff\xfe", b"null", b"[" * 3_000])
async def test_what_is_no_assertion_signs_nobody_in(
    ana: Browser, app: Parley, part: str, raw: bytes
) -> None:
    await ana.adds()
    shown = ana.authenticator.shows(await ana.is_asked("sign_in"))
    shown["response"][part] = encoded(raw)
    is_refused(await ana.call("POST", SIGN_IN, {"credential": shown}))


async def test_what_is_no_base64url_is_told_so(ana: Browser) -> None:
    shown = ana.authenticator.makes(await ana.is_asked("add"))
    shown["response"]["clientDataJSON"] = "not base64url!"
    reply = await ana.call("POST", PASSKEYS, {"credential": shown})
    assert (reply.status, reply.body["code"]) == (400, "bad_request")
    assert "clientDataJSON" in reply.body["error"]


async def test_what_was_shown_once_is_not_taken_twice(ana: Browser) -> None:
    await ana.adds()
    shown = ana.authenticator.shows(await ana.is_asked("sign_in"))
    assert (await ana.call("POST", SIGN_IN, {"credential": shown})).status == 200
    is_refused(await ana.call("POST", SIGN_IN, {"credential": shown}))


async def test_what_was_shown_elsewhere_signs_nobody_in(ana: Browser, app: Parley) -> None:
    await ana.adds()
    desk, mallory = Browser(app, ana.authenticator), Browser(app)
    stolen = desk.authenticator.shows(await desk.is_asked("sign_in"))
    await mallory.is_asked("sign_in")
    is_refused(await mallory.call("POST", SIGN_IN, {"credential": stolen}))
    is_refused(await Browser(app).call("POST", SIGN_IN, {"credential": stolen}))


async def test_who_became_another_meanwhile_asks_again(ana: Browser, app: Parley) -> None:
    await ana.adds()
    desk = Browser(app, ana.authenticator)
    shown = desk.authenticator.shows(await desk.is_asked("sign_in"))
    await desk.starts()
    is_refused(await desk.call("POST", SIGN_IN, {"credential": shown}))


async def test_a_challenge_for_one_thing_is_none_for_the_other(ana: Browser) -> None:
    await ana.adds()
    asked = await ana.is_asked("add")
    is_refused(await ana.call("POST", SIGN_IN, {"credential": ana.authenticator.shows(asked)}))
    asked = {**await ana.is_asked("add"), "challenge": (await ana.is_asked("sign_in"))["challenge"]}
    is_refused(await ana.call("POST", PASSKEYS, {"credential": ana.authenticator.makes(asked)}))


async def test_a_challenge_is_good_for_five_minutes(
    ana: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ana.adds()
    monkeypatch.setattr(passkeys, "VALID_FOR", passkeys.VALID_FOR * 0)
    is_refused(await ana.signs_in())


async def test_a_counter_that_goes_back_is_a_copy(app: Parley) -> None:
    ana = Browser(app, Authenticator(counts=True))
    await ana.adds()
    assert (await ana.signs_in()).status == 200
    passkey = ana.authenticator.passkeys[0]
    for counter in (passkey.counter, passkey.counter - 1, 0):
        is_refused(await ana.signs_in(counter=counter))
    assert (await ana.signs_in()).status == 200


async def test_what_syncs_counts_nothing(app: Parley) -> None:
    ana = Browser(app, Authenticator(flags=PRESENT | VERIFIED | SYNCED))
    await ana.adds()
    for _ in range(2):
        assert (await ana.signs_in()).status == 200
    account = await ana.account()
    assert account is not None
    assert account["passkeys"][0]["synced"] is True


async def test_one_authenticator_can_have_several_accounts(ana: Browser, app: Parley) -> None:
    await ana.adds()
    ben = Browser(app, ana.authenticator)
    await ben.adds()
    first, second = ana.authenticator.passkeys
    assert first.user_handle != second.user_handle
    desk = Browser(app, ana.authenticator)
    shown = desk.authenticator.shows(await desk.is_asked("sign_in"), first)
    assert (await desk.call("POST", SIGN_IN, {"credential": shown})).status == 200
    here, there = await desk.account(), await ana.account()
    assert here is not None
    assert there is not None
    assert here["passkeys"] == there["passkeys"]


async def test_one_passkey_is_never_of_two_accounts(ana: Browser, app: Parley) -> None:
    await ana.adds()
    is_refused(await Browser(app).adds(id=ana.authenticator.passkeys[0].id))
    assert (await Browser(app, ana.authenticator).signs_in()).status == 200


async def test_a_second_sign_in_confirms(ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    from parley.domain import accounts

    await ana.adds()
    await ana.adds()
    monkeypatch.setattr(accounts, "CONFIRMED_FOR", accounts.CONFIRMED_FOR * 0)
    refused = await ana.call("POST", CHALLENGE, {"purpose": "add"})
    assert (refused.status, refused.body["code"]) == (403, "confirmation_required")
    account = await ana.account()
    assert account is not None
    id = account["passkeys"][0]["id"]
    refused = await ana.call("DELETE", f"{PASSKEYS}/{id}")
    assert refused.body["code"] == "confirmation_required"
    monkeypatch.undo()
    assert (await ana.signs_in()).status == 200
    assert (await ana.call("DELETE", f"{PASSKEYS}/{id}")).status == 200


async def test_the_last_way_in_is_not_removed_unasked(ana: Browser) -> None:
    await ana.adds()
    account = await ana.account()
    assert account is not None
    path = f"{PASSKEYS}/{account['passkeys'][0]['id']}"
    refused = await ana.call("DELETE", path)
    assert (refused.status, refused.body["code"]) == (409, "last_way_in")
    assert (await ana.call("POST", "/api/account/codes")).status == 201
    assert (await ana.call("DELETE", path)).status == 200
    assert (await ana.adds()).status == 201


async def test_it_is_removed_where_somebody_insists(ana: Browser, app: Parley) -> None:
    await ana.adds()
    account = await ana.account()
    assert account is not None
    path = f"{PASSKEYS}/{account['passkeys'][0]['id']}"
    assert (await ana.call("DELETE", path, {"anyway": True})).status == 200
    is_refused(await Browser(app, ana.authenticator).signs_in())


async def test_a_passkey_has_a_name(ana: Browser, app: Parley) -> None:
    await ana.adds()
    account = await ana.account()
    assert account is not None
    path = f"{PASSKEYS}/{account['passkeys'][0]['id']}"
    assert (await ana.call("PATCH", path, {"name": "Blue key"})).status == 200
    account = await ana.account()
    assert account is not None
    assert account["passkeys"][0]["name"] == "Blue key"
    # Not another's.
    ben = Browser(app)
    await ben.adds()
    for method in ("PATCH", "DELETE"):
        assert (await ben.call(method, path, {"name": "Mine"})).status == 404


async def test_too_many_are_refused(ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passkeys, "PASSKEYS_MAX", 2)
    await ana.adds()
    await ana.adds()
    refused = await ana.call("POST", CHALLENGE, {"purpose": "add"})
    assert (refused.status, refused.body["code"]) == (400, "bad_request")


async def test_programs_and_other_sites_ask_no_authenticator(app: Parley) -> None:
    program = Caller(app, "Ana")
    for headers in ({}, {"Origin": "http://localhost:3000"}):
        reply = await program.call("POST", CHALLENGE, {"purpose": "add"}, headers=headers)
        assert (reply.status, reply.body["code"]) == (409, "passkeys_unavailable")
    foreign = await program.call("POST", CHALLENGE, {"purpose": "add"}, headers={"Origin": FOREIGN})
    assert foreign.body["code"] == "origin_refused"


async def test_the_cookie_that_ties_them_together_is_no_scripts(ana: Browser) -> None:
    reply = await ana.call("POST", CHALLENGE, {"purpose": "sign_in"})
    cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=300" in cookie


async def test_a_challenge_is_random_and_kept_as_a_hash(ana: Browser, app: Parley) -> None:
    from parley.storage.schema import challenges

    asked = [(await ana.is_asked("sign_in"))["challenge"] for _ in range(2)]
    assert len(set(asked)) == 2
    rows = await app.database.read(lambda connection: connection.execute(challenges.select()).all())
    raw = {base64.urlsafe_b64decode(each + "=") for each in asked}
    assert not raw & {row.challenge_hash for row in rows}


# --- where there are none ---


@pytest.mark.parametrize(
    ("public_url", "host", "says"),
    [
        ("", "192.168.1.5:8080", "--public-url"),
        ("http://talk.example.org", "talk.example.org", "HTTPS"),
        ("https://192.0.2.1", "192.0.2.1", "IP address"),
        ("https://[2001:db8::1]", "[2001:db8::1]", "IP address"),
    ],
)
async def test_where_passkeys_cannot_work_a_sentence_says_so(
    own_config: Config, public_url: str, host: str, says: str
) -> None:
    from parley.app import create_app

    app = create_app(replace(own_config, public_url=public_url))
    async with app.test_app():
        ana = Caller(app, "Ana", cookies=True)
        origin = f"{'https' if public_url.startswith('https') else 'http'}://{host}"
        headers = {"Host": host, "Origin": origin}
        reply = await ana.call("POST", CHALLENGE, {"purpose": "add"}, headers=headers)
        assert (reply.status, reply.body["code"]) == (409, "passkeys_unavailable"), reply
        assert says in reply.body["error"]
        shown = await ana.call("GET", "/api/account", headers={"Host": host})
        assert shown.body["passkeys"] is False


async def test_with_a_public_url_they_are_for_its_host(own_config: Config) -> None:
    from parley.app import create_app

    app = create_app(
        replace(
            own_config, public_url="https://talk.example.org:8443/talk", hosts=("other.example",)
        )
    )
    async with app.test_app():
        ana = Caller(app, "Ana", cookies=True)
        for host, origin, works in (
            ("talk.example.org:8443", "https://talk.example.org:8443", True),
            ("other.example", "https://other.example", False),
        ):
            headers = {"Host": host, "Origin": origin}
            reply = await ana.call("POST", CHALLENGE, {"purpose": "add"}, headers=headers)
            assert (reply.status == 200) == works, reply
            if works:
                assert reply.body["options"]["rp"]["id"] == "talk.example.org"
            else:
                assert "https://talk.example.org:8443/talk" in reply.body["error"]
