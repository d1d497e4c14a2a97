"""A wire that records: between browsers and a server, byte for byte."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field

_HEAD_END = b"\r\n\r\n"
_UPGRADE = b"upgrade: websocket"


@dataclass
class Recorder:
    """What went both ways, by connection. Answers are asked for uncompressed, to be read here."""

    upstream: int = 0
    port: int = 0
    sent: list[bytearray] = field(default_factory=list)
    """By clients."""
    answered: list[bytearray] = field(default_factory=list)

    def said(self) -> Iterator[bytes]:
        """All that clients sent; what they sent over WebSockets, unmasked."""
        for each in list(self.sent):
            octets = bytes(each)
            yield octets
            at = octets.lower().find(_UPGRADE)
            if at >= 0:
                yield unmasked(octets[octets.index(_HEAD_END, at) + len(_HEAD_END) :])

    def heard(self) -> Iterator[bytes]:
        yield from map(bytes, list(self.answered))

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        except OSError:
            writer.close()
            return
        sent, answered = bytearray(), bytearray()
        self.sent.append(sent)
        self.answered.append(answered)
        await asyncio.gather(_copy(reader, far_writer, sent), _copy(far_reader, writer, answered))


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, record: bytearray
) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(65_536):
            octets = octets.replace(b"Accept-Encoding:", b"X-Left-Encoding:")
            record += octets
            writer.write(octets)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.close()


def unmasked(frames: bytes) -> bytes:
    """What a client's WebSocket frames say (RFC 6455, section 5.2)."""
    said, at = bytearray(), 0
    while at + 2 <= len(frames):
        length, at = frames[at + 1] & 0x7F, at + 2
        more = {126: 2, 127: 8}.get(length, 0)
        if more:
            length, at = int.from_bytes(frames[at : at + more], "big"), at + more
        mask, at = frames[at : at + 4], at + 4
        payload = frames[at : at + length]
        at += length
        said += bytes(octet ^ mask[place % 4] for place, octet in enumerate(payload))
    return bytes(said)


@contextlib.asynccontextmanager
async def recording() -> AsyncIterator[Recorder]:
    """On a free port, until the block ends; whoever uses it says where it leads."""
    recorder = Recorder()
    server = await asyncio.start_server(recorder.carry, "127.0.0.1", 0)
    recorder.port = server.sockets[0].getsockname()[1]
    try:
        yield recorder
    finally:
        server.close()
