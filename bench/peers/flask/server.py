"""A chat as Flask-SocketIO's own examples have it, on gevent: rooms in memory, nothing stored."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from flask import Flask, request
from flask_socketio import SocketIO, emit, join_room
from gevent.pywsgi import WSGIServer
from geventwebsocket.handler import WebSocketHandler

STATE_MESSAGES = 100
app = Flask(__name__)
socketio = SocketIO(app, async_mode="gevent")
rooms: dict[str, dict[str, list[Any]]] = {}
people: dict[str, dict[str, str]] = {}


def now() -> str:
    return datetime.now(UTC).isoformat()


@socketio.on("join_room")
def join(joining: dict[str, str]) -> dict[str, Any]:
    room_id = joining["room_id"]
    room = rooms.setdefault(room_id, {"participants": [], "messages": []})
    person = {"user_id": str(uuid.uuid4()), "username": joining["username"]}
    people[request.sid] = person
    room["participants"].append({**person, "joined_at": now()})
    join_room(room_id)
    emit("conversation_state", {"room_id": room_id, "conversation": {"room_id": room_id, **room}})
    told = {**person, "participant_count": len(room["participants"])}
    emit("user_joined", told, to=room_id, include_self=False)
    return {"ok": True, **person}


@socketio.on("send_message")
def send(sending: dict[str, str]) -> dict[str, Any]:
    room = rooms[sending["room_id"]]
    said = {
        "id": str(uuid.uuid4()),
        **people[request.sid],
        "message": sending["message"],
        "type": "text",
        "timestamp": now(),
    }
    room["messages"] = [*room["messages"], said][-STATE_MESSAGES:]
    emit("new_message", said, to=sending["room_id"])
    return {"ok": True, "id": said["id"], "timestamp": said["timestamp"]}


if __name__ == "__main__":
    server = WSGIServer(
        ("127.0.0.1", 0), app, backlog=4096, log=None, handler_class=WebSocketHandler
    )
    server.start()
    print(f"The Flask peer is at http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
