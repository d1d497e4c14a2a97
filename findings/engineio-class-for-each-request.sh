#!/bin/sh
# python-engineio 4.15.1, in an ASGI server: every request by polling defines a class.
#
# Its driver for ASGI declares the class that reads a body inside the function that translates a request
# (engineio/async_drivers/asgi.py, translate_request). A class is a cycle of objects, so each request leaves
# one to Python's garbage collector, and with it what the request held: its ASGI scope's `receive`, the
# body, the closure. One would expect a request that was answered to be freed at once.
#
# Seen: 200 polls left 200 classes and more than a thousand objects. On a server that polling clients keep
# busy, a collection frees some twenty thousand objects in one go and stops everything for 10 to 20 ms.
# Parley reads such requests itself (parley/wire/environ.py).
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip --disable-pip-version-check -q install "python-engineio==4.15.1"
"$folder/venv/bin/python" - <<'PY'
import asyncio
import collections
import gc

import engineio

REQUESTS = 200


async def poll(app):
    sent = []

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/engine.io/",
        "query_string": b"EIO=4&transport=polling&sid=gone",
        "headers": [(b"host", b"chat.example")],
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 400, sent  # there is no such session: the plainest answer


async def main():
    app = engineio.ASGIApp(engineio.AsyncServer(async_mode="asgi"))
    await poll(app)
    gc.collect()
    gc.disable()
    for _ in range(REQUESTS):
        await poll(app)
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    gc.set_debug(0)
    left = collections.Counter(
        found.__name__ if isinstance(found, type) else "other objects" for found in gc.garbage
    )
    print(f"{REQUESTS} requests left {dict(left)}")
    assert left["AwaitablePayload"] == REQUESTS, "this has changed"
    assert left["other objects"] > 5 * REQUESTS, "this has changed"


asyncio.run(main())
PY
echo "As described."
