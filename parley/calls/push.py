"""Being notified: on which devices, and of what in each conversation."""

from __future__ import annotations

import base64
import binascii
from urllib.parse import urlsplit

from msgspec import UNSET

from parley import contract, present, web
from parley.domain import notifying
from parley.domain.notifying import Decided, Subscription
from parley.domain.time_zones import zone_called
from parley.errors import BadRequest
from parley.records import Device, Level, QuietHours


async def push() -> contract.PushReply:
    found = await notifying.devices(web.site().context, await web.session_if_known())
    return contract.PushReply(
        public_key=web.push_key(), devices=[_device(device) for device in found]
    )


async def subscribe(body: contract.PushBody) -> contract.PushReply:
    session = await web.current_session()
    subscription = Subscription(
        endpoint=body.endpoint,
        key=_bytes(body.keys.p256dh, "keys.p256dh"),
        auth=_bytes(body.keys.auth, "keys.auth"),
        shows_words=body.words,
        quiet_hours=None if body.quiet_hours is None else _quiet_hours(body.quiet_hours),
        replaces=body.replaces,
    )
    networks = web.site().config.push_networks
    await notifying.add_device(web.site().context, session, subscription, networks=networks)
    return await push()


async def unsubscribe(body: contract.UnsubscribeBody) -> contract.DoneReply:
    session = await web.current_session()
    await notifying.remove_device(web.site().context, session, body.endpoint)
    return contract.DoneReply()


async def notifications(room_id: str) -> contract.NotificationsReply:
    session = await web.session_if_known()
    return _decided(await notifying.decided(web.site().context, room_id, session))


async def set_notifications(
    body: contract.NotificationsBody, room_id: str
) -> contract.NotificationsReply:
    decided = await notifying.decide(
        web.site().context,
        room_id,
        await web.current_session(),
        level=Level(body.level) if body.level and body.level != "default" else None,
        keeps_level=body.level is UNSET,
        quiet_for_s=None if body.quiet_for_s is UNSET else body.quiet_for_s,
    )
    return _decided(decided)


def _bytes(text: str, field: str) -> bytes:
    """Of base64url, padded or not; browsers have sent the other alphabet, too."""
    plain = text.rstrip("=").translate(str.maketrans("+/", "-_"))
    try:
        return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest(f"{field} must be base64url.") from None


def _quiet_hours(given: contract.QuietHours) -> QuietHours:
    if zone_called(given.time_zone) is None:
        raise BadRequest("quiet_hours.time_zone is not one that is known here.")
    if given.start == given.end:
        raise BadRequest("quiet_hours must end at another time than they start.")
    return QuietHours(_minutes(given.start), _minutes(given.end), given.time_zone)


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _device(device: Device) -> contract.PushDevice:
    quiet = device.quiet_hours
    return contract.PushDevice(
        service=urlsplit(device.endpoint).hostname or "",
        words=device.shows_words,
        quiet_hours=UNSET
        if quiet is None
        else contract.QuietHours(
            start=_clock(quiet.start), end=_clock(quiet.end), time_zone=quiet.time_zone
        ),
        added_at=present.timestamp(device.added_at),
    )


def _decided(decided: Decided) -> contract.NotificationsReply:
    return contract.NotificationsReply(
        calls=decided.is_rung,
        level=decided.level.value,
        usual=decided.usual.value,
        is_default=decided.is_default,
        quiet_until=present.moment_or_unset(decided.quiet_until),
    )
