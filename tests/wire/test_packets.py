"""Packets of Socket.IO, as this server reads and writes them."""

from __future__ import annotations

import json

from socketio import packet as sio_packet

from parley.app import Parley
from parley.contract import JSON_MAX_DEPTH


async def test_a_client_in_the_same_process_reads_what_nests_deeper(app: Parley) -> None:
    """Python-socketio 5.18 keeps the codec that a server is given for all of its process."""
    del app  # it is enough that it is there
    deep = "[" * JSON_MAX_DEPTH + "]" * JSON_MAX_DEPTH
    read = sio_packet.Packet(encoded_packet=f'2["new_message",{deep}]')
    assert read.data == ["new_message", json.loads(deep)]
