"""Calls as their people are told of them."""

from __future__ import annotations

from parley import contract, records
from parley.present.fields import timestamp


def call_state(room_id: str, record: records.Call | None) -> contract.CallState:
    if record is None:
        return contract.CallState(room_id=room_id, call=None)
    call = contract.RunningCall(
        id=record.id, started_at=timestamp(record.started_at), people=_people(record)
    )
    return contract.CallState(room_id=room_id, call=call)


def call_ack(record: records.Call, peer: str) -> contract.CallAck:
    return contract.CallAck(
        call_id=record.id,
        peer=peer,
        started_at=timestamp(record.started_at),
        people=_people(record),
    )


def call_servers(record: records.Offered) -> contract.CallServersReply:
    servers = [contract.IceServer(urls=list(record.stun))] if record.stun else []
    reply = contract.CallServersReply(ice_servers=servers, relay_only=record.is_relay_only)
    if record.key is not None:
        key = record.key
        servers.append(
            contract.IceServer(
                urls=list(record.turn), username=key.username, credential=key.credential
            )
        )
        reply.expires_at = timestamp(key.expires_at)
    return reply


def _people(record: records.Call) -> list[contract.CallPeer]:
    return [
        contract.CallPeer(
            user_id=each.user_id,
            username=each.username,
            peer=each.id,
            audio=each.has_audio,
            video=each.has_video,
            screen=each.has_screen,
            hand=each.has_hand,
        )
        for each in record.peers
    ]
