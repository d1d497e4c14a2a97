"""Accounts: starting one, signing in and out, and what proves whose it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from msgspec import UNSET, UnsetType
from quart import Response, request

from parley import contract, present, signing_in, web
from parley.domain import accounts, contacts, own_picture, passkeys, recovery
from parley.domain import chest as chests
from parley.domain.accounts import Entered, Mine
from parley.domain.contacts import Own
from parley.domain.passkeys import Asserted, Attested, decoded
from parley.oidc.choice import Providers
from parley.present.fields import moment_or_unset, timestamp
from parley.records import ExternalIdentity


async def account() -> contract.AccountReply:
    context, session = web.site().context, await web.session_if_known()
    mine = await accounts.mine(context, session)
    told: contract.AccountObject | UnsetType = UNSET
    if mine is not None:
        own = await contacts.own(context, session)
        told = _account(mine, own, context.clock(), context.providers)
    return contract.AccountReply(
        account=told,
        guest_conversations=await accounts.guest_has(context, session),
        passkeys=signing_in.has_passkeys(),
        providers=[
            contract.SignInProvider(id=each.key, name=each.name) for each in context.providers
        ],
    )


async def start(body: contract.StartAccountBody) -> Response:
    session = await web.current_session()
    started = await recovery.start(web.site().context, session, signing_in.where(), body.name)
    token = _token(started.entered)
    reply = contract.CodesReply(codes=list(started.codes), token=token)
    return signing_in.remember(web.json(reply, 201), started.entered)


async def change(body: contract.ChangeAccountBody) -> contract.DoneReply:
    await accounts.change(
        web.site().context,
        await web.current_session(),
        name=None if body.name is UNSET else body.name,
        hue=None if body.hue is UNSET else body.hue,
        keeps_hue=body.hue is UNSET,
    )
    return contract.DoneReply()


async def delete(body: contract.DeleteAccountBody) -> Response:
    session = await web.current_session()
    with_messages = body.messages == "delete"
    await accounts.delete(web.site().context, session, with_messages=with_messages)
    return web.forget(web.json(contract.DoneReply()))


async def sign_in(body: contract.SignInBody) -> Response:
    session = await web.current_session()
    entered = await recovery.sign_in(
        web.site().context, session, signing_in.where(), body.code, bring=body.bring
    )
    return signed_in(entered)


async def sign_out(body: contract.SignOutBody) -> Response:
    session = await web.current_session()
    count = await accounts.sign_out(web.site().context, session, all_others=body.others)
    response = web.json(contract.SignedOutReply(count=count))
    return response if body.others else web.forget(response)


async def sign_out_device(device_id: str) -> contract.SignedOutReply:
    session = await web.current_session()
    count = await accounts.sign_out(web.site().context, session, device_id=web.number(device_id))
    return contract.SignedOutReply(count=count)


async def make_codes(_body: contract.Nothing) -> contract.CodesReply:
    codes = await recovery.make(web.site().context, await web.current_session())
    return contract.CodesReply(codes=list(codes))


async def passkey_challenge(body: contract.ChallengeBody) -> Response:
    context, party = web.site().context, signing_in.relying_party()
    browser = await signing_in.browser(begins=True)
    if body.purpose == "add":
        options = await passkeys.ask_to_add(context, browser, party, body.name)
    else:
        options = await passkeys.ask_to_show(context, browser, party)
    return signing_in.remember_asked(web.json(contract.ChallengeReply(options=options)))


async def add_passkey(body: contract.AddPasskeyBody) -> Response:
    party, browser = signing_in.relying_party(), await signing_in.browser()
    said = body.credential.response
    attested = Attested(
        client_data=decoded(said.client_data, "credential.response.clientDataJSON"),
        attestation=decoded(said.attestation, "credential.response.attestationObject"),
        transports=tuple(said.transports),
    )
    entered = await passkeys.add(
        web.site().context,
        browser,
        party,
        signing_in.where(),
        attested,
        name=body.name or signing_in.where().label,
        account_name=body.account_name,
    )
    return signed_in(entered, status=201)


async def passkey_sign_in(body: contract.PasskeySignInBody) -> Response:
    party, browser = signing_in.relying_party(), await signing_in.browser()
    said = body.credential.response
    asserted = Asserted(
        credential_id=decoded(body.credential.id, "credential.id"),
        client_data=decoded(said.client_data, "credential.response.clientDataJSON"),
        authenticator_data=decoded(
            said.authenticator_data, "credential.response.authenticatorData"
        ),
        signature=decoded(said.signature, "credential.response.signature"),
        user_handle=(
            None
            if said.user_handle is None
            else decoded(said.user_handle, "credential.response.userHandle")
        ),
    )
    entered = await passkeys.sign_in(
        web.site().context, browser, party, signing_in.where(), asserted, bring=body.bring
    )
    return signed_in(entered)


async def set_picture() -> contract.DoneReply:
    session = await web.current_session()
    picture: Any = await request.get_data(as_text=False)  # bytes, though its type allows for text
    await own_picture.put(web.site().context, session, picture)
    return contract.DoneReply()


async def remove_picture() -> contract.DoneReply:
    await own_picture.remove(web.site().context, await web.current_session())
    return contract.DoneReply()


async def chest() -> contract.ChestReply:
    own = await chests.own(web.site().context, await web.current_session())
    return contract.ChestReply(chest=own.sealed, version=own.version)


async def put_chest(body: contract.ChestBody) -> contract.ChestReply:
    now = await chests.put(
        web.site().context, await web.current_session(), body.chest, version=body.version
    )
    return contract.ChestReply(chest=now.sealed, version=now.version)


async def rename_passkey(body: contract.RenameBody, passkey_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await passkeys.rename(web.site().context, session, web.number(passkey_id), body.name)
    return contract.DoneReply()


async def remove_passkey(body: contract.RemovePasskeyBody, passkey_id: str) -> contract.DoneReply:
    session = await web.current_session()
    await passkeys.remove(web.site().context, session, web.number(passkey_id), anyway=body.anyway)
    return contract.DoneReply()


def signed_in(entered: Entered, status: int = 200) -> Response:
    """Whoever asked is signed in: a page of our own by its cookie, a program by its token."""
    reply = contract.SignedInReply(token=_token(entered))
    return signing_in.remember(web.json(reply, status), entered)


def _account(mine: Mine, own: Own, at: datetime, providers: Providers) -> contract.AccountObject:
    link: str | UnsetType = UNSET
    if own.code is not None:
        link = present.contact_link(own.code, public_url=web.public_url())
    return contract.AccountObject(
        name=mine.account.name,
        hue=UNSET if mine.account.hue is None else mine.account.hue,
        picture=mine.account.has_picture,
        created_at=timestamp(mine.account.created_at),
        confirmed=mine.is_confirmed(at),
        devices=[
            contract.AccountDevice(
                id=each.id,
                label=each.label,
                place=each.place,
                signed_in_at=timestamp(each.signed_in_at),
                seen_at=timestamp(each.seen_at),
                this=each.id == mine.device.id,
            )
            for each in mine.devices
        ],
        passkeys=[
            contract.AccountPasskey(
                id=each.id,
                name=each.name,
                synced=each.is_synced,
                added_at=timestamp(each.added_at),
                used_at=moment_or_unset(each.used_at),
            )
            for each in mine.passkeys
        ],
        identities=[_identity(each, providers) for each in mine.identities],
        codes_left=mine.codes_left,
        contact_link=link,
        blocked=[present.blocked(each) for each in own.blocked],
    )


def _identity(identity: ExternalIdentity, providers: Providers) -> contract.AccountIdentity:
    provider = providers.of(identity.issuer)
    return contract.AccountIdentity(
        id=identity.id,
        provider=UNSET if provider is None else provider.key,
        name=urlsplit(identity.issuer).netloc if provider is None else provider.name,
        added_at=timestamp(identity.added_at),
        used_at=moment_or_unset(identity.used_at),
    )


def _token(entered: Entered) -> str | UnsetType:
    # A page of our own has the cookie, which scripts cannot read.
    return UNSET if web.is_own_page() else entered.token or UNSET
