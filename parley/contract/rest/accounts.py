"""Accounts: being the same person on several devices."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.rest.call import Call, DoneReply, Nothing
from parley.contract.terms import (
    CHEST_MAX_CHARS,
    HUES,
    PICTURE_MAX_BYTES,
    STILL_MAX_PX,
    Label,
    Seq,
    Timestamp,
)

_BYTES = Annotated[str, Meta(max_length=16_384)]

RECOVERY_CODE_MAX_CHARS = 64
PROVIDER_CODE_MAX_CHARS = 4_096
STATE_MAX_CHARS = 128
ISSUER_MAX_CHARS = 2_048
_STATE = Annotated[str, Meta(min_length=1, max_length=STATE_MAX_CHARS)]


class AccountDevice(Struct, kw_only=True):
    """Where you are signed in: what it said it was, from about where, and when it last called."""

    id: int
    label: str
    place: str
    signed_in_at: Timestamp
    seen_at: Timestamp
    this: bool


class AccountPasskey(Struct, kw_only=True):
    """`synced`: its maker keeps it on several devices."""

    id: int
    name: str
    synced: bool
    added_at: Timestamp
    used_at: Timestamp | UnsetType = UNSET


class AccountIdentity(Struct, kw_only=True):
    """Who you are to a provider. Without `provider`, nobody can sign in with it here any more."""

    id: int
    provider: str | UnsetType = UNSET
    name: str
    added_at: Timestamp
    used_at: Timestamp | UnsetType = UNSET


class SignInProvider(Struct, kw_only=True):
    """Whose word people can sign in by: `id` for programs, `name` for people."""

    id: str
    name: str


class BlockedPerson(Struct, kw_only=True):
    """Somebody who can't invite you; `name` is what they were called where they did."""

    id: int
    name: str
    at: Timestamp


class AccountObject(Struct, kw_only=True):
    """`hue`, if there is one, is the colour you chose for your mark, and `picture` says whether it
    has one. `codes_left` recovery codes are good still. While `confirmed`, which lasts 15 minutes
    after you signed in here or confirmed that it is you, you can change how to sign in.
    `contact_link` is what you give out to be invited by, if you made one.
    """

    name: str
    hue: int | UnsetType = UNSET
    picture: bool
    created_at: Timestamp
    confirmed: bool
    devices: list[AccountDevice]
    passkeys: list[AccountPasskey]
    identities: list[AccountIdentity]
    codes_left: int
    contact_link: str | UnsetType = UNSET
    blocked: list[BlockedPerson]


class AccountReply(Struct, kw_only=True):
    """Without `account` you are signed in to none: a guest in so many conversations, who can keep
    them by starting one, or bring them along. `passkeys` says whether this server takes them, and
    `providers` whose word you can sign in by.
    """

    success: Literal[True] = True
    account: AccountObject | UnsetType = UNSET
    guest_conversations: int
    passkeys: bool
    providers: list[SignInProvider]


class StartAccountBody(Struct, kw_only=True):
    """`name` is what your passkeys are called where you choose one, and what pages suggest where
    you join.
    """

    name: Label = ""


class ChangeAccountBody(Struct, kw_only=True):
    """What isn't there stays. `hue` is the colour of your mark wherever you take part, one of
    twelve: 0 to 5, and 6 to 11 for the same in a fuller tone. With `null` pages choose.
    """

    name: Label | UnsetType = UNSET
    hue: Annotated[int, Meta(ge=0, lt=HUES)] | UnsetType | None = UNSET


class RenameBody(Struct, kw_only=True):
    name: Label


class CodesReply(Struct, kw_only=True):
    """Recovery codes, told once; each is good for one sign-in. A new `token` takes the place of the
    one you had; pages get a cookie instead.
    """

    success: Literal[True] = True
    codes: list[str]
    token: str | UnsetType = UNSET


class SignInBody(Struct, kw_only=True):
    """With `bring: true` the account takes over what you have here as a guest; otherwise you leave
    it behind for good.
    """

    code: Annotated[str, Meta(min_length=1, max_length=RECOVERY_CODE_MAX_CHARS)]
    bring: bool = False


class SignedInReply(Struct, kw_only=True):
    """With the `token` of a device that was not signed in before; pages get a cookie instead."""

    success: Literal[True] = True
    token: str | UnsetType = UNSET


class SignOutBody(Struct, kw_only=True):
    """This device; or with `others: true` all but this one."""

    others: bool = False


class SignedOutReply(Struct, kw_only=True):
    success: Literal[True] = True
    count: int


class DeleteAccountBody(Struct, kw_only=True):
    """What you said stays under the names you said it under (`keep`), or is deleted for everyone
    (`delete`) within ten minutes.
    """

    messages: Literal["keep", "delete"]


class ChallengeBody(Struct, kw_only=True):
    purpose: Literal["add", "sign_in"]
    name: Label = ""


class ChallengeReply(Struct, kw_only=True):
    """What `PublicKeyCredential.parseCreationOptionsFromJSON()`, or with `sign_in`
    `parseRequestOptionsFromJSON()`, takes. Good once, for five minutes, and for this browser.
    """

    success: Literal[True] = True
    options: dict[str, Any]


class AttestationResponse(
    Struct,
    kw_only=True,
    rename={"client_data": "clientDataJSON", "attestation": "attestationObject"},
):
    client_data: _BYTES
    attestation: _BYTES
    transports: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=10)] = []


class NewCredential(Struct, kw_only=True):
    """What `toJSON()` of a new credential gives; what else is in it is ignored."""

    id: _BYTES
    type: Literal["public-key"]
    response: AttestationResponse


class AddPasskeyBody(Struct, kw_only=True):
    """`name` is the passkey's, or what your device says it is. Without an account, one is started
    for whom you are here, with `account_name`.
    """

    credential: NewCredential
    name: Label = ""
    account_name: Label = ""


class AssertionResponse(
    Struct,
    kw_only=True,
    rename={
        "client_data": "clientDataJSON",
        "authenticator_data": "authenticatorData",
        "user_handle": "userHandle",
    },
):
    client_data: _BYTES
    authenticator_data: _BYTES
    signature: _BYTES
    user_handle: _BYTES | None = None


class ShownCredential(Struct, kw_only=True):
    """What `toJSON()` of a credential that was asked for gives."""

    id: _BYTES
    type: Literal["public-key"]
    response: AssertionResponse


class ChestBody(Struct, kw_only=True):
    """`chest` in base64url takes the place of the one of this `version`; empty, there is none."""

    chest: Annotated[str, Meta(max_length=CHEST_MAX_CHARS, pattern=r"^[A-Za-z0-9_-]*$")]
    version: Seq


class ChestReply(Struct, kw_only=True):
    """`chest` is as a browser of yours sealed it ([the format](encryption.md#the-chest)), and empty
    where there is none; `version` is 0 where there never was any.
    """

    success: Literal[True] = True
    chest: str
    version: int


class PasskeySignInBody(Struct, kw_only=True):
    """As with a recovery code. Where you are signed in, it confirms that it is you."""

    credential: ShownCredential
    bring: bool = False


class AskProviderBody(Struct, kw_only=True):
    """To sign in, or to `add` this to the account you are signed in to. `bring` as with a recovery
    code.
    """

    purpose: Literal["sign_in", "add"] = "sign_in"
    bring: bool = False


class AskProviderReply(Struct, kw_only=True):
    """Open `url` in the browser, which the provider sends back within ten minutes. A program keeps
    the `secret` until then; pages get a cookie instead.
    """

    success: Literal[True] = True
    url: str
    secret: str | UnsetType = UNSET


class ProviderSignInBody(Struct, kw_only=True):
    """`code`, `state` and `iss` as they stand in the address that the provider sends back to. Good
    once.
    """

    code: Annotated[str, Meta(min_length=1, max_length=PROVIDER_CODE_MAX_CHARS)]
    state: _STATE
    iss: Annotated[str, Meta(max_length=ISSUER_MAX_CHARS)] | None = None
    secret: Annotated[str, Meta(max_length=STATE_MAX_CHARS)] = ""


class ProviderStartBody(Struct, kw_only=True):
    """The `state` of a sign-in that was unknown. `name` as with `start_account`."""

    state: _STATE
    name: Label = ""
    secret: Annotated[str, Meta(max_length=STATE_MAX_CHARS)] = ""


class RemovePasskeyBody(Struct, kw_only=True):
    """The last way to sign in elsewhere goes only with `anyway: true`."""

    anyway: bool = False


ACCOUNT_CALLS = (
    Call(
        "account",
        "GET",
        "/api/account",
        "The account you are signed in to, its devices and its passkeys.",
        AccountReply,
    ),
    Call(
        "start_account",
        "POST",
        "/api/account",
        "Start an account, for whom you are here. Nobody needs one: it makes you the same person "
        "on several devices, and brings you back when one is lost.",
        CodesReply,
        StartAccountBody,
        201,
    ),
    Call(
        "change_account",
        "PATCH",
        "/api/account",
        "Change the account's name, or the colour of your mark.",
        DoneReply,
        ChangeAccountBody,
        credential="account",
    ),
    Call(
        "delete_account",
        "DELETE",
        "/api/account",
        "Delete the account, and sign out all its devices. Nobody is who you were any more.",
        DoneReply,
        DeleteAccountBody,
        credential="account",
    ),
    Call(
        "sign_in",
        "POST",
        "/api/account/sign-in",
        "Sign in with a recovery code, which is used up by it. Where you are signed in, it "
        "confirms that it is you.",
        SignedInReply,
        SignInBody,
    ),
    Call(
        "sign_out",
        "POST",
        "/api/account/sign-out",
        "Sign out this device, or all the others. Their connections close at once.",
        SignedOutReply,
        SignOutBody,
        credential="account",
    ),
    Call(
        "sign_out_device",
        "DELETE",
        "/api/account/devices/{device_id}",
        "Sign out one of your devices. Its connections close at once.",
        SignedOutReply,
        credential="account",
    ),
    Call(
        "make_codes",
        "POST",
        "/api/account/codes",
        "Create new recovery codes. Those before are no longer valid.",
        CodesReply,
        Nothing,
        201,
        credential="account",
    ),
    Call(
        "passkey_challenge",
        "POST",
        "/api/account/passkeys/challenge",
        "What an authenticator is to sign. For pages of this server alone.",
        ChallengeReply,
        ChallengeBody,
    ),
    Call(
        "add_passkey",
        "POST",
        "/api/account/passkeys",
        "Add a passkey; without an account, start one with it. For pages of this server alone.",
        SignedInReply,
        AddPasskeyBody,
        201,
    ),
    Call(
        "passkey_sign_in",
        "POST",
        "/api/account/passkeys/sign-in",
        "Sign in with a passkey. For pages of this server alone.",
        SignedInReply,
        PasskeySignInBody,
    ),
    Call(
        "set_picture",
        "PUT",
        "/api/account/picture",
        "Show a picture in your mark wherever you take part: as the body, a JPEG, PNG or WebP of "
        f"at most {PICTURE_MAX_BYTES // 1024} KiB and {STILL_MAX_PX:,} pixels each way. Its middle "
        "is kept, as a small square, without what the file says of you.",
        DoneReply,
        credential="account",
        takes_picture=True,
    ),
    Call(
        "remove_picture",
        "DELETE",
        "/api/account/picture",
        "Show no picture any more.",
        DoneReply,
        credential="account",
    ),
    Call(
        "chest",
        "GET",
        "/api/account/chest",
        "The keys of encrypted conversations that your browsers keep, sealed by them.",
        ChestReply,
        credential="account",
    ),
    Call(
        "put_chest",
        "PUT",
        "/api/account/chest",
        "Put other keys into the place of those. The server can open neither.",
        ChestReply,
        ChestBody,
        credential="account",
    ),
    Call(
        "rename_passkey",
        "PATCH",
        "/api/account/passkeys/{passkey_id}",
        "Rename a passkey.",
        DoneReply,
        RenameBody,
        credential="account",
    ),
    Call(
        "remove_passkey",
        "DELETE",
        "/api/account/passkeys/{passkey_id}",
        "Remove a passkey.",
        DoneReply,
        RemovePasskeyBody,
        credential="account",
    ),
    Call(
        "ask_provider",
        "POST",
        "/api/account/providers/{provider}",
        "Go to a provider of OpenID Connect to sign in, or to add that to your account. Where you "
        "are signed in, signing in confirms that it is you.",
        AskProviderReply,
        AskProviderBody,
    ),
    Call(
        "provider_sign_in",
        "POST",
        "/api/account/providers/{provider}/sign-in",
        "Sign in, or add what you went for, with what the provider sent back. Where no account has "
        "this sign-in yet (`sign_in_unknown`), `provider_start_account` starts one.",
        SignedInReply,
        ProviderSignInBody,
    ),
    Call(
        "provider_start_account",
        "POST",
        "/api/account/providers/{provider}/start",
        "Start an account with a sign-in that was unknown, for whom you are here.",
        SignedInReply,
        ProviderStartBody,
        201,
    ),
    Call(
        "remove_identity",
        "DELETE",
        "/api/account/identities/{identity_id}",
        "Sign in with a provider no more. The last way to sign in elsewhere stays.",
        DoneReply,
        credential="account",
    ),
)
