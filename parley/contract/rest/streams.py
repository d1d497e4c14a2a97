"""What happens, told over plain HTTP."""

from __future__ import annotations

from msgspec import Struct


class EventStream(Struct, kw_only=True):
    """No JSON, but server-sent events: each has the name of a
    [Socket.IO event](#socketio-what-the-server-sends) in `event`, its data in `data`, and in `id`
    its seq where it has one.
    """
