"""What can go wrong, as exceptions; each class names its wire code.

Raised anywhere below the transports; `routes` and `realtime` turn them into
replies in one place each. The text is for the person who asked: what happened
and what to do. It is sent as it is, so it never tells internals.
"""

from __future__ import annotations

import sys


class ParleyError(Exception):
    """Something a client asked for cannot be done."""

    code = "internal"
    text = "Something went wrong on the server. Please try again."

    def __init__(self, text: str | None = None, *, retry_after: float | None = None) -> None:
        super().__init__(text or self.text)
        self.text = text or self.text
        self.retry_after = retry_after
        """Seconds after which the same call may work, where that is known."""
        self.epoch: int | None = None
        """The number of the key there is now, where that is the matter."""


class BadRequest(ParleyError):
    code = "bad_request"
    text = "The request could not be understood."


class WrongHost(BadRequest):
    """Asked for by a name that is not the public URL's."""


class TooLarge(ParleyError):
    code = "too_large"
    text = "That is too long."


class BadFile(ParleyError):
    """An upload claims to be a picture, and cannot be shown as one."""

    code = "bad_file"
    text = "This picture can't be opened. It may be damaged: try another copy of it."


class ImportFails(BadFile):
    """A file that another chat exported can't become a conversation."""

    text = "This file can't be imported."


class NotFound(ParleyError):
    code = "not_found"
    text = "Page not found."


class MethodNotAllowed(ParleyError):
    code = "method_not_allowed"
    text = "Method not allowed."


class ConversationNotFound(ParleyError):
    code = "conversation_not_found"
    text = "There's no conversation at this link. Check the link or start a new conversation."


class ConversationIsOver(ParleyError):
    code = "conversation_ended"
    text = "This conversation has ended. You can still read it."


class IdentityTaken(ParleyError):
    code = "identity_taken"
    text = "This user_id is taken. Use another or leave it out."


class IdentityMismatch(ParleyError):
    code = "identity_mismatch"
    text = "That user_id or name isn't yours in this conversation."


class NotJoined(ParleyError):
    code = "not_joined"
    text = "Join the conversation first."


class CallsOff(ParleyError):
    code = "calls_off"
    text = "Calls are turned off here."


class CallOver(ParleyError):
    """Who comes back wants that call, and no other."""

    code = "call_over"
    text = "This call is over."


class CallFull(ParleyError):
    code = "call_full"
    text = "This call is full. Try again when someone has left."


class CallVideoFull(ParleyError):
    code = "call_video_full"
    text = "No more cameras or screens fit in this call. Join with your voice alone."


class NotInCall(ParleyError):
    code = "not_in_call"
    text = "Join the call first."


class NoSuchPeer(ParleyError):
    code = "no_such_peer"
    text = "This person is no longer in the call."


class BotsAlone(ParleyError):
    """Bots answer each other, and nobody else speaks."""

    code = "bots_alone"
    text = "Only bots have spoken here for a while. Wait until somebody else does."
    conversation_id = 0
    """Where; nobody is told."""


class TokenRequired(ParleyError):
    """What was asked for needs a token, and none was sent."""

    code = "token_required"
    text = (
        "This needs a token: send the one you got when you started or joined the conversation, "
        "as Authorization: Bearer <token>."
    )


class Forbidden(ParleyError):
    code = "forbidden"
    text = "Only an owner of this conversation can do that."


class BotRefused(Forbidden):
    """A bot asks for what it may not do."""

    text = "Bots can't do this."


class NotAdmin(Forbidden):
    """Who asks doesn't act for the host, or not in this."""

    text = "Only those whom this server's host made admins can do that."


class SignInFailed(ParleyError):
    """One answer for whatever was wrong, so that nobody learns whose a passkey or a code is."""

    code = "sign_in_failed"
    text = "That passkey or recovery code isn't valid here. Try another one."


class AccountRequired(ParleyError):
    code = "account_required"
    text = "Sign in first."


class SignedInAlready(ParleyError):
    code = "signed_in"
    text = "You are signed in to an account on this device. Sign out first to use another."


class ConfirmationRequired(ParleyError):
    """Whoever holds the cookie may not be whose account it is."""

    code = "confirmation_required"
    text = "Confirm first that it's you: sign in on this device once more."


class ChangedMeanwhile(ParleyError):
    """What is to be replaced is not what it was when it was last asked for."""

    code = "changed_meanwhile"
    text = "This was changed on another device meanwhile."


class LastWayIn(ParleyError):
    code = "last_way_in"
    text = (
        "Without this passkey you could sign in on no other device. Add another passkey or create "
        "recovery codes first, or remove it all the same."
    )


class SignInUnknown(ParleyError):
    """A provider says who they are, and nobody here is that yet."""

    code = "sign_in_unknown"
    text = "No account here has this sign-in yet. You can start one with it."


class SignInTaken(ParleyError):
    code = "sign_in_taken"
    text = "This sign-in belongs to another account here."


class DomainNotAllowed(ParleyError):
    code = "domain_not_allowed"
    text = "Only people of certain organisations can sign in here."


class PasskeysUnavailable(ParleyError):
    code = "passkeys_unavailable"
    text = "Passkeys don't work at this address."


class Blocked(ParleyError):
    """They come from where nobody writes, by the word of whoever runs the server."""

    code = "blocked"
    text = "You can read here, but whoever runs this server has blocked your network from writing."


class InvitationRequired(ParleyError):
    """Only those start conversations who are invited."""

    code = "invitation_required"
    text = "Only invited people can start conversations here. Ask whoever runs this server."


class OldLink(ParleyError):
    code = "link_replaced"
    text = "This link was replaced. Ask the person who sent it for the new one."


class Locked(ParleyError):
    code = "locked"
    text = "This conversation is locked to new people. Ask the owner."


class PassphraseRequired(ParleyError):
    code = "passphrase_required"
    text = "This conversation has a passphrase. Ask the person who sent you the link."


class PassphraseWrong(ParleyError):
    code = "passphrase_wrong"
    text = "That passphrase is wrong."


class OfEpoch(ParleyError):
    """It has to do with the key of an encrypted conversation; `epoch` is its number now."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.epoch = epoch


class ReadProofRequired(OfEpoch):
    code = "read_proof_required"
    text = "This conversation is encrypted. Open it by the whole link, with the key at its end."


class ReadProofWrong(OfEpoch):
    code = "read_proof_wrong"
    text = "This key doesn't open the conversation. Check that the link is complete."


class EpochOver(OfEpoch):
    """What was sent is encrypted with another key than the one there is now."""

    code = "epoch_over"
    text = "The key was changed. Encrypt this with the new one."


class EpochTaken(OfEpoch):
    """A new key is not the next."""

    code = "epoch_taken"
    text = "The key was changed meanwhile. Get the new one first."


class Encrypted(ParleyError):
    """What would let the server read something, or that it can't do without reading."""

    code = "encrypted"
    text = "This isn't possible here: the conversation is encrypted, and the server can't read it."


class KnockRequired(ParleyError):
    code = "knock_required"
    text = "New people need the owner's approval. Knock first."


class ReadOnly(ParleyError):
    code = "read_only"
    text = "Only the owner can post right now."


class AccountsOnly(ParleyError):
    code = "accounts_only"
    text = "Only people with an account can post here."


class NameTaken(ParleyError):
    code = "name_taken"
    text = "This name is already taken here. Choose another."


class OriginRefused(ParleyError):
    code = "origin_refused"
    text = "Pages from this origin aren't allowed to use this server."


class FormTooOld(OriginRefused):
    text = "That page was out of date. Go back, reload it and try again."


class RateLimited(ParleyError):
    code = "rate_limited"
    text = "Too many requests. Please wait a moment."


class Unavailable(ParleyError):
    code = "unavailable"
    text = "The server can't do this right now. Please try again in a moment."


class StartupError(Exception):
    """Why a command cannot do its work, as one sentence for the person who gave it."""


class DataFolderUnusable(StartupError):
    pass


class DataFolderInUse(StartupError):
    pass


class DatabaseUnusable(StartupError):
    pass


class DatabaseTooNew(StartupError):
    pass


class SecretUnusable(StartupError):
    pass


class SecretDiffers(StartupError):
    """The database belongs to servers with another secret."""


class AddressUnusable(StartupError):
    pass


class CertificateRefused(StartupError):
    """HTTPS is to be spoken, and cannot be."""


class WorkersUnusable(StartupError):
    """Several processes are to serve, and cannot."""


class TooFewFilesAllowed(StartupError):
    pass


class SettingInvalid(StartupError):
    pass


class BusUnusable(StartupError):
    """What carries hints between processes cannot be used."""


class RateLimitStorageUnusable(StartupError):
    pass


class BackupFailed(StartupError):
    pass


class MoveFailed(StartupError):
    """A database could not be moved, and its servers go on with it as before."""


class DatabaseMoved(StartupError):
    """The database is not the one to use: another is, or will be."""


class RestoreFailed(StartupError):
    """A backup could not be put into a data folder, which is as it was."""


class FilesUnusable(StartupError):
    """The place for files cannot be used."""


class MailUnusable(StartupError):
    """Mail is to be sent, and cannot be."""


class ProvidersUnusable(StartupError):
    """People are to sign in with providers, and cannot."""


class TurnUnusable(StartupError):
    """Calls are to go by a TURN server, and cannot."""


class ConversationUnknown(StartupError):
    pass


class ImportImpossible(StartupError):
    """A file can't become a conversation."""


class OutputUnusable(StartupError):
    """What it says on the terminal, or wherever that is sent, cannot be written there."""

    @classmethod
    def because_of(cls, error: OSError) -> OutputUnusable:
        return cls(
            f"Standard output can't be written: {error.strerror}. Send it somewhere else, "
            "such as to a terminal or a file on a disk with room."
        )


def the_extra(name: str) -> str:
    """What an optional part needs, and how to get it: the end of a sentence, and one more.

    By a path, never by the project's name: indexes may have another's package of that name.
    """
    return (
        f"the extra {name}. In the folder of Parley's source, run: "
        f"{sys.executable} -m pip install '.[{name}]'."
    )
