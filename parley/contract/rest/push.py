"""Being notified: on which devices, and of what."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from parley.contract.terms import Timestamp

LevelName = Literal["all", "mentions", "none"]
_KEY = Annotated[str, Meta(min_length=1, max_length=200)]
_CLOCK = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
SNOOZE_MAX_S = 30 * 24 * 3600


class PushKeys(Struct, kw_only=True):
    """As a `PushSubscription` has them: base64url."""

    p256dh: _KEY
    auth: _KEY


class QuietHours(Struct, kw_only=True):
    """Between two times of the day nothing is told, as `22:30`; what is unread then is told at the
    end. The two differ. `time_zone` as IANA names it: `Europe/Berlin`.
    """

    start: _CLOCK
    end: _CLOCK
    time_zone: Annotated[str, Meta(min_length=1, max_length=64)]


class PushBody(Struct, kw_only=True):
    """What `PushSubscription.toJSON()` gives, of a subscription made with our `public_key`; what
    else is in it is ignored.

    With `words: false` notifications don't say what was said, nor by whom. A browser that is
    known already is changed. A session has up to 10; one more takes the place of the first.
    `replaces` is the endpoint that this browser had before, as a worker is told by
    `pushsubscriptionchange`: then what was chosen for that one stays.
    """

    endpoint: Annotated[str, Meta(min_length=1, max_length=2048)]
    keys: PushKeys
    words: bool = True
    quiet_hours: QuietHours | None = None
    replaces: Annotated[str, Meta(min_length=1, max_length=2048)] | None = None


class UnsubscribeBody(Struct, kw_only=True):
    endpoint: Annotated[str, Meta(min_length=1, max_length=2048)]


class PushDevice(Struct, kw_only=True):
    """A browser that is notified; `service` is the host of its push service."""

    service: str
    words: bool
    quiet_hours: QuietHours | UnsetType = UNSET
    added_at: Timestamp


class PushReply(Struct, kw_only=True):
    """`public_key` is the `applicationServerKey` to subscribe with. `devices` are your own, the
    latest first.
    """

    success: Literal[True] = True
    public_key: str
    devices: list[PushDevice]


class NotificationsBody(Struct, kw_only=True):
    """`default` is `all` in a conversation of two, else `mentions`: messages that mean you or
    answer you. `quiet_for_s` tells nothing for so long, and 0 ends that.
    """

    level: Literal["all", "mentions", "none", "default"] | UnsetType = UNSET
    quiet_for_s: Annotated[int, Meta(ge=0, le=SNOOZE_MAX_S)] | UnsetType = UNSET


class NotificationsReply(Struct, kw_only=True):
    """What you are notified of in this conversation. `is_default`: nobody decided otherwise than
    what is `usual` here. `calls`: whether you are told when somebody calls. You are unless you
    chose `none`, and in a conversation of more than ten only if you chose `all`.
    """

    success: Literal[True] = True
    level: LevelName
    usual: LevelName
    is_default: bool
    calls: bool
    quiet_until: Timestamp | UnsetType = UNSET
