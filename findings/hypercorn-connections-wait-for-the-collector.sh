#!/bin/sh
# Hypercorn 0.18.0: a connection that has ended stays in memory until Python's garbage collector comes.
#
# A connection (asyncio/tcp_server.py, TCPServer) holds its protocol, and the protocol holds the connection's
# `protocol_send`: a circle that nothing opens when the connection ends. With it stay the stream reader, the
# h11 connection, locks and tasks, some two dozen objects a connection. One would expect a closed connection
# to be gone.
#
# Seen: 50 connections that were closed left 50 TCPServer objects; none are left after a collection. Where many
# clients come and go, the collections take long and stop everything meanwhile.
# Parley opens the circle (parley/wire/connection.py, Connection.run).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install "hypercorn==0.18.0"
"$folder/venv/bin/python" - <<'PY'
import asyncio
import gc
import weakref

from hypercorn.asyncio import serve
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

CONNECTIONS = 50
seen = []
begin = TCPServer.__init__


def noted(self, *arguments, **options):
    begin(self, *arguments, **options)
    seen.append(weakref.ref(self))


TCPServer.__init__ = noted


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def ask(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: chat.example\r\nConnection: close\r\n\r\n")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 204"), answer
    writer.close()
    await writer.wait_closed()


async def main():
    import socket

    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    config, stop = Config(), asyncio.Event()
    config.bind = [f"fd://{listening.fileno()}"]
    config.errorlog = None
    serving = asyncio.create_task(serve(app, config, shutdown_trigger=stop.wait))
    async with asyncio.timeout(30):
        while True:
            try:
                await ask(port)
                break
            except ConnectionError:
                await asyncio.sleep(0.05)
    gc.collect()
    gc.disable()
    seen.clear()
    for _ in range(CONNECTIONS):
        await ask(port)
    await asyncio.sleep(1)  # whatever they still have to do
    left = sum(each() is not None for each in seen)
    gc.collect()
    after = sum(each() is not None for each in seen)
    print(f"{len(seen)} connections, all closed: {left} are left, {after} after a collection")
    assert (len(seen), left, after) == (CONNECTIONS, CONNECTIONS, 0), "this has changed"
    stop.set()
    await serving


asyncio.run(main())
PY
echo "As described."
