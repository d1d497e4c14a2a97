"""Calls: the servers by which browsers find a way to each other."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET, Struct, UnsetType

from parley.contract.terms import Timestamp


class IceServer(Struct, kw_only=True):
    """As `RTCPeerConnection` takes it. A TURN server has a `username` and a `credential`."""

    urls: list[str]
    username: str | UnsetType = UNSET
    credential: str | UnsetType = UNSET


class CallServersReply(Struct, kw_only=True):
    """With `relay_only` calls are to go through TURN alone, so that nobody learns another's
    address: `iceTransportPolicy` is `relay`. Credentials are good for what begins before
    `expires_at`.
    """

    success: Literal[True] = True
    ice_servers: list[IceServer]
    relay_only: bool
    expires_at: Timestamp | UnsetType = UNSET
