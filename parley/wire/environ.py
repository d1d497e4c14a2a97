"""A request in the form that Engine.IO reads: WSGI's (PEP 3333), and what its ASGI driver adds."""

from __future__ import annotations

from typing import Any

_ALIKE: dict[str, Any] = {
    "wsgi.version": (1, 0),
    "wsgi.async": True,
    "wsgi.multithread": False,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
    "SERVER_SOFTWARE": "asgi",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "SERVER_NAME": "asgi",
    "SERVER_PORT": "0",
    "REMOTE_ADDR": "127.0.0.1",
    "REMOTE_PORT": "0",
    "SCRIPT_NAME": "",
}
_PLAIN = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}


class Body:
    """Of a request, which came whole."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self, length: int | None = None) -> bytes:
        read = self._data if length is None else self._data[:length]
        self._data = self._data[len(read) :]
        return read


async def environ_of(scope: Any, receive: Any, send: Any) -> dict[str, Any]:
    """Of a request whose body is read whole, or of a WebSocket that opens.

    The library's own, in python-engineio 4.15.1, makes a class for each request, which takes longer
    than the rest of it and is left to the garbage collector.
    """
    event = await receive()
    if event["type"] not in ("http.request", "websocket.connect"):
        return {}
    query = scope.get("query_string", b"").decode("latin-1")
    environ = {
        **_ALIKE,
        "wsgi.input": Body(event.get("body", b"")),
        "REQUEST_METHOD": scope.get("method", "GET"),
        "PATH_INFO": scope["path"],
        "QUERY_STRING": query,
        "RAW_URI": f"{scope['path']}?{query}" if query else scope["path"],
        "asgi.receive": receive,
        "asgi.send": send,
        "asgi.scope": scope,
    }
    for name, value in scope["headers"]:
        key = _PLAIN.get(name.lower()) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
        said = value.decode("latin-1")
        if key in environ and key.startswith("HTTP_"):
            said = f"{environ[key]},{said}"
        environ[key] = said
    environ["wsgi.url_scheme"] = environ.get("HTTP_X_FORWARDED_PROTO", "http")
    return environ
