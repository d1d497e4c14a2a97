#!/bin/sh
# uvloop 0.23.0: whoever sends fast is read up to 32 times in one turn of the event loop.
#
# asyncio's own loop reads a socket once a turn, at most 256 KiB, and then has everybody else's turn. uvloop's
# sockets are libuv's, which reads on as long as there is more, up to 32 times (its src/unix/stream.c,
# uv__read), and calls `data_received` each time. One would expect both loops to be as fair.
#
# Seen: asyncio 1 read and 0.25 MiB a turn at most; uvloop 32 reads, 7.8 MiB. What a protocol does with each
# piece comes on top, so a single client can hold up everybody for a hundred milliseconds.
# Parley stops reading a client for a turn once it has sent more than 4 KiB at once (parley/wire/line.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install "uvloop==0.23.0"
"$folder/venv/bin/python" - <<'PY'
import asyncio
import collections
import socket
import threading

import uvloop

MIB = 1 << 20
SENT_MIB = 256


def most_in_a_turn(new_loop):
    """The most reads of one client in one turn of the loop, and the most bytes."""
    loop, turn = new_loop(), 0
    reads, sizes = collections.Counter(), collections.Counter()

    class Reading(asyncio.Protocol):
        def data_received(self, data):
            reads[turn] += 1
            sizes[turn] += len(data)

    def count_turns():
        nonlocal turn
        turn += 1
        loop.call_soon(count_turns)

    def send(port):
        with socket.create_connection(("127.0.0.1", port)) as client:
            for _ in range(SENT_MIB):
                client.sendall(bytes(MIB))

    async def receive():
        server = await loop.create_server(Reading, "127.0.0.1", 0)
        loop.call_soon(count_turns)
        sender = threading.Thread(target=send, args=(server.sockets[0].getsockname()[1],))
        sender.start()
        await loop.run_in_executor(None, sender.join)
        server.close()

    loop.run_until_complete(receive())
    return max(reads.values()), max(sizes.values()) / MIB


for name, new_loop in (("asyncio", asyncio.new_event_loop), ("uvloop", uvloop.new_event_loop)):
    reads, mib = most_in_a_turn(new_loop)
    print(f"{name}: at most {reads} reads and {mib:.2f} MiB of one client in a turn")
    assert (reads == 1) == (name == "asyncio"), "this has changed"
    assert name == "asyncio" or reads > 8, "this has changed"
PY
echo "As described."
