"""`GET /openapi.json` is valid, and what the server answers is what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import openapi_spec_validator
import pytest
import pytest_asyncio
from openapi_schema_validator import OAS31Validator

from parley import contract
from parley.app import Parley, web_site
from parley.calls import uploads
from parley.config import Config
from parley.contract import posting
from parley.domain import asks, delivering, inviting, sessions
from parley.domain.admins import AT_COMMAND_LINE
from parley.domain.context import Context, now
from parley.domain.delivering import Happened
from parley.storage import webhooks
from tests import lasting
from tests.admins import admin, sits
from tests.calls import Caller, Json, Reply
from tests.cases import together
from tests.encryption.members import shaped_record
from tests.eventually import until
from tests.mail.postbox import with_mail
from tests.media.drawn import flag, saved
from tests.media.recorded import webm
from tests.oidc.provider import Provider, serving, with_providers
from tests.passkeys import CHALLENGE, PASSKEYS, Browser
from tests.security.test_rights import OF_ADMINS
from tests.subscriptions import SUBSCRIPTION

pytestmark = lasting.in_one_loop
app = lasting.app

QUIET = {"quiet_hours": {"start": "22:00", "end": "07:00", "time_zone": "Europe/Berlin"}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def provider() -> AsyncIterator[Provider]:
    async with serving() as started:
        yield started


@pytest.fixture(scope="module")
def config(
    tmp_path_factory: pytest.TempPathFactory, empty_database: Path, provider: Provider
) -> Config:
    """With all the calls there are."""
    made = lasting.config_in(tmp_path_factory.mktemp("calls"), empty_database)
    return with_providers(with_mail(made), provider.row())


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def document(app: Parley) -> Json:
    reply = await Caller(app, "Ada").call("GET", "/openapi.json")
    assert reply.status == 200
    assert reply.headers["Content-Type"].startswith("application/json")
    return reply.body


def validate(document: Json, schema: Json, value: object) -> None:
    whole = {**schema, "components": document["components"]}
    errors = [
        f"{error.json_path}: {error.message}" for error in OAS31Validator(whole).iter_errors(value)
    ]
    assert errors == []


def operation(document: Json, name: str) -> Json:
    call = contract.CALLS[name]
    found: Json = document["paths"][call.path][call.method.lower()]
    return found


async def test_the_description_is_valid_openapi(document: Json) -> None:
    openapi_spec_validator.validate(document)


async def test_every_call_is_described(document: Json, app: Parley) -> None:
    described = {
        (method.upper(), path) for path, methods in document["paths"].items() for method in methods
    }
    served = {
        (method, rule.rule.replace("<", "{").replace(">", "}"))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(("/api/", "/hooks/"))
        and rule.rule not in uploads.HANDLERS
        and not rule.endpoint.endswith((".unknown", ".not_taken"))
    }
    assert described == served


async def test_an_operation_has_an_id_of_its_own(document: Json) -> None:
    ids = [
        described["operationId"]
        for methods in document["paths"].values()
        for described in methods.values()
    ]
    assert sorted(ids) == sorted({*contract.CALLS, posting.POST_TO_HOOK.name})


async def replies_about_doors(ada: Caller, ben: Caller) -> dict[str, Reply]:
    """A real reply to every call about who may come in, and to what owners do."""
    room = f"/api/conversations/{await ada.starts()}"
    said = await ben.call("POST", f"{room}/join", {"user_id": "ben-1", "username": "Ben"})
    cleo = Caller(ada.app, "Cleo")
    found = {"change": await ada.call("PATCH", room, {"knock": True, "keep_days": 7})}
    found["knock"] = await cleo.call("POST", f"{room}/knock", {"username": "Cleo"})
    cleo.token = found["knock"].body["token"]
    found["knock_state"] = await cleo.call("GET", f"{room}/knock")
    await ada.call("POST", f"{room}/remove", {"user_id": "ben-1"})
    found["let_back"] = await ada.call("POST", f"{room}/let_back", {"user_id": "ben-1"})
    found["remove"] = await ada.call("POST", f"{room}/remove", {"user_id": "ben-1"})
    link = {"role": "reader", "label": "Family", "expires_in_s": 3_600, "uses_max": 5}
    found["make_link"] = await ada.call("POST", f"{room}/links", link)
    code = found["make_link"].body["url"].rsplit("/", 1)[1]
    found["use_link"] = await Caller(ada.app, "Dan").call("POST", f"/api/links/{code}")
    found["manage"] = await ada.call("GET", f"{room}/manage")
    knock = f"{room}/knocks/{found['manage'].body['waiting'][0]['id']}"
    found["answer_knock"] = await ada.call("POST", knock, {"admit": True})
    found["answer_knocks"] = await ada.call("POST", f"{room}/knocks", {"admit": False})
    number = found["make_link"].body["link"]["id"]
    found["revoke_link"] = await ada.call("DELETE", f"{room}/links/{number}")
    await ada.call("PATCH", room, {"passphrase": "open sesame"})
    found["enter"] = await Caller(ada.app, "Eve").call(
        "POST", f"{room}/enter", {"passphrase": "open sesame"}
    )
    await ada.call("POST", f"{room}/join", {"username": "Ada"})
    sent = await ada.call("POST", f"{room}/messages", {"message": "Oops"})
    reaction = f"{room}/messages/{sent.body['id']}/reactions/%F0%9F%91%8D"
    found["react"] = await ada.call("PUT", reaction)
    found["unreact"] = await ada.call("DELETE", reaction)
    found["edit_message"] = await ada.call(
        "PATCH", f"{room}/messages/{sent.body['id']}", {"message": "Sorry"}
    )
    found["pin_message"] = await ada.call("PUT", f"{room}/messages/{sent.body['id']}/pin")
    found["pins"] = await ada.call("GET", f"{room}/pins")
    found["unpin_message"] = await ada.call("DELETE", f"{room}/messages/{sent.body['id']}/pin")
    found["delete_message"] = await ada.call("DELETE", f"{room}/messages/{sent.body['id']}")
    found["acts"] = await ada.call("GET", f"{room}/acts")
    found["replace_link"] = await ada.call("POST", f"{room}/link")
    now = f"/api/conversations/{found['replace_link'].body['room_id']}"
    found["delete"] = await ada.call("DELETE", now)
    assert said.status == 200
    return found


async def replies_about_keys(ben: Caller) -> dict[str, Reply]:
    start = {"encrypted": True, "read_proof_hash": "A" * 43}
    created = await ben.call("POST", "/api/conversations/create", start)
    path = f"/api/conversations/{created.body['room_id']}/epochs"
    key = {"record": shaped_record(1, 2), "read_proof_hash": "B" * 42 + "A"}
    found = {"begin_epoch": await ben.call("POST", path, key)}
    found["epochs"] = await ben.call("GET", path)
    assert len(found["epochs"].body["epochs"]) == 1
    return found


async def replies_about_hosting(ada: Caller, ben: Caller) -> dict[str, Reply]:
    """To what is told the host, and what it lets people do."""
    room = f"/api/conversations/{await ada.starts()}"
    await ada.call("POST", f"{room}/join", {"username": "Ada"})
    heir = Caller(ada.app, "Heir")
    await heir.joins(room.rpartition("/")[2], user_id="heir-1")
    sent = await heir.call("POST", f"{room}/messages", {"message": "Fools"})
    body = {"message_id": sent.body["id"], "reason": "abuse", "words": "Rude"}
    found = {"report": await ada.call("POST", f"{room}/reports", body)}
    found["reports"] = await ada.call("GET", f"{room}/reports")
    resolve = f"{room}/reports/{found['reports'].body['reports'][0]['id']}/resolve"
    found["resolve_report"] = await ada.call("POST", resolve)
    role = {"user_id": "heir-1", "role": "founder"}
    found["set_role"] = await ada.call("POST", f"{room}/role", role)
    found["hand_over"] = await ada.call("POST", f"{room}/founder", {"user_id": "heir-1"})
    made = await web_site(ben.app).context.database.write(
        lambda connection: inviting.make(
            connection, by=AT_COMMAND_LINE, at=now(), uses_max=1, expires_in=None
        )
    )
    guest = Caller(ada.app, "Guest")
    found["accept_invitation"] = await guest.call("POST", f"/api/invitations/{made.code}")
    return found


async def replies_about_bots(ada: Caller) -> dict[str, Reply]:
    room_id, program = await ada.starts(), Caller(ada.app, "Echo")
    await ada.joins(room_id)
    room, context = f"/api/conversations/{room_id}", web_site(ada.app).context
    found = {"make_bot": await ada.call("POST", f"{room}/bots", {"name": "Echo"})}
    program.token, bot = found["make_bot"].body["token"], found["make_bot"].body["bot"]["user_id"]
    offer = {"commands": [{"name": "echo", "description": "Says it again", "hint": "words"}]}
    found["declare_commands"] = await program.call("PUT", f"{room}/bots/me/commands", offer)
    found["commands"] = await ada.call("GET", f"{room}/commands")
    found["bots"] = await ada.call("GET", f"{room}/bots")
    session, ask_id = await sessions.resolve(context, ada.token), asks.new_id()
    await asks.use_command(context, room_id, session, ask_id, bot=bot, name="echo", words="Hi")
    found["answer_ask"] = await program.call("POST", f"{room}/asks/{ask_id}", {"text": "Hi"})
    one = f"{room}/bots/{bot}"
    found["change_bot"] = await ada.call("PATCH", one, {"may": ["write"]})
    found["renew_bot"] = await ada.call("POST", f"{one}/token")
    found["revoke_bot"] = await ada.call("DELETE", one)
    return found


async def replies_about_hooks(ada: Caller) -> dict[str, Reply]:
    room = f"/api/conversations/{await ada.starts()}"
    found = {"make_hook": await ada.call("POST", f"{room}/hooks", {"name": "Alerts"})}
    path = urlsplit(found["make_hook"].body["url"]).path
    assert (await ada.call("POST", path, {"text": "Down"})).status == 200
    found["hooks"] = await ada.call("GET", f"{room}/hooks")
    assert found["hooks"].body["hooks"][0]["uses"] == 1
    number = found["make_hook"].body["hook"]["id"]
    found["remove_hook"] = await ada.call("DELETE", f"{room}/hooks/{number}")
    made = {"url": "https://example.org/told", "events": ["new_message", "user_joined"]}
    found["make_webhook"] = await ada.call("POST", f"{room}/webhooks", made)
    webhook_id = found["make_webhook"].body["webhook"]["id"]
    webhook = f"{room}/webhooks/{webhook_id}"
    found["change_webhook"] = await ada.call("PATCH", webhook, {"paused": True})
    found["webhooks"] = await ada.call("GET", f"{room}/webhooks")
    happened = Happened("user_joined", "{}", "ben", now())
    context = ada.app.chores.context
    await delivering.store(context, {}, {await _only(context, webhook_id): [happened]})
    found["deliveries"] = await ada.call("GET", f"{webhook}/deliveries")
    [delivery] = found["deliveries"].body["deliveries"]
    replay = f"{webhook}/deliveries/{delivery['id']}/replay"
    found["replay_delivery"] = await ada.call("POST", replay)
    found["remove_webhook"] = await ada.call("DELETE", webhook)
    return found


async def _only(context: Context, webhook_id: int) -> int:
    """The conversation that it is of."""
    webhook = await context.database.read(webhooks.by_id, webhook_id)
    assert webhook is not None
    return webhook.conversation_id


TELEGRAM = Path(__file__).parent.parent / "importing" / "samples" / "telegram-result.json"
"""Of its messages, one is of a kind that isn't in the file."""


async def replies_about_imports(ben: Caller) -> dict[str, Reply]:
    query = "name=result.json&dry_run=true"
    found = {"import": await ben.call("POST", f"/api/import?{query}", raw=TELEGRAM.read_bytes())}
    id = found["import"].body["progress"]["id"]
    imports = web_site(ben.app).imports
    assert imports is not None
    await until(lambda: imports._all[id].state == "ready", within_s=60)
    found["store_import"] = await ben.call("POST", f"/api/import/{id}/store", {"title": "Tea"})
    await until(lambda: imports._all[id].state == "done", within_s=60)
    found["import_state"] = await ben.call("GET", f"/api/import/{id}")
    assert found["import_state"].body["progress"]["contents"]["problems_count"] == 1
    room = f"/api/conversations/{found['import_state'].body['progress']['room_id']}"
    cleo = Caller(ben.app, "Cleo")
    joined = await cleo.call("POST", f"{room}/join", {"username": "Cleo", "user_id": "cleo-1"})
    cleo.token = joined.body["token"]
    people = (await cleo.call("GET", f"{room}/imported")).body["people"]
    found["claim"] = await cleo.call("POST", f"{room}/imported/{people[0]['user_id']}/claim")
    found["imported_people"] = await ben.call("GET", f"{room}/imported")
    found["answer_claim"] = await ben.call("POST", f"{room}/claims/cleo-1", {"admit": True})
    return found


async def replies_about_accounts(app: Parley, provider: Provider) -> dict[str, Reply]:
    ana, desk = Browser(app), Caller(app, "Ana")
    found = {"passkey_challenge": await ana.call("POST", CHALLENGE, {"purpose": "add"})}
    found["add_passkey"] = await ana.adds()
    found["passkey_sign_in"] = await ana.signs_in()
    found["make_codes"] = await ana.call("POST", "/api/account/codes")
    codes = found["make_codes"].body["codes"]
    found["sign_in"] = await desk.call("POST", "/api/account/sign-in", {"code": codes[0]})
    desk.token = found["sign_in"].body["token"]
    found |= await replies_about_contacts(desk)
    found["account"] = await desk.call("GET", "/api/account")
    [passkey] = found["account"].body["account"]["passkeys"]
    found["change_account"] = await desk.call("PATCH", "/api/account", {"name": "Ana", "hue": 3})
    picture = saved(flag(), "PNG")
    found["set_picture"] = await desk.call("PUT", "/api/account/picture", raw=picture)
    found["remove_picture"] = await desk.call("DELETE", "/api/account/picture")
    found["put_chest"] = await desk.call("PUT", "/api/account/chest", {"chest": "AQ", "version": 0})
    found["chest"] = await desk.call("GET", "/api/account/chest")
    talk = f"/api/conversations/{await desk.starts()}"
    await desk.call("POST", f"{talk}/join", {"username": "Ana"})
    found["keep_draft"] = await desk.call("PUT", f"{talk}/draft", {"text": "Half"})
    found["draft"] = await desk.call("GET", f"{talk}/draft")
    found["pin_conversation"] = await desk.call("PUT", f"{talk}/pinned", {"pinned": True})
    assert (await desk.call("GET", "/api/mine")).body["conversations"][0]["pinned"]
    path = f"{PASSKEYS}/{passkey['id']}"
    found["rename_passkey"] = await desk.call("PATCH", path, {"name": "Blue"})
    found["remove_passkey"] = await desk.call("DELETE", path)
    [other] = [each for each in found["account"].body["account"]["devices"] if not each["this"]]
    path = f"/api/account/devices/{other['id']}"
    found["sign_out_device"] = await desk.call("DELETE", path)
    again = Caller(app, "Ana")
    signed_in = await again.call("POST", "/api/account/sign-in", {"code": codes[1]})
    again.token = signed_in.body["token"]
    found["sign_out"] = await again.call("POST", "/api/account/sign-out")
    found |= await replies_about_providers(app, desk, provider)
    found["delete_account"] = await desk.call("DELETE", "/api/account", {"messages": "keep"})
    found["start_account"] = await Caller(app, "Ben").call("POST", "/api/account", {"name": "Ben"})
    return found


async def replies_about_admins(app: Parley, ben: Caller) -> dict[str, Reply]:
    room_id = await ben.starts("Tea")
    await ben.joins(room_id, user_id="member-1")
    said = await ben.says(room_id, "Buy now!")
    body = {"message_id": said["id"], "reason": "spam"}
    await ben.call("POST", f"/api/conversations/{room_id}/reports", body)
    await sits(app, room_id, "member-1", "198.51.100.7")
    program = await (await admin(app)).program()
    return {
        name: await program.call(contract.CALLS[name].method, path.format(room_id=room_id), given)
        for name, (path, given) in OF_ADMINS.items()
    }


async def replies_about_contacts(ana: Caller) -> dict[str, Reply]:
    """With one whom she blocked, and unblocked another."""
    found = {"make_contact_link": await ana.call("POST", "/api/account/contact-link")}
    contact = {"contact": found["make_contact_link"].body["contact_link"]}
    for answer in ("accept", "block", "block"):
        ada = Caller(ana.app, "Ada")
        room_id = await ada.starts()
        await ada.joins(room_id)
        invites = f"/api/conversations/{room_id}/invites"
        found["invite"] = await ada.call("POST", invites, contact)
        found["invites"] = await ana.call("GET", "/api/invites")
        path = f"/api/invites/{found['invites'].body['invites'][0]['id']}"
        answered = await ana.call("POST", path, {"answer": answer})
        found.setdefault("answer_invite", answered)
    blocked = (await ana.call("GET", "/api/account")).body["account"]["blocked"]
    found["unblock"] = await ana.call("DELETE", f"/api/account/blocked/{blocked[0]['id']}")
    found["remove_contact_link"] = await ana.call("DELETE", "/api/account/contact-link")
    await ana.call("POST", "/api/account/contact-link")
    return found


async def replies_about_providers(
    app: Parley, desk: Caller, provider: Provider
) -> dict[str, Reply]:
    """By somebody with a program of their own, who adds what they signed in with elsewhere."""
    at, new = "/api/account/providers/example", Caller(app, "Ana")
    asked = await new.call("POST", at)
    sent = provider.approves(asked.body["url"]) | {"secret": asked.body["secret"]}
    unknown = await new.call("POST", f"{at}/sign-in", sent)
    assert unknown.body["code"] == "sign_in_unknown"
    again = {"state": sent["state"], "secret": sent["secret"], "name": "Ana"}
    found = {"ask_provider": asked}
    found["provider_start_account"] = await new.call("POST", f"{at}/start", again)
    asked = await desk.call("POST", at, {"purpose": "add"})
    sent = provider.approves(asked.body["url"], "ana-2") | {"secret": asked.body["secret"]}
    found["provider_sign_in"] = await desk.call("POST", f"{at}/sign-in", sent)
    found["account"] = await desk.call("GET", "/api/account")
    path = f"/api/account/identities/{found['account'].body['account']['identities'][0]['id']}"
    found["remove_identity"] = await desk.call("DELETE", path)
    return found


async def replies_about_desks(owner: Caller, visitor: Caller) -> dict[str, Reply]:
    made = await owner.call("POST", "/api/desks", {"title": "{name}", "greeting": "Hello"})
    owner.token, path = made.body["token"], f"/api/desks/{made.body['desk']['id']}"
    found = {"make_desk": made, "desks": await owner.call("GET", "/api/desks")}
    hello = {"username": "Vi", "message": "Hello"}
    found["start_at_desk"] = await visitor.call("POST", f"{path}/conversations", hello)
    visitor.token = found["start_at_desk"].body["token"]
    found["desk"] = await visitor.call("GET", path)
    found["change_desk"] = await owner.call("PATCH", path, {"open": False, "username": "Ada"})
    found["remove_desk"] = await owner.call("DELETE", path)
    return found


async def replies(ada: Caller, ben: Caller, provider: Provider) -> dict[str, Reply]:
    """A real reply to every call."""
    start = {"title": "Tea", "description": "At four", "user_id": "ada-1", "visibility": "listed"}
    created = await ada.call("POST", "/api/conversations/create", start)
    ada.token = created.body["token"]
    room = f"/api/conversations/{created.body['room_id']}"
    found = {
        "create": created,
        "join": await ben.call("POST", f"{room}/join", {"user_id": "b", "username": "Ben"}),
    }
    ben.token = found["join"].body["token"]
    found["leave"] = await ben.call("POST", f"{room}/leave")
    hello = {"message": "Hello", "type": "text", "client_id": "c-1"}
    found["send"] = await ben.call("POST", f"{room}/messages", hello)
    found["upload"] = await ben.call("POST", f"{room}/files?name=a.txt", raw=b"Hello")
    film = await ben.call("POST", f"{room}/files?name=a.webm", raw=webm(5, size=(640, 480)))
    still = f"{room}/files/{film.body['file']['id']}/still"
    found["set_still"] = await ben.call("PUT", still, raw=saved(flag(), "PNG"))
    files = {"message": "", "attachments": [found["upload"].body["file"]["id"]]}
    assert (await ben.call("POST", f"{room}/messages", files)).status == 201
    found["files"] = await ben.call("GET", f"{room}/files")
    found["mark_read"] = await ben.call("PUT", f"{room}/read", {"seq": 1, "hidden": True})
    found["unread"] = await ada.call("GET", f"{room}/unread?after=0")
    found["call_servers"] = await ben.call("GET", f"{room}/call/servers")
    found["search"] = await ada.call("GET", f"{room}/search?q=hello&by=relevance")
    found["search_all"] = await ben.call("GET", "/api/search?q=hello&limit=1")
    found["mine"] = await ben.call("GET", "/api/mine")
    wish = {"address": "ben@example.org", "words": True}
    found["set_mail"] = await ben.call("PUT", "/api/mail", wish)
    found["mail"] = await ben.call("GET", "/api/mail")
    found["unset_mail"] = await ben.call("DELETE", "/api/mail")
    found |= await replies_about_imports(ben)
    found |= await replies_about_hooks(ada)
    found |= await replies_about_doors(ada, ben)
    found |= await replies_about_keys(ben)
    found |= await replies_about_accounts(ada.app, provider)
    found |= await replies_about_admins(ada.app, Caller(ada.app, "Bea"))
    found |= await replies_about_hosting(ada, ben)
    found |= await replies_about_desks(Caller(ada.app, "Dee"), Caller(ada.app, "Vi"))
    found |= await replies_about_bots(ada)
    await ada.starts("Another, so that there is a next page")
    found["list"] = await ada.call("GET", "/api/conversations?limit=1")
    found["messages"] = await ada.call("GET", f"{room}/messages")
    found["export"] = await ada.call("GET", f"{room}/export")
    found["participants"] = await ada.call("GET", f"{room}/participants")
    found["end"] = await ada.call("POST", f"{room}/end")
    found["read"] = await ada.call("GET", room)
    found["health"] = await ada.call("GET", "/api/health")
    found["subscribe"] = await ben.call("POST", "/api/push", QUIET | SUBSCRIPTION)
    found["push"] = await ben.call("GET", "/api/push")
    gone = {"endpoint": SUBSCRIPTION["endpoint"]}
    found["unsubscribe"] = await ben.call("DELETE", "/api/push", gone)
    wanted = {"level": "mentions", "quiet_for_s": 3600}
    found["set_notifications"] = await ben.call("PUT", f"{room}/notifications", wanted)
    found["notifications"] = await ben.call("GET", f"{room}/notifications")
    found["ready"] = await ada.call("GET", "/api/ready")
    return found


async def test_the_reply_to_every_call_is_as_described(
    document: Json, ada: Caller, ben: Caller, provider: Provider
) -> None:
    real = await replies(ada, ben, provider)
    streams = {name for name, call in contract.CALLS.items() if call.is_stream}
    assert set(real) == set(contract.CALLS) - streams
    for name, reply in real.items():
        described = operation(document, name)["responses"][str(reply.status)]
        schema = described["content"]["application/json"]["schema"]
        validate(document, schema, reply.body)
        assert set(reply.body) <= _properties(document, schema), name


def test_a_stream_is_described_as_one(document: Json) -> None:
    [described] = operation(document, "events")["responses"]["200"]["content"]
    assert described == "text/event-stream"


async def test_every_error_is_as_described(document: Json, ada: Caller) -> None:
    errors = [
        await ada.call("GET", "/api/conversations/abc12345"),
        await ada.call("GET", "/api/nothing"),
        await ada.call("POST", "/api/conversations/create", raw=b"{"),
        await ada.call("POST", "/api/conversations/create", {"title": "x" * 201}),
    ]
    for name in contract.CALLS:
        described = operation(document, name)["responses"]["default"]
        for reply in errors:
            validate(document, described["content"]["application/json"]["schema"], reply.body)


async def test_a_wrong_reply_would_be_noticed(document: Json, ada: Caller) -> None:
    reply = await ada.call("GET", "/api/health")
    described = operation(document, "health")["responses"]["200"]
    schema = described["content"]["application/json"]["schema"]
    for wrong in ({**reply.body, "active_connections": "none"}, {"success": True}):
        with pytest.raises(AssertionError):
            validate(document, schema, wrong)


@pytest.mark.parametrize("field", ["title", "description", "user_id"])
async def test_the_limits_of_a_body_are_described(document: Json, field: str) -> None:
    body = operation(document, "create")["requestBody"]["content"]["application/json"]["schema"]
    limit = {"title": 200, "description": 2_000, "user_id": 64}[field]
    validate(document, body, {field: "x" * limit})
    with pytest.raises(AssertionError):
        validate(document, body, {field: "x" * (limit + 1)})


TEXTS: list[tuple[str, Json, bool]] = [
    ("send", {"message": " a\nb "}, True),
    ("send", {"attachments": []}, False),
    ("send", {"message": "a", "attachments": [1]}, False),
    ("send", {"message": "a", "attachments": ["x"] * 21}, False),
    ("send", {"message": "a\0b"}, False),
    ("send", {"message": "a", "type": "a.b/c:d-e_f"}, True),
    ("send", {"message": "a", "type": ""}, False),
    ("send", {"message": "a", "type": "two words"}, False),
    ("send", {"message": "a", "client_id": "\0"}, False),
    ("create", {"title": "a\tb", "user_id": "ü 1"}, True),
    ("create", {"title": "", "user_id": ""}, True),
    ("create", {"title": None, "description": None, "user_id": None}, True),
    ("create", {"title": "a\0"}, False),
    ("create", {"description": "\0"}, False),
    ("create", {"user_id": "a\nb"}, False),
    ("create", {"user_id": "a\u202eb"}, False),
    ("join", {"username": "\0"}, False),
    ("join", {"username": "Ben", "passphrase": " "}, True),
    ("change", {"keep_days": 30}, True),
    ("change", {"keep_days": 0, "passphrase": ""}, True),
    ("change", {"keep_days": 2}, False),
    ("change", {"passphrase": " "}, False),
    ("change", {"title": None}, False),
    ("make_link", {"role": "member", "label": "\0"}, False),
    ("make_link", {"role": "member", "expires_in_s": 59}, False),
    ("replace_link", {}, True),
    ("begin_epoch", {"record": "", "read_proof_hash": "A" * 43}, False),
    ("begin_epoch", {"record": "A+/", "read_proof_hash": "A" * 43}, False),
    ("begin_epoch", {"record": shaped_record(1), "read_proof_hash": "A" * 42}, False),
    ("begin_epoch", {"read_proof_hash": "A" * 43}, False),
    ("begin_epoch", {"record": shaped_record(1), "read_proof_hash": "A" * 43, "remove": 1}, False),
    ("knock", {"username": ""}, False),
    ("knock", {"username": " "}, False),
    ("enter", {"passphrase": ""}, False),
    ("set_mail", {"address": "ada@example.org"}, True),
    ("subscribe", QUIET | SUBSCRIPTION, True),
    ("subscribe", {**SUBSCRIPTION, "keys": {}}, False),
    ("subscribe", {**SUBSCRIPTION, "quiet_hours": {"start": "24:00"}}, False),
    ("set_notifications", {"level": "default"}, True),
    ("set_notifications", {"level": "some"}, False),
    ("set_notifications", {"quiet_for_s": -1}, False),
    ("set_mail", {"address": ""}, False),
    ("set_mail", {"address": None}, False),
    ("set_mail", {"words": True}, False),
    ("set_mail", {"address": "ada@example.org", "words": "yes"}, False),
]


@together(("name", "body", "is_right"), TEXTS)
async def test_what_a_body_may_hold_is_described_as_the_server_takes_it(
    document: Json, ada: Caller, ben: Caller, name: str, body: Json, is_right: bool
) -> None:
    room_id = await ada.starts()
    await ada.joins(room_id)
    if name == "enter":
        path = f"/api/conversations/{room_id}"
        assert (await ada.call("PATCH", path, {"passphrase": "sesame"})).status == 200
    call = contract.CALLS[name]
    asks = ada if call.credential else ben
    reply = await asks.call(call.method, call.path.replace("{room_id}", room_id), body)
    assert reply.status == (call.status if is_right else 400), reply
    schema = operation(document, name)["requestBody"]["content"]["application/json"]["schema"]
    whole = {**schema, "components": document["components"]}
    assert OAS31Validator(whole).is_valid(body) is is_right


async def test_a_message_of_nothing_is_refused(ada: Caller) -> None:
    # With attachments it may be empty, which is more than its description can say.
    room_id = await ada.starts()
    await ada.joins(room_id)
    for body in ({"message": ""}, {"message": " \n"}, {"message": "", "attachments": []}):
        reply = await ada.call("POST", f"/api/conversations/{room_id}/messages", body)
        assert (reply.status, reply.body["code"]) == (400, "bad_request")


def _properties(document: Json, schema: Json) -> set[str]:
    name = schema["$ref"].rsplit("/", 1)[1]
    component: dict[str, Any] = document["components"]["schemas"][name]
    return set(component["properties"])
